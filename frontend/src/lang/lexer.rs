//! Characters to tokens: logos, plus what a regular language cannot say: brackets, and strings with strings inside.
//!
//! Brackets come out balanced, and newlines only outside of them. An f-string becomes `FStart (FText | { ... })* FEnd`; a stack of
//! open f-strings stands in for recursion, so nesting is bounded by [`MAX_BRACKETS`] alone. Where a diagnostic was given,
//! a [`Tok::Error`] stands, and lexing goes on after it.

use super::literal::{self, BadEscape};
use super::token::{Names, Spanned, Tok};
use cresset_ir::{Code, Diagnostic, FileId, Span, codes};
use logos::Logos;

/// Brackets nested deeper than this are an error, as in CPython.
const MAX_BRACKETS: usize = 200;

/// Diagnostics after which the lexer says no more.
const MAX_ERRORS: usize = 20;

pub struct Lexed {
    pub tokens: Vec<Spanned>,
    pub errors: Vec<Diagnostic>,
}

/// The tokens of a text. `inside` reads it as if a bracket were open around it: line ends mean nothing.
pub fn lex(file: FileId, text: &str, inside: bool) -> Lexed {
    let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let mut lexer = Lexer {
        file,
        text,
        at,
        inside,
        names: Names::default(),
        brackets: vec![],
        strings: vec![],
        tokens: vec![],
        errors: vec![],
    };
    while lexer.at < text.len() && lexer.brackets.len() <= MAX_BRACKETS {
        match lexer.strings.last() {
            Some(string) if string.in_text(lexer.brackets.len()) => lexer.string_text(),
            _ => lexer.token(),
        }
    }
    lexer.finish();
    Lexed { tokens: lexer.tokens, errors: lexer.errors }
}

struct Lexer<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
    inside: bool,
    names: Names,
    /// Open brackets with their places.
    brackets: Vec<(Tok, usize)>,
    /// Open f-strings.
    strings: Vec<OpenString>,
    tokens: Vec<Spanned>,
    errors: Vec<Diagnostic>,
}

/// An f-string that is being read.
#[derive(Clone, Copy)]
struct OpenString {
    quote: Quote,
    start: usize,
    /// Brackets open around it.
    brackets: usize,
    /// Replacement fields that are open and have reached their format spec.
    specs: usize,
}

impl OpenString {
    /// Whether literal text comes next: outside of its fields, or in the format spec of the innermost one.
    fn in_text(&self, brackets: usize) -> bool {
        brackets == self.brackets + self.specs
    }
}

/// How a string opens: its prefix and its quotes.
#[derive(Clone, Copy)]
struct Quote {
    mark: char,
    triple: bool,
    raw: bool,
    bytes: bool,
    format: bool,
}

impl Quote {
    fn new(opening: &str) -> Quote {
        let prefix = opening.trim_end_matches(['\'', '"']).to_ascii_lowercase();
        Quote {
            mark: if opening.ends_with('"') { '"' } else { '\'' },
            triple: opening.len() - prefix.len() == 3,
            raw: prefix.contains('r'),
            bytes: prefix.contains('b'),
            format: prefix.contains('f'),
        }
    }

    /// The bytes that close the string, if it closes here.
    fn closes(&self, rest: &str) -> Option<usize> {
        let len = if self.triple { 3 } else { 1 };
        rest.bytes().take(len).filter(|&b| char::from(b) == self.mark).count().eq(&len).then_some(len)
    }
}

