//! The text form of the IR: programs, kernels, loop programs and plans, in one grammar.
//!
//! Laws: `parse(print(x)) = x` up to the numbers of arenas, and `print(parse(t)) = t` for a text `t` that was printed.
//! Printing ([`print`]) gives values numbers by position and writes types always, attributes in the order of the schema without
//! those that equal their defaults. Reading is lexer, generated grammar, [`syntax`] tree and [`read`], which looks names up.
//! What was read is plain data: whether its types are right is the verifier's to say.

mod dot;
mod lexer;
pub mod parse;
pub mod print;
mod read;
mod syntax;
mod token;

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, clippy::pedantic, unused, missing_docs)]
    grammar,
    "/text/grammar.rs"
);

pub use dot::to_dot;
pub use parse::{parse_kernel, parse_loops, parse_plan, parse_program};
pub use print::{Style, print_kernel, print_loops, print_plan, print_program};
