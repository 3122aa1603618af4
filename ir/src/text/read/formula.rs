//! Expressions of kernels, built through the simplifying constructors of a pool.
//!
//! Dtypes are checked here, because the constructors trust their callers; so are the sizes of what is built, because `let`s can
//! make much of little text.

use super::Errors;
use super::literal::{float, integer};
use super::size::Symbols;
use crate::codes;
use crate::dim::Sym;
use crate::dtype::{Category, DType};
use crate::kernel::{AxisId, BufId, Buffer, Ex, ExprId, Exprs, Node, Reducer, Role, ScalarOp};
use crate::scalar::Scalar;
use crate::text::syntax::{At, AxisText, Binary, BufferText, Expr, ExprKind, Word};
use std::collections::HashMap;

/// Expressions deeper than this are refused.
const MAX_DEPTH: u32 = 1000;

/// Index functions (`floordiv`, `mod`, `min`, `max`) nested deeper than this are refused: bounding them takes exponential time.
const MAX_INDEX_DEPTH: u32 = 8;

/// The most terms of an integer polynomial, and the most factors of a term.
const MAX_TERMS: usize = 256;
const MAX_FACTORS: usize = 24;

/// Names in scope over one pool.
pub struct Formulas<'r> {
    pub errors: &'r mut Errors,
    pub pool: &'r Exprs,
    pub symbols: &'r Symbols,
    buffers: HashMap<String, (BufId, DType)>,
    /// What a name means, innermost last.
    names: HashMap<String, Vec<ExprId>>,
    /// All states of a reduction, by its first.
    states: HashMap<ExprId, Vec<ExprId>>,
    depths: HashMap<ExprId, Depth>,
}

#[derive(Clone, Copy, Default)]
struct Depth {
    all: u32,
    index: u32,
}

impl Errors {
    /// The buffers of a kernel.
    pub fn buffers(&mut self, texts: &[BufferText], symbols: &Symbols) -> Option<Vec<Buffer>> {
        let find = |name: &str| texts.iter().position(|b| b.buffer.name.text == name).map(|i| BufId(i as u32));
        let mut out = vec![];
        for (i, b) in texts.iter().enumerate() {
            let name = b.buffer.name;
            if find(name.text) != Some(BufId(i as u32)) {
                self.say::<()>(codes::IR_DUPLICATE, name.at, format!("two buffers are called `{}`", name.text));
            }
            let role = match b.role.map(|(role, from)| (role.text, from, role.at)) {
                None => Some(Role::Operand),
                Some(("stored", None, _)) => Some(Role::Stored),
                Some(("result", None, _)) => Some(Role::Result),
                Some(("scratch", None, _)) => Some(Role::Scratch),
                Some(("update", Some(from), _)) => match find(from.text) {
                    Some(from) => Some(Role::Update(from)),
                    None => self.say(codes::IR_UNKNOWN, from.at, format!("there is no buffer `{}`", from.text)),
                },
                Some((_, _, at)) => {
                    self.say(codes::IR_UNKNOWN, at, "a buffer is stored, result, update(of another), scratch, or just read")
                }
            };
            if let (Some(role), Some(ty)) = (role, self.ty(&b.buffer.ty, symbols)) {
                out.push(Buffer { name: name.text.to_owned(), ty, role });
            }
        }
        (out.len() == texts.len()).then_some(out)
    }
}

