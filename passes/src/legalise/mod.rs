//! Legalisation: rewrites of a kernel until scheduling and the backends need not think about memory any more.
//!
//! - [`flatten`]: every load and store gets one index, the element's position in its row-major buffer;
//! - [`guards`]: every load is in bounds wherever it is evaluated, so that `select` may evaluate both sides.

mod flatten;
mod guards;

use cresset_ir::kernel::Kernel;

/// Legalises a lowered kernel.
pub fn legalise(kernel: &mut Kernel) {
    flatten::flatten(kernel);
    guards::guard_loads(kernel);
}
