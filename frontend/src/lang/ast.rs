//! The syntax tree: plain data with spans.
//!
//! Two trees are equal when they say the same: spans take no part in equality. No tree is taller than [`MAX_HEIGHT`], so
//! that recursion over it is safe. Functions and classes are shared (`Arc`), since closures keep them.

use super::scope::Scope;
use super::visit::Children;
use cresset_ir::{FileId, Span};
use std::sync::Arc;

/// Expressions nested deeper than this are a syntax error.
pub const MAX_HEIGHT: u16 = 1000;

/// An identifier, or dotted identifiers.
pub type Name = Arc<str>;

#[derive(Clone, PartialEq, Debug)]
pub struct Module {
    pub body: Vec<Stmt>,
    pub file: FileId,
}

/// Something with its place. Equality ignores the place.
#[derive(Clone, Debug)]
pub struct Node<T> {
    pub kind: T,
    pub span: Span,
}

impl<T: PartialEq> PartialEq for Node<T> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

pub type Ident = Node<Name>;
pub type Stmt = Node<StmtKind>;
pub type Pattern = Node<PatternKind>;

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
    height: u16,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Expr {
        let mut height = 0;
        kind.each_child(&mut |child| height = height.max(child.height));
        Expr { kind, span, height: height.saturating_add(1) }
    }

    /// Levels of the tree, from here to the deepest leaf.
    pub fn height(&self) -> u16 {
        self.height
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    Name(Name),
    Constant(Constant),
    /// An f-string with at least one replacement field; one without is a constant.
    JoinedStr(Vec<StrPart>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    Dict(Vec<DictItem>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// At least two operands.
    Bool(BoolOp, Vec<Expr>),
    /// `left op right op right ...`, at least one op.
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    Conditional(Box<Conditional>),
    Lambda(Arc<Lambda>),
    Comprehension(Box<Comprehension>),
    /// `name := value`
    Named(Ident, Box<Expr>),
    Attribute(Box<Expr>, Ident),
    /// The index is a tuple for `x[a, b]`, and may hold slices.
    Subscript(Box<Expr>, Box<Expr>),
    /// Only in an index.
    Slice(Box<Slice>),
    Call(Box<Call>),
    /// Only in calls, displays, indices and assignment targets.
    Starred(Box<Expr>),
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    None,
    Ellipsis,
    Bool(bool),
    Int(i64),
    /// Decimal digits of an integer beyond `i64`.
    BigInt(Arc<str>),
    Float(f64),
    Imaginary(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    /// The source of a string with characters that have no value here (lone surrogates, `\N{...}`): using it is the error.
    Opaque(Arc<str>),
}

#[derive(Clone, PartialEq, Debug)]
pub enum StrPart {
    Text(Arc<str>),
    Field(Box<Field>),
}

/// `{value!conversion:spec}` in an f-string. `{x=}` is text followed by a field.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    pub value: Expr,
    pub conversion: Option<Conversion>,
    /// Empty when there is none.
    pub spec: Vec<StrPart>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conversion {
    Str,
    Repr,
    Ascii,
}

#[derive(Clone, PartialEq, Debug)]
pub enum DictItem {
    Pair(Expr, Expr),
    /// `**mapping`
    Spread(Expr),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Conditional {
    pub test: Expr,
    pub then: Expr,
    pub otherwise: Expr,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Slice {
    pub lower: Option<Expr>,
    pub upper: Option<Expr>,
    pub step: Option<Expr>,
}

/// Positional arguments come first whatever their order in the source, as in Python's evaluation.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    pub func: Expr,
    /// May be [`ExprKind::Starred`].
    pub args: Vec<Expr>,
    pub keywords: Vec<Keyword>,
}

/// `name=value`, or `**value`.
#[derive(Clone, PartialEq, Debug)]
pub struct Keyword {
    pub name: Option<Ident>,
    pub value: Expr,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Lambda {
    pub params: Params,
    pub body: Expr,
    pub scope: Scope,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Comprehension {
    pub element: Element,
    /// At least one. The first iterable is evaluated outside of the comprehension's scope.
    pub clauses: Vec<Clause>,
    /// Names that live in the comprehension: those of its targets. A walrus binds outside.
    pub locals: Vec<Name>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Element {
    List(Expr),
    Set(Expr),
    Generator(Expr),
    Dict(Expr, Expr),
}

/// `async? for target in iter if condition ...`
#[derive(Clone, PartialEq, Debug)]
pub struct Clause {
    pub is_async: bool,
    pub target: Expr,
    pub iter: Expr,
    pub conditions: Vec<Expr>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    Not,
    Neg,
    Pos,
    Invert,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    Shl,
    Shr,
    BitAnd,
    BitOr,
    BitXor,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Is,
    IsNot,
    In,
    NotIn,
}

impl UnaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Not => "not ",
            UnaryOp::Neg => "-",
            UnaryOp::Pos => "+",
            UnaryOp::Invert => "~",
        }
    }
}

impl BinaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::FloorDiv => "//",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "**",
            BinaryOp::MatMul => "@",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
            BinaryOp::BitAnd => "&",
            BinaryOp::BitOr => "|",
            BinaryOp::BitXor => "^",
        }
    }
}

impl BoolOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BoolOp::And => "and",
            BoolOp::Or => "or",
        }
    }
}

