//! The plan of a method: straight-line steps over buffers, and the scheduled code they launch.

use crate::dim::Dim;
use crate::graph::{Guard, Tree};
use crate::kernel::{BufId, ExprId, Exprs, Loops, VarId};
use crate::loc::Loc;
use crate::scalar::Scalar;
use crate::types::Type;

/// A buffer of the plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Slot(pub u32);

/// Where a buffer lives.
#[derive(Clone, PartialEq, Debug)]
pub enum Place {
    /// The caller's, by position.
    Input(usize),
    /// Fresh memory that the caller keeps, by position among the results.
    Output(usize),
    /// An entry of the store.
    Stored(String),
    /// A 0-d constant.
    Const(Scalar),
    /// The arena, in a block of the plan's layout.
    Arena(usize),
}

#[derive(Clone, PartialEq, Debug)]
pub struct SlotInfo {
    pub ty: Type,
    pub place: Place,
}

/// One step. Nested steps of branches and loops share the arena.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Runs a kernel; slots in the order of the kernel's buffers, scratch left out.
    Launch {
        kernel: usize,
        args: Vec<Slot>,
        loc: Loc,
    },
    Copy {
        from: Slot,
        to: Slot,
    },
    If {
        cond: Slot,
        then: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Runs `head`, and while `cond` is then true `body` and `head` again.
    While {
        head: Vec<Step>,
        cond: Slot,
        body: Vec<Step>,
    },
}

/// A block of the arena: the largest of the buffers that take turns in it, over the steps in which it is alive.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Bytes needed.
    pub size: Dim,
    /// First and last step that touch it, counted over the flattened steps.
    pub first: usize,
    pub last: usize,
    /// Byte offset in the arena when sizes are at their declared maximum; `None` when a size has no maximum, and offsets are found per call.
    pub offset: Option<usize>,
}

/// A scheduled kernel.
#[derive(Clone)]
pub enum Code {
    Loops(Box<Loops>),
    Contract(Box<Contract>),
}

/// A contraction kernel: a matrix product by the backend's routine between a packing and an epilogue.
///
/// Rows are the flattened `m` axes, columns the flattened `n` axes, depth the flattened `k` axes; `batch` counts independent products.
#[derive(Clone)]
pub struct Contract {
    pub name: String,
    pub batch: Dim,
    pub m: Dim,
    pub n: Dim,
    pub k: Dim,
    pub a: Rows,
    /// Writes one panel of `b`: depth by `tile` columns, zeros beyond `n`. Parameters: batch, first column.
    pub b: Loops,
    /// Whether `b` reads stored values only, so that its panels are packed once.
    pub b_is_stored: bool,
    /// Consumes a tile of sums. Parameters: batch, first row, rows, first column, columns. Its buffer `acc` is a tile with rows of
    /// [`Contract::ACC_STRIDE`] elements.
    pub epilogue: Loops,
    pub loc: Loc,
}

impl Contract {
    /// Elements between rows of the accumulator tile.
    pub const ACC_STRIDE: usize = 128;
}

/// How the micro-kernel gets its rows.
#[derive(Clone)]
pub enum Rows {
    /// In place: row `i` of batch `b` starts at element `start(b) + i·stride`, its elements are neighbours.
    Direct { exprs: Exprs, buf: BufId, batch: VarId, start: ExprId, stride: ExprId },
    /// Copied: writes rows of `k` elements. Parameters: batch, first row, rows.
    Packed(Loops),
}

/// Everything that running a method needs, besides weights and compiled code.
#[derive(Clone)]
pub struct Plan {
    pub name: String,
    pub inputs: Vec<(String, Type)>,
    pub output: Tree,
    pub guards: Vec<Guard>,
    pub slots: Vec<SlotInfo>,
    pub kernels: Vec<Code>,
    pub steps: Vec<Step>,
    pub blocks: Vec<Block>,
}

impl Code {
    pub fn name(&self) -> &str {
        match self {
            Code::Loops(l) => &l.name,
            Code::Contract(c) => &c.name,
        }
    }
}
