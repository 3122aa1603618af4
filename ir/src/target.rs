//! Targets as plain data: what passes may know of a machine.

use crate::kernel::ScalarOp;

/// The abilities of a backend.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Printed in dumps and artifacts: `x86-64 avx512`.
    pub name: String,
    /// Rows and columns of the matrix micro-kernel's tile; `None` where contractions are loops.
    pub tile: Option<(usize, usize)>,
    /// Functions that exist as block routines over contiguous f32 scratch.
    pub block_ops: Vec<ScalarOp>,
    /// Elements of a strip on which block routines run: small enough for two strips to stay in L1.
    pub strip: usize,
    /// Whether the backend has f16 and bf16 arithmetic conversions of its own; if not, legalisation writes them with integers.
    pub half_casts: bool,
}
