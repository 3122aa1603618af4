//! From a registered text to the IR, with all the diagnostics that one run can give.

use super::syntax::{At, MAX_HEIGHT, Text};
use super::token::{Spanned, Tok};
use super::{grammar, lexer, read};
use crate::codes;
use crate::diag::Diagnostic;
use crate::kernel::{Kernel, Loops};
use crate::plan::Plan;
use crate::program::Program;
use crate::source::{FileId, Span};
use lalrpop_util::ParseError;

/// The most diagnostics that one text gets.
pub const MAX_ERRORS: usize = 20;

/// The most alternatives that a message lists.
const MAX_ALTERNATIVES: usize = 6;

/// Reads a program. Its types are as declared: [`crate::verify`] says whether they are right.
///
/// # Errors
/// `E0602` to `E0606`, with places in the text; at most [`MAX_ERRORS`].
pub fn parse_program(file: FileId) -> Result<Program, Vec<Diagnostic>> {
    parse(file, Tok::StartProgram, |text, errors| match text {
        Text::Program(p) => read::program(p, errors),
        _ => unreachable!("the start token names the rule"),
    })
}

/// Reads a kernel in stages.
///
/// # Errors
/// As [`parse_program`].
pub fn parse_kernel(file: FileId) -> Result<Kernel, Vec<Diagnostic>> {
    parse(file, Tok::StartKernel, |text, errors| match text {
        Text::Kernel(k) => read::kernel(&k, errors),
        _ => unreachable!("the start token names the rule"),
    })
}

/// Reads a loop program.
///
/// # Errors
/// As [`parse_program`].
pub fn parse_loops(file: FileId) -> Result<Loops, Vec<Diagnostic>> {
    parse(file, Tok::StartLoops, |text, errors| match text {
        Text::Loops(l) => read::loops(&l, errors),
        _ => unreachable!("the start token names the rule"),
    })
}

/// Reads a plan with its kernels.
///
/// # Errors
/// As [`parse_program`].
pub fn parse_plan(file: FileId) -> Result<Plan, Vec<Diagnostic>> {
    parse(file, Tok::StartPlan, |text, errors| match text {
        Text::Plan(p) => read::plan(&p, errors),
        _ => unreachable!("the start token names the rule"),
    })
}

/// Lexes, parses and reads; gives the result only if nothing was wrong.
fn parse<T>(
    file: FileId,
    start: Tok<'static>,
    read: impl FnOnce(Text<'_>, &mut read::Errors) -> Option<T>,
) -> Result<T, Vec<Diagnostic>> {
    let source = file.source();
    let mut tokens: Vec<Spanned<'_>> = vec![(0, start, 0)];
    tokens.extend(lexer::lex(file, &source.text)?);
    let (mut deep, mut errors) = (vec![], read::Errors::new(file));
    let parsed = grammar::TopParser::new().parse(&mut deep, tokens);
    let parsed = match parsed {
        Ok(text) => text,
        Err(error) => return Err(vec![syntax_error(file, &source.text, error)]),
    };
    deep.iter().take(1).for_each(|&at| errors.add(too_deep(file, at)));
    let read = read(parsed, &mut errors);
    errors.finish(read)
}

fn too_deep(file: FileId, at: At) -> Diagnostic {
    Diagnostic::error(codes::IR_LIMIT, format!("an expression is nested more than {MAX_HEIGHT} deep"))
        .at(Span { file, start: at.start, end: at.end }, "")
}

fn syntax_error(file: FileId, text: &str, error: ParseError<u32, Tok<'_>, ()>) -> Diagnostic {
    let (start, end, expected) = match error {
        ParseError::UnrecognizedToken { token: (l, _, r), expected } => (l, r, expected),
        ParseError::UnrecognizedEof { location, expected } => (location, location, expected),
        ParseError::InvalidToken { location } => (location, location, vec![]),
        ParseError::ExtraToken { token: (l, _, r) } => (l, r, vec![]),
        ParseError::User { .. } => (0, 0, vec![]),
    };
    let found = match text.get(start as usize..end as usize).unwrap_or_default() {
        "" => "the end of the text".to_owned(),
        found => format!("`{}`", found.chars().take(40).collect::<String>()),
    };
    let message = match alternatives(&expected).as_str() {
        "" => format!("{found} cannot stand here"),
        words => format!("expected {words}, found {found}"),
    };
    Diagnostic::error(codes::IR_SYNTAX, message).at(Span { file, start, end }, "")
}

/// The terminals of the grammar in words. An expression stands for the many that can begin one.
fn alternatives(expected: &[String]) -> String {
    const BEGIN_EXPRESSION: [&str; 10] = ["INT", "FLOAT", "STR", "NAME", "VALUE", "ENTRY", "\"[\"", "\"(\"", "\"-\"", "\"let\""];
    let has = |t: &str| expected.iter().any(|e| e == t);
    let expression = has("INT") && has("NAME");
    let mut words: Vec<String> = if expression { vec!["an expression".into()] } else { vec![] };
    for terminal in expected.iter().map(String::as_str).filter(|t| !(expression && BEGIN_EXPRESSION.contains(t))) {
        words.push(match terminal {
            "NAME" => "a name".into(),
            "VALUE" => "a value (`%x`)".into(),
            "ENTRY" => "a name with `@`".into(),
            "STR" => "a string".into(),
            "INT" => "an integer".into(),
            "PLACE" => "a place (`!file:line:col`)".into(),
            t => format!("`{}`", t.trim_matches('"')),
        });
    }
    if words.len() > MAX_ALTERNATIVES {
        return String::new();
    }
    words.join(" or ")
}
