//! The parser never panics, and never loops: random tokens, and random changes to valid files.

use cresset_frontend::lang::{parse_expression, parse_module, print};
use cresset_ir::source;
use proptest::prelude::*;

const VALID: &[&str] = &[
    include_str!("files/ok/statements.py"),
    include_str!("files/ok/expressions.py"),
    include_str!("files/ok/strings.py"),
    include_str!("files/ok/match.py"),
];

const WORDS: &[&str] = &[
    "if",
    "else",
    "elif",
    "for",
    "in",
    "while",
    "def",
    "class",
    "return",
    "lambda",
    "try",
    "except",
    "finally",
    "with",
    "as",
    "match",
    "case",
    "type",
    "async",
    "await",
    "yield",
    "not",
    "and",
    "is",
    "del",
    "import",
    "from",
    "global",
    "pass",
    "x",
    "y",
    "f",
    "_",
    "1",
    "2.5",
    "3j",
    "0x1f",
    "'s'",
    "b'b'",
    "f'",
    "f'''",
    "{x",
    "!r",
    ":>3",
    "}",
    "'",
    "\"",
    "'''",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    ".",
    "...",
    "=",
    ":=",
    "==",
    "+=",
    "->",
    "@",
    "*",
    "**",
    "-",
    "~",
    "|",
    "\\",
    "\\\n",
    "\n",
    "\n    ",
    "\n\t",
    "\n        ",
    "# c\n",
    "é",
    "€",
    "\0",
    "\u{FEFF}",
    "\r",
    "\x0C",
    "{{",
    "}}",
    "\\N{",
    "\\ud800",
];

/// Any text gives a tree or diagnostics that render; a tree obeys the print law.
fn check(text: String) {
    let file = source::register("fuzz", text.clone());
    match parse_module(file) {
        Err(errors) => {
            assert!(!errors.is_empty() && errors.len() <= 20, "{text:?}");
            errors.iter().for_each(|e| drop(e.render(false)));
        }
        Ok(tree) => {
            let printed = print::module(&tree);
            let again = parse_module(source::register("fuzz printed", printed.clone()));
            let again = again.unwrap_or_else(|e| panic!("{text:?} printed as {printed:?}: {e:?}"));
            assert_eq!(tree.body, again.body, "{text:?}");
        }
    }
    if let Err(errors) = parse_expression(file) {
        assert!(!errors.is_empty(), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn token_soup(words in prop::collection::vec((prop::sample::select(WORDS), any::<bool>()), 0..60)) {
        check(words.iter().map(|(word, space)| format!("{word}{}", if *space { " " } else { "" })).collect());
    }

    #[test]
    fn mutations(
        file in prop::sample::select(VALID),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, prop::sample::select(WORDS)), 1..5),
    ) {
        let mut text: Vec<char> = file.chars().collect();
        for (at, len, word) in edits {
            let at = at.index(text.len());
            let end = (at + len).min(text.len());
            text.splice(at..end, word.chars());
        }
        check(text.into_iter().collect());
    }

    #[test]
    fn characters(text in "\\PC{0,40}") {
        check(text);
    }
}
