//! Launch: what a backend gives the executor. The compiled kernels of one plan, called by number.

/// The compiled kernels of a plan. Kernels run on as many threads as the backend likes; `launch` returns when all are done.
pub trait Launch: Send + Sync {
    /// Runs kernel `kernel` of the plan on the buffers `args`, in the order of its step, for the values `syms` of
    /// [`Plan::symbols`](cresset_ir::plan::Plan::symbols).
    ///
    /// # Safety
    /// Each argument is valid for as many bytes as its slot has for these symbols and aligned to its element; what the kernel writes
    /// overlaps nothing else, and nobody else touches it meanwhile.
    unsafe fn launch(&self, kernel: usize, args: &[*mut u8], syms: &[i64]);
}
