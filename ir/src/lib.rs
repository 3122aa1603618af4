//! The data of cresset: types, ops, graphs, kernels and plans, with their text, verifier and reference semantics.
//!
//! Invariants: this crate knows no device and no Python; everything in it prints, and what prints parses back.

pub mod bound;
pub mod builder;
pub mod call;
pub mod codes;
pub mod diag;
pub mod dim;
pub mod dtype;
pub mod eval;
pub mod graph;
pub mod kernel;
pub mod loc;
pub mod op;
pub mod plan;
pub mod poly;
pub mod program;
mod reach;
pub mod scalar;
pub mod source;
pub mod spelling;
pub mod target;
pub mod tensor;
pub mod text;
pub mod types;
pub mod verify;
pub mod view;

pub use bound::{Bound, Interval};
pub use builder::Builder;
pub use call::Sizes;
pub use codes::Code;
pub use diag::{Diagnostic, Label, Result};
pub use dim::{Dim, Facts, Range, Rel, Sym};
pub use dtype::{Category, DType};
pub use eval::Evaluate;
pub use graph::{Block, Def, Graph, Guard, Node, NodeId, Tree, Value};
pub use loc::Loc;
pub use op::{Attr, OpDef};
pub use program::{Entry, Kind, Program};
pub use scalar::Scalar;
pub use source::{FileId, Source, Span};
pub use target::Target;
pub use tensor::Tensor;
pub use types::Type;
pub use verify::{Verified, verify};
