//! The frontend: from the source text of a model file to values, modules and traced graphs.

pub mod lang;
