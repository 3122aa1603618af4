//! Writing the groups into the graph: one `region` node per group, at the place of its root.

use super::group::{Members, border};
use cresset_ir::graph::{Block, Def, Graph, NodeId, Value};
use cresset_ir::op::{Attr, Meaning, structural};
use cresset_ir::{Loc, Result, Type};
use indexmap::IndexSet;
use std::collections::HashMap;

/// The graph with its groups as regions.
pub fn rebuild(graph: &Graph, groups: &Members) -> Result<Graph> {
    let mut rebuild = Rebuild { old: graph, groups, new: Graph::new(&graph.name), map: HashMap::new() };
    rebuild.new.inputs = graph.inputs.clone();
    rebuild.new.output = graph.output.clone();
    rebuild.new.guards = graph.guards.clone();
    rebuild.new.bounds = graph.bounds.clone();
    rebuild.new.body = rebuild.block(&graph.body);
    Ok(rebuild.new)
}

struct Rebuild<'a> {
    old: &'a Graph,
    groups: &'a Members,
    new: Graph,
    map: HashMap<Value, Value>,
}

impl Rebuild<'_> {
    fn block(&mut self, block: &Block) -> Block {
        let params = block.params.iter().map(|&v| self.fresh(v, Def::Param)).collect();
        let mut nodes = vec![];
        for &id in &block.nodes {
            if let Some(members) = self.groups.get(&id) {
                nodes.push(self.region(id, members));
            } else if matches!(self.old.node(id).op.meaning, Meaning::Structural) {
                nodes.push(self.structural(id));
            }
        }
        let results = block.results.iter().map(|&v| self.value(v)).collect();
        Block { params, nodes, results }
    }

    fn fresh(&mut self, old: Value, def: Def) -> Value {
        let new = self.new.add_value(self.old.ty(old).clone(), def);
        self.map.insert(old, new);
        new
    }

    /// The new value of an old one; stored values and constants come along when they are first used.
    fn value(&mut self, old: Value) -> Value {
        match (self.map.get(&old), self.old.def(old)) {
            (Some(&new), _) => new,
            (None, def) => self.fresh(old, def.clone()),
        }
    }

    fn structural(&mut self, id: NodeId) -> NodeId {
        let node = self.old.node(id);
        let operands = node.operands.iter().map(|&v| self.value(v)).collect();
        let blocks = node.blocks.iter().map(|b| self.block(b)).collect();
        self.add(id, operands, node.attrs.clone(), blocks)
    }

    fn add(&mut self, id: NodeId, operands: Vec<Value>, attrs: Vec<Attr>, blocks: Vec<Block>) -> NodeId {
        let node = self.old.node(id);
        let types: Vec<Type> = node.results.iter().map(|&v| self.old.ty(v).clone()).collect();
        let new = self.new.add_node(node.op, operands, attrs, blocks, types, node.loc);
        let results = self.new.node(new).results.clone();
        self.map.extend(node.results.iter().copied().zip(results));
        new
    }

    fn region(&mut self, root: NodeId, members: &IndexSet<NodeId>) -> NodeId {
        let inputs = border(self.old, members);
        let operands: Vec<Value> = inputs.iter().map(|&v| self.value(v)).collect();
        // Inside, inputs are the region's own parameters; afterwards the outer names hold again.
        let outer = self.map.clone();
        let params: Vec<Value> = inputs.iter().map(|&v| self.fresh(v, Def::Param)).collect();
        let mut order: Vec<NodeId> = members.iter().copied().collect();
        order.sort();
        let mut nodes = vec![];
        for &n in &order {
            let node = self.old.node(n);
            let inner = node.operands.iter().map(|&v| self.value(v)).collect();
            nodes.push(self.add(n, inner, node.attrs.clone(), vec![]));
        }
        let result = self.old.node(root).results[0];
        let block = Block { params, nodes, results: vec![self.map[&result]] };
        let types = vec![self.old.ty(result).clone()];
        let loc = Loc::fused(&order.iter().map(|&n| self.old.node(n).loc).collect::<Vec<_>>());
        let name = Attr::Str(name(self.old, &order));
        let region = self.new.add_node(&structural::REGION, operands, vec![name], vec![block], types, loc);
        self.map = outer;
        self.map.insert(result, self.new.node(region).results[0]);
        region
    }
}

/// A readable name: the ops in order, repeats left out, long lists by their ends.
fn name(graph: &Graph, order: &[NodeId]) -> String {
    let mut ops: Vec<&str> = order.iter().map(|&n| graph.node(n).op.name).collect();
    ops.dedup();
    match ops[..] {
        [] => "empty".into(),
        [first, second, .., before, last] if ops.len() > 4 => format!("{first}_{second}_{before}_{last}"),
        _ => ops.join("_"),
    }
}