impl<'r> Formulas<'r> {
    pub fn new(errors: &'r mut Errors, pool: &'r Exprs, symbols: &'r Symbols, buffers: &[Buffer]) -> Formulas<'r> {
        let rows = buffers.iter().enumerate().map(|(i, b)| (b.name.clone(), (BufId(i as u32), b.ty.dtype)));
        Formulas {
            errors,
            pool,
            symbols,
            buffers: rows.collect(),
            names: HashMap::new(),
            states: HashMap::new(),
            depths: HashMap::new(),
        }
    }

    fn unknown<T>(&mut self, word: Word, what: &str) -> Option<T> {
        self.errors.say(codes::IR_UNKNOWN, word.at, format!("there is no {what} `{}`", word.text))
    }

    fn wrong<T>(&mut self, at: At, message: impl Into<String>) -> Option<T> {
        self.errors.say(codes::IR_VALUE, at, message)
    }

    pub fn buffer(&mut self, name: Word) -> Option<(BufId, DType)> {
        self.buffers.get(name.text).copied().or_else(|| self.unknown(name, "buffer"))
    }

    pub fn bind(&mut self, name: &str, meaning: ExprId) {
        self.names.entry(name.to_owned()).or_default().push(meaning);
    }

    pub fn unbind(&mut self, name: &str) {
        self.names.get_mut(name).and_then(Vec::pop);
    }

    pub fn named(&self, name: &str) -> Option<ExprId> {
        self.names.get(name)?.last().copied()
    }

    /// A fresh axis under a name; gives its extent too.
    pub fn bind_axis(&mut self, text: &AxisText) -> Option<(AxisId, ExprId)> {
        let Some(extent) = &text.extent else { return self.wrong(text.name.at, "this axis needs an extent: `i < 8`") };
        let known = self.errors.size(text.of.as_ref().unwrap_or(extent), self.symbols)?;
        let extent = match text.of {
            Some(_) => self.index(extent)?,
            None => self.pool.dim(&known).id(),
        };
        let axis = self.pool.axis(known);
        self.bind(text.name.text, self.pool.axis_ex(axis).id());
        Some((axis, extent))
    }

    /// An i64 expression.
    pub fn index(&mut self, e: &Expr) -> Option<ExprId> {
        self.of_dtype(e, DType::I64)
    }

    pub fn of_dtype(&mut self, e: &Expr, dtype: DType) -> Option<ExprId> {
        let id = self.formula(e)?;
        let found = self.pool.dtype(id);
        if found == dtype { Some(id) } else { self.wrong(e.at, format!("{dtype} is needed here, this is {found}")) }
    }

    pub fn indices(&mut self, all: &[Expr]) -> Option<Vec<ExprId>> {
        all.iter().map(|e| self.index(e)).collect()
    }

    pub fn formula(&mut self, e: &Expr) -> Option<ExprId> {
        let id = self.build(e)?;
        let depth = self.depth(id);
        if depth.all > MAX_DEPTH || depth.index > MAX_INDEX_DEPTH {
            return self.errors.say(codes::IR_LIMIT, e.at, "this expression is nested too deeply");
        }
        Some(id)
    }

    fn depth(&mut self, id: ExprId) -> Depth {
        if let Some(&known) = self.depths.get(&id) {
            return known;
        }
        let node = self.pool.node(id);
        let mut depth = Depth::default();
        for c in node.children() {
            let c = self.depth(c);
            depth = Depth { all: depth.all.max(c.all), index: depth.index.max(c.index) };
        }
        depth.all += 1;
        let index = matches!(node, Node::Apply(ScalarOp::FloorDiv | ScalarOp::Mod | ScalarOp::Min | ScalarOp::Max, _));
        if index && self.pool.dtype(id) == DType::I64 {
            depth.index += 1;
        } else if !matches!(node, Node::Int(_)) {
            // Bounds look no further.
            depth.index = 0;
        }
        self.depths.insert(id, depth);
        depth
    }

    fn build(&mut self, e: &Expr) -> Option<ExprId> {
        match &e.kind {
            ExprKind::Int(_) | ExprKind::Float(_) => self.literal(e, false),
            ExprKind::Neg(inner) if is_literal(inner) => self.literal(inner, true),
            ExprKind::Neg(inner) => {
                let x = self.formula(inner)?;
                self.apply(e.at, ScalarOp::Neg, vec![x])
            }
            ExprKind::Name(name) => self.name(e, name),
            ExprKind::Binary(op, two) => {
                let (a, b) = (self.formula(&two[0]), self.formula(&two[1]));
                let op = match op {
                    Binary::Add => ScalarOp::Add,
                    Binary::Sub => ScalarOp::Sub,
                    Binary::Mul => ScalarOp::Mul,
                    Binary::Div => ScalarOp::Div,
                    Binary::Lt => ScalarOp::Lt,
                    Binary::Le => ScalarOp::Le,
                    Binary::Eq => ScalarOp::Eq,
                    Binary::Ne => ScalarOp::Ne,
                };
                self.apply(e.at, op, vec![a?, b?])
            }
            ExprKind::Index(buffer, at) => {
                let buffer = self.buffer(*buffer);
                let at = self.indices(at)?;
                let (buf, dtype) = buffer?;
                Some(self.pool.load(buf, dtype, &self.exs(&at)).id())
            }
            ExprKind::Call(Word { text: "cast", .. }, args) => match &args[..] {
                [Expr { kind: ExprKind::Name(dtype), at, .. }, x] => {
                    let dtype = self.errors.dtype(Word { at: *at, text: dtype });
                    let x = self.formula(x)?;
                    Some(self.pool.cast(self.pool.ex(x), dtype?).id())
                }
                _ => self.wrong(e.at, "a cast names a dtype and an expression: `cast(f32, x)`"),
            },
            ExprKind::Call(f, args) => {
                let op = ScalarOp::parse(f.text).or_else(|| self.unknown(*f, "function"));
                let args: Vec<Option<ExprId>> = args.iter().map(|a| self.formula(a)).collect();
                self.apply(e.at, op?, args.into_iter().collect::<Option<_>>()?)
            }
            ExprKind::Reduce(reducer, axes, body) => self.reduce(e.at, *reducer, axes, body),
            ExprKind::Part(of, k) => {
                let first = self.formula(of)?;
                let part = k.text.parse::<usize>().ok().and_then(|k| self.states.get(&first)?.get(k).copied());
                part.or_else(|| self.wrong(e.at, "this is not a component of a reduction's state"))
            }
            ExprKind::Let(bindings, body) => {
                for (i, (name, value)) in bindings.iter().enumerate() {
                    let Some(value) = self.formula(value) else {
                        bindings[..i].iter().for_each(|(name, _)| self.unbind(name.text));
                        return None;
                    };
                    self.bind(name.text, value);
                }
                let out = self.formula(body);
                bindings.iter().for_each(|(name, _)| self.unbind(name.text));
                out
            }
            _ => self.wrong(e.at, "this is not a formula"),
        }
    }

    fn exs(&self, ids: &[ExprId]) -> Vec<Ex<'r>> {
        ids.iter().map(|&id| self.pool.ex(id)).collect()
    }

