//! The tree back to text, in one canonical form.
//!
//! Law: `parse(print(tree)) == tree`, and printing that again gives the same text.

mod expr;
mod pattern;
mod stmt;
mod string;

use super::ast::{Expr, Module};

/// A module as source text.
pub fn module(module: &Module) -> String {
    let mut printer = stmt::Printer::default();
    printer.block(&module.body);
    printer.out
}

/// An expression as source text, on one line.
pub fn expression(e: &Expr) -> String {
    let mut out = String::new();
    expr::write(&mut out, e, expr::Level::Tuple);
    out
}
