//! The frontend: from the source text of a model file to values, modules and traced graphs.

pub mod eval;
pub mod import;
pub mod lang;
pub mod nn;
pub mod stdlib;
pub mod torch;
