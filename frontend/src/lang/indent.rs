//! Line structure: logical lines and blocks from the columns at which lines begin.
//!
//! Blank lines vanish; every other line ends with one `Newline`; `Indent` and `Dedent` come in pairs. The rule for tabs is CPython's:
//! columns are counted twice, with tabs to the next multiple of eight and with tabs of one, and both must agree.

use super::token::{Spanned, Tok};
use cresset_ir::{Diagnostic, FileId, Span, codes};

/// Blocks nested deeper than this are an error, as in CPython.
const MAX_BLOCKS: usize = 100;

pub struct Layout<'t> {
    file: FileId,
    text: &'t str,
    tokens: std::iter::Peekable<std::vec::IntoIter<Spanned>>,
    blocks: Vec<Column>,
    /// Blocks yet to be closed before the next token.
    dedents: usize,
    /// What comes after those, and before the line's first token.
    pending: Option<Tok>,
    at_line_start: bool,
    pub errors: Vec<Diagnostic>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Column {
    wide: u32,
    narrow: u32,
}

impl Column {
    /// The column after blanks.
    fn of(blanks: &str) -> Column {
        blanks.chars().fold(Column { wide: 0, narrow: 0 }, |c, blank| match blank {
            ' ' => Column { wide: c.wide.saturating_add(1), narrow: c.narrow.saturating_add(1) },
            '\t' => Column { wide: (c.wide / 8 + 1).saturating_mul(8), narrow: c.narrow.saturating_add(1) },
            _ => Column { wide: 0, narrow: 0 },
        })
    }
}

impl<'t> Layout<'t> {
    pub fn new(file: FileId, text: &'t str, tokens: Vec<Spanned>) -> Layout<'t> {
        let tokens = tokens.into_iter().peekable();
        Layout { file, text, tokens, blocks: vec![], dedents: 0, pending: None, at_line_start: true, errors: vec![] }
    }

    fn column(&self, at: usize) -> Column {
        let line = self.text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1);
        let line = self.text[line..at].trim_start_matches('\u{FEFF}');
        Column::of(&line[..line.find(|c| !matches!(c, ' ' | '\t' | '\x0C')).unwrap_or(line.len())])
    }

    /// Compares a line's column with the open blocks; an `Indent` or error to come before its first token.
    fn begin_line(&mut self, at: u32) -> Option<Tok> {
        let column = self.column(at as usize);
        let top = self.blocks.last().copied().unwrap_or(Column { wide: 0, narrow: 0 });
        if column.wide > top.wide && column.narrow > top.narrow {
            return Some(self.indent(column, at));
        }
        let depth = self.blocks.iter().take_while(|b| b.wide <= column.wide).count();
        self.dedents = self.blocks.len() - depth;
        self.blocks.truncate(depth);
        let top = self.blocks.last().copied().unwrap_or(Column { wide: 0, narrow: 0 });
        if column == top {
            return None;
        }
        let message = match column.wide == top.wide || column.narrow <= top.narrow {
            true => "this line mixes tabs and spaces in a way that depends on the width of a tab",
            false => "this line is indented less than the block before it, and as deep as no block around it",
        };
        self.error(at, message)
    }

    fn indent(&mut self, column: Column, at: u32) -> Tok {
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(column);
            return Tok::Indent;
        }
        self.error(at, &format!("blocks are nested more than {MAX_BLOCKS} deep"));
        self.tokens = vec![].into_iter().peekable();
        Tok::Error
    }

    fn error(&mut self, at: u32, message: &str) -> Option<Tok> {
        let start = self.text[..at as usize].rfind(['\n', '\r']).map_or(0, |i| i + 1);
        let span = Span::new(self.file, start, at as usize);
        self.errors.push(Diagnostic::error(codes::INDENTATION, message).at(span, ""));
        Some(Tok::Error)
    }
}

impl Iterator for Layout<'_> {
    type Item = Spanned;

    fn next(&mut self) -> Option<Spanned> {
        while self.at_line_start && matches!(self.tokens.peek(), Some((_, Tok::Newline, _))) {
            self.tokens.next();
        }
        let end = self.text.len() as u32;
        let next = self.tokens.peek().map_or(end, |t| t.0);
        if self.at_line_start && self.tokens.peek().is_some() {
            self.at_line_start = false;
            self.pending = self.begin_line(next);
        } else if self.tokens.peek().is_none() {
            if !self.at_line_start {
                self.at_line_start = true;
                return Some((end, Tok::Newline, end));
            }
            self.dedents += std::mem::take(&mut self.blocks).len();
        }
        if self.dedents > 0 {
            self.dedents -= 1;
            return Some((next, Tok::Dedent, next));
        }
        if let Some(tok) = self.pending.take() {
            return Some((next, tok, next));
        }
        let token = self.tokens.next()?;
        self.at_line_start = token.1 == Tok::Newline;
        Some(token)
    }
}
