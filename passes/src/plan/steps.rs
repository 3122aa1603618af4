//! Steps: the nodes of a method in order, each value in a slot.
//!
//! A block of nodes is told where its results must go, and the node that makes a result writes there directly. A value that is already
//! somewhere else (an input, a stored value, a result given twice) is copied.

use super::Compile;
use cresset_ir::graph::{Block, Def, Graph, Node, NodeId, Value};
use cresset_ir::kernel::Role;
use cresset_ir::plan::{Code, Place, Slot, SlotInfo, Step};
use cresset_ir::{Diagnostic, Result, codes};
use std::collections::HashMap;

/// Slots of the arena have no block yet.
const NO_BLOCK: Place = Place::Arena(usize::MAX);

/// A method as steps. The blocks of arena slots are not numbered yet.
pub struct Planned {
    pub slots: Vec<SlotInfo>,
    pub kernels: Vec<Code>,
    pub steps: Vec<Step>,
}

pub fn plan(graph: &Graph, compile: &Compile<'_>) -> Result<Planned> {
    let mut planner = Planner { graph, compile, slots: vec![], kernels: vec![], of: HashMap::new() };
    for (i, &v) in graph.body.params.iter().enumerate() {
        let slot = planner.slot(v, Place::Input(i));
        planner.of.insert(v, slot);
    }
    let results: Vec<Slot> = graph.body.results.iter().enumerate().map(|(i, &v)| planner.slot(v, Place::Output(i))).collect();
    let steps = planner.block(&graph.body, &results)?;
    Ok(Planned { slots: planner.slots, kernels: planner.kernels, steps })
}

struct Planner<'a> {
    graph: &'a Graph,
    compile: &'a Compile<'a>,
    slots: Vec<SlotInfo>,
    kernels: Vec<Code>,
    of: HashMap<Value, Slot>,
}

