//! Syntax errors in words: what was found, what could stand there, and the likely slip.

use super::parse::Failure;
use super::token::{Spanned, Tok};
use cresset_ir::{Diagnostic, FileId, Span, codes};

/// The most alternatives that a message lists.
const MAX_ALTERNATIVES: usize = 5;

/// Groups of terminals, most telling first: when all of a group's terminals are expected, its words are listed.
const WORDS: &[(&[&str], &str)] = &[
    (&["INDENT"], "an indented block"),
    (&["pass", "NAME"], "a statement"),
    (&["NAME", "INT", "("], "an expression"),
    (&["FEND"], "the end of the f-string"),
    (&["except"], "'except'"),
    (&["finally"], "'finally'"),
    (&["case"], "'case'"),
    (&["def"], "'def'"),
    (&["class"], "'class'"),
    (&["import"], "'import'"),
    (&[":"], "':'"),
    (&[")"], "')'"),
    (&["]"], "']'"),
    (&["}"], "'}'"),
    (&["in"], "'in'"),
    (&["else"], "'else'"),
    (&[","], "','"),
    (&["="], "'='"),
    (&["+", "*"], "an operator"),
    (&["NAME"], "a name"),
    (&["NEWLINE"], "the end of the line"),
    (&["as"], "'as'"),
    (&["."], "'.'"),
    (&["("], "'('"),
    (&["["], "'['"),
    (&["STR"], "a string"),
];

/// Words that another one covers.
const COVERS: &[(&str, &[&str])] = &[
    ("an indented block", &["an operator"]),
    ("a statement", &["an expression", "a name", "'def'", "'class'", "'import'", "'('", "'['", "a string", "an operator"]),
    ("an expression", &["a name", "'('", "'['", "a string", "an operator", "','", "'='"]),
    ("an operator", &["'in'", "'.'", "'('", "'['", "a string", "','", "'='", "'as'"]),
    ("the end of the line", &["':'", "'='"]),
];

