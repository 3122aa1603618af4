//! IR text to tokens. Brackets are bounded here, so that whatever recurses over a parsed text is bounded too.

use super::token::{Spanned, Tok};
use crate::codes;
use crate::diag::Diagnostic;
use crate::source::{FileId, Span};
use logos::Logos;

/// Brackets nested deeper than this are an error.
pub const MAX_BRACKETS: usize = 120;

/// Texts longer than this are an error: 64 MiB.
const MAX_BYTES: usize = 64 << 20;

/// The tokens of a text, or everything in it that is not a token.
pub fn lex(file: FileId, text: &str) -> Result<Vec<Spanned<'_>>, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Diagnostic::error(codes::IR_LIMIT, "an IR text may have at most 64 MiB")]);
    }
    let (mut tokens, mut errors, mut depth) = (vec![], vec![], 0usize);
    for (tok, range) in Tok::lexer(text).spanned() {
        let span = Span::new(file, range.start, range.end);
        match tok {
            Ok(tok) => {
                depth = (depth + tok.opens() as usize).saturating_sub(tok.closes() as usize);
                tokens.push((span.start, tok, span.end));
            }
            Err(()) => errors.push(stray(&text[range], span)),
        }
        if depth > MAX_BRACKETS {
            errors.push(
                Diagnostic::error(codes::IR_LIMIT, format!("brackets are nested more than {MAX_BRACKETS} deep")).at(span, ""),
            );
        }
        if depth > MAX_BRACKETS || errors.len() >= super::parse::MAX_ERRORS {
            break;
        }
    }
    if errors.is_empty() { Ok(tokens) } else { Err(errors) }
}

fn stray(text: &str, span: Span) -> Diagnostic {
    let message = match text.chars().next() {
        Some('"') => "this string is not closed on its line".to_owned(),
        Some('`') => "this name is not closed on its line".to_owned(),
        c => format!("the character {:?} has no meaning here", c.unwrap_or_default()),
    };
    Diagnostic::error(codes::IR_SYNTAX, message).at(span, "")
}
