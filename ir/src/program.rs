//! A program: named methods over one store of parameters, buffers and constants.

use crate::dim::Facts;
use crate::graph::Graph;
use crate::types::Type;
use indexmap::IndexMap;

/// What an entry of the store is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Learned.
    Param,
    /// State of a module that is not learned.
    Buffer,
    /// A value that was known when the program was traced or optimised.
    Const,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Param => "param",
            Kind::Buffer => "buffer",
            Kind::Const => "const",
        }
    }
}

/// A declaration of the store; its value travels beside the program, by name.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub kind: Kind,
    pub ty: Type,
}

/// Methods, the store they share, and the ranges of the symbols they are written over.
#[derive(Clone, Default, Debug)]
pub struct Program {
    pub name: String,
    pub facts: Facts,
    pub store: IndexMap<String, Entry>,
    pub methods: IndexMap<String, Graph>,
}
