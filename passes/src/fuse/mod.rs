//! Fusion: groups nodes into regions, each of which becomes one kernel.
//!
//! A node joins the group of its users when all of them are in one group and the group is still a good kernel with it. What a good
//! kernel is, is asked of the lowered expression, never of an op's name:
//! - no reduction runs more often than it would alone ([`kernel::runs_once`]), and no transcendental function
//!   ([`kernel::repeats_nothing_dear`]);
//! - a contraction stays one, its factors stay plain reads for now, and nothing else is reduced beside it.
//!
//! Nodes that only move elements are copied into every group that reads them. Then whole kernels join the contraction that reads them,
//! where its rows can be worked out as they are needed ([`rows`]): norms before linear layers, the scores and the softmax of attention.

mod group;
mod kernel;
mod regions;
mod rows;

use cresset_ir::graph::Block;
use cresset_ir::{Program, Result};
use group::{Groups, Members};

/// Fuses every method. Composites have been expanded. Gives the number of nodes that joined another's group.
///
/// # Errors
/// Those of lowering.
pub fn fuse(program: &mut Program) -> Result<usize> {
    let facts = program.facts.clone();
    let mut joined = 0;
    for graph in program.methods.values_mut() {
        let mut blocks: Vec<&Block> = vec![];
        graph.each_block(&mut |b| blocks.push(b));
        let mut members = Members::new();
        for block in blocks {
            let mut groups = Groups::of(graph, block, &facts)?;
            rows::absorb(&mut groups)?;
            members.extend(groups.members);
        }
        joined += members.values().map(|m| m.len() - 1).sum::<usize>();
        *graph = regions::rebuild(graph, &members)?;
    }
    Ok(joined)
}
