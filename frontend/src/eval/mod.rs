//! The evaluator: runs syntax trees over values, by Python's rules.
//!
//! [`Interp`] holds what is shared, [`Value`] is what is computed, [`Foreign`] is how other layers bring values of their own, and [`Control`]
//! is asked where control flow depends on a value that is not known yet. Everything that ends an evaluation early is a [`Raise`]; at the edge
//! it becomes a diagnostic.

mod assign;
mod attr;
mod call;
mod class;
mod compare;
mod comprehension;
pub mod control;
pub mod dict;
mod expr;
pub mod foreign;
mod format;
pub mod frame;
pub mod generator;
pub mod interp;
pub mod iter;
pub mod journal;
pub mod native;
pub mod object;
mod ops;
mod pattern;
pub mod raise;
pub mod repr;
pub mod same;
pub mod shared;
pub mod stack;
mod stmt;
pub mod subscript;
pub mod types;
pub mod value;
pub mod whereabouts;

pub use control::Control;
pub use dict::{Dict, Key};
pub use foreign::{Foreign, Truth};
pub use frame::Frame;
pub use interp::Interp;
pub use native::{Args, Bound, Native, Row};
pub use object::{Class, Function, Instance};
pub use raise::{Eval, Raise, Thrown};
pub use shared::Shared;
pub use stmt::Flow;
pub use types::builtin;
pub use value::Value;
