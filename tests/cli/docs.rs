//! Documents that are generated, and current.

use super::command::cresset;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Writes a generated file where it differs, and says so: the next run passes.
fn current(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is writable");
    fs::write(&path, text).expect("the folder is writable");
    panic!("{} was out of date and has been written again", path.display());
}

#[test]
fn the_op_docs_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let json = cresset(root, &["ops", "--json"]).ok();
    let ops: Vec<BTreeMap<String, Option<String>>> = serde_json::from_str(&json).expect("JSON of strings");
    let mut out = String::from("# Ops\n\nGenerated from the definitions in `ir/src/op`; `cresset ops` prints the same. ");
    out += "A formula is the op's element rule: what every backend compiles and the reference evaluates.\n";
    for op in ops {
        let text = |key: &str| op.get(key).and_then(Option::as_deref).unwrap_or_default();
        write!(out, "\n## {}\n\n`{}`: {}\n", text("name"), text("signature"), text("doc")).expect("a string takes all text");
        if !text("formula").is_empty() {
            write!(out, "\n```\n{}\n```\n", text("formula").trim_end()).expect("a string takes all text");
        }
    }
    current("docs/ops.md", &out);
}
