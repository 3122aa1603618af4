//! Planning: from a fused method to straight-line steps over buffers.
//!
//! ```text
//! graph of regions, if, loop ──steps──▶ slots and steps ──lifetimes──▶ blocks ──layout──▶ Plan
//! ```
//! Results are written where the caller keeps them, by the kernel that makes them. Everything else that a kernel writes is a block of the
//! arena, alive from its first to its last step; blocks that are never alive together share memory.

mod lifetimes;
mod steps;

use cresset_ir::graph::{Graph, NodeId};
use cresset_ir::plan::{Block, Code, Layout, Place, Plan, SlotInfo, greatest_sizes};
use cresset_ir::{Facts, Result, Verified};

/// The most bytes that an arena sets aside for the declared maximum of its sizes. Beyond, what a call needs is likely far less.
const MOST_FIXED: usize = 1 << 30;

/// Compiles a region node to its kernel.
pub type Compile<'a> = dyn Fn(&Graph, NodeId) -> Result<Code> + 'a;

/// The plan of a method whose body holds structural nodes only; `compile` makes the kernel of a region.
///
/// # Errors
/// `E0601` for a method that does not exist or holds other nodes; whatever `compile` says, at the region's place.
pub fn plan(program: Verified<'_>, method: &str, compile: &Compile<'_>) -> Result<Plan> {
    let program = program.program();
    let graph = program.method(method)?;
    let steps::Planned { mut slots, kernels, steps } = steps::plan(graph, compile)?;
    let lifetimes = lifetimes::lifetimes(&steps, slots.len());
    let blocks = blocks(&mut slots, &lifetimes);
    let input = |(name, &v): (&String, _)| (name.clone(), graph.ty(v).clone());
    Ok(Plan {
        name: graph.name.clone(),
        inputs: graph.inputs.iter().zip(&graph.body.params).map(input).collect(),
        output: graph.output.clone(),
        guards: graph.guards.clone(),
        bounds: graph.bounds.clone(),
        facts: program.facts.clone(),
        layout: fixed_layout(&blocks, &program.facts),
        slots,
        kernels,
        steps,
        blocks,
    })
}

/// Gives every slot of the arena a block that lives as long as it.
fn blocks(slots: &mut [SlotInfo], lifetimes: &[Option<(usize, usize)>]) -> Vec<Block> {
    let mut blocks = vec![];
    for (slot, lifetime) in slots.iter_mut().zip(lifetimes) {
        if let (Place::Arena(_), &Some((first, last))) = (&slot.place, lifetime) {
            slot.place = Place::Arena(blocks.len());
            blocks.push(Block { size: slot.size(), first, last });
        }
    }
    blocks
}

fn fixed_layout(blocks: &[Block], facts: &Facts) -> Option<Layout> {
    Layout::of(blocks, &greatest_sizes(blocks, facts)?)
        .filter(|l| l.total <= MOST_FIXED || blocks.iter().all(|b| b.size.known().is_some()))
}

#[cfg(test)]
mod tests;
