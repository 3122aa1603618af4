//! Tokens: what logos finds in the text, and the layout tokens that `indent` adds.
//!
//! Comments, blanks and backslash-joined lines never become tokens. A string is found by its opening quote alone: the
//! [lexer](super::lexer) reads on by hand, because f-strings nest.

use super::ast::Name;
use super::literal;
use logos::{Lexer, Logos};
use std::collections::HashSet;
use std::sync::Arc;

/// A token with its byte range.
pub type Spanned = (u32, Tok, u32);

/// Names of one file, each allocated once.
#[derive(Default)]
pub struct Names(HashSet<Name>);

impl Names {
    pub fn intern(&mut self, text: &str) -> Name {
        if let Some(name) = self.0.get(text) {
            return name.clone();
        }
        let name: Name = text.into();
        self.0.insert(name.clone());
        name
    }
}

fn name(lex: &mut Lexer<'_, Tok>) -> Name {
    let text = lex.slice();
    lex.extras.intern(text)
}

#[rustfmt::skip]
#[derive(Logos, Clone, PartialEq, Debug)]
#[logos(extras = Names, skip r"[ \t\x0C]+", skip r"\\(\r\n|\n|\r)")]
#[logos(skip(r"#[^\r\n]*", allow_greedy = true))]
pub enum Tok {
    #[regex(r"[\p{XID_Start}_]\p{XID_Continue}*", name)] Name(Name),
    #[regex(r"[0-9](_?[0-9])*", |l| literal::int(l.slice(), 10))]
    #[regex(r"0[xX](_?[0-9a-fA-F])+", |l| literal::int(&l.slice()[2..], 16))]
    #[regex(r"0[oO](_?[0-7])+", |l| literal::int(&l.slice()[2..], 8))]
    #[regex(r"0[bB](_?[01])+", |l| literal::int(&l.slice()[2..], 2))]
    Int(literal::Int),
    #[regex(r"[0-9](_?[0-9])*\.([0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?", |l| literal::float(l.slice()))]
    #[regex(r"\.[0-9](_?[0-9])*([eE][+-]?[0-9](_?[0-9])*)?", |l| literal::float(l.slice()))]
    #[regex(r"[0-9](_?[0-9])*[eE][+-]?[0-9](_?[0-9])*", |l| literal::float(l.slice()))]
    Float(f64),
    #[regex(r"[0-9](_?[0-9])*(\.([0-9](_?[0-9])*)?)?([eE][+-]?[0-9](_?[0-9])*)?[jJ]", |l| literal::imaginary(l.slice()))]
    #[regex(r"\.[0-9](_?[0-9])*([eE][+-]?[0-9](_?[0-9])*)?[jJ]", |l| literal::imaginary(l.slice()))]
    Imaginary(f64),
    #[regex("([uU]|[rR]|[bB]|[fF]|[bB][rR]|[rR][bB]|[fF][rR]|[rR][fF])?('''|\"\"\"|'|\")")] Quote,
    #[regex(r"\r\n|\n|\r")] Newline,

    // Read by hand from a quote on. Text without a value here (lone surrogates, `\N{...}`) is `None`.
    Str(Option<Arc<str>>), Bytes(Arc<[u8]>), FStart, FText(Option<Arc<str>>), FEnd,
    // Layout and soft keywords: added after lexing.
    Indent, Dedent, Match, Case, Type, WithParen,
    // What the parse is of: always the first token.
    StartModule, StartExpression,
    /// Stands where a diagnostic was already given; no rule accepts it.
    Error,

    #[token("False")] False, #[token("None")] None, #[token("True")] True,
    #[token("and")] And, #[token("as")] As, #[token("assert")] Assert, #[token("async")] Async, #[token("await")] Await,
    #[token("break")] Break, #[token("class")] Class, #[token("continue")] Continue, #[token("def")] Def, #[token("del")] Del,
    #[token("elif")] Elif, #[token("else")] Else, #[token("except")] Except, #[token("finally")] Finally, #[token("for")] For,
    #[token("from")] From, #[token("global")] Global, #[token("if")] If, #[token("import")] Import, #[token("in")] In,
    #[token("is")] Is, #[token("lambda")] Lambda, #[token("nonlocal")] Nonlocal, #[token("not")] Not, #[token("or")] Or,
    #[token("pass")] Pass, #[token("raise")] Raise, #[token("return")] Return, #[token("try")] Try, #[token("while")] While,
    #[token("with")] With, #[token("yield")] Yield,

    #[token("(")] LPar, #[token(")")] RPar, #[token("[")] LSqb, #[token("]")] RSqb, #[token("{")] LBrace, #[token("}")] RBrace,
    #[token(",")] Comma, #[token(":")] Colon, #[token(";")] Semi, #[token(".")] Dot, #[token("...")] Ellipsis,
    #[token("->")] Arrow, #[token(":=")] Walrus, #[token("=")] Assign, #[token("!")] Bang, #[token("@")] At,
    #[token("+")] Plus, #[token("-")] Minus, #[token("*")] Star, #[token("/")] Slash, #[token("//")] DoubleSlash,
    #[token("%")] Percent, #[token("**")] DoubleStar, #[token("<<")] Shl, #[token(">>")] Shr, #[token("&")] Amp,
    #[token("|")] Bar, #[token("^")] Caret, #[token("~")] Tilde,
    #[token("<")] Lt, #[token("<=")] Le, #[token(">")] Gt, #[token(">=")] Ge, #[token("==")] EqEq, #[token("!=")] Ne,
    #[token("+=")] PlusEq, #[token("-=")] MinusEq, #[token("*=")] StarEq, #[token("/=")] SlashEq,
    #[token("//=")] DoubleSlashEq, #[token("%=")] PercentEq, #[token("**=")] DoubleStarEq, #[token("@=")] AtEq,
    #[token("&=")] AmpEq, #[token("|=")] BarEq, #[token("^=")] CaretEq, #[token("<<=")] ShlEq, #[token(">>=")] ShrEq,
}

impl Tok {
    pub fn is_number(&self) -> bool {
        matches!(self, Tok::Int(_) | Tok::Float(_) | Tok::Imaginary(_))
    }

    /// The bracket that closes this one.
    pub fn closer(&self) -> Option<Tok> {
        match self {
            Tok::LPar => Some(Tok::RPar),
            Tok::LSqb => Some(Tok::RSqb),
            Tok::LBrace => Some(Tok::RBrace),
            _ => None,
        }
    }

    pub fn is_closer(&self) -> bool {
        matches!(self, Tok::RPar | Tok::RSqb | Tok::RBrace)
    }

    /// Keywords that only begin statements: one of them inside a bracket means that the bracket was forgotten.
    pub fn begins_statement(&self) -> bool {
        use Tok::*;
        matches!(
            self,
            Assert
                | Break
                | Class
                | Continue
                | Def
                | Del
                | Except
                | Finally
                | Global
                | Import
                | Nonlocal
                | Pass
                | Raise
                | Return
                | Try
                | While
                | With
        )
    }
}
