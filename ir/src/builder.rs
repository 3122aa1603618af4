//! Building graphs: every node is checked and typed by its op as it is added.

use crate::bound::Interval;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::{Dim, Facts, Rel};
use crate::graph::{Block, Def, Graph, Guard, Tree, Value};
use crate::loc::Loc;
use crate::op::{Attr, Call, Meaning, OpDef, Sig};
use crate::scalar::Scalar;
use crate::types::Type;
use std::collections::HashMap;

/// Attributes by name, as callers give them.
pub type NamedAttrs<'a> = &'a [(&'a str, Attr)];

/// A graph under construction. Nodes go to the innermost open block.
pub struct Builder {
    pub graph: Graph,
    pub facts: Facts,
    /// The place given to new nodes.
    pub loc: Loc,
    /// Whether calls on indices put conditions on where these come from: for passes, which keep the conditions that there are, they do not.
    pub checks_indices: bool,
    /// What indices from the store must satisfy, by entry: the graph checks its inputs alone.
    pub stored_bounds: Vec<(String, Interval)>,
    open: Vec<Block>,
    stored: HashMap<String, Value>,
    consts: HashMap<Scalar, Value>,
}

impl Builder {
    pub fn new(name: &str, facts: Facts) -> Builder {
        let open = vec![Block::default()];
        let (stored, consts) = (HashMap::new(), HashMap::new());
        let graph = Graph::new(name);
        Builder { graph, facts, loc: Loc::NONE, checks_indices: true, stored_bounds: vec![], open, stored, consts }
    }

    /// An input of the graph.
    pub fn input(&mut self, name: &str, ty: Type) -> Value {
        let v = self.graph.add_value(ty, Def::Param);
        self.graph.inputs.push(name.into());
        self.open[0].params.push(v);
        v
    }

    /// An entry of the store; one value per name.
    pub fn stored(&mut self, name: &str, ty: Type) -> Value {
        if let Some(&v) = self.stored.get(name) {
            return v;
        }
        let v = self.graph.add_value(ty, Def::Stored(name.into()));
        self.stored.insert(name.into(), v);
        v
    }

    /// A 0-d constant; one value per constant.
    pub fn constant(&mut self, s: Scalar) -> Value {
        if let Some(&v) = self.consts.get(&s) {
            return v;
        }
        let v = self.graph.add_value(Type::scalar(s.dtype()), Def::Const(s));
        self.consts.insert(s, v);
        v
    }

    pub fn ty(&self, v: Value) -> &Type {
        self.graph.ty(v)
    }

    /// Adds a node; attributes left out take their defaults.
    ///
    /// # Errors
    /// Whatever the op's schema or type rule says, at the builder's current place.
    pub fn emit(&mut self, op: &'static OpDef, operands: &[Value], attrs: NamedAttrs) -> Result<Vec<Value>> {
        let attrs = complete_attrs(op, attrs)?;
        self.emit_with_blocks(op, operands, attrs, vec![])
    }

    /// Adds a node with one result.
    pub fn op(&mut self, op: &'static OpDef, operands: &[Value], attrs: NamedAttrs) -> Result<Value> {
        Ok(self.emit(op, operands, attrs)?[0])
    }

    /// Adds a node with nested blocks; attributes are complete and in schema order.
    pub fn emit_with_blocks(
        &mut self,
        op: &'static OpDef,
        operands: &[Value],
        attrs: Vec<Attr>,
        blocks: Vec<Block>,
    ) -> Result<Vec<Value>> {
        let types: Vec<Type> = operands.iter().map(|&v| self.ty(v).clone()).collect();
        let block_types: Vec<Vec<Type>> =
            blocks.iter().map(|b| b.results.iter().map(|&v| self.ty(v).clone()).collect()).collect();
        let (results, guards, places) = {
            let sig = Sig::new(op, &types, &attrs, &self.facts, &block_types);
            (sig.infer().map_err(|d| self.blame(d, op, operands))?, sig.guards(), sig.places())
        };
        for (left, rel, right) in guards {
            self.guard(left, rel, right, String::new());
        }
        for (k, size) in places {
            self.bound(operands[k], &Interval::places(size))?;
        }
        let id = self.graph.add_node(op, operands.to_vec(), attrs, blocks, results, self.loc);
        self.open.last_mut().expect("the body is open until finish").nodes.push(id);
        Ok(self.graph.node(id).results.clone())
    }

    /// The error of a call at the builder's place, with the place, or the name, of each operand that was refused.
    fn blame(&self, error: Diagnostic, op: &'static OpDef, operands: &[Value]) -> Diagnostic {
        let mut error = error.or_at(self.loc.span());
        for (k, &v) in operands.iter().enumerate().filter(|_| operands.len() > 1) {
            let name = op.operand(k).map_or("operand", |o| o.name);
            let span = self.graph.producer(v).and_then(|n| self.graph.node(n).loc.span()).filter(|s| Some(*s) != self.loc.span());
            error = match (self.graph.def(v), span) {
                (_, Some(span)) => error.at(span, format!("`{name}`: {}", self.ty(v))),
                (Def::Stored(stored), None) => error.note(format!("`{name}` is @{stored}: {}", self.ty(v))),
                (Def::Param, None) => match self.input_name(v) {
                    Some(input) => error.note(format!("`{name}` is the input `{input}`: {}", self.ty(v))),
                    None => error,
                },
                _ => error,
            };
        }
        error
    }

    fn input_name(&self, v: Value) -> Option<&str> {
        self.graph.inputs.get(self.input_position(v)?).map(String::as_str)
    }

    pub(crate) fn input_position(&self, v: Value) -> Option<usize> {
        self.open.first()?.params.iter().position(|&p| p == v)
    }

    /// Whether a block inside of the body is open.
    pub(crate) fn is_nested(&self) -> bool {
        self.open.len() > 1
    }

    /// Opens a composite: builds its definition in place of a call.
    pub fn expand(&mut self, op: &'static OpDef, operands: &[Value], attrs: &[Attr]) -> Result<Vec<Value>> {
        let Meaning::Composite(rule) = op.meaning else { return self.emit_with_blocks(op, operands, attrs.to_vec(), vec![]) };
        let types: Vec<Type> = operands.iter().map(|&v| self.ty(v).clone()).collect();
        let facts = self.facts.clone();
        rule(self, &Call { operands, sig: &Sig::new(op, &types, attrs, &facts, &[]) })
    }

    /// Records a relation that must hold when the graph is called, and learns from it. Relations that always hold are dropped.
    pub fn guard(&mut self, left: Dim, rel: Rel, right: Dim, message: String) {
        if self.facts.decide(&left, rel, &right) == Some(true) {
            return;
        }
        let guard = Guard { left, rel, right, message, loc: self.loc };
        if !self.graph.guards.iter().any(|g| g.left == guard.left && g.rel == guard.rel && g.right == guard.right) {
            self.facts.assume(&guard.left, rel, &guard.right);
            self.graph.guards.push(guard);
        }
    }

    /// Opens a nested block with parameters of the given types; nodes go there until [`Builder::close_block`].
    pub fn open_block(&mut self, params: &[Type]) -> Vec<Value> {
        let params: Vec<Value> = params.iter().map(|ty| self.graph.add_value(ty.clone(), Def::Param)).collect();
        self.open.push(Block { params: params.clone(), ..Block::default() });
        params
    }

    pub fn close_block(&mut self, results: Vec<Value>) -> Block {
        let mut block = self.open.pop().expect("close_block follows open_block");
        block.results = results;
        block
    }

    /// The graph with these results; dims narrowed while building are in the facts.
    pub fn finish(mut self, results: Vec<Value>, output: Tree) -> (Graph, Facts) {
        let mut body = self.open.pop().expect("the body is open until finish");
        body.results = results;
        self.graph.body = body;
        self.graph.output = output;
        (self.graph, self.facts)
    }
}

/// All attributes in schema order.
///
/// # Errors
/// `E0305` for an attribute that the op does not have, or one without default that is missing.
pub fn complete_attrs(op: &'static OpDef, given: NamedAttrs) -> Result<Vec<Attr>> {
    let bad = |text: String| Diagnostic::error(codes::BAD_ATTRIBUTE, text);
    if let Some((name, _)) = given.iter().find(|(n, _)| op.attr_index(n).is_none()) {
        return Err(bad(format!("`{}` has no attribute `{name}`", op.name)));
    }
    let one = |(k, def): (usize, &crate::op::AttrDef)| {
        let found = given.iter().find(|(n, _)| *n == def.name).map(|(_, a)| a.clone());
        found.or_else(|| op.default_attr(k)).ok_or_else(|| bad(format!("`{}` needs the attribute `{}`", op.name, def.name)))
    };
    op.attrs.iter().enumerate().map(one).collect()
}
