//! The graph IR: typed SSA over tensors, with nested blocks.
//!
//! Invariants: values are immutable and do not alias; a value is defined before it is used, in its own block or an enclosing one (regions see
//! only their own parameters); types are those that `infer` gives. The verifier checks them.

use crate::bound::Bound;
use crate::dim::{Dim, Rel};
use crate::loc::Loc;
use crate::op::{Attr, OpDef};
use crate::scalar::Scalar;
use crate::types::Type;

/// A value of a graph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Value(pub u32);

/// A node of a graph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Def {
    /// A parameter of a block: the graph's inputs are those of its body.
    Param,
    /// An entry of the program's store: `@fc.weight`.
    Stored(String),
    /// A 0-d constant, written where it is used.
    Const(Scalar),
    /// A result of a node.
    Result(NodeId, usize),
}

#[derive(Clone, Debug)]
pub struct ValueInfo {
    pub ty: Type,
    pub def: Def,
}

/// A call of an op.
#[derive(Clone, Debug)]
pub struct Node {
    pub op: &'static OpDef,
    pub operands: Vec<Value>,
    /// In schema order, all of them.
    pub attrs: Vec<Attr>,
    pub results: Vec<Value>,
    pub blocks: Vec<Block>,
    pub loc: Loc,
}

/// A list of nodes with parameters and results.
#[derive(Clone, Default, Debug)]
pub struct Block {
    pub params: Vec<Value>,
    pub nodes: Vec<NodeId>,
    pub results: Vec<Value>,
}

/// A relation of sizes that must hold for a call to be valid.
#[derive(Clone, PartialEq, Debug)]
pub struct Guard {
    pub left: Dim,
    pub rel: Rel,
    pub right: Dim,
    /// What to say when it fails; empty for the relations that a type rule needed. `{T}` stands for the value of a symbol.
    pub message: String,
    pub loc: Loc,
}

/// The structure of a method's inputs or outputs over its flat list of tensors.
#[derive(Clone, PartialEq, Debug)]
pub enum Tree {
    /// The next tensor.
    Leaf,
    None,
    /// A number known when the graph was traced.
    Number(Scalar),
    Tuple(Vec<Tree>),
    List(Vec<Tree>),
    Dict(Vec<(String, Tree)>),
}

/// One method: nodes in an arena, the body, and what its callers must know.
#[derive(Clone, Debug)]
pub struct Graph {
    pub name: String,
    /// Names of the inputs, one per parameter of the body.
    pub inputs: Vec<String>,
    pub output: Tree,
    pub guards: Vec<Guard>,
    pub bounds: Vec<Bound>,
    pub body: Block,
    pub nodes: Vec<Node>,
    pub values: Vec<ValueInfo>,
}

impl Graph {
    pub fn new(name: &str) -> Graph {
        Graph {
            name: name.into(),
            inputs: vec![],
            output: Tree::Leaf,
            guards: vec![],
            bounds: vec![],
            body: Block::default(),
            nodes: vec![],
            values: vec![],
        }
    }

    pub fn ty(&self, v: Value) -> &Type {
        &self.values[v.0 as usize].ty
    }

    pub fn def(&self, v: Value) -> &Def {
        &self.values[v.0 as usize].def
    }

    pub fn node(&self, n: NodeId) -> &Node {
        &self.nodes[n.0 as usize]
    }

    pub fn node_mut(&mut self, n: NodeId) -> &mut Node {
        &mut self.nodes[n.0 as usize]
    }

    /// The node that defines a value, if one does.
    pub fn producer(&self, v: Value) -> Option<NodeId> {
        match self.def(v) {
            Def::Result(n, _) => Some(*n),
            _ => None,
        }
    }

    pub fn add_value(&mut self, ty: Type, def: Def) -> Value {
        self.values.push(ValueInfo { ty, def });
        Value(self.values.len() as u32 - 1)
    }

    /// Adds a node with fresh results to the arena; the caller places it in a block.
    pub fn add_node(
        &mut self,
        op: &'static OpDef,
        operands: Vec<Value>,
        attrs: Vec<Attr>,
        blocks: Vec<Block>,
        types: Vec<Type>,
        loc: Loc,
    ) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let results = types.into_iter().enumerate().map(|(i, ty)| self.add_value(ty, Def::Result(id, i))).collect();
        self.nodes.push(Node { op, operands, attrs, results, blocks, loc });
        id
    }

    /// Calls `f` for every block, outer before inner.
    pub fn each_block<'a>(&'a self, f: &mut dyn FnMut(&'a Block)) {
        fn walk<'a>(g: &'a Graph, b: &'a Block, f: &mut dyn FnMut(&'a Block)) {
            f(b);
            b.nodes.iter().flat_map(|&n| &g.node(n).blocks).for_each(|b| walk(g, b, f));
        }
        walk(self, &self.body, f);
    }

    /// Every node that is in a block, in program order, outer before inner.
    pub fn live_nodes(&self) -> Vec<NodeId> {
        let mut out = vec![];
        self.each_block(&mut |b| out.extend(&b.nodes));
        out
    }
}

impl Tree {
    /// The path of each tensor: `0`, `1.0`, `loss`; a lone tensor is `0`.
    pub fn paths(&self) -> Vec<String> {
        self.leaves().into_iter().filter(|(_, number)| number.is_none()).map(|(path, _)| path).collect()
    }

    /// The path of each tensor and number, with the number; `None` stands for the next tensor.
    pub fn leaves(&self) -> Vec<(String, Option<Scalar>)> {
        fn walk(t: &Tree, path: &str, out: &mut Vec<(String, Option<Scalar>)>) {
            let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let own = || if path.is_empty() { "0".to_owned() } else { path.to_owned() };
            match t {
                Tree::Leaf => out.push((own(), None)),
                Tree::Number(n) => out.push((own(), Some(*n))),
                Tree::None => {}
                Tree::Tuple(v) | Tree::List(v) => v.iter().enumerate().for_each(|(i, t)| walk(t, &join(&i.to_string()), out)),
                Tree::Dict(v) => v.iter().for_each(|(k, t)| walk(t, &join(k), out)),
            }
        }
        let mut out = vec![];
        walk(self, "", &mut out);
        out
    }
}
