//! Stages: what a kernel computes, before anything is said about loops.

use super::expr::{AxisId, BufId, ExprId, Exprs};
use super::scalar_op::ScalarOp;
use crate::dim::Dim;
use crate::dtype::DType;
use crate::loc::Loc;
use crate::types::Type;

/// What a buffer is to its kernel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Read.
    Operand,
    /// Read; an entry of the store, which does not change between calls.
    Stored,
    /// Written; not read before.
    Result,
    /// Starts as a copy of an operand, and is then combined into.
    Update(BufId),
    /// Private to one grid point: a row, a tile, an accumulator.
    Scratch,
}

/// A buffer, row-major, indexed by one expression per dimension until legalisation makes the index flat.
#[derive(Clone, PartialEq, Debug)]
pub struct Buffer {
    pub name: String,
    pub ty: Type,
    pub role: Role,
}

/// `out[at] = value` (or `out[at] combine= value`) for every point of the axes.
#[derive(Clone, PartialEq, Debug)]
pub struct Stage {
    pub out: BufId,
    pub axes: Vec<AxisId>,
    pub at: Vec<ExprId>,
    pub value: ExprId,
    pub combine: Option<ScalarOp>,
}

/// `acc[batch, m, n] = Σ_k a · b`, done by the backend's matrix routine. `a` varies over batch, m, k; `b` over batch, n, k.
/// The stages of its kernel are the epilogue: they read `acc` at exactly (batch, m, n).
#[derive(Clone, PartialEq, Debug)]
pub struct Contraction {
    pub acc: BufId,
    pub batch: Vec<AxisId>,
    pub m: Vec<AxisId>,
    pub n: Vec<AxisId>,
    pub k: Vec<AxisId>,
    pub a: ExprId,
    pub b: ExprId,
    /// The dtype in which products are summed.
    pub dtype: DType,
}

/// A kernel: stages over buffers; a contraction kernel's stages are its epilogue.
#[derive(Clone)]
pub struct Kernel {
    pub name: String,
    pub exprs: Exprs,
    pub buffers: Vec<Buffer>,
    pub contraction: Option<Contraction>,
    pub stages: Vec<Stage>,
    pub loc: Loc,
}

impl Kernel {
    pub fn buffer(&self, b: BufId) -> &Buffer {
        &self.buffers[b.0 as usize]
    }

    pub fn extent(&self, a: AxisId) -> Dim {
        self.exprs.extent(a)
    }
}
