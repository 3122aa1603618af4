//! The Python-syntax language: text to a spanned syntax tree, and the tree back to text.
//!
//! The pipeline is [`lexer`] (characters to tokens), [`indent`] (line structure), [`soft`] (words that are keywords only in
//! places), the generated grammar with its [`actions`], and [`parse`], which repairs and goes on after an error.
//! Python 3.12 is accepted broadly; what cannot be run is rejected where it is executed, never here.

mod actions;
pub mod ast;
mod check;
mod expect;
mod indent;
mod lexer;
mod literal;
pub mod parse;
pub mod print;
mod recover;
pub mod scope;
mod soft;
mod token;
pub mod visit;

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, clippy::pedantic, unused, missing_docs)]
    grammar,
    "/lang/grammar.rs"
);

pub use parse::{parse_expression, parse_module};