impl<'t> Lexer<'t> {
    fn push(&mut self, start: usize, tok: Tok, end: usize) {
        self.tokens.push((start as u32, tok, end as u32));
        self.at = end;
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(diagnostic);
        }
    }

    /// Reports, and leaves an error token over the range.
    fn error(&mut self, code: Code, start: usize, end: usize, message: impl Into<String>, label: &str) {
        let diagnostic = Diagnostic::error(code, message).at(self.span(start, end), label);
        self.report(diagnostic);
        self.push(start, Tok::Error, end);
    }

    /// One token of ordinary code.
    fn token(&mut self) {
        let mut lex = Tok::lexer_with_extras(self.text, std::mem::take(&mut self.names));
        lex.bump(self.at);
        let found = lex.next();
        let (start, end) = (lex.span().start, lex.span().end);
        self.names = lex.extras;
        match found {
            None => self.at = self.text.len(),
            Some(Err(())) => self.bad_token(start, end),
            Some(Ok(Tok::Newline)) if self.inside || !self.brackets.is_empty() => self.at = end,
            Some(Ok(Tok::Quote)) => self.string(start, end),
            Some(Ok(tok)) if tok.closer().is_some() => self.open(tok, start, end),
            Some(Ok(tok)) if tok.is_closer() => self.close(tok, start, end),
            Some(Ok(tok)) if tok.is_number() => self.number(tok, start, end),
            Some(Ok(Tok::Colon | Tok::Walrus)) if self.field_ends() => {
                self.push(start, Tok::Colon, start + 1);
                self.strings.iter_mut().next_back().into_iter().for_each(|s| s.specs += 1);
            }
            Some(Ok(tok)) => {
                if tok.begins_statement() && self.begins_line(start) && !self.brackets.is_empty() {
                    self.abandon_brackets(start);
                }
                self.push(start, tok, end);
            }
        }
    }

    fn bad_token(&mut self, start: usize, end: usize) {
        let text = &self.text[start..end];
        match text.chars().next() {
            Some('0'..='9') => {
                let why = match text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
                    true => "leading zeros are not allowed in decimal numbers; an octal number is written 0o17",
                    false => "this number has too many digits",
                };
                self.error(codes::BAD_LITERAL, start, end, why, "");
            }
            Some('\\') => {
                let message = "a backslash joins lines only as the last character of its line";
                self.error(codes::SYNTAX, start, start + 1, message, "something follows this one");
            }
            c => {
                let c = c.unwrap_or_default();
                let shown = if c.is_control() { c.escape_unicode().to_string() } else { format!("'{c}'") };
                let message = format!("the character {shown} has no meaning outside of strings and comments");
                self.error(codes::BAD_LITERAL, start, start + c.len_utf8(), message, "");
            }
        }
    }

    /// A number may touch a keyword that can follow it (`1if x else y`) and no other word.
    fn number(&mut self, tok: Tok, start: usize, end: usize) {
        const FOLLOWERS: [&str; 8] = ["and", "else", "for", "if", "in", "is", "not", "or"];
        let rest = &self.text[end..];
        let word = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
        if word.is_empty() || FOLLOWERS.iter().any(|k| word.starts_with(k)) {
            return self.push(start, tok, end);
        }
        let text = &self.text[start..end + word.len()];
        let message = format!("'{text}' is neither a number nor a name");
        self.error(codes::BAD_LITERAL, start, end + word.len(), message, "");
    }

    fn open(&mut self, tok: Tok, start: usize, end: usize) {
        self.brackets.push((tok.clone(), start));
        if self.brackets.len() <= MAX_BRACKETS {
            return self.push(start, tok, end);
        }
        let message = format!("brackets are nested more than {MAX_BRACKETS} deep");
        self.error(codes::SYNTAX, start, end, message, "this one is too deep");
        // The file ends here for the parser.
        self.at = self.text.len();
    }

    fn close(&mut self, tok: Tok, start: usize, end: usize) {
        // A closer never reaches around the f-string it stands in.
        let floor = self.strings.last().map_or(0, |s| s.brackets);
        let Some((opener, opened)) = self.brackets.get(floor..).and_then(|b| b.last()).cloned() else {
            let text = &self.text[start..end];
            return self.error(codes::UNTERMINATED, start, end, format!("'{text}' closes a bracket that was never opened"), "");
        };
        self.brackets.pop();
        let string_specs = self.strings.last().map_or(0, |s| s.specs);
        if let Some(string) = self.strings.last_mut() {
            // Closing the field whose spec was being read.
            string.specs = string_specs.min(self.brackets.len() - string.brackets);
        }
        if opener.closer().as_ref() == Some(&tok) {
            return self.push(start, tok, end);
        }
        let (closing, opening) = (&self.text[start..end], &self.text[opened..opened + 1]);
        let diagnostic = Diagnostic::error(codes::UNTERMINATED, format!("'{closing}' does not close '{opening}'"))
            .at(self.span(start, end), "closed by this")
            .at(self.span(opened, opened + 1), "opened here");
        self.report(diagnostic);
        self.push(start, Tok::Error, end);
    }

    /// Whether a colon here begins the format spec of an f-string's field.
    fn field_ends(&self) -> bool {
        self.strings.last().is_some_and(|s| self.brackets.len() == s.brackets + s.specs + 1)
    }

    fn begins_line(&self, at: usize) -> bool {
        let line = &self.text[..at];
        line.trim_end_matches([' ', '\t', '\x0C']).ends_with(['\n', '\r'])
    }

    /// A statement begins inside a bracket: reports the bracket and ends the line before it.
    fn abandon_brackets(&mut self, at: usize) {
        if let Some((_, opened)) = self.brackets.first().cloned() {
            self.never_closed(opened);
        }
        self.brackets.clear();
        self.strings.clear();
        // The line ends where its last token does.
        let end = self.tokens.last().map_or(at, |t| t.2 as usize);
        self.push(end, Tok::Error, end);
        self.push(end, Tok::Newline, end);
    }

    fn never_closed(&mut self, opened: usize) {
        let text = &self.text[opened..opened + 1];
        let message = format!("'{text}' was never closed");
        let diagnostic = Diagnostic::error(codes::UNTERMINATED, message).at(self.span(opened, opened + 1), "opened here");
        self.report(diagnostic);
    }

    fn finish(&mut self) {
        let end = self.text.len();
        if self.brackets.len() > MAX_BRACKETS {
            return;
        }
        let opened = self.brackets.first().map(|b| b.1);
        if let Some(string) = self.strings.first().copied().filter(|s| opened.is_none_or(|at| s.start < at)) {
            self.unterminated(string.start, string.quote, end);
        } else if let Some(opened) = opened {
            self.never_closed(opened);
            self.push(end, Tok::Error, end);
        }
    }

    /// A string, from its opening quote on.
    fn string(&mut self, start: usize, end: usize) {
        let quote = Quote::new(&self.text[start..end]);
        if quote.format {
            self.push(start, Tok::FStart, end);
            return self.strings.push(OpenString { quote, start, brackets: self.brackets.len(), specs: 0 });
        }
        let rest = &self.text[end..];
        let Some((len, quotes)) = string_end(rest, quote) else {
            let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let end = if quote.triple { self.text.len() } else { end + line };
            return self.unterminated(start, quote, end);
        };
        let (raw, close) = (&rest[..len], end + len + quotes);
        match decode(raw, quote) {
            Ok(tok) => self.push(start, tok, close),
            Err(bad) => self.bad_escape(end, bad, close),
        }
    }

    fn bad_escape(&mut self, base: usize, bad: BadEscape, end: usize) {
        let start = base + bad.at;
        self.error(codes::BAD_LITERAL, start, start + bad.len, bad.why, "");
        self.at = end;
    }

    fn unterminated(&mut self, start: usize, quote: Quote, end: usize) {
        let what =
            if quote.triple { "this triple-quoted string is never closed" } else { "this string is not closed on its line" };
        self.error(codes::UNTERMINATED, start, end, what, "");
        // Whatever was open inside of an outer f-string is lost with it.
        if let Some(outer) = self.strings.first() {
            self.brackets.truncate(outer.brackets);
        }
        self.strings.clear();
    }

    /// Literal text of an f-string, up to the next field, the end of the spec, or the end of the string.
    fn string_text(&mut self) {
        let Some(&OpenString { quote, start: opened, specs, .. }) = self.strings.last() else { return };
        let start = self.at;
        let mut raw = String::new();
        let mut at = start;
        loop {
            let rest = &self.text[at..];
            let Some(c) = rest.chars().next() else { return self.unterminated(opened, quote, at) };
            let len = match c {
                '{' | '}' if specs == 0 && rest[1..].starts_with(c) => {
                    raw.push(c);
                    at += 2;
                    continue;
                }
                '{' | '}' => break,
                '\n' | '\r' if !quote.triple => return self.unterminated(opened, quote, at),
                _ if quote.closes(rest).is_some() => break,
                '\\' => escape_len(rest, quote),
                c => c.len_utf8(),
            };
            raw.push_str(&rest[..len]);
            at += len;
        }
        if at > start {
            match decode(&raw, Quote { bytes: false, ..quote }) {
                Ok(Tok::Str(text)) => self.push(start, Tok::FText(text), at),
                Ok(_) => {}
                // Doubled braces shift places in the text: the whole piece is marked.
                Err(bad) => self.error(codes::BAD_LITERAL, start, at, bad.why, ""),
            }
        }
        self.end_text(quote, specs);
    }

    /// What ends literal text: a brace or the closing quote.
    fn end_text(&mut self, quote: Quote, specs: usize) {
        let at = self.at;
        let rest = &self.text[at..];
        match quote.closes(rest) {
            Some(len) if specs == 0 => {
                self.push(at, Tok::FEnd, at + len);
                self.strings.pop();
            }
            Some(_) => {
                let opened = self.brackets.last().map_or(at, |b| b.1);
                self.never_closed(opened);
                if let Some(string) = self.strings.pop() {
                    self.brackets.truncate(string.brackets);
                }
                self.push(at, Tok::Error, at + 1);
            }
            None if rest.starts_with('{') => self.open(Tok::LBrace, at, at + 1),
            None if specs == 0 => {
                self.error(codes::SYNTAX, at, at + 1, "a single '}' in an f-string; as text it is written '}}'", "")
            }
            None => self.close(Tok::RBrace, at, at + 1),
        }
    }
}