impl CompareOp {
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
            CompareOp::Is => "is",
            CompareOp::IsNot => "is not",
            CompareOp::In => "in",
            CompareOp::NotIn => "not in",
        }
    }
}

/// The parameters of a function, by how they are passed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Params {
    /// Before `/`.
    pub positional_only: Vec<Param>,
    pub args: Vec<Param>,
    /// `*args`
    pub vararg: Option<Param>,
    /// After `*` or `*args`.
    pub keyword_only: Vec<Param>,
    /// `**kwargs`
    pub kwarg: Option<Param>,
}

impl Params {
    /// All parameters, in the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        let first = self.positional_only.iter().chain(&self.args).chain(&self.vararg);
        first.chain(&self.keyword_only).chain(&self.kwarg)
    }

    /// The parameters that take one argument each: all but `*args` and `**kwargs`.
    pub fn single(&self) -> impl Iterator<Item = &Param> {
        self.positional_only.iter().chain(&self.args).chain(&self.keyword_only)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    pub name: Ident,
    pub annotation: Option<Expr>,
    pub default: Option<Expr>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum StmtKind {
    Expr(Expr),
    /// `a = b = value`
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: BinaryOp,
        value: Expr,
    },
    AnnAssign {
        target: Expr,
        annotation: Expr,
        value: Option<Expr>,
    },
    Return(Option<Expr>),
    Delete(Vec<Expr>),
    Pass,
    Break,
    Continue,
    Raise {
        exception: Option<Expr>,
        cause: Option<Expr>,
    },
    Global(Vec<Ident>),
    Nonlocal(Vec<Ident>),
    Assert {
        test: Expr,
        message: Option<Expr>,
    },
    /// `import a.b as c, d`
    Import(Vec<Alias>),
    ImportFrom(ImportFrom),
    If {
        branches: Vec<(Expr, Vec<Stmt>)>,
        orelse: Vec<Stmt>,
    },
    While {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    For(Box<For>),
    Try(Try),
    With {
        is_async: bool,
        items: Vec<WithItem>,
        body: Vec<Stmt>,
    },
    Function(Arc<FunctionDef>),
    Class(Arc<ClassDef>),
    Match {
        subject: Expr,
        cases: Vec<MatchCase>,
    },
    TypeAlias {
        name: Ident,
        type_params: Vec<TypeParam>,
        value: Expr,
    },
}

/// `name as alias`; the name may be dotted.
#[derive(Clone, PartialEq, Debug)]
pub struct Alias {
    pub name: Ident,
    pub alias: Option<Ident>,
}

impl Alias {
    /// The name that `import` binds: the alias, or the first part of a dotted name.
    pub fn bound(&self) -> Name {
        match &self.alias {
            Some(alias) => alias.kind.clone(),
            None => self.name.kind.split('.').next().unwrap_or_default().into(),
        }
    }
}

/// `from ..module import names`
#[derive(Clone, PartialEq, Debug)]
pub struct ImportFrom {
    /// Leading dots.
    pub level: usize,
    pub module: Option<Ident>,
    pub names: ImportNames,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ImportNames {
    Star,
    Some(Vec<Alias>),
}

#[derive(Clone, PartialEq, Debug)]
pub struct For {
    pub is_async: bool,
    pub target: Expr,
    pub iter: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Try {
    pub body: Vec<Stmt>,
    /// Whether the handlers are `except*`.
    pub star: bool,
    pub handlers: Vec<Handler>,
    pub orelse: Vec<Stmt>,
    pub finally: Vec<Stmt>,
}

/// `except exception as name: body`
#[derive(Clone, PartialEq, Debug)]
pub struct Handler {
    pub exception: Option<Expr>,
    pub name: Option<Ident>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct WithItem {
    pub context: Expr,
    pub target: Option<Expr>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct FunctionDef {
    pub is_async: bool,
    pub name: Ident,
    pub type_params: Vec<TypeParam>,
    pub params: Params,
    pub returns: Option<Expr>,
    pub decorators: Vec<Expr>,
    pub body: Vec<Stmt>,
    pub scope: Scope,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ClassDef {
    pub name: Ident,
    pub type_params: Vec<TypeParam>,
    /// May be [`ExprKind::Starred`].
    pub bases: Vec<Expr>,
    pub keywords: Vec<Keyword>,
    pub decorators: Vec<Expr>,
    pub body: Vec<Stmt>,
    pub scope: Scope,
}

#[derive(Clone, PartialEq, Debug)]
pub struct TypeParam {
    pub kind: TypeParamKind,
    pub name: Ident,
    /// `T: bound`
    pub bound: Option<Expr>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeParamKind {
    Var,
    /// `*Ts`
    Tuple,
    /// `**P`
    Spec,
}

#[derive(Clone, PartialEq, Debug)]
pub struct MatchCase {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    Capture(Name),
    /// A literal or a dotted name, compared with `==` (constants `None`, `True`, `False` with `is`).
    Value(Expr),
    Sequence(Vec<Pattern>),
    /// `*name` in a sequence; `None` is `*_`.
    Star(Option<Ident>),
    /// `{key: pattern, **rest}`
    Mapping {
        items: Vec<(Expr, Pattern)>,
        rest: Option<Ident>,
    },
    /// `Class(pattern, name=pattern)`
    Class {
        class: Expr,
        args: Vec<Pattern>,
        keywords: Vec<(Ident, Pattern)>,
    },
    Or(Vec<Pattern>),
    As(Box<Pattern>, Ident),
}
