//! Rewriting: a graph is rebuilt node by node, and a rule may answer for a node with other values.
//!
//! Invariants: the new graph is built by the same `Builder` as any other, so every node is typed by its op again; nodes whose results
//! nobody uses are not rebuilt, so a rewrite leaves no rubbish behind; a node keeps its place unless its rule names another.

use cresset_ir::graph::Block;
use cresset_ir::{Attr, Builder, Def, Diagnostic, Facts, Graph, Loc, Node, NodeId, Result, Type, Value, codes};
use indexmap::IndexMap;

/// A node that is about to be rebuilt.
pub struct Call<'a> {
    pub node: &'a Node,
    /// Its operands in the new graph.
    pub operands: &'a [Value],
    old: &'a Graph,
    uses: &'a [u32],
}

impl Call<'_> {
    /// How often operand `k` is used in the old graph, here included.
    pub fn uses(&self, k: usize) -> u32 {
        self.uses[self.node.operands[k].0 as usize]
    }

    /// The types of its results.
    pub fn results(&self) -> impl Iterator<Item = &Type> {
        self.node.results.iter().map(|&v| self.old.ty(v))
    }

    /// The type of its first result.
    pub fn ty(&self) -> &Type {
        self.old.ty(self.node.results[0])
    }

    /// An attribute.
    pub fn attr(&self, name: &str) -> &Attr {
        &self.node.attrs[self.node.op.attr_index(name).expect("a rule asks only for attributes of the schema")]
    }
}

/// The node of the new graph that computes a value.
pub fn producer(b: &Builder, v: Value) -> Option<&Node> {
    b.graph.producer(v).map(|n| b.graph.node(n))
}

/// A rewrite rule.
pub trait Rule {
    /// Values that replace the results of the call, or `None` to keep it.
    fn rewrite(&mut self, b: &mut Builder, call: &Call) -> Result<Option<Vec<Value>>>;

    /// The call was kept, and gives these values.
    fn kept(&mut self, _call: &Call, _results: &[Value]) {}

    /// A block begins; an isolated one, as the body of a graph is, does not see the values around it.
    fn enter(&mut self, _isolated: bool) {}

    fn leave(&mut self) {}
}

impl<F: FnMut(&mut Builder, &Call) -> Result<Option<Vec<Value>>>> Rule for F {
    fn rewrite(&mut self, b: &mut Builder, call: &Call) -> Result<Option<Vec<Value>>> {
        self(b, call)
    }
}

/// Applies a rule to all methods until it has nothing left to do or `fuel` rewrites are made; gives their number.
///
/// # Errors
/// Whatever the rule gives, and `E0601` when it replaces a value by one of another type.
pub fn rewrite(methods: &mut IndexMap<String, Graph>, facts: &Facts, fuel: &mut usize, rule: &mut dyn Rule) -> Result<usize> {
    let start = *fuel;
    for graph in methods.values_mut() {
        loop {
            let before = *fuel;
            *graph = rebuild(graph, facts, fuel, rule)?;
            if *fuel == before {
                break;
            }
        }
    }
    Ok(start - *fuel)
}

/// One walk over a graph: what is used is rebuilt, and the rule is asked at every node while there is fuel.
pub fn rebuild(old: &Graph, facts: &Facts, fuel: &mut usize, rule: &mut dyn Rule) -> Result<Graph> {
    let uses = uses(old);
    let mut b = Builder::new(&old.name, facts.clone());
    (b.graph.guards, b.graph.bounds) = (old.guards.clone(), old.bounds.clone());
    b.checks_indices = false;
    let mut new = vec![None; old.values.len()];
    for (name, &v) in old.inputs.iter().zip(&old.body.params) {
        new[v.0 as usize] = Some(b.input(name, old.ty(v).clone()));
    }
    let mut rebuild = Rebuild { old, uses: &uses, b, new, fuel, rule };
    rebuild.rule.enter(true);
    rebuild.nodes(&old.body)?;
    rebuild.rule.leave();
    let results = rebuild.values(&old.body.results);
    Ok(rebuild.b.finish(results, old.output.clone()).0)
}

