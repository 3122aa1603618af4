//! The parser over small files: what is accepted prints and parses back, what is not gives the snapshotted diagnostics.

use cresset_frontend::lang::{ast, parse_expression, parse_module, print};
use cresset_ir::source;
use std::path::{Path, PathBuf};

/// The Python files of a folder of this crate, in order.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "py"));
    paths.sort();
    paths.into_iter().map(|p| (p.clone(), std::fs::read_to_string(&p).unwrap())).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn module(name: &str, text: &str) -> ast::Module {
    parse_module(source::register(name, text)).unwrap_or_else(|errors| panic!("{name}: {errors:?}"))
}

fn expression(text: &str) -> ast::Expr {
    parse_expression(source::register("expression", text)).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

#[test]
fn what_prints_parses_back() {
    let folders = ["tests/files/ok", "../tests/data/chargpt", "../tests/data/digits"];
    for (path, text) in folders.into_iter().flat_map(files) {
        let tree = module(&stem(&path), &text);
        let printed = print::module(&tree);
        let again = module(&format!("{} printed", stem(&path)), &printed);
        assert_eq!(tree.body, again.body, "{}", path.display());
        assert_eq!(printed, print::module(&again), "{}", path.display());
    }
}

#[test]
fn printed_form() {
    let (_, text) = files("tests/files/ok").into_iter().find(|f| stem(&f.0) == "statements").unwrap();
    insta::assert_snapshot!(print::module(&module("statements", &text)));
}

#[test]
fn diagnostics() {
    for (path, text) in files("tests/files/err") {
        let name = stem(&path);
        let errors = parse_module(source::register(format!("{name}.py"), text)).expect_err(&name);
        let rendered: Vec<String> = errors.iter().map(|e| e.render(false)).collect();
        insta::assert_snapshot!(format!("err_{name}"), rendered.join("\n\n"));
    }
}

#[test]
fn expressions_keep_their_grouping() {
    // Each prints exactly as written.
    for text in [
        "a - (b - c)",
        "a - b - c",
        "(-a) ** -b ** c",
        "not (a and b) or c",
        "(a or b) or c",
        "a < b <= c is not d not in e",
        "(a < b) < c",
        "(lambda x, /, *y, z=1, **k: x if y else z)(1)",
        "[x for x in (lambda: y)() if x if (y if z else w)]",
        "f(x for x in y)",
        "f((x for x in y), 1)",
        "f(*a or b, k=1, **c)",
        "x[a:b, ::c, *d, (e := 1)]",
        "x[:, None, ...]",
        "(1).real + 1.0.real",
        "(await a)[0].b",
        "{**a, \"b\": 1, lambda: 0: 2}",
        "{*a, b}",
        "f\"{(lambda: x)}{(x if y else z)}\"",
        "f\"a{x!r:>{w}.{p}}{{}}{ {1: 2}[1]}\"",
        "1e999 + 2.0j + 123456789012345678901234567890",
        "b\"\\x00\\xff\\\"\"",
    ] {
        assert_eq!(print::expression(&expression(text)), text);
    }
}

#[test]
fn strings_have_their_values() {
    let value = |text: &str| match expression(text).kind {
        ast::ExprKind::Constant(ast::Constant::Str(text)) => text.to_string(),
        kind => panic!("{text} is {kind:?}"),
    };
    assert_eq!(value(r#"'a' "b" r'\n' u'''c''' f"d{{""#), "ab\\ncd{");
    assert_eq!(value("'a\\\nb'"), "ab");
    assert_eq!(value(r"'\x41\u00e9\101\q'"), "AéA\\q");
    let equal = expression("f'{ x = }'");
    assert_eq!(equal, expression("f' x = {x!r}'"));
    assert_eq!(expression("f'{x=:>4}'"), expression("'x=' f'{x:>4}'"));
    assert_eq!(expression("f'{x!r:{w}}' 'y'"), expression("f'''{x!r:{w}}y'''"));
}

#[test]
fn spans_point_into_f_strings() {
    let source = source::register("spans", "f'ab{first}{second:{third}}'");
    let tree = parse_expression(source).unwrap();
    let mut found = vec![];
    names(&tree, &mut found);
    assert_eq!(found, ["first", "second", "third"]);
}

/// The text under the span of each name.
fn names(e: &ast::Expr, out: &mut Vec<String>) {
    use cresset_frontend::lang::visit::Children;
    if matches!(e.kind, ast::ExprKind::Name(_)) {
        out.push(e.span.text());
    }
    e.kind.each_child(&mut |child| names(child, out));
}

#[test]
fn scopes_know_their_locals() {
    let text = "\
def f(a, *b, c=1, **d):
    global g
    nonlocal n
    x, (y, *z) = g = n = 1
    [w := i for i in a]
    with a as q.p, b as r: pass
    for t in a: import os.path, sys as s
    try: pass
    except E as e: pass
    def inner(k): yield k
    class C: m = 1
    lambda o: (u := o)
    match a:
        case [v1, *v2] | {'k': v3, **v4} | P(v5, k=v6) as v7: pass
    del j
    h: int
    print(unbound)
";
    let tree = module("scope", text);
    let ast::StmtKind::Function(def) = &tree.body[0].kind else { panic!("a function") };
    let locals: Vec<&str> = def.scope.locals.iter().map(|n| &**n).collect();
    let expected = "a b c d x y z w r t os s e inner C v1 v2 v3 v4 v5 v6 v7 j h";
    assert_eq!(locals.join(" "), expected);
    assert!(!def.scope.is_generator && def.scope.globals.contains("g") && def.scope.nonlocals.contains("n"));
    let ast::StmtKind::Function(inner) = &def.body[7].kind else { panic!("a function") };
    assert!(inner.scope.is_generator);
}

/// The first diagnostic of a text.
fn refused(text: String) -> String {
    let errors = parse_module(source::register("refused", text)).expect_err("a diagnostic");
    errors[0].message().to_owned()
}

#[test]
fn nesting_has_an_end() {
    assert!(refused("(".repeat(100_000)).contains("nested more than 200"));
    assert!(refused(format!("x = {}1", "-".repeat(100_000))).contains("nested more than 1000"));
    assert!(refused(format!("x = 1{}", "+1".repeat(100_000))).contains("nested more than 1000"));
    assert!(refused(format!("x = 1{}", "**1".repeat(100_000))).contains("nested more than 1000"));
    assert!(refused(format!("x = a{}", ".b".repeat(100_000))).contains("nested more than 1000"));
    assert!(refused(format!("x = {}1", "lambda: ".repeat(100_000))).contains("nested more than 1000"));
    assert!(refused(format!("x = {}", "f'{".repeat(100_000))).contains("nested more than 200"));
    let blocks: String = (0..1000).map(|i| format!("{}if x:\n", " ".repeat(i))).collect();
    assert!(refused(blocks).contains("nested more than 100"));
    // Wide is not deep.
    module("wide", &format!("x = a{}", " or a".repeat(100_000)));
    module("wide", &format!("if x: pass\n{}", "elif y: pass\n".repeat(20_000)));
    module("wide", &format!("x = {}", "'a' ".repeat(20_000)));
}

#[test]
fn at_most_twenty_diagnostics() {
    let errors = parse_module(source::register("many", "x = = 1\n".repeat(1000))).expect_err("diagnostics");
    assert_eq!(errors.len(), 20);
}