/// The length of a plain string's raw text and of its closing quotes.
fn string_end(rest: &str, quote: Quote) -> Option<(usize, usize)> {
    let mut at = 0;
    loop {
        let here = rest.get(at..)?;
        if let Some(quotes) = quote.closes(here) {
            return Some((at, quotes));
        }
        match here.chars().next()? {
            '\n' | '\r' if !quote.triple => return None,
            // The escaped character cannot close; `\r\n` counts as one.
            '\\' if here.starts_with("\\\r\n") => at += 3,
            '\\' => at += 1 + here[1..].chars().next()?.len_utf8(),
            c => at += c.len_utf8(),
        }
    }
}

/// The length of an escape in an f-string's text: braces are never escaped, but stand in `\N{...}`.
fn escape_len(rest: &str, quote: Quote) -> usize {
    if let Some(name) = rest.strip_prefix("\\N{").filter(|_| !quote.raw) {
        let len = name.find(|c: char| c != ' ' && c != '-' && !c.is_ascii_alphanumeric());
        return len.filter(|&len| name[len..].starts_with('}')).map_or(2, |len| len + 4);
    }
    match rest[1..].chars().next() {
        Some('\r') if rest.starts_with("\\\r\n") => 3,
        Some(c) if c != '{' && c != '}' => 1 + c.len_utf8(),
        _ => 1,
    }
}

/// The value of a string's raw text.
fn decode(raw: &str, quote: Quote) -> Result<Tok, BadEscape> {
    if quote.bytes && !quote.raw {
        return literal::unescape_bytes(raw).map(|bytes| Tok::Bytes(bytes.into()));
    }
    let text = if quote.raw { Some(raw.replace("\r\n", "\n").replace('\r', "\n")) } else { literal::unescape(raw)? };
    if !quote.bytes {
        return Ok(Tok::Str(text.map(Into::into)));
    }
    match raw.char_indices().find(|(_, c)| !c.is_ascii()) {
        Some((at, c)) => Err(BadEscape { at, len: c.len_utf8(), why: "a bytes literal holds ASCII characters only" }),
        None => Ok(Tok::Bytes(text.unwrap_or_default().into_bytes().into())),
    }
}
