//! Fusion: groups nodes into regions, each of which becomes one kernel.
//!
//! A node joins the group of its users when all of them are in one group and the group is still a good kernel with it. What a good
//! kernel is, is asked of the lowered expression, never of an op's name:
//! - no reduction runs more often than it would alone ([`kernel::runs_once`]);
//! - a contraction stays one, its factors stay plain reads, and nothing else is reduced beside it.
//!
//! Nodes that only move elements are copied into every group that reads them.

mod group;
mod kernel;
mod regions;

use cresset_ir::{Graph, Program, Result};

/// Fuses every method. Composites have been expanded. Gives the number of nodes that joined another's group.
///
/// # Errors
/// Those of lowering.
pub fn fuse(program: &mut Program) -> Result<usize> {
    let facts = program.facts.clone();
    let mut joined = 0;
    for graph in program.methods.values_mut() {
        let groups = group::groups(graph, &facts)?;
        joined += groups.joined;
        let fused: Graph = regions::rebuild(graph, &groups)?;
        *graph = fused;
    }
    Ok(joined)
}
