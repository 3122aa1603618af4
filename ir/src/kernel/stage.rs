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
///
/// A row of `a` may be worked out before it is used: it may reduce over `k` (a norm), and it may read the sums of the contraction before
/// this one (attention: the scores under a softmax), whose batch and rows are this one's and whose columns are this one's depth.
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

/// A kernel: stages over buffers. With contractions, the stages are the epilogue of the last: they read its sums at exactly (batch, m, n);
/// each of the others makes the rows of the next.
#[derive(Clone)]
pub struct Kernel {
    pub name: String,
    pub exprs: Exprs,
    pub buffers: Vec<Buffer>,
    pub contractions: Vec<Contraction>,
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
