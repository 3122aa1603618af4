//! Programs in the language that check themselves, and the diagnostics of programs that fail.
//!
//! Every file in `eval/` holds its own assertions and passes under CPython too. Every file in `eval/err/` ends in a diagnostic, kept as a snapshot.

use cresset_frontend::eval::Interp;
use cresset_ir::source;
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is part of the tests");
    let mut files: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "py")).collect();
    files.sort();
    files
}

/// Runs a file from top to bottom; the rendered diagnostic where it fails.
fn run(path: &Path, budget: u64) -> Result<String, String> {
    let (name, text) =
        (path.file_name().expect("a file").to_string_lossy().into_owned(), std::fs::read_to_string(path).expect("readable"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/modules");
    Interp::on_big_stack(move || {
        let mut it = Interp::new();
        let output = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let sink = output.clone();
        it.print = Box::new(move |text| sink.borrow_mut().push_str(text));
        it.importer.path.push(folder);
        it.budget = budget;
        let result = it.load_source("main", source::register(name, text)).and_then(|module| it.run_module(&module));
        result.map(|()| output.borrow().clone()).map_err(|d| d.render(false))
    })
}

#[test]
fn programs_hold_their_assertions() {
    for path in files("") {
        if let Err(diagnostic) = run(&path, 10_000_000) {
            panic!("{}\n{diagnostic}", path.display());
        }
    }
}

#[test]
fn errors_are_diagnostics() {
    for path in files("err") {
        let diagnostic = run(&path, 100_000).expect_err("the program fails");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "eval/err", omit_expression => true }, {
            insta::assert_snapshot!(name, diagnostic);
        });
    }
}

#[test]
fn modules_load_on_demand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/modules");
    let (text, output, warnings) = Interp::on_big_stack(move || {
        let mut it = Interp::new();
        let output = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let sink = output.clone();
        it.print = Box::new(move |text| sink.borrow_mut().push_str(text));
        let module = it.load_file(&folder.join("model.py")).expect("the file parses");
        let mut eval = |text: &str| {
            let value = it.eval_expr("<test>", text, &module).and_then(|v| it.run(|it| it.repr(&v)));
            value.unwrap_or_else(|d| panic!("{}", d.render(false)))
        };
        let text = [eval("vars(Net())"), eval("registry"), eval("early"), eval("[n for n in ('Deep', 'starred')]")].join("\n");
        let printed = output.borrow().clone();
        (text, printed, it.warnings.len())
    });
    let expected = "{'block': ('block', 20, 'deep'), 'deep': <pkg.layers.deep.Deep object>, 'star': 20, 'fast': False}\n\
                    ['first', 'Net', 0, 1]\n11\n['Deep', 'starred']";
    assert_eq!(text, expected);
    assert_eq!((output.as_str(), warnings), ("", 0));
}
