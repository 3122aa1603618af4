//! Repairs tokens after a syntax error, so that the rest of the file can be parsed.
//!
//! A repair replaces the logical line of the error by one that fits: a header that opens a block by another header, so that the
//! lines of the block are still seen; anything else by `pass`.

use super::parse::Failure;
use super::token::{Spanned, Tok};

/// Repairs around the failure; false when there is nothing left to repair.
pub fn repair(tokens: &mut Vec<Spanned>, failure: &Failure) -> bool {
    let at = failure.index;
    let expects = |terminal: &str| failure.expected.iter().any(|e| e.trim_matches('"') == terminal);
    let place = |tok: Tok| (failure.start, tok, failure.start);
    if expects("INDENT") {
        insert(tokens, at, [Tok::Indent, Tok::Pass, Tok::Newline, Tok::Dedent].map(place));
    } else if expects("except") && expects("finally") {
        insert(tokens, at, [Tok::Finally, Tok::Colon, Tok::Pass, Tok::Newline].map(place));
    } else if at >= tokens.len() {
        return false;
    } else if expects("class") && !expects("pass") {
        // After a decorator.
        insert(tokens, at, [Tok::Class, Tok::Name("_".into()), Tok::Colon, Tok::Pass, Tok::Newline].map(place));
    } else if failure.found == Tok::Indent {
        remove_block_borders(tokens, at);
    } else {
        // All lines in a match's block are cases.
        replace_line(tokens, at, expects("case").then_some(&Tok::Case));
    }
    true
}

fn insert<const N: usize>(tokens: &mut Vec<Spanned>, at: usize, new: [Spanned; N]) {
    let at = at.min(tokens.len());
    tokens.splice(at..at, new);
}

/// Makes an indented block part of the lines around it.
fn remove_block_borders(tokens: &mut Vec<Spanned>, at: usize) {
    let mut depth = 0;
    let end = tokens[at..].iter().position(|(_, tok, _)| {
        depth += i32::from(*tok == Tok::Indent) - i32::from(*tok == Tok::Dedent);
        depth == 0
    });
    if let Some(end) = end {
        tokens.remove(at + end);
    }
    tokens.remove(at);
}

fn is_border(tok: &Tok) -> bool {
    matches!(tok, Tok::Newline | Tok::Indent | Tok::Dedent | Tok::StartModule)
}

/// `wanted`: what the line should have begun with, where only one thing can.
fn replace_line(tokens: &mut Vec<Spanned>, at: usize, wanted: Option<&Tok>) {
    if matches!(tokens[at].1, Tok::Indent | Tok::Dedent) {
        tokens.remove(at);
        return;
    }
    let start = tokens[..at].iter().rposition(|t| is_border(&t.1)).map_or(0, |i| i + 1);
    let end = tokens[at..].iter().position(|t| t.1 == Tok::Newline).map_or(tokens.len(), |n| at + n);
    let opens_block = matches!(tokens.get(end + 1), Some((_, Tok::Indent, _)));
    // An error token may come before the line's first one.
    let first = tokens[start..end].iter().position(|t| t.1 != Tok::Error).map_or(start, |n| start + n);
    let mut line = match stand_in(wanted.unwrap_or(&tokens[first].1), at == first && wanted.is_none()) {
        _ if tokens[first].1 == Tok::At => return drop(tokens.drain(start..(end + 1).min(tokens.len()))),
        Some(header) => header,
        None if opens_block => vec![Tok::If, Tok::True, Tok::Colon],
        None => vec![],
    };
    if !opens_block || line.is_empty() {
        line.push(Tok::Pass);
    }
    let place = tokens[start].0;
    tokens.splice(start..end, line.into_iter().map(|tok| (place, tok, place)));
}

/// A header that fits where a line beginning with this token stood. `misplaced`: the token itself was the error.
fn stand_in(first: &Tok, misplaced: bool) -> Option<Vec<Tok>> {
    let name = || Tok::Name("_".into());
    let header = |tokens: &[Tok]| Some(tokens.iter().cloned().chain([Tok::Colon]).collect());
    match first {
        Tok::Elif | Tok::Else | Tok::Except | Tok::Finally | Tok::Case if misplaced => header(&[Tok::If, Tok::True]),
        Tok::If | Tok::While | Tok::For | Tok::With => header(&[Tok::While, Tok::True]),
        Tok::Elif => header(&[Tok::Elif, Tok::True]),
        Tok::Else | Tok::Except | Tok::Finally | Tok::Try => header(std::slice::from_ref(first)),
        Tok::Def | Tok::Async => header(&[Tok::Def, name(), Tok::LPar, Tok::RPar]),
        Tok::Class => header(&[Tok::Class, name()]),
        Tok::Match => header(&[Tok::Match, name()]),
        Tok::Case => header(&[Tok::Case, name()]),
        _ => None,
    }
}
