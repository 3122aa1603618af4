//! Rows that are worked out where they are used: a kernel whose result one contraction alone reads becomes part of it.
//!
//! The law is that nothing runs more often than it would in a kernel of its own:
//! - the result is read in one place, the rows of the contraction, and no element twice; a reduction differs from row to row;
//! - sums become the rows of other sums only where their panels are made anew in each call, as attention's are. Against stored weights a
//!   product is cut by columns too, and each of those tasks would make the rows again.

use super::group::{Groups, MOST_NODES, border};
use super::kernel::{dearest, is_small, loads_of};
use crate::lower::contract::stored_only;
use cresset_ir::Result;
use cresset_ir::dim::Rel;
use cresset_ir::graph::NodeId;
use cresset_ir::kernel::{AxisId, BufId, Contraction, Kernel};
use cresset_ir::op::Meaning;
use cresset_ir::view::{self, Reads};
use indexmap::IndexSet;
use petgraph::Direction::Incoming;

/// Joins kernels with the contractions that read them, until none is left that may.
///
/// # Errors
/// Those of lowering.
pub fn absorb(groups: &mut Groups<'_>) -> Result<()> {
    let mut view = kernels(groups);
    // Later kernels first: what joins a contraction brings its own operands along.
    for &root in groups.block.nodes.iter().rev() {
        while let Some((row, kernel)) = candidate(groups, &view, root)? {
            groups.merge(root, row, kernel);
            let sources: Vec<NodeId> = view.neighbors_directed(row, Incoming).collect();
            view.remove_node(row);
            for source in sources {
                // What the contraction holds a copy of it does not read.
                if !groups.members[&root].contains(&source) {
                    view.add_edge(source, root, ());
                } else if view.neighbors(source).next().is_none() && !groups.leaves(source) {
                    groups.members.shift_remove(&source);
                    view.remove_node(source);
                }
            }
        }
    }
    Ok(())
}

/// Which kernel reads which; nodes without a group read for themselves.
fn kernels(groups: &Groups<'_>) -> Reads {
    let graph = groups.graph;
    let reads = |&id: &NodeId| match groups.members.get(&id) {
        Some(members) => Some((id, border(graph, members))),
        None => matches!(graph.node(id).op.meaning, Meaning::Structural).then(|| (id, view::operands(graph, id))),
    };
    view::view(graph, groups.block.nodes.iter().filter_map(reads))
}

/// A group that the contraction `root` alone reads and may take in, and the kernel of both.
fn candidate(groups: &Groups<'_>, view: &Reads, root: NodeId) -> Result<Option<(NodeId, Kernel)>> {
    if groups.kernel(root).is_none_or(|k| k.contractions.is_empty()) || !groups.members.contains_key(&root) {
        return Ok(None);
    }
    for row in view.neighbors_directed(root, Incoming) {
        let alone = !groups.leaves(row) && view.neighbors(row).eq([root]);
        if alone && let Some(kernel) = joined(groups, root, row)? {
            return Ok(Some((row, kernel)));
        }
    }
    Ok(None)
}

/// The kernel of both groups, if it is still a good one.
fn joined(groups: &Groups<'_>, root: NodeId, row: NodeId) -> Result<Option<Kernel>> {
    let (Some(before), Some(alone)) = (groups.kernel(root), groups.kernel(row)) else { return Ok(None) };
    let (members, joining) = (&groups.members[&root], &groups.members[&row]);
    let merged: IndexSet<NodeId> = members.union(joining).copied().collect();
    if merged.len() > MOST_NODES {
        return Ok(None);
    }
    let result = groups.graph.node(row).results[0];
    let Some(at) = border(groups.graph, members).iter().position(|&v| v == result) else { return Ok(None) };
    if alone.contractions.is_empty() && !once_by_rows(before, BufId(at as u32), alone) {
        return Ok(None);
    }
    let after = groups.lower(root, &merged)?;
    let apart = dearest(before).max_of(&dearest(alone), &after.exprs.facts());
    let repeats = after.exprs.facts().decide(&dearest(&after), Rel::Le, &apart) != Some(true);
    let good = match (alone.contractions.len(), after.contractions.len().checked_sub(before.contractions.len())) {
        (0, Some(0)) => true,
        (1, Some(1)) => !stored_only(&after.exprs, after.contractions[0].b, &after.buffers),
        _ => false,
    };
    Ok((good && !repeats && is_small(&after) && reduce_by_rows(&after)).then_some(after))
}

/// Whether a buffer is read in one place, the rows of a contraction, and no element of it twice.
fn once_by_rows(kernel: &Kernel, buf: BufId, alone: &Kernel) -> bool {
    let p = &kernel.exprs;
    let epilogue = kernel.stages.iter().flat_map(|s| s.at.iter().copied().chain([s.value]));
    let elsewhere = epilogue.chain(kernel.contractions.iter().map(|c| c.b)).any(|e| !loads_of(p, e, buf).is_empty());
    let readers: Vec<&Contraction> = kernel.contractions.iter().filter(|c| !loads_of(p, c.a, buf).is_empty()).collect();
    let [c] = readers[..] else { return false };
    let (uses, elements) = (p.points(&rows_of(c, &c.k)), alone.exprs.points(&alone.stages[0].axes));
    !elsewhere && loads_of(p, c.a, buf).len() == 1 && p.facts().decide(&uses, Rel::Le, &elements) == Some(true)
}

/// Whether each reduction that makes rows differs from row to row.
fn reduce_by_rows(kernel: &Kernel) -> bool {
    let p = &kernel.exprs;
    kernel.contractions.iter().all(|c| {
        let row = rows_of(c, &[]).into_iter().collect();
        p.reductions(&[c.a]).into_iter().all(|r| p.free_axes(r) == row)
    })
}

fn rows_of(c: &Contraction, more: &[AxisId]) -> Vec<AxisId> {
    c.batch.iter().chain(&c.m).chain(more).copied().collect()
}
