//! Tokens of the IR text, found by logos.
//!
//! A token borrows its text. Words that the grammar gives a meaning are tokens of their own; where a name of the user's may stand,
//! the grammar takes most of them back.

use logos::Logos;

/// A token with its byte range.
pub type Spanned<'t> = (u32, Tok<'t>, u32);

#[rustfmt::skip]
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\r\n]+")]
#[logos(skip(r";[^\n]*", allow_greedy = true))]
pub enum Tok<'t> {
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    #[regex(r"`[^`\n]+`", |l| &l.slice()[1..l.slice().len() - 1])]
    Name(&'t str),
    /// A value with its sigil: `%0`, `%x`, `%"odd name"`.
    #[regex(r"%[A-Za-z0-9_.]+")] #[regex(r#"%"([^"\\\n]|\\[^\n])*""#)] Value(&'t str),
    /// An entry of the store, a method or a kernel, with its sigil: `@fc.weight`.
    #[regex(r"@[A-Za-z0-9_.]+")] #[regex(r#"@"([^"\\\n]|\\[^\n])*""#)] Entry(&'t str),
    /// An integer, maybe with its dtype: `3`, `3_u8`.
    #[regex(r"[0-9]+(_[a-z][a-z0-9]*)?")] Int(&'t str),
    /// A float, maybe with its dtype: `0.5`, `1e-5_f64`.
    #[regex(r"[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?(_[a-z][a-z0-9]*)?")]
    #[regex(r"[0-9]+[eE][+-]?[0-9]+(_[a-z][a-z0-9]*)?")]
    Float(&'t str),
    #[regex(r#""([^"\\\n]|\\[^\n])*""#)] Str(&'t str),
    /// A place in the user's source, to the end of the line: `!net.py:3:5 in fc`.
    #[regex(r"![^=\n][^\n]*", |l| l.slice()[1..].trim_end(), allow_greedy = true)] Place(&'t str),

    // What the parse is of: always the first token.
    StartProgram, StartKernel, StartLoops, StartPlan,

    #[token("program")] Program, #[token("kernel")] Kernel, #[token("loops")] Loops, #[token("plan")] Plan,
    #[token("dim")] Dim, #[token("in")] In, #[token("param")] Param, #[token("buffer")] Buffer, #[token("const")] Const,
    #[token("graph")] Graph, #[token("guard")] Guard, #[token("return")] Return, #[token("else")] Else, #[token("do")] Do,
    #[token("let")] Let, #[token("contract")] Contract, #[token("for")] For, #[token("of")] Of, #[token("if")] If,
    #[token("fold")] Fold, #[token("over")] Over, #[token("step")] Step, #[token("merge")] Merge, #[token("block")] Block,
    #[token("params")] Params, #[token("grid")] Grid, #[token("slot")] Slot, #[token("arena")] Arena, #[token("steps")] Steps,
    #[token("launch")] Launch, #[token("copy")] Copy, #[token("while")] While, #[token("direct")] Direct,
    #[token("packed")] Packed, #[token("product")] Product, #[token("finish")] Finish, #[token("panels")] Panels, #[token("epilogue")] Epilogue,

    #[token("(")] LPar, #[token(")")] RPar, #[token("[")] LSqb, #[token("]")] RSqb, #[token("{")] LBrace, #[token("}")] RBrace,
    #[token(",")] Comma, #[token(":")] Colon, #[token(".")] Dot, #[token("..")] DotDot, #[token("->")] Arrow,
    #[token("<-")] Gets, #[token("=")] Assign, #[token("+")] Plus, #[token("-")] Minus, #[token("*")] Star,
    #[token("/")] Slash, #[token("|")] Bar, #[token("<")] Lt, #[token("<=")] Le, #[token("==")] Eq, #[token("!=")] Ne,
}

impl Tok<'_> {
    pub fn opens(self) -> bool {
        matches!(self, Tok::LPar | Tok::LSqb | Tok::LBrace)
    }

    pub fn closes(self) -> bool {
        matches!(self, Tok::RPar | Tok::RSqb | Tok::RBrace)
    }
}