/// The diagnostic of a failed parse.
pub fn diagnostic(file: FileId, text: &str, tokens: &[Spanned], failure: &Failure) -> Diagnostic {
    let before = failure.index.checked_sub(1).and_then(|i| tokens.get(i));
    let expects = |terminal: &str| is_expected(failure, terminal);
    // A line's end is a place between characters, not the characters that end it.
    let end = if failure.found == Tok::Newline { failure.start } else { failure.end };
    let span = Span::new(file, failure.start as usize, end as usize);
    let found = found(text, failure);
    if expects("INDENT") {
        let header = block_header(tokens, failure.index);
        let place = header.map(|(l, r)| Span { file, start: l, end: r });
        return Diagnostic::error(codes::INDENTATION, "a block must follow, indented")
            .at(span_of_found(file, text, failure), format!("found {found}"))
            .at(place, "this line opens the block");
    }
    if failure.found == Tok::Indent {
        let message = "this line is indented, but no block is opened before it";
        return Diagnostic::error(codes::INDENTATION, message).at(line_start(file, text, failure.start), "");
    }
    let alternatives = alternatives(failure);
    let message = match alternatives.as_str() {
        "" => format!("{found} cannot stand here"),
        words => format!("expected {words}, found {found}"),
    };
    let label = if failure.found == Tok::Newline && expects(":") && !expects("NEWLINE") { "a ':' is missing here" } else { "" };
    let diagnostic = Diagnostic::error(codes::SYNTAX, message).at(span, label);
    match hint(text, tokens, before, failure) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

fn is_expected(failure: &Failure, terminal: &str) -> bool {
    failure.expected.iter().any(|e| e.trim_matches('"') == terminal)
}

/// The offending token in words.
fn found(text: &str, failure: &Failure) -> String {
    let slice = text.get(failure.start as usize..failure.end as usize).unwrap_or_default();
    match &failure.found {
        _ if failure.start as usize >= text.len() => "the end of the file".to_owned(),
        Tok::Newline => "the end of the line".to_owned(),
        Tok::Indent => "an indented line".to_owned(),
        Tok::Dedent => "the end of the block".to_owned(),
        Tok::Str(_) | Tok::Bytes(_) => "a string".to_owned(),
        Tok::FStart => "an f-string".to_owned(),
        Tok::FText(_) => "text".to_owned(),
        Tok::FEnd => "the end of the f-string".to_owned(),
        Tok::Name(name) => format!("the name '{name}'"),
        tok if tok.is_number() => format!("the number {slice}"),
        _ if slice.starts_with(char::is_alphabetic) => format!("the keyword '{slice}'"),
        _ => format!("'{slice}'"),
    }
}

/// What could stand there: a few words, joined by "or".
fn alternatives(failure: &Failure) -> String {
    let all = WORDS.iter().filter(|(terminals, _)| terminals.iter().all(|t| is_expected(failure, t)));
    let mut words: Vec<&str> = all.map(|w| w.1).collect();
    for (word, covered) in COVERS {
        if words.contains(word) {
            words.retain(|w| !covered.contains(w));
        }
    }
    words.truncate(MAX_ALTERNATIVES);
    match &words[..] {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// The slip behind an error, where it is a common one.
fn hint(text: &str, tokens: &[Spanned], before: Option<&Spanned>, failure: &Failure) -> Option<&'static str> {
    let after = tokens.get(failure.index + 1).map(|t| &t.1);
    let is_operand = |tok: &Tok| matches!(tok, Tok::Name(_) | Tok::Str(_) | Tok::FStart) || tok.is_number();
    match (&before?.1, &failure.found) {
        (before, Tok::Assign) if ends_operand(before) => {
            Some("'==' compares, '=' assigns, and ':=' assigns inside an expression")
        }
        (Tok::Else, Tok::If) => Some("'else if' is written 'elif'"),
        (Tok::Name(name), found) if matches!(&**name, "print" | "exec") && is_operand(found) => {
            Some("print and exec are functions: their arguments stand in parentheses")
        }
        (Tok::Plus, Tok::Newline) | (Tok::Minus, Tok::Newline) if doubled(text, failure.start) => {
            Some("there is no '++' or '--'; add with '+= 1'")
        }
        (_, Tok::Bang) if after.is_some() => Some("negation is written 'not'"),
        (_, Tok::Amp | Tok::Bar) => Some("logical operators are written 'and' and 'or'"),
        (_, found) if is_keyword(text, failure, found) && is_expected(failure, "NAME") && !is_expected(failure, "INT") => {
            Some("this word is a keyword: it cannot be a name")
        }
        (before, found) if is_expected(failure, ",") && ends_operand(before) && is_operand(found) => {
            Some("perhaps a comma is missing")
        }
        _ => None,
    }
}

fn is_keyword(text: &str, failure: &Failure, found: &Tok) -> bool {
    let slice = text.get(failure.start as usize..failure.end as usize).unwrap_or_default();
    slice.starts_with(char::is_alphabetic)
        && !matches!(found, Tok::Name(_) | Tok::Str(_) | Tok::Bytes(_) | Tok::FStart | Tok::FText(_))
}

fn doubled(text: &str, at: u32) -> bool {
    text.get(..at as usize).is_some_and(|t| t.trim_end().ends_with("++") || t.trim_end().ends_with("--"))
}

fn ends_operand(tok: &Tok) -> bool {
    matches!(tok, Tok::Name(_) | Tok::Str(_) | Tok::FEnd | Tok::RPar | Tok::RSqb | Tok::RBrace) || tok.is_number()
}

/// The logical line before the token: the one that opens a block.
fn block_header(tokens: &[Spanned], at: usize) -> Option<(u32, u32)> {
    let newline = at.min(tokens.len()).checked_sub(1)?;
    let start =
        tokens[..newline].iter().rposition(|t| matches!(t.1, Tok::Newline | Tok::Indent | Tok::Dedent | Tok::StartModule))? + 1;
    Some((tokens.get(start)?.0, tokens.get(newline)?.0))
}

/// A layout token has no width: its place is the token after it.
fn span_of_found(file: FileId, text: &str, failure: &Failure) -> Span {
    let start = (failure.start as usize).min(text.len());
    let width = text[start..].chars().next().map_or(0, char::len_utf8);
    Span::new(file, start, (failure.end as usize).max(start + width))
}

/// The blanks before a line's first token.
fn line_start(file: FileId, text: &str, at: u32) -> Span {
    let at = (at as usize).min(text.len());
    Span::new(file, text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1), at)
}
