//! Scheduling: from what a kernel computes to the loops that compute it.
//!
//! Offsets are made flat, axes that walk memory together are merged, and every reduction is placed at the outermost loop where its free
//! axes are bound. Softmax and layer norm come out as one kernel by this rule; nothing here knows them.

mod contract;
mod flatten;
pub(crate) mod loops;
mod merge;
mod phases;

use cresset_ir::Target;
use cresset_ir::kernel::Kernel;
use cresset_ir::plan::Code;

/// The loop program, or the contraction with its loop programs, for a kernel on a target.
pub fn schedule(kernel: &Kernel, target: &Target) -> Code {
    let mut kernel = kernel.clone();
    flatten::flatten(&mut kernel);
    match (kernel.contraction.take(), target.tile) {
        (Some(c), Some(tile)) => Code::Contract(Box::new(contract::schedule(kernel, c, tile.1, target))),
        (Some(c), None) => Code::Loops(Box::new(loops::schedule(contract::as_loops(kernel, c), target))),
        (None, _) => Code::Loops(Box::new(loops::schedule(kernel, target))),
    }
}

pub(crate) use loops::reductions;
