//! A program: named methods over one store of parameters, buffers and constants.

use crate::codes;
use crate::diag::{Diagnostic, Result};
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

impl Program {
    /// A method by name.
    ///
    /// # Errors
    /// `E0601` when there is none of this name.
    pub fn method(&self, name: &str) -> Result<&Graph> {
        self.methods.get(name).ok_or_else(|| {
            let names: Vec<_> = self.methods.keys().map(String::as_str).collect();
            let text = format!("the program has no method `{name}`; it has {}", names.join(", "));
            Diagnostic::error(codes::INVALID_GRAPH, text)
        })
    }
}
