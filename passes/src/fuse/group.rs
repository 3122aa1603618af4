//! Which nodes share a kernel: a walk from results to operands.

use super::kernel::{factors_are_reads, is_small, loose_reductions, moves_only, reduces, repeats_nothing_dear, runs_once};
use crate::lower::lower_values;
use cresset_ir::Result;
use cresset_ir::dim::Facts;
use cresset_ir::graph::{Block, Def, Graph, NodeId, Value};
use cresset_ir::kernel::{BufId, Kernel};
use cresset_ir::op::Meaning;
use cresset_ir::view::{self, Reads};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// More nodes than this do not share a kernel: register allocation grows with the size of a function.
pub const MOST_NODES: usize = 64;

/// Groups of a block by their root, the one node whose result leaves the group.
pub struct Groups<'a> {
    pub graph: &'a Graph,
    pub block: &'a Block,
    facts: &'a Facts,
    pub members: Members,
    /// The kernel of each group.
    kernels: HashMap<NodeId, Kernel>,
    /// The roots of the groups that hold a node: several when it was copied.
    homes: HashMap<NodeId, Vec<NodeId>>,
}

/// The nodes of each group, by its root.
pub type Members = IndexMap<NodeId, IndexSet<NodeId>>;

impl<'a> Groups<'a> {
    /// The groups of a block; those of nested blocks are made for themselves.
    ///
    /// # Errors
    /// Those of lowering.
    pub fn of(graph: &'a Graph, block: &'a Block, facts: &'a Facts) -> Result<Groups<'a>> {
        let mut groups = Groups { graph, block, facts, members: Members::new(), kernels: HashMap::new(), homes: HashMap::new() };
        let view = view::reads(graph, block);
        for &id in block.nodes.iter().rev() {
            groups.place(id, &view)?;
        }
        Ok(groups)
    }

    /// Whether a node's result leaves the block.
    pub fn leaves(&self, id: NodeId) -> bool {
        self.block.results.contains(&self.graph.node(id).results[0])
    }

    fn homes_of(&self, id: NodeId) -> &[NodeId] {
        self.homes.get(&id).map_or(&[], |h| h)
    }

    /// The kernel of the group with this root.
    pub fn kernel(&self, root: NodeId) -> Option<&Kernel> {
        self.kernels.get(&root)
    }

    /// Puts a node into a group, whose kernel is then this one.
    fn insert(&mut self, home: NodeId, id: NodeId, kernel: Kernel) {
        self.members.entry(home).or_default().insert(id);
        self.homes.entry(id).or_default().push(home);
        self.kernels.insert(home, kernel);
    }

    /// Joins one group with another, whose kernel is then this one.
    pub fn merge(&mut self, root: NodeId, other: NodeId, kernel: Kernel) {
        let members = self.members.shift_remove(&other).expect("a group is merged once");
        self.members[&root].extend(members);
        self.kernels.insert(root, kernel);
    }

    fn place(&mut self, id: NodeId, view: &Reads) -> Result<()> {
        let node = self.graph.node(id);
        if !matches!(node.op.meaning, Meaning::Elements(_)) {
            if matches!(node.op.meaning, Meaning::Updates(_)) {
                self.members.insert(id, IndexSet::from([id]));
                self.homes.insert(id, vec![id]);
            }
            return Ok(());
        }
        let readers: Vec<NodeId> = view.neighbors(id).collect();
        let homes: IndexSet<NodeId> = readers.iter().flat_map(|&r| self.homes_of(r)).copied().collect();
        let outside = self.leaves(id) || readers.iter().any(|&r| self.homes_of(r).is_empty());
        let alone = self.lower(id, &IndexSet::from([id]))?;
        let mut stays = outside || homes.is_empty();
        let may_join = moves_only(&alone) || (!stays && homes.len() == 1);
        for home in homes {
            match if may_join { self.joined(home, id, &alone)? } else { None } {
                Some(kernel) => self.insert(home, id, kernel),
                None => stays = true,
            }
        }
        if stays {
            self.insert(id, id, alone);
        }
        Ok(())
    }

    /// The kernel of the group of `home` with `id` in it, if it is still a good one.
    fn joined(&self, home: NodeId, id: NodeId, alone: &Kernel) -> Result<Option<Kernel>> {
        let (members, Some(before)) = (&self.members[&home], self.kernel(home)) else { return Ok(None) };
        if members.len() >= MOST_NODES {
            return Ok(None);
        }
        let result = self.graph.node(id).results[0];
        let buf = border(self.graph, members).iter().position(|&v| v == result).expect("a home reads what joins it");
        if !repeats_nothing_dear(before, BufId(buf as u32), alone) {
            return Ok(None);
        }
        let mut merged = members.clone();
        merged.insert(id);
        let after = self.lower(home, &merged)?;
        let contracts = |k: &Kernel| !k.contractions.is_empty();
        let good = match (contracts(before), contracts(alone)) {
            (true, true) => false,
            // What the sums are made of must stay a read, and so must nothing else be reduced in the epilogue.
            (true, false) | (false, true) => {
                contracts(&after) && factors_are_reads(&after) && loose_reductions(&after).is_empty()
            }
            (false, false) if !reduces(before) && !reduces(alone) => true,
            (false, false) => !contracts(&after) && runs_once(&after),
        };
        Ok((good && is_small(&after)).then_some(after))
    }

    /// The kernel of some nodes.
    pub fn lower(&self, root: NodeId, members: &IndexSet<NodeId>) -> Result<Kernel> {
        let operands = border(self.graph, members);
        let stored: Vec<bool> = operands.iter().map(|&v| matches!(self.graph.def(v), Def::Stored(_))).collect();
        lower_values(self.graph, &operands, &stored, &self.graph.node(root).results, self.facts)
    }
}

/// The values that a group reads from outside, in the order in which its nodes were made; constants are written where they are used.
pub fn border(graph: &Graph, members: &IndexSet<NodeId>) -> Vec<Value> {
    let mut order: Vec<NodeId> = members.iter().copied().collect();
    order.sort();
    let mut out: IndexSet<Value> = IndexSet::new();
    for n in order {
        for &v in &graph.node(n).operands {
            match graph.def(v) {
                Def::Const(_) => {}
                Def::Result(p, _) if members.contains(p) => {}
                _ => drop(out.insert(v)),
            }
        }
    }
    out.into_iter().collect()
}