    fn literal(&mut self, e: &Expr, negative: bool) -> Option<ExprId> {
        match constant(&e.kind, negative) {
            Some(s) => Some(self.pool.constant(s).id()),
            None => self.wrong(e.at, "this is not a constant that its dtype holds"),
        }
    }

    fn name(&mut self, e: &Expr, name: &str) -> Option<ExprId> {
        if let Some(id) = self.named(name) {
            return Some(id);
        }
        if let Some(s) = constant(&e.kind, false) {
            return Some(self.pool.constant(s).id());
        }
        if self.symbols.has(name) {
            return Some(self.pool.sym(&Sym::new(name)).id());
        }
        self.unknown(Word { at: e.at, text: name }, "axis, variable or size")
    }

    /// Applies an operation to operands of fitting dtypes.
    pub fn apply(&mut self, at: At, op: ScalarOp, args: Vec<ExprId>) -> Option<ExprId> {
        if args.len() != op.arity() {
            return self.wrong(at, format!("`{}` takes {} operands, got {}", op.name(), op.arity(), args.len()));
        }
        let dtypes: Vec<DType> = args.iter().map(|&a| self.pool.dtype(a)).collect();
        let same = if op == ScalarOp::Select { &dtypes[1..] } else { &dtypes[..] };
        if let Some(other) = same.iter().find(|d| **d != same[0]) {
            return self.wrong(at, format!("`{}` of {} and {other}: the dtypes must be one", op.name(), same[0]));
        }
        if op == ScalarOp::Select && dtypes[0] != DType::Bool {
            return self.wrong(at, format!("`select` by a {}: a bool is needed", dtypes[0]));
        }
        if dtypes[0] == DType::I64 && !self.stays_small(op, &args) {
            return self.errors.say(codes::IR_LIMIT, at, "this polynomial has too many terms");
        }
        Some(self.pool.apply(op, &self.exs(&args)).id())
    }

