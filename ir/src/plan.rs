//! The plan of a method: straight-line steps over buffers, and the scheduled code they launch.
//!
//! Invariants: steps name slots and kernels of their own plan; a slot is written before it is read; slots of the arena that are alive
//! at the same step have blocks that do not overlap.

mod layout;
mod memory;

pub use layout::{ALIGN, Layout};
pub use memory::{Memory, MemoryFormulas, greatest_sizes};

use crate::bound::Bound;
use crate::dim::{Dim, Facts, Sym};
use crate::graph::{Guard, Tree};
use crate::kernel::{BufId, Buffer, ExprId, Exprs, Loops, VarId};
use crate::loc::Loc;
use crate::scalar::Scalar;
use crate::types::Type;
use std::collections::BTreeSet;

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
    /// Runs `head`, and as long as `cond` is then true, `body` and `head` again.
    While {
        head: Vec<Step>,
        cond: Slot,
        body: Vec<Step>,
    },
}

/// A run of bytes in the arena, which others may take before `first` and after `last`.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Bytes needed.
    pub size: Dim,
    /// First and last step that touch it, counted over the flattened steps; what a loop keeps for its next round lives to its end.
    pub first: usize,
    pub last: usize,
}

/// A scheduled kernel.
#[derive(Clone)]
pub enum Code {
    Loops(Box<Loops>),
    Contract(Box<Contract>),
}

/// A contraction kernel: a matrix product by the backend's routine, and an epilogue for its sums.
///
/// Rows are the flattened `m` axes, columns the flattened `n` axes, depth the flattened `k` axes; `batch` counts independent products.
///
/// Each of its loop programs has the kernel's own buffers first, in the order of a launch's arguments, and then one more that the
/// driver passes: [`PANEL`](Contract::PANEL), [`ROWS`](Contract::ROWS) or [`ACC`](Contract::ACC). Scratch comes after.
#[derive(Clone)]
pub struct Contract {
    pub name: String,
    pub batch: Dim,
    pub m: Dim,
    pub product: Product,
    /// Consumes a tile of sums. Parameters: batch, first row, rows, first column, columns. Its buffer `acc` is a tile with rows of
    /// [`Contract::ACC_STRIDE`] elements.
    pub epilogue: Loops,
    pub loc: Loc,
}

impl Contract {
    /// Elements between rows of the accumulator tile.
    pub const ACC_STRIDE: usize = 128;
    /// The buffers that the driver passes: a panel, rows, a tile of sums.
    pub const PANEL: &str = "panel";
    pub const ROWS: &str = "rows";
    pub const ACC: &str = "acc";

    /// The loop programs, in the order in which they run.
    pub fn programs(&self) -> Vec<&Loops> {
        let mut out = self.product.programs();
        out.push(&self.epilogue);
        out
    }
}

/// Rows of depth `k` times `n` columns.
#[derive(Clone)]
pub struct Product {
    pub n: Dim,
    pub k: Dim,
    pub rows: Rows,
    /// Writes one panel of columns: depth by `tile` columns, zeros beyond `n`. Parameters: batch, first column.
    pub panels: Loops,
    /// Whether the panels are made of stored values only, so that they are packed once.
    pub stored: bool,
}

impl Product {
    fn programs(&self) -> Vec<&Loops> {
        let mut out = match &self.rows {
            Rows::Direct { .. } => vec![],
            Rows::Packed(rows) => vec![rows],
            Rows::Product { product, finish } => product.programs().into_iter().chain([finish]).collect(),
        };
        out.push(&self.panels);
        out
    }
}

/// How the micro-kernel gets its rows.
#[derive(Clone)]
pub enum Rows {
    /// In place: row `i` of batch `b` starts at element `start(b) + i·stride`, its elements are neighbours.
    Direct { exprs: Exprs, buf: BufId, batch: VarId, start: ExprId, stride: ExprId },
    /// Copied or computed: writes rows of `k` elements. Parameters: batch, first row, rows.
    Packed(Loops),
    /// The sums of another product with the same batch and rows, whose columns are this one's depth; `finish` then works on whole rows, in
    /// place. They are `k` elements rounded up to whole tiles apart. Parameters of `finish`: batch, first row, rows.
    Product { product: Box<Product>, finish: Loops },
}

/// Everything that running a method needs, besides weights and compiled code.
#[derive(Clone)]
pub struct Plan {
    pub name: String,
    pub inputs: Vec<(String, Type)>,
    pub output: Tree,
    pub guards: Vec<Guard>,
    pub bounds: Vec<Bound>,
    /// The ranges of the symbols.
    pub facts: Facts,
    pub slots: Vec<SlotInfo>,
    pub kernels: Vec<Code>,
    pub steps: Vec<Step>,
    pub blocks: Vec<Block>,
    /// Where the blocks lie when every size is at its declared maximum; `None` where a size has no maximum, or the sum of the maxima
    /// is more than a machine should set aside: then they are laid out for the sizes of a call.
    pub layout: Option<Layout>,
}

impl Plan {
    /// The symbols of the inputs in rising order: compiled code gets their values by position.
    pub fn symbols(&self) -> Vec<Sym> {
        let mut out = BTreeSet::new();
        self.inputs.iter().flat_map(|(_, ty)| &ty.shape).for_each(|d| d.symbols(&mut out));
        out.into_iter().collect()
    }

    /// The number of kernel launches written in the steps, nested ones included.
    pub fn launches(&self) -> usize {
        fn count(steps: &[Step]) -> usize {
            let one = |step: &Step| match step {
                Step::Launch { .. } => 1,
                Step::Copy { .. } => 0,
                Step::If { then, otherwise, .. } => count(then) + count(otherwise),
                Step::While { head, body, .. } => count(head) + count(body),
            };
            steps.iter().map(one).sum()
        }
        count(&self.steps)
    }
}

impl SlotInfo {
    /// Bytes of the buffer.
    pub fn size(&self) -> Dim {
        self.ty.numel() * self.ty.dtype.size().into()
    }
}

impl Code {
    pub fn name(&self) -> &str {
        match self {
            Code::Loops(l) => &l.name,
            Code::Contract(c) => &c.name,
        }
    }

    pub fn loc(&self) -> Loc {
        match self {
            Code::Loops(l) => l.loc,
            Code::Contract(c) => c.loc,
        }
    }

    /// The kernel's buffers: first those of a launch, in the order of its arguments.
    pub fn buffers(&self) -> &[Buffer] {
        match self {
            Code::Loops(l) => &l.buffers,
            Code::Contract(c) => &c.epilogue.buffers,
        }
    }
}
