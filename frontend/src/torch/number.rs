//! Numbers for the values of graphs: values with one number are computed alike from the same inputs and entries of the store.

use super::lazy::Lazy;
use cresset_ir::eval::Evaluate;
use cresset_ir::graph::Def;
use cresset_ir::{Attr, DType, Dim, Graph, OpDef, Scalar, Value};
use std::collections::HashMap;
use std::rc::Rc;

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Input(usize),
    /// A parameter or buffer, with the tensor that it stood for.
    Named(String, *const Lazy),
    /// The elements of a constant.
    Known(DType, Vec<usize>, Vec<u8>),
    Number(Scalar),
    Result(*const OpDef, Vec<Attr>, Vec<u32>, usize),
    /// Like no other.
    Unique(usize),
}

/// What an entry of the store is.
pub enum Stored {
    Named(Rc<Lazy>),
    Constant(Rc<Lazy>),
}

/// The numbers that were given, over any number of graphs.
#[derive(Default)]
pub struct Numbers {
    keys: HashMap<Key, u32>,
}

impl Numbers {
    /// The number of each value of a graph. `rename` is applied to the sizes in it; `stored` tells what an entry of the store is.
    pub fn of(
        &mut self,
        graph: &Graph,
        rename: &dyn Fn(&Dim) -> Dim,
        stored: &dyn Fn(&str) -> Option<Stored>,
        evaluate: &dyn Evaluate,
    ) -> Vec<u32> {
        let mut numbers: Vec<u32> = vec![];
        let inputs: HashMap<Value, usize> = graph.body.params.iter().enumerate().map(|(i, &v)| (v, i)).collect();
        for (i, info) in graph.values.iter().enumerate() {
            let unique = Key::Unique(self.keys.len());
            let key = match &info.def {
                Def::Param => inputs.get(&Value(i as u32)).map_or(unique, |&input| Key::Input(input)),
                Def::Const(scalar) => Key::Number(*scalar),
                Def::Stored(name) => match stored(name) {
                    Some(Stored::Named(value)) => Key::Named(name.clone(), Rc::as_ptr(&value)),
                    Some(Stored::Constant(value)) => match value.value(evaluate) {
                        Ok(t) => Key::Known(t.dtype(), t.shape().to_vec(), t.bytes().to_vec()),
                        Err(_) => unique,
                    },
                    None => unique,
                },
                Def::Result(node, result) => {
                    let node = graph.node(*node);
                    // What is inside of blocks is not compared.
                    match node.blocks.is_empty() {
                        true => {
                            let attrs = node.attrs.iter().map(|attr| renamed(attr, rename)).collect();
                            let operands = node.operands.iter().map(|v| numbers[v.0 as usize]).collect();
                            Key::Result(node.op, attrs, operands, *result)
                        }
                        false => unique,
                    }
                }
            };
            let next = self.keys.len() as u32;
            numbers.push(*self.keys.entry(key).or_insert(next));
        }
        numbers
    }
}

fn renamed(attr: &Attr, rename: &dyn Fn(&Dim) -> Dim) -> Attr {
    match attr {
        Attr::Dim(dim) => Attr::Dim(rename(dim)),
        Attr::Dims(dims) => Attr::Dims(dims.iter().map(rename).collect()),
        other => other.clone(),
    }
}
