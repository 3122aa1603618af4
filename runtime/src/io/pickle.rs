//! Pickle: the objects that a pickle describes, as inert nodes.
//!
//! Python's pickles build a graph: lists and dicts are filled after they are shared. So nodes live in one vector and refer to
//! each other by number; sharing and cycles cost nothing, and dropping a deep structure does not recurse.

use super::globals::Meaning;
use super::strided::MAX_RANK;
use std::ops::Index;

/// The number of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id(pub(super) u32);

/// A Python object as plain data.
#[derive(Debug)]
pub enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function from the list of known ones.
    Global {
        module: &'a str,
        name: &'a str,
        meaning: Meaning,
    },
    /// A call, not made; `callee` is a global, `arguments` a tuple of earlier nodes.
    Call {
        callee: Id,
        arguments: Id,
        state: Option<Id>,
    },
    /// An object that the pickle's reader supplies; here, a storage.
    Persistent(Id),
}

/// The nodes of a pickle, and the one that it stands for.
pub struct Pickle<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub root: Id,
}

impl<'a> Index<Id> for Pickle<'a> {
    type Output = Node<'a>;

    fn index(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }
}

impl<'a> Pickle<'a> {
    /// The meaning and the arguments of a call.
    pub fn call(&self, id: Id) -> Option<(Meaning, &[Id])> {
        let Node::Call { callee, arguments, .. } = &self[id] else { return None };
        match (&self[*callee], &self[*arguments]) {
            (Node::Global { meaning, .. }, Node::Tuple(arguments)) => Some((*meaning, arguments)),
            _ => None,
        }
    }

    /// The pairs of a dict.
    pub fn dict(&self, id: Id) -> Option<&[(Id, Id)]> {
        if let Node::Dict(pairs) = &self[id] { Some(pairs) } else { None }
    }

    pub fn str(&self, id: Id) -> Option<&'a str> {
        if let Node::Str(text) = self[id] { Some(text) } else { None }
    }

    /// A tuple, list or `torch.Size` of sizes, no more than a tensor can have.
    pub fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        let items = match self.call(id) {
            Some((Meaning::Sequence, &[items])) => items,
            _ => id,
        };
        match &self[items] {
            Node::Tuple(items) | Node::List(items) if items.len() <= MAX_RANK => items.iter().map(|&i| self.size(i)).collect(),
            _ => None,
        }
    }

    /// An integer that is not negative.
    pub fn size(&self, id: Id) -> Option<usize> {
        if let Node::Int(n) = self[id] { usize::try_from(n).ok() } else { None }
    }
}
