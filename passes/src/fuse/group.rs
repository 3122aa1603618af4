//! Which nodes share a kernel: a walk from results to operands.

use super::kernel::{factors_are_reads, loose_reductions, moves_only, reduces, runs_once};
use crate::lower::lower_values;
use cresset_ir::Result;
use cresset_ir::dim::Facts;
use cresset_ir::graph::{Block, Def, Graph, NodeId, Value};
use cresset_ir::kernel::Kernel;
use cresset_ir::op::Meaning;
use indexmap::{IndexMap, IndexSet};

/// More nodes than this do not share a kernel: register allocation grows with the size of a function.
const MOST_NODES: usize = 64;

/// Groups by their root, the one node whose result leaves the group.
pub struct Groups {
    pub members: IndexMap<NodeId, IndexSet<NodeId>>,
    pub joined: usize,
}

/// The groups of all blocks of a graph.
pub fn groups(graph: &Graph, facts: &Facts) -> Result<Groups> {
    let mut out = Groups { members: IndexMap::new(), joined: 0 };
    let mut blocks: Vec<&Block> = vec![];
    graph.each_block(&mut |b| blocks.push(b));
    let uses = Uses::of(graph, &blocks);
    for block in blocks {
        for &id in block.nodes.iter().rev() {
            place(graph, facts, &uses, id, &mut out)?;
        }
    }
    Ok(out)
}

/// Who reads each value: nodes, and whether it leaves a block.
struct Uses {
    readers: Vec<Vec<NodeId>>,
    leaves: Vec<bool>,
}

impl Uses {
    fn of(graph: &Graph, blocks: &[&Block]) -> Uses {
        let mut uses = Uses { readers: vec![vec![]; graph.values.len()], leaves: vec![false; graph.values.len()] };
        for block in blocks {
            for &n in &block.nodes {
                graph.node(n).operands.iter().for_each(|v| uses.readers[v.0 as usize].push(n));
            }
            block.results.iter().for_each(|v| uses.leaves[v.0 as usize] = true);
        }
        uses
    }
}

fn place(graph: &Graph, facts: &Facts, uses: &Uses, id: NodeId, out: &mut Groups) -> Result<()> {
    let node = graph.node(id);
    if !matches!(node.op.meaning, Meaning::Elements(_)) {
        if matches!(node.op.meaning, Meaning::Updates(_)) {
            out.members.insert(id, IndexSet::from([id]));
        }
        return Ok(());
    }
    let result = node.results[0].0 as usize;
    let readers = &uses.readers[result];
    let homes: IndexSet<NodeId> = readers.iter().flat_map(|r| homes_of(out, *r)).collect();
    let outside = uses.leaves[result] || readers.iter().any(|r| homes_of(out, *r).is_empty());
    let alone = lower_group(graph, facts, id, &IndexSet::from([id]))?;
    let copies = moves_only(&alone);
    let mut stays = outside || homes.is_empty();
    let may_join = copies || (!stays && homes.len() == 1);
    for home in homes {
        if may_join && joins(graph, facts, out, home, id, &alone)? {
            out.members[&home].insert(id);
            out.joined += 1;
        } else {
            stays = true;
        }
    }
    if stays {
        out.members.insert(id, IndexSet::from([id]));
    }
    Ok(())
}

/// The groups that hold a node: several when it was copied.
fn homes_of(groups: &Groups, id: NodeId) -> Vec<NodeId> {
    groups.members.iter().filter(|(_, m)| m.contains(&id)).map(|(root, _)| *root).collect()
}

/// Whether the group of `home` is still a good kernel with `id` in it.
fn joins(graph: &Graph, facts: &Facts, groups: &Groups, home: NodeId, id: NodeId, alone: &Kernel) -> Result<bool> {
    let members = &groups.members[&home];
    if members.len() >= MOST_NODES || !matches!(graph.node(home).op.meaning, Meaning::Elements(_)) {
        return Ok(false);
    }
    let before = lower_group(graph, facts, home, members)?;
    let mut merged = members.clone();
    merged.insert(id);
    let after = lower_group(graph, facts, home, &merged)?;
    let contracts = |k: &Kernel| k.contraction.is_some();
    Ok(match (contracts(&before), contracts(alone)) {
        (true, true) => false,
        // What the sums are made of must stay a read, and so must nothing else be reduced in the epilogue.
        (true, false) | (false, true) => contracts(&after) && factors_are_reads(&after) && loose_reductions(&after).is_empty(),
        (false, false) if !reduces(&before) && !reduces(alone) => true,
        (false, false) => !contracts(&after) && runs_once(&after),
    })
}

/// The kernel of a group.
fn lower_group(graph: &Graph, facts: &Facts, root: NodeId, members: &IndexSet<NodeId>) -> Result<Kernel> {
    let operands = border(graph, members);
    let stored: Vec<bool> = operands.iter().map(|&v| matches!(graph.def(v), Def::Stored(_))).collect();
    lower_values(graph, &operands, &stored, &graph.node(root).results, facts)
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