impl Planner<'_> {
    /// A fresh slot for a value's type.
    fn slot(&mut self, v: Value, place: Place) -> Slot {
        self.slots.push(SlotInfo { ty: self.graph.ty(v).clone(), place });
        Slot(self.slots.len() as u32 - 1)
    }

    /// The slot of a value; stored values and constants get theirs on first use.
    fn read(&mut self, v: Value) -> Slot {
        if let Some(&slot) = self.of.get(&v) {
            return slot;
        }
        let place = match self.graph.def(v) {
            Def::Stored(name) => Place::Stored(name.clone()),
            Def::Const(c) => Place::Const(*c),
            Def::Param | Def::Result(..) => unreachable!("verifier G1: a value is defined before it is used"),
        };
        let slot = self.slot(v, place);
        self.of.insert(v, slot);
        slot
    }

    fn read_all(&mut self, values: &[Value]) -> Vec<Slot> {
        values.iter().map(|&v| self.read(v)).collect()
    }

    /// The slots that a node writes: those already promised, and fresh ones in the arena.
    fn write_all(&mut self, values: &[Value]) -> Vec<Slot> {
        for &v in values {
            if !self.of.contains_key(&v) {
                let slot = self.slot(v, NO_BLOCK);
                self.of.insert(v, slot);
            }
        }
        self.read_all(values)
    }

    /// The steps of a block that leave its results in `targets`.
    fn block(&mut self, block: &Block, targets: &[Slot]) -> Result<Vec<Step>> {
        for (&v, &target) in block.results.iter().zip(targets) {
            if makes(self.graph, block, v).is_some() {
                self.of.entry(v).or_insert(target);
            }
        }
        let mut steps = vec![];
        for &id in &block.nodes {
            self.node(id, &mut steps)?;
        }
        for (&v, &target) in block.results.iter().zip(targets) {
            let from = self.read(v);
            copy(from, target, &mut steps);
        }
        Ok(steps)
    }

    fn node(&mut self, id: NodeId, steps: &mut Vec<Step>) -> Result<()> {
        let graph = self.graph;
        let node = graph.node(id);
        match (node.op.name, &node.blocks[..]) {
            ("region", [_]) => self.region(id, node, steps),
            ("if", [then, otherwise]) => self.branch(node, then, otherwise, steps),
            ("loop", [cond, body]) => self.repeat(node, cond, body, steps),
            (name, _) => {
                let text = format!("`{name}` stands outside a region; planning comes after fusion");
                Err(Diagnostic::error(codes::INVALID_GRAPH, text).at(node.loc.span(), ""))
            }
        }
    }

    fn region(&mut self, id: NodeId, node: &Node, steps: &mut Vec<Step>) -> Result<()> {
        let code = (self.compile)(self.graph, id).map_err(|d| d.or_at(node.loc.span()))?;
        let mut args = self.read_all(&node.operands);
        let results = self.write_all(&node.results);
        for (buffer, &result) in code.buffers().iter().skip(args.len()).zip(&results) {
            if let Role::Update(start) = buffer.role {
                copy(args[start.0 as usize], result, steps);
            }
        }
        args.extend(results);
        steps.push(Step::Launch { kernel: self.kernels.len(), args, loc: node.loc });
        self.kernels.push(code);
        Ok(())
    }

    fn branch(&mut self, node: &Node, then: &Block, otherwise: &Block, steps: &mut Vec<Step>) -> Result<()> {
        let cond = self.read(node.operands[0]);
        let results = self.write_all(&node.results);
        let then = self.block(then, &results)?;
        let otherwise = self.block(otherwise, &results)?;
        steps.push(Step::If { cond, then, otherwise });
        Ok(())
    }

    /// The carried values live in the slots of the results. A round writes its next values there as soon as nothing reads the old ones.
    fn repeat(&mut self, node: &Node, cond: &Block, body: &Block, steps: &mut Vec<Step>) -> Result<()> {
        let start = self.read_all(&node.operands);
        let carried = self.write_all(&node.results);
        for (&from, &to) in start.iter().zip(&carried) {
            copy(from, to, steps);
        }
        self.of.extend(cond.params.iter().copied().zip(carried.iter().copied()));
        self.of.extend(body.params.iter().copied().zip(carried.iter().copied()));
        let goes_on = self.slot(cond.results[0], NO_BLOCK);
        let head = self.block(cond, &[goes_on])?;
        let mut next = vec![];
        for (i, &v) in body.results.iter().enumerate() {
            let direct = body.params[i] == v || self.replaces(body, i);
            next.push(if direct { carried[i] } else { self.slot(v, NO_BLOCK) });
        }
        let mut round = self.block(body, &next)?;
        for (&from, &to) in next.iter().zip(&carried) {
            copy(from, to, &mut round);
        }
        steps.push(Step::While { head, cond: goes_on, body: round });
        Ok(())
    }

    /// Whether the `i`-th result of a loop's body is made when its `i`-th parameter is no longer read.
    fn replaces(&self, body: &Block, i: usize) -> bool {
        let (param, result) = (body.params[i], body.results[i]);
        let Some(maker) = makes(self.graph, body, result) else { return false };
        let first = body.results.iter().position(|&r| r == result) == Some(i);
        first && !body.results.contains(&param) && !body.nodes[maker..].iter().any(|&n| uses(self.graph, n, param))
    }
}

/// The position of the node of a block that makes a value.
fn makes(graph: &Graph, block: &Block, v: Value) -> Option<usize> {
    graph.producer(v).and_then(|n| block.nodes.iter().position(|&m| m == n))
}

/// Whether a node, or a block nested in it, reads a value.
fn uses(graph: &Graph, node: NodeId, v: Value) -> bool {
    let node = graph.node(node);
    let nested = |b: &Block| b.results.contains(&v) || b.nodes.iter().any(|&n| uses(graph, n, v));
    node.operands.contains(&v) || node.blocks.iter().any(nested)
}

fn copy(from: Slot, to: Slot, steps: &mut Vec<Step>) {
    if from != to {
        steps.push(Step::Copy { from, to });
    }
}
