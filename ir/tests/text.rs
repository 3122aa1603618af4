//! The laws of the text form, on files: what parses is verified and prints as it was; what does not parse says why.

use cresset_ir::text::{self, Style};
use cresset_ir::{Diagnostic, source, verify};
use std::fs;
use std::path::{Path, PathBuf};

fn files(dir: &str) -> Vec<(PathBuf, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(dir);
    let entries = fs::read_dir(&dir).expect("the folder of the files exists");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("the folder can be read").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "ir"));
    paths.sort();
    paths.into_iter().map(|p| (p.clone(), fs::read_to_string(&p).expect("the file can be read"))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Parses by the first word of the text, verifies programs, and prints.
fn reprint(name: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let file = source::register(name, text);
    let first = text.lines().find(|l| !l.starts_with(';')).and_then(|l| l.split(' ').next());
    Ok(match first {
        Some("kernel") => text::print_kernel(&text::parse_kernel(file)?, Style::default()),
        Some("loops") => text::print_loops(&text::parse_loops(file)?, Style::default()),
        Some("plan") => text::print_plan(&text::parse_plan(file)?, Style::default()),
        _ => {
            let program = text::parse_program(file)?;
            verify(&program)?;
            program.print()
        }
    })
}

#[test]
fn what_parses_prints_as_it_was() {
    let mut differ = vec![];
    for (path, text) in files("") {
        let body: String = text.lines().skip_while(|l| l.starts_with(';')).map(|l| format!("{l}\n")).collect();
        match reprint(&name(&path), &text) {
            Ok(printed) if printed == body => {}
            Ok(printed) => differ.push(format!("{}:\n{printed}", path.display())),
            Err(errors) => differ.push(format!("{}: {errors:#?}", path.display())),
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn what_does_not_parse_says_why() {
    let mut out = String::new();
    for (path, text) in files("errors") {
        let errors = reprint(&name(&path), &text).expect_err("the files of this folder are wrong");
        for e in errors {
            out += &format!("{}\n\n", e.render(false));
        }
    }
    insta::assert_snapshot!("errors", out);
}

#[test]
fn places_can_be_left_out() {
    let file = source::register("places.ir", include_str!("files/feed_forward.ir"));
    let program = text::parse_program(file).expect("the file is one of those that parse");
    let text = text::print_program(&program, Style { locs: false });
    assert!(!text.contains('!'), "{text}");
    assert_eq!(text.lines().count(), program.print().lines().count());
}

#[test]
fn graphs_can_be_drawn() {
    let file = source::register("drawn.ir", include_str!("files/blocks.ir"));
    let program = text::parse_program(file).expect("the file is one of those that parse");
    let dot = text::to_dot(&program.methods["forward"]);
    assert!(dot.starts_with("digraph {"), "{dot}");
    for label in ["label = \"if\"", "label = \"@w\"", "label = \"0.5\"", "label = \"f32[4]\"", "label = \"return\""] {
        assert!(dot.contains(label), "{label} in {dot}");
    }
}