    fn stays_small(&self, op: ScalarOp, args: &[ExprId]) -> bool {
        let extent = |&id: &ExprId| {
            let p = self.pool.poly(id);
            (p.terms().count(), p.terms().map(|(m, _)| m.len()).max().unwrap_or(0))
        };
        match (op, args) {
            (ScalarOp::Mul, [a, b]) => {
                let ((ta, fa), (tb, fb)) = (extent(a), extent(b));
                ta * tb <= MAX_TERMS && fa + fb <= MAX_FACTORS
            }
            (ScalarOp::Add | ScalarOp::Sub, [a, b]) => extent(a).0 + extent(b).0 <= MAX_TERMS,
            _ => true,
        }
    }

    fn reduce(&mut self, at: At, name: Word, axes: &[Expr], body: &[Expr]) -> Option<ExprId> {
        let reducer = Reducer::parse(name.text).or_else(|| self.unknown(name, "reduction"))?;
        let (mut bound, mut ids) = (vec![], vec![]);
        for axis in axes {
            let ExprKind::Binary(Binary::Lt, two) = &axis.kind else {
                return self.wrong(axis.at, "an axis is written `k < 128`");
            };
            let ExprKind::Name(name) = two[0].kind else { return self.wrong(two[0].at, "an axis has a name") };
            let id = self.pool.axis(self.errors.size(&two[1], self.symbols)?);
            ids.push(id);
            bound.push((name, self.pool.axis_ex(id).id()));
        }
        bound.iter().for_each(|&(name, id)| self.bind(name, id));
        let values: Vec<Option<ExprId>> = body.iter().map(|e| self.formula(e)).collect();
        bound.iter().for_each(|(name, _)| self.unbind(name));
        let values: Vec<ExprId> = values.into_iter().collect::<Option<_>>()?;
        if values.len() != reducer.inputs {
            return self.wrong(at, format!("`{}` reduces {} expressions, got {}", reducer.name, reducer.inputs, values.len()));
        }
        if values[1..].iter().any(|&v| self.pool.dtype(v) != DType::I64) {
            return self.wrong(at, format!("`{}` takes an i64 index beside its value", reducer.name));
        }
        let states: Vec<ExprId> = self.pool.reduce(reducer, &ids, &self.exs(&values)).iter().map(|s| s.id()).collect();
        let first = *states.first()?;
        self.states.insert(first, states);
        Some(first)
    }
}

fn is_literal(e: &Expr) -> bool {
    match e.kind {
        ExprKind::Int(_) | ExprKind::Float(_) => true,
        ExprKind::Name(name) => matches!(name.split('_').next(), Some("inf" | "nan")),
        _ => false,
    }
}

/// `3` (i64), `0.5` (f32), `true`, `inf`, and with a dtype `3_u8`, `nan_bf16`.
fn constant(e: &ExprKind, negative: bool) -> Option<Scalar> {
    let (ExprKind::Int(text) | ExprKind::Float(text) | ExprKind::Name(text)) = e else { return None };
    let (digits, dtype) = match text.split_once('_') {
        Some((digits, dtype)) => (digits, DType::parse(dtype)?),
        None if matches!(e, ExprKind::Int(_)) => (*text, DType::I64),
        None => (*text, DType::F32),
    };
    match (e, dtype.category()) {
        (ExprKind::Name("true"), _) if !negative => Some(Scalar::bool(true)),
        (ExprKind::Name("false"), _) if !negative => Some(Scalar::bool(false)),
        (ExprKind::Name(_), Category::Float) if matches!(digits, "inf" | "nan") => float(digits, negative, dtype),
        (ExprKind::Int(_), Category::Int) => integer(digits, negative, dtype),
        (ExprKind::Float(_), Category::Float) => float(digits, negative, dtype),
        _ => None,
    }
}
