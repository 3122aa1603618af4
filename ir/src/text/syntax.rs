//! The syntax tree of the IR text: what the grammar makes, before any name is looked up.

use super::token::Tok;

/// A byte range of the text.
#[derive(Clone, Copy, Default, Debug)]
pub struct At {
    pub start: u32,
    pub end: u32,
}

/// A word with its place.
#[derive(Clone, Copy, Debug)]
pub struct Word<'t> {
    pub at: At,
    pub text: &'t str,
}

/// Expressions nested deeper than this are an error.
pub const MAX_HEIGHT: u32 = 300;

/// An expression: a size, an attribute, an operand or a formula of a kernel.
#[derive(Debug)]
pub struct Expr<'t> {
    pub at: At,
    pub height: u32,
    pub kind: ExprKind<'t>,
}

#[derive(Debug)]
pub enum ExprKind<'t> {
    Int(&'t str),
    Float(&'t str),
    Str(&'t str),
    Name(&'t str),
    Value(&'t str),
    Entry(&'t str),
    List(Vec<Expr<'t>>),
    Neg(Box<Expr<'t>>),
    Binary(Binary, Box<[Expr<'t>; 2]>),
    Call(Word<'t>, Vec<Expr<'t>>),
    /// `x[i, j]`.
    Index(Word<'t>, Vec<Expr<'t>>),
    /// `sum(k < 128: e)`.
    Reduce(Word<'t>, Vec<Expr<'t>>, Vec<Expr<'t>>),
    /// `e.1`.
    Part(Box<Expr<'t>>, Word<'t>),
    /// `let t0 = a, t1 = b in e`.
    Let(Vec<(Word<'t>, Expr<'t>)>, Box<Expr<'t>>),
    /// `0.5: f32`.
    Typed(Box<Expr<'t>>, Word<'t>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Lt,
    Le,
    Eq,
    Ne,
}

/// `f32[B, 10]`.
#[derive(Debug)]
pub struct Ty<'t> {
    pub dtype: Word<'t>,
    pub shape: Vec<Expr<'t>>,
}

/// A name with its type.
#[derive(Debug)]
pub struct Typed<'t> {
    pub name: Word<'t>,
    pub ty: Ty<'t>,
}

#[derive(Debug)]
pub struct ProgramText<'t> {
    pub name: Word<'t>,
    pub dims: Vec<DimText<'t>>,
    pub entries: Vec<(Tok<'t>, Typed<'t>)>,
    pub graphs: Vec<GraphText<'t>>,
}

/// `dim T in 1..128`.
#[derive(Debug)]
pub struct DimText<'t> {
    pub name: Word<'t>,
    pub min: Expr<'t>,
    pub max: Option<Expr<'t>>,
}

#[derive(Debug)]
pub struct GraphText<'t> {
    pub name: Word<'t>,
    pub inputs: Vec<Typed<'t>>,
    pub output: TreeText<'t>,
    pub conditions: Vec<ConditionText<'t>>,
    pub body: BlockText<'t>,
}

/// What a call must satisfy.
#[derive(Debug)]
pub enum ConditionText<'t> {
    Guard(GuardText<'t>),
    Bound(BoundText<'t>),
}

/// `guard %tokens in 0..96`.
#[derive(Debug)]
pub struct BoundText<'t> {
    pub at: At,
    pub input: Word<'t>,
    pub min: Expr<'t>,
    pub below: Expr<'t>,
    pub place: Option<&'t str>,
}

#[derive(Debug)]
pub struct GuardText<'t> {
    pub at: At,
    pub relation: Expr<'t>,
    pub message: Option<&'t str>,
    pub place: Option<&'t str>,
}

#[derive(Debug)]
pub struct BlockText<'t> {
    pub params: Vec<Typed<'t>>,
    pub nodes: Vec<NodeText<'t>>,
    pub results: Vec<Expr<'t>>,
    /// Where `return` stands.
    pub end: At,
}

#[derive(Debug)]
pub struct NodeText<'t> {
    pub at: At,
    pub results: Vec<Typed<'t>>,
    pub op: Word<'t>,
    /// `region @name(...)`: the value of the first attribute.
    pub label: Option<Word<'t>>,
    pub operands: Vec<Expr<'t>>,
    pub attrs: Vec<(Word<'t>, Expr<'t>)>,
    pub blocks: Vec<BlockText<'t>>,
    pub place: Option<&'t str>,
}

/// The structure of the results, with the types of the tensors.
#[derive(Debug)]
pub enum TreeText<'t> {
    Leaf(At, Ty<'t>),
    Word(Word<'t>),
    Number(Expr<'t>),
    Tuple(Vec<TreeText<'t>>),
    List(Vec<TreeText<'t>>),
    Dict(Vec<(Word<'t>, TreeText<'t>)>),
}

/// `k < 128`, `k < n of 256`, or the name alone of an axis that is bound already.
#[derive(Debug)]
pub struct AxisText<'t> {
    pub name: Word<'t>,
    pub extent: Option<Expr<'t>>,
    pub of: Option<Expr<'t>>,
}

/// `scratch row: f32[256]`.
#[derive(Debug)]
pub struct BufferText<'t> {
    pub role: Option<(Word<'t>, Option<Word<'t>>)>,
    pub buffer: Typed<'t>,
}

/// `out[i] add= e`.
#[derive(Debug)]
pub struct StoreText<'t> {
    pub out: Word<'t>,
    pub at: Vec<Expr<'t>>,
    pub combine: Option<Word<'t>>,
    pub value: Expr<'t>,
}

#[derive(Debug)]
pub struct KernelText<'t> {
    pub at: At,
    pub name: Word<'t>,
    pub buffers: Vec<BufferText<'t>>,
    pub place: Option<&'t str>,
    pub dims: Vec<DimText<'t>>,
    pub contractions: Vec<ContractionText<'t>>,
    pub stages: Vec<(Vec<AxisText<'t>>, StoreText<'t>)>,
}

#[derive(Debug)]
pub struct ContractionText<'t> {
    pub acc: Word<'t>,
    /// batch, m, n.
    pub groups: [Vec<AxisText<'t>>; 3],
    pub k: Vec<AxisText<'t>>,
    pub product: Expr<'t>,
    pub dtype: Word<'t>,
}

#[derive(Debug)]
pub struct LoopsText<'t> {
    pub at: At,
    pub name: Word<'t>,
    pub buffers: Vec<BufferText<'t>>,
    pub params: Vec<Word<'t>>,
    pub grid: Vec<AxisText<'t>>,
    pub place: Option<&'t str>,
    pub dims: Vec<DimText<'t>>,
    pub body: Vec<StmtText<'t>>,
}

#[derive(Debug)]
pub enum StmtText<'t> {
    For { axis: AxisText<'t>, kind: Option<Word<'t>>, body: Vec<StmtText<'t>> },
    Let { name: Word<'t>, dtype: Word<'t>, value: Expr<'t> },
    Store(StoreText<'t>),
    Fold(FoldText<'t>),
    Block { op: Word<'t>, dst: Word<'t>, src: Word<'t>, len: Expr<'t> },
    If { cond: Expr<'t>, body: Vec<StmtText<'t>> },
}

#[derive(Debug)]
pub struct FoldText<'t> {
    pub at: At,
    /// `v0: f32 = 0.0`.
    pub state: Vec<(Word<'t>, Word<'t>, Expr<'t>)>,
    pub axes: Vec<AxisText<'t>>,
    pub kind: Option<Word<'t>>,
    pub step: Vec<Expr<'t>>,
    pub other: Vec<Word<'t>>,
    pub merge: Vec<Expr<'t>>,
}

#[derive(Debug)]
pub struct PlanText<'t> {
    pub name: Word<'t>,
    pub inputs: Vec<Typed<'t>>,
    pub output: TreeText<'t>,
    pub dims: Vec<DimText<'t>>,
    pub conditions: Vec<ConditionText<'t>>,
    /// Each with where it lives: `in arena(0)`.
    pub slots: Vec<(Typed<'t>, Expr<'t>)>,
    pub blocks: Vec<ArenaText<'t>>,
    /// `arena 4096`: the layout's size, if blocks have offsets.
    pub total: Option<Word<'t>>,
    pub steps: Vec<StepText<'t>>,
    pub kernels: Vec<CodeText<'t>>,
}

/// `block B*4 over 0..3 of 64`: bytes, steps, offset.
#[derive(Debug)]
pub struct ArenaText<'t> {
    pub size: Expr<'t>,
    pub first: Word<'t>,
    pub last: Word<'t>,
    pub offset: Option<Word<'t>>,
}

#[derive(Debug)]
pub enum StepText<'t> {
    Launch { at: At, kernel: Word<'t>, args: Vec<Word<'t>>, place: Option<&'t str> },
    Copy { from: Word<'t>, to: Word<'t> },
    If { cond: Word<'t>, then: Vec<StepText<'t>>, otherwise: Vec<StepText<'t>> },
    While { head: Vec<StepText<'t>>, cond: Word<'t>, body: Vec<StepText<'t>> },
}

#[derive(Debug)]
pub enum CodeText<'t> {
    Loops(LoopsText<'t>),
    Contract(Box<ContractText<'t>>),
}

#[derive(Debug)]
pub struct ContractText<'t> {
    pub at: At,
    pub name: Word<'t>,
    /// batch, m.
    pub sizes: Vec<Expr<'t>>,
    pub place: Option<&'t str>,
    pub product: ProductText<'t>,
    pub epilogue: LoopsText<'t>,
}

#[derive(Debug)]
pub struct ProductText<'t> {
    pub n: Expr<'t>,
    pub k: Expr<'t>,
    pub stored: Option<Word<'t>>,
    pub rows: RowsText<'t>,
    pub panels: LoopsText<'t>,
}

#[derive(Debug)]
pub enum RowsText<'t> {
    /// `direct x(b): b*64, 8`.
    Direct {
        buffer: Word<'t>,
        batch: Word<'t>,
        start: Expr<'t>,
        stride: Expr<'t>,
    },
    Packed(LoopsText<'t>),
    Product(Box<ProductText<'t>>, LoopsText<'t>),
}

/// What a text holds.
#[derive(Debug)]
pub enum Text<'t> {
    Program(ProgramText<'t>),
    Kernel(KernelText<'t>),
    Loops(LoopsText<'t>),
    Plan(PlanText<'t>),
}

impl<'t> Expr<'t> {
    pub fn leaf(start: u32, kind: ExprKind<'t>, end: u32) -> Expr<'t> {
        Expr { at: At { start, end }, height: 1, kind }
    }

    /// An expression over others. `deep` collects those that are nested too deeply; they become leaves, so that no tree is ever deep.
    pub fn over(start: u32, kind: ExprKind<'t>, end: u32, deep: &mut Vec<At>) -> Expr<'t> {
        let at = At { start, end };
        let height = 1 + kind.children().map(|e| e.height).max().unwrap_or(0);
        if height > MAX_HEIGHT {
            deep.push(at);
            return Expr { at, height: 1, kind: ExprKind::Name("_") };
        }
        Expr { at, height, kind }
    }
}

impl<'t> ExprKind<'t> {
    fn children(&self) -> Box<dyn Iterator<Item = &Expr<'t>> + '_> {
        use ExprKind::*;
        match self {
            Int(_) | Float(_) | Str(_) | Name(_) | Value(_) | Entry(_) => Box::new(std::iter::empty()),
            List(v) | Call(_, v) | Index(_, v) => Box::new(v.iter()),
            Neg(e) | Part(e, _) | Typed(e, _) => Box::new(std::iter::once(&**e)),
            Binary(_, two) => Box::new(two.iter()),
            Reduce(_, axes, body) => Box::new(axes.iter().chain(body)),
            Let(bindings, e) => Box::new(bindings.iter().map(|b| &b.1).chain([&**e])),
        }
    }
}

/// A node without its results.
pub struct CallText<'t> {
    pub op: Word<'t>,
    pub label: Option<Word<'t>>,
    pub operands: Vec<Expr<'t>>,
    pub end: u32,
    pub attrs: Vec<(Word<'t>, Expr<'t>)>,
    pub blocks: Vec<BlockText<'t>>,
    pub place: Option<&'t str>,
}

impl<'t> CallText<'t> {
    pub fn node(self, start: u32, results: Vec<Typed<'t>>) -> NodeText<'t> {
        let CallText { op, label, operands, end, attrs, blocks, place } = self;
        NodeText { at: At { start, end }, results, op, label, operands, attrs, blocks, place }
    }
}
