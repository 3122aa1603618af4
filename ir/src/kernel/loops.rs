//! Loop programs: how a kernel runs. A handful of statements, which every backend translates one by one.

use super::expr::{AxisId, BufId, ExprId, Exprs, VarId};
use super::scalar_op::ScalarOp;
use super::stage::Buffer;
use crate::loc::Loc;
use crate::scalar::Scalar;

/// How a loop may run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LoopKind {
    /// In order.
    Serial,
    /// Iterations are independent and neighbours touch neighbouring elements: vector lanes on a CPU, threads of a block on a GPU.
    Lane,
    /// In order, written out.
    Unroll,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub enum Stmt {
    /// `for axis in 0..extent`.
    For { axis: AxisId, extent: ExprId, kind: LoopKind, body: Vec<Stmt> },
    /// Binds a variable for the rest of the enclosing body.
    Let { var: VarId, value: ExprId },
    /// `buf[at] = value`, or `buf[at] = combine(buf[at], value)`.
    Store { buf: BufId, at: Vec<ExprId>, value: ExprId, combine: Option<ScalarOp> },
    /// Folds a monoid over axes (outermost first); afterwards the state variables hold the result.
    Fold(Fold),
    /// `dst[0..len] = op(src[0..len])`: a block routine on contiguous scratch; `dst` may be `src`.
    Block { op: ScalarOp, dst: BufId, src: BufId, len: ExprId },
    /// Runs the body where the condition holds.
    If { cond: ExprId, body: Vec<Stmt> },
}

/// A reduction as a loop. `step` reads the state variables and the axes; `merge` reads the state variables and `other`, and is the
/// licence to keep one state per lane or thread.
#[derive(Clone, PartialEq, Debug)]
pub struct Fold {
    pub axes: Vec<(AxisId, ExprId)>,
    /// The kind of the innermost loop; the others are serial.
    pub kind: LoopKind,
    pub state: Vec<VarId>,
    pub init: Vec<Scalar>,
    pub step: Vec<ExprId>,
    pub other: Vec<VarId>,
    pub merge: Vec<ExprId>,
}

/// A loop program. The body runs once for each point of the grid, in any order, on any thread; `params` are integers that the
/// caller passes (a tile's origin and size).
#[derive(Clone)]
pub struct Loops {
    pub name: String,
    pub exprs: Exprs,
    pub buffers: Vec<Buffer>,
    pub params: Vec<(String, VarId)>,
    pub grid: Vec<(AxisId, ExprId)>,
    pub body: Vec<Stmt>,
    pub loc: Loc,
}
