//! Words that are keywords only in places: `match`, `case`, `type`, and the bracket of a `with (a as b, c as d):`.
//!
//! LR(1) cannot tell these from names and brackets at the word itself; a look along the logical line can.

use super::token::{Spanned, Tok};

/// Marks the soft keywords in laid-out tokens.
pub fn mark(tokens: &mut [Spanned]) {
    // For each open block, whether its lines are cases of a match.
    let mut blocks = vec![];
    let mut in_match = false;
    let mut start = 0;
    while start < tokens.len() {
        match tokens[start].1 {
            Tok::Indent => blocks.push(std::mem::take(&mut in_match)),
            Tok::Dedent => drop(blocks.pop()),
            _ => {
                let end = tokens[start..].iter().position(|t| t.1 == Tok::Newline).map_or(tokens.len(), |n| start + n);
                let line = &mut tokens[start..end];
                mark_types(line);
                mark_with(line);
                in_match = mark_match(line);
                if blocks.last() == Some(&true) && is_word(line, 0, "case") {
                    line[0].1 = Tok::Case;
                }
                start = end;
            }
        }
        start += 1;
    }
}

fn is_word(line: &[Spanned], at: usize, word: &str) -> bool {
    matches!(line.get(at), Some((_, Tok::Name(name), _)) if &**name == word)
}

/// `type X = ...` and `type X[T] = ...`: two names never meet otherwise.
fn mark_types(line: &mut [Spanned]) {
    for at in 0..line.len() {
        let follows = matches!(line.get(at + 1..at + 3), Some([(_, Tok::Name(_), _), (_, Tok::Assign | Tok::LSqb, _)]));
        if follows && is_word(line, at, "type") {
            line[at].1 = Tok::Type;
        }
    }
}

/// `match subject:` ends with its colon, and a subject follows the word.
fn mark_match(line: &mut [Spanned]) -> bool {
    let ends = matches!(line, [_, .., (_, Tok::Colon, _)]);
    let subject = !matches!(line.get(1), None | Some((_, Tok::Colon | Tok::Assign | Tok::Dot | Tok::Comma | Tok::RPar, _)));
    let is_match = ends && subject && is_word(line, 0, "match");
    if is_match {
        line[0].1 = Tok::Match;
    }
    is_match
}

/// A bracket right after `with` that holds an `as` of its own is the statement's, not an expression's.
fn mark_with(line: &mut [Spanned]) {
    let at = match line {
        [(_, Tok::With, _), ..] => 1,
        [(_, Tok::Async, _), (_, Tok::With, _), ..] => 2,
        _ => return,
    };
    if !matches!(line.get(at), Some((_, Tok::LPar, _))) {
        return;
    }
    let mut depth = 0usize;
    for (_, tok, _) in &line[at..] {
        if tok.closer().is_some() {
            depth += 1;
        } else if tok.is_closer() {
            depth = depth.saturating_sub(1);
        }
        match tok {
            _ if depth == 0 => return,
            Tok::As if depth == 1 => break,
            _ => {}
        }
    }
    line[at].1 = Tok::WithParen;
}
