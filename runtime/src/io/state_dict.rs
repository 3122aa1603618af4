//! State dict: what a data file holds, as names with tensors, and whatever else stood beside them.

use crate::tensor::Tensor;
use indexmap::IndexMap;

/// The contents of a data file, in the file's order.
#[derive(Clone, Debug, Default)]
pub struct StateDict {
    pub tensors: IndexMap<String, Tensor>,
    /// What a checkpoint holds besides named tensors: epoch numbers, optimizer state, configurations.
    pub extra: IndexMap<String, Value>,
}

/// A Python value out of a checkpoint, as plain data.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    /// A list or a set.
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Tensor(Tensor),
    /// A class, a function or a dtype, by its dotted name.
    Name(String),
    /// A call that was never made: of what, on which arguments, with which state set afterwards.
    Call {
        callee: String,
        arguments: Box<Value>,
        state: Option<Box<Value>>,
    },
}
