//! Texts to trees, with all the diagnostics that one run can give.
//!
//! After a syntax error the tokens are [repaired](super::recover) at the border of the logical line, and parsed again: each
//! round gives one diagnostic more, up to [`MAX_ERRORS`]. A tree is handed out only when there are none.

use super::actions::{Context, Parsed};
use super::ast::{Expr, Module};
use super::token::{Spanned, Tok};
use super::{check, expect, grammar, indent, lexer, recover, soft};
use cresset_ir::{Diagnostic, FileId, codes};
use lalrpop_util::ParseError;
use std::cell::Cell;

/// The most diagnostics that one file gets.
pub const MAX_ERRORS: usize = 20;

/// Parses a file.
///
/// # Errors
/// Every syntax error that was found, in the order of the text, at most [`MAX_ERRORS`].
pub fn parse_module(file: FileId) -> Result<Module, Vec<Diagnostic>> {
    match parse(file, Tok::StartModule)? {
        Parsed::Module(body) => Ok(Module { body, file }),
        Parsed::Expression(_) => unreachable!("the start token names the rule"),
    }
}

/// Parses a text that is one expression, over several lines or not.
///
/// # Errors
/// As [`parse_module`].
pub fn parse_expression(file: FileId) -> Result<Expr, Vec<Diagnostic>> {
    match parse(file, Tok::StartExpression)? {
        Parsed::Expression(e) => Ok(e),
        Parsed::Module(_) => unreachable!("the start token names the rule"),
    }
}

fn parse(file: FileId, start: Tok) -> Result<Parsed, Vec<Diagnostic>> {
    let source = file.source();
    let text = &*source.text;
    if u32::try_from(text.len()).is_err() {
        return Err(vec![Diagnostic::error(codes::SYNTAX, "a source file may have at most 4 GiB")]);
    }
    let is_module = start == Tok::StartModule;
    let (mut tokens, mut errors) = read(file, text, is_module);
    tokens.insert(0, (0, start, 0));
    let parser = grammar::TopParser::new();
    let mut last = None;
    let parsed = loop {
        let mut cx = Context { file, text, errors: vec![] };
        let fed = Cell::new(0);
        let stream = tokens.iter().cloned().inspect(|_| fed.set(fed.get() + 1));
        let error = match parser.parse(&mut cx, stream) {
            Ok(parsed) => {
                errors.extend(cx.errors);
                break Some(parsed);
            }
            Err(error) => Failure::new(error, fed.get(), &tokens, text),
        };
        if error.found != Tok::Error && last != Some(error.start) {
            errors.push(expect::diagnostic(file, text, &tokens, &error));
        }
        // The same place twice: the repair did not help.
        let stuck = last == Some(error.start) && error.found != Tok::Error;
        if stuck || errors.len() >= MAX_ERRORS || !is_module || !recover::repair(&mut tokens, &error) {
            break None;
        }
        last = Some(error.start);
    };
    if let Some(Parsed::Module(body)) = &parsed {
        errors.extend(check::block(body));
    }
    finish(parsed, errors)
}

/// The laid-out tokens of a text.
fn read(file: FileId, text: &str, is_module: bool) -> (Vec<Spanned>, Vec<Diagnostic>) {
    let lexer::Lexed { tokens, mut errors } = lexer::lex(file, text, !is_module);
    if !is_module {
        return (tokens, errors);
    }
    let mut layout = indent::Layout::new(file, text, tokens);
    let mut tokens: Vec<Spanned> = layout.by_ref().collect();
    errors.append(&mut layout.errors);
    soft::mark(&mut tokens);
    (tokens, errors)
}

fn finish(parsed: Option<Parsed>, mut errors: Vec<Diagnostic>) -> Result<Parsed, Vec<Diagnostic>> {
    errors.sort_by_key(|e| e.labels().first().map(|l| l.span));
    errors.truncate(MAX_ERRORS);
    match parsed {
        Some(parsed) if errors.is_empty() => Ok(parsed),
        _ => Err(errors),
    }
}

/// Where a parse stopped.
pub struct Failure {
    /// Index of the offending token; one past the last at the end of the text.
    pub index: usize,
    pub found: Tok,
    pub start: u32,
    pub end: u32,
    /// Terminals of the grammar that could stand there.
    pub expected: Vec<String>,
}

impl Failure {
    fn new(error: ParseError<u32, Tok, ()>, fed: usize, tokens: &[Spanned], text: &str) -> Failure {
        let end = text.len() as u32;
        match error {
            ParseError::UnrecognizedToken { token: (start, found, end), expected } => {
                Failure { index: fed.saturating_sub(1), found, start, end, expected }
            }
            ParseError::UnrecognizedEof { expected, .. } => {
                Failure { index: tokens.len(), found: Tok::Newline, start: end, end, expected }
            }
            ParseError::ExtraToken { token: (start, found, end) } => {
                Failure { index: fed.saturating_sub(1), found, start, end, expected: vec![] }
            }
            ParseError::InvalidToken { .. } | ParseError::User { .. } => unreachable!("no rule of the grammar fails by itself"),
        }
    }
}