/// How often live nodes and blocks use each value; nodes are live when a result of theirs is used.
pub fn uses(graph: &Graph) -> Vec<u32> {
    fn count(graph: &Graph, block: &Block, uses: &mut Vec<u32>) {
        block.results.iter().for_each(|v| uses[v.0 as usize] += 1);
        for &id in block.nodes.iter().rev() {
            let node = graph.node(id);
            if is_live(node, uses) {
                node.operands.iter().for_each(|v| uses[v.0 as usize] += 1);
                node.blocks.iter().for_each(|b| count(graph, b, uses));
            }
        }
    }
    let mut uses = vec![0; graph.values.len()];
    count(graph, &graph.body, &mut uses);
    uses
}

pub fn is_live(node: &Node, uses: &[u32]) -> bool {
    node.results.iter().any(|v| uses[v.0 as usize] > 0)
}

struct Rebuild<'a> {
    old: &'a Graph,
    uses: &'a [u32],
    b: Builder,
    /// New values by old ones.
    new: Vec<Option<Value>>,
    fuel: &'a mut usize,
    rule: &'a mut dyn Rule,
}

impl<'a> Rebuild<'a> {
    fn nodes(&mut self, block: &'a Block) -> Result<()> {
        block.nodes.iter().filter(|&&id| is_live(self.old.node(id), self.uses)).try_for_each(|&id| self.node(id))
    }

    fn node(&mut self, id: NodeId) -> Result<()> {
        let node = self.old.node(id);
        let operands = self.values(&node.operands);
        self.b.loc = node.loc;
        let call = Call { node, operands: &operands, old: self.old, uses: self.uses };
        let replaced = if *self.fuel > 0 { self.rule.rewrite(&mut self.b, &call)? } else { None };
        let results = match replaced {
            Some(values) => {
                *self.fuel -= 1;
                self.same_types(node, &values)?;
                values
            }
            None => {
                let blocks = node.blocks.iter().map(|b| self.block(node, b)).collect::<Result<_>>()?;
                self.b.loc = node.loc;
                let results = self.b.emit_with_blocks(node.op, &operands, node.attrs.clone(), blocks)?;
                self.rule.kept(&call, &results);
                results
            }
        };
        self.b.loc = Loc::NONE;
        node.results.iter().zip(results).for_each(|(old, new)| self.new[old.0 as usize] = Some(new));
        Ok(())
    }

    fn block(&mut self, node: &Node, block: &'a Block) -> Result<Block> {
        self.rule.enter(node.op.name == "region");
        let types: Vec<_> = block.params.iter().map(|&v| self.old.ty(v).clone()).collect();
        let params = self.b.open_block(&types);
        block.params.iter().zip(params).for_each(|(old, new)| self.new[old.0 as usize] = Some(new));
        self.nodes(block)?;
        let results = self.values(&block.results);
        self.rule.leave();
        Ok(self.b.close_block(results))
    }

    fn values(&mut self, old: &[Value]) -> Vec<Value> {
        old.iter().map(|&v| self.value(v)).collect()
    }

    fn value(&mut self, v: Value) -> Value {
        match self.old.def(v) {
            Def::Const(s) => self.b.constant(*s),
            Def::Stored(name) => self.b.stored(name, self.old.ty(v).clone()),
            Def::Param | Def::Result(..) => self.new[v.0 as usize].expect("verifier G1: values are defined before they are used"),
        }
    }

    fn same_types(&self, node: &Node, values: &[Value]) -> Result<()> {
        let old: Vec<_> = node.results.iter().map(|&v| self.old.ty(v)).collect();
        let new: Vec<_> = values.iter().map(|&v| self.b.ty(v)).collect();
        if old == new {
            return Ok(());
        }
        let text = format!("a rewrite of `{}` changes {old:?} to {new:?}", node.op.name);
        Err(Diagnostic::error(codes::INVALID_GRAPH, text).at(node.loc.span(), ""))
    }
}
