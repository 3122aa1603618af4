//! Scheduling: from what a kernel computes to the loops that compute it.
//!
//! Axes that walk memory together are merged, and every reduction is placed at the outermost loop where its free
//! axes are bound. Softmax and layer norm come out as one kernel by this rule; nothing here knows them.

mod contract;
mod counter;
mod loops;
mod merge;
mod phases;
mod rowwise;

use cresset_ir::Target;
use cresset_ir::kernel::Kernel;
use cresset_ir::plan::Code;

/// The loop program, or the contraction with its loop programs, for a legalised kernel on a target.
pub fn schedule(kernel: Kernel, target: &Target) -> Code {
    match target.tile {
        _ if kernel.contractions.is_empty() => Code::Loops(Box::new(loops::schedule(kernel, target))),
        Some((_, columns)) => Code::Contract(Box::new(contract::schedule(&kernel, columns, target))),
        None => Code::Loops(Box::new(rowwise::schedule(kernel, target))),
    }
}
