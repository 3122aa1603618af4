//! The data of cresset: types, ops, graphs, kernels and plans, with their text, verifier and reference semantics.
//!
//! Invariants: this crate knows no device and no Python; everything in it prints, and what prints parses back.

pub mod codes;
pub mod diag;
pub mod dtype;
pub mod source;

pub use codes::Code;
pub use diag::{Diagnostic, Label, Result};
pub use dtype::{Category, DType};
pub use source::{FileId, Source, Span};
