//! Tidiness as a test: every file says what it is, unsafe code stays where it is named; and a ledger of sizes.
//!
//! `cargo test --test tidy -- --nocapture` prints the ledger.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that may hold unsafe code: vector instructions, memory for machine code, mapped files, threads.
const UNSAFE: &[&str] = &[
    "backends/benches/blocks.rs",
    "backends/src/cpu/block/lanes/avx2.rs",
    "backends/src/cpu/block/lanes/avx512.rs",
    "backends/src/cpu/block/lanes/mod.rs",
    "backends/src/cpu/block/lanes/portable.rs",
    "backends/src/cpu/block/math/power.rs",
    "backends/src/cpu/block/math/strip.rs",
    "backends/src/cpu/block/math/tests.rs",
    "backends/src/cpu/block/matmul/gemm.rs",
    "backends/src/cpu/block/matmul/mod.rs",
    "backends/src/cpu/block/matmul/pack.rs",
    "backends/src/cpu/block/matmul/tests.rs",
    "backends/src/cpu/block/matmul/tile.rs",
    "backends/src/cpu/codegen/mod.rs",
    "backends/src/cpu/codegen/tests.rs",
    "backends/src/cpu/compile.rs",
    "backends/src/cpu/contract/mod.rs",
    "backends/src/cpu/contract/product.rs",
    "backends/src/cpu/contract/tests.rs",
    "backends/src/cpu/jit.rs",
    "ir/src/tensor/element.rs",
    "ir/src/tensor/storage.rs",
    "runtime/src/execute.rs",
    "runtime/src/io/file.rs",
    "runtime/src/launch.rs",
    "runtime/src/pool.rs",
    "runtime/tests/execute.rs",
    "runtime/tests/io_fuzz.rs",
    "tests/fence.rs",
];

/// Fixtures whose diagnostics count lines and columns: the tests beside them say what they are.
const FIXTURES: &[&str] = &["frontend/tests/eval/err/", "frontend/tests/eval/modules/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file of the project, by its path from the root.
struct File {
    path: String,
    text: String,
}

impl File {
    /// The crate, or the folder at the root.
    fn part(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        let folders = ["tests/", "benches/", "examples/"];
        folders.iter().any(|f| self.path.starts_with(f) || self.path.contains(&format!("/{f}")))
            || self.path.ends_with("/tests.rs")
    }

    /// Lines outside of comments and of the tests at the end of the file, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let lines = self.text[..end].lines().enumerate();
        lines.map(|(i, l)| (i + 1, l.trim_start())).filter(|(_, l)| !l.starts_with("//"))
    }
}

/// All files with one of the extensions, in order.
fn files(extensions: &[&str]) -> Vec<File> {
    fn walk(dir: &Path, extensions: &[&str], out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                walk(&path, extensions, out);
            } else if extensions.iter().any(|e| path.extension().is_some_and(|x| x == *e)) {
                out.push(path);
            }
        }
    }
    let mut paths = vec![];
    walk(root(), extensions, &mut paths);
    paths.sort();
    let relative = |p: &Path| p.strip_prefix(root()).expect("found below it").to_string_lossy().replace('\\', "/");
    paths.iter().map(|p| File { path: relative(p), text: fs::read_to_string(p).expect("sources are UTF-8") }).collect()
}

fn none(problems: Vec<String>, what: &str) {
    assert!(problems.is_empty(), "{what}:\n{}", problems.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is() {
    let says = |f: &File| {
        let first = f.text.lines().next().unwrap_or_default();
        if f.path.ends_with(".rs") {
            first.starts_with("//! ")
        } else {
            ["\"\"\"", "# ", "r\"\"\""].iter().any(|s| first.starts_with(s))
        }
    };
    none(
        files(&["rs", "py"])
            .iter()
            .filter(|f| !says(f) && !FIXTURES.iter().any(|x| f.path.starts_with(x)))
            .map(|f| f.path.clone())
            .collect(),
        "files without a header",
    );
}

#[test]
fn unsafe_code_is_where_it_is_named() {
    let uses = |f: &File| f.code().any(|(_, l)| l.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "unsafe"));
    let found: Vec<String> =
        files(&["rs"]).iter().filter(|f| f.path != "tests/tidy.rs" && uses(f)).map(|f| f.path.clone()).collect();
    assert_eq!(found, UNSAFE, "left: files that hold unsafe code; right: files that may");
}

#[test]
fn failures_say_what_they_mean() {
    let bad = [".unwrap()", "todo!(", "unimplemented!(", "dbg!("];
    let mut problems = vec![];
    for f in files(&["rs"]).iter().filter(|f| !f.is_test()) {
        let found = f.code().filter(|(_, line)| bad.iter().any(|b| line.contains(b)));
        problems.extend(found.map(|(n, line)| format!("{}:{n}: {line}", f.path)));
    }
    none(problems, "panics without a reason: use `expect(\"why it cannot be\")` or a diagnostic");
}

/// Name and length of every function, by the indentation that rustfmt gives its first and last line.
fn functions(f: &File) -> Vec<(usize, String)> {
    let (mut out, mut open) = (vec![], vec![]);
    for (i, line) in f.text.lines().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let head = code.split_once('(').map_or("", |h| h.0);
        if let Some((_, name)) = head.split_once("fn ").filter(|(before, _)| before.is_empty() || before.ends_with(' ')) {
            open.push((indent, i, name.to_owned()));
        }
        if code == "}" && open.last().is_some_and(|o: &(usize, usize, String)| o.0 == indent) {
            let (_, start, name) = open.pop().expect("just looked at");
            out.push((i - start + 1, name));
        }
    }
    out
}

#[test]
fn ledger() {
    let all = files(&["rs", "py", "lalrpop"]);
    let mut parts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let mut longest = vec![];
    for f in &all {
        let lines = f.text.lines().count();
        let sum = parts.entry(f.part()).or_default();
        *sum = (sum.0 + 1, sum.1 + lines, sum.2.max(lines));
        longest.extend(functions(f).into_iter().map(|(n, name)| (n, format!("{} {name}", f.path))));
    }
    println!("{:<10} {:>6} {:>7} {:>9}", "part", "files", "lines", "longest");
    for (part, (files, lines, most)) in &parts {
        println!("{part:<10} {files:>6} {lines:>7} {most:>9}");
    }
    longest.sort_by(|a, b| b.cmp(a));
    println!("\nlongest functions, of {}", longest.len());
    longest.iter().take(12).for_each(|(n, name)| println!("{n:>5} {name}"));
    assert!(parts.len() > 5, "the walk found the crates");
}
