//! The expression language of kernels: values, indices, predicates and sizes, hash-consed.
//!
//! An [`Exprs`] pool owns the nodes; an [`ExprId`] names one; an [`Ex`] is an id with its pool, so that rules read like formulas.
//! Every constructor simplifies, so a node in the pool is in normal form:
//! - i64 sums and products are one polynomial node ([`Node::Int`]); equal index expressions are equal ids;
//! - `floordiv`, `mod` and comparisons of indices are decided by the bounds of axes and symbols where possible;
//! - operations on constants are constants.

use super::reduce::Reducer;
use super::scalar_op::ScalarOp;
use crate::dim::{Atom, Dim, Facts, Rel, Sym};
use crate::dtype::DType;
use crate::poly::Poly;
use crate::scalar::Scalar;
use indexmap::IndexSet;
use std::cell::RefCell;

/// A node of a pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExprId(pub u32);

/// A loop variable: `0 <= axis < extent`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AxisId(pub u32);

/// A buffer of the kernel: an operand, a result or scratch memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BufId(pub u32);

/// A value bound by `let` in a loop program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct VarId(pub u32);

/// What an expression is. Indices and sizes are i64.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    Const(Scalar),
    Axis(AxisId),
    Sym(Sym),
    /// A polynomial that is neither a constant nor a lone atom.
    Int(Poly<ExprId>),
    /// The element of a buffer at an index, one expression per dimension.
    Load(BufId, Vec<ExprId>),
    Apply(ScalarOp, Vec<ExprId>),
    /// PyTorch's conversion between dtypes.
    Cast(ExprId),
    /// A reduction over axes; its state is read by [`Node::State`].
    Reduce(&'static Reducer, Vec<AxisId>, Vec<ExprId>),
    /// Component of the final state of a reduction.
    State(ExprId, usize),
    Var(VarId),
}

/// The owner of expressions, of their axes and of what is known about symbols.
#[derive(Default)]
pub struct Exprs {
    inner: RefCell<Inner>,
}

#[derive(Default, Clone)]
struct Inner {
    nodes: IndexSet<(Node, DType)>,
    axes: Vec<Dim>,
    vars: u32,
    facts: Facts,
}

impl Clone for Exprs {
    fn clone(&self) -> Exprs {
        Exprs { inner: RefCell::new(self.inner.borrow().clone()) }
    }
}

/// An expression with its pool: the form in which rules are written.
#[derive(Clone, Copy)]
pub struct Ex<'a> {
    pool: &'a Exprs,
    id: ExprId,
}

impl Exprs {
    pub fn new(facts: Facts) -> Exprs {
        Exprs { inner: RefCell::new(Inner { facts, ..Inner::default() }) }
    }

    pub fn facts(&self) -> Facts {
        self.inner.borrow().facts.clone()
    }

    /// A fresh axis of the given extent.
    pub fn axis(&self, extent: Dim) -> AxisId {
        let mut inner = self.inner.borrow_mut();
        inner.axes.push(extent);
        AxisId(inner.axes.len() as u32 - 1)
    }

    pub fn extent(&self, a: AxisId) -> Dim {
        self.inner.borrow().axes[a.0 as usize].clone()
    }

    /// A fresh variable of the given dtype.
    pub fn fresh_var(&self, dtype: DType) -> Ex<'_> {
        let n = {
            let mut inner = self.inner.borrow_mut();
            inner.vars += 1;
            inner.vars - 1
        };
        self.intern(Node::Var(VarId(n)), dtype)
    }

    pub fn ex(&self, id: ExprId) -> Ex<'_> {
        Ex { pool: self, id }
    }

    pub fn node(&self, id: ExprId) -> Node {
        self.inner.borrow().nodes[id.0 as usize].0.clone()
    }

    pub fn dtype(&self, id: ExprId) -> DType {
        self.inner.borrow().nodes[id.0 as usize].1
    }

    fn intern(&self, node: Node, dtype: DType) -> Ex<'_> {
        let id = self.inner.borrow_mut().nodes.insert_full((node, dtype)).0;
        self.ex(ExprId(id as u32))
    }

    pub fn constant(&self, s: Scalar) -> Ex<'_> {
        self.intern(Node::Const(s), s.dtype())
    }

    pub fn int(&self, v: i64) -> Ex<'_> {
        self.constant(Scalar::int(DType::I64, v))
    }

    pub fn truth(&self, v: bool) -> Ex<'_> {
        self.constant(Scalar::bool(v))
    }

    pub fn axis_ex(&self, a: AxisId) -> Ex<'_> {
        self.intern(Node::Axis(a), DType::I64)
    }

    pub fn sym(&self, s: &Sym) -> Ex<'_> {
        self.intern(Node::Sym(s.clone()), DType::I64)
    }

    /// A size as an index expression.
    pub fn dim(&self, d: &Dim) -> Ex<'_> {
        if let Some(c) = d.known() {
            return self.int(c);
        }
        let p = d.poly().substitute(|a| {
            let two = |f: fn(Ex<'_>, Ex<'_>) -> ExprId, x: &Dim, y: &Dim| f(self.dim(x), self.dim(y));
            self.poly(match a {
                Atom::Sym(s) => self.sym(s).id,
                Atom::FloorDiv(x, y) => two(|x, y| x.floor_div(y).id, x, y),
                Atom::Mod(x, y) => two(|x, y| x.modulo(y).id, x, y),
                Atom::Min(x, y) => two(|x, y| x.min(y).id, x, y),
                Atom::Max(x, y) => two(|x, y| x.max(y).id, x, y),
            })
        });
        self.from_poly(p)
    }

    /// The i64 expression as a polynomial over its atoms.
    pub fn poly(&self, id: ExprId) -> Poly<ExprId> {
        match self.node(id) {
            Node::Const(c) => Poly::constant(c.as_i64()),
            Node::Int(p) => p,
            _ => Poly::atom(id),
        }
    }

    /// The normal form of an i64 polynomial.
    pub fn from_poly(&self, p: Poly<ExprId>) -> Ex<'_> {
        if let Some(c) = p.as_constant() {
            return self.int(c);
        }
        if let Some(a) = p.as_atom() {
            return self.ex(*a);
        }
        match self.rejoin(&p) {
            Some(q) => self.from_poly(q),
            None => self.intern(Node::Int(p), DType::I64),
        }
    }

    /// `d·⌊x/d⌋ + (x mod d) = x`, for the first such pair.
    fn rejoin(&self, p: &Poly<ExprId>) -> Option<Poly<ExprId>> {
        for (m, c) in p.terms() {
            let [atom] = m[..] else { continue };
            let Node::Apply(ScalarOp::Mod, args) = self.node(atom) else { continue };
            let quotient = self.intern(Node::Apply(ScalarOp::FloorDiv, args.clone()), DType::I64).id;
            let pair = self.poly(args[1]).mul(&Poly::atom(quotient)).scale(c);
            let rest = p.sub(&pair);
            if rest.terms().count() < p.terms().count() {
                let without = rest.sub(&Poly::atom(atom).scale(c));
                return Some(without.add(&self.poly(args[0]).scale(c)));
            }
        }
        None
    }

    pub fn load(&self, buf: BufId, dtype: DType, at: &[Ex<'_>]) -> Ex<'_> {
        self.intern(Node::Load(buf, at.iter().map(|e| e.id).collect()), dtype)
    }

    pub fn cast(&self, x: Ex<'_>, to: DType) -> Ex<'_> {
        match self.node(x.id) {
            _ if x.dtype() == to => self.ex(x.id),
            Node::Const(c) => self.constant(c.cast(to)),
            // Widening loses nothing, so a narrowing that undoes it is the identity.
            Node::Cast(inner) if self.dtype(inner) == to && widens(to, x.dtype()) => self.ex(inner),
            _ => self.intern(Node::Cast(x.id), to),
        }
    }

    /// A reduction; gives the components of its final state.
    pub fn reduce(&self, reducer: &'static Reducer, axes: &[AxisId], body: &[Ex<'_>]) -> Vec<Ex<'_>> {
        let node = self.reduce_node(reducer, axes, body);
        let init = (reducer.init)(node.dtype());
        init.iter().enumerate().map(|(i, s)| self.state(node.id, i, s.dtype())).collect()
    }

    /// The node of a reduction, of the dtype of its first body expression.
    pub(super) fn reduce_node(&self, reducer: &'static Reducer, axes: &[AxisId], body: &[Ex<'_>]) -> Ex<'_> {
        self.intern(Node::Reduce(reducer, axes.to_vec(), body.iter().map(|e| e.id).collect()), body[0].dtype())
    }

    /// A component of the final state of a reduction.
    pub(super) fn state(&self, reduce: ExprId, k: usize, dtype: DType) -> Ex<'_> {
        self.intern(Node::State(reduce, k), dtype)
    }

    pub fn apply(&self, op: ScalarOp, args: &[Ex<'_>]) -> Ex<'_> {
        debug_assert_eq!(args.len(), op.arity());
        let ids: Vec<ExprId> = args.iter().map(|a| a.id).collect();
        if let Some(id) = self.simplify(op, &ids) {
            return self.ex(id);
        }
        let dtype = op.result(&ids.iter().map(|&i| self.dtype(i)).collect::<Vec<_>>());
        self.intern(Node::Apply(op, ids), dtype)
    }

    fn simplify(&self, op: ScalarOp, x: &[ExprId]) -> Option<ExprId> {
        use ScalarOp::*;
        let consts: Option<Vec<Scalar>> = x.iter().map(|&i| self.as_const(i)).collect();
        if let Some(c) = consts {
            return Some(self.constant(op.eval(&c)).id);
        }
        let index = op != Select && self.dtype(x[0]) == DType::I64;
        match op {
            Add if index => Some(self.from_poly(self.poly(x[0]).add(&self.poly(x[1]))).id),
            Sub if index => Some(self.from_poly(self.poly(x[0]).sub(&self.poly(x[1]))).id),
            Mul if index => Some(self.from_poly(self.poly(x[0]).mul(&self.poly(x[1]))).id),
            Neg if index => Some(self.from_poly(self.poly(x[0]).scale(-1)).id),
            FloorDiv if index => self.simplify_floor_div(x[0], x[1]),
            Mod if index => self.simplify_mod(x[0], x[1]),
            Min if index && self.decide(x[0], Rel::Le, x[1]) == Some(true) => Some(x[0]),
            Min if index && self.decide(x[1], Rel::Le, x[0]) == Some(true) => Some(x[1]),
            Max if index && self.decide(x[0], Rel::Le, x[1]) == Some(true) => Some(x[1]),
            Max if index && self.decide(x[1], Rel::Le, x[0]) == Some(true) => Some(x[0]),
            Lt | Le | Eq | Ne if index => {
                let rel = [Rel::Lt, Rel::Le, Rel::Eq, Rel::Ne][op as usize - Lt as usize];
                self.decide(x[0], rel, x[1]).map(|t| self.truth(t).id)
            }
            // x·1, x/1 and x−0 are the identity for every float; x+0 is not: it turns −0 into 0.
            Mul if self.is_const(x[1], Scalar::is_one) => Some(x[0]),
            Mul if self.is_const(x[0], Scalar::is_one) => Some(x[1]),
            Div if self.is_const(x[1], Scalar::is_one) => Some(x[0]),
            Sub if self.is_const(x[1], |c| c.is_zero() && c.as_f64().is_sign_positive()) => Some(x[0]),
            Min | Max | And | Or if x[0] == x[1] => Some(x[0]),
            And if self.dtype(x[0]) == DType::Bool => self.absorb(x, true),
            Or if self.dtype(x[0]) == DType::Bool => self.absorb(x, false),
            Select if x[1] == x[2] => Some(x[1]),
            Select => self.as_const(x[0]).map(|c| if c.is_zero() { x[2] } else { x[1] }),
            _ => None,
        }
    }

    /// `and`/`or` of bools with a constant operand; `neutral` is the constant that changes nothing.
    fn absorb(&self, x: &[ExprId], neutral: bool) -> Option<ExprId> {
        let (c, other) = match (self.as_const(x[0]), self.as_const(x[1])) {
            (Some(c), _) => (c, x[1]),
            (_, Some(c)) => (c, x[0]),
            _ => return None,
        };
        Some(if c.is_zero() != neutral { other } else { self.truth(!neutral).id })
    }

    fn simplify_floor_div(&self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let (pa, pb) = (self.poly(a), self.poly(b));
        if pb.as_constant() == Some(1) {
            return Some(a);
        }
        // ⌊⌊x/m⌋/n⌋ = ⌊x/(m·n)⌋ for positive m, n.
        if let (Node::Apply(ScalarOp::FloorDiv, inner), Some(n)) = (self.node(a), pb.as_constant())
            && let Some(m) = self.poly(inner[1]).as_constant().filter(|&m| m > 0 && n > 0)
        {
            return Some(self.ex(inner[0]).floor_div(self.int(m.wrapping_mul(n))).id);
        }
        let (q, r) = pa.split_by(&pb)?;
        let rest = self.from_poly(r).id;
        if self.within(rest, b) {
            return Some(self.from_poly(q).id);
        }
        if q.as_constant() == Some(0) {
            return None;
        }
        let tail = self.apply(ScalarOp::FloorDiv, &[self.ex(rest), self.ex(b)]);
        Some(self.from_poly(q.add(&self.poly(tail.id))).id)
    }

    fn simplify_mod(&self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let (q, r) = self.poly(a).split_by(&self.poly(b))?;
        let rest = self.from_poly(r).id;
        if self.within(rest, b) {
            return Some(rest);
        }
        (q.as_constant() != Some(0)).then(|| self.apply(ScalarOp::Mod, &[self.ex(rest), self.ex(b)]).id)
    }

    /// Whether `0 <= x < n` always holds.
    fn within(&self, x: ExprId, n: ExprId) -> bool {
        self.decide(self.int(0).id, Rel::Le, x) == Some(true) && self.decide(x, Rel::Lt, n) == Some(true)
    }

    /// Whether an index is inside a shape for all values of axes and symbols; one index into several dimensions is the flat offset.
    pub fn inside(&self, at: &[ExprId], shape: &[Dim]) -> bool {
        let within = |&i: &ExprId, n: &Dim| self.within(i, self.dim(n).id);
        match at {
            [offset] if shape.len() != 1 => within(offset, &shape.iter().cloned().product()),
            _ => at.iter().zip(shape).all(|(i, n)| within(i, n)),
        }
    }

    pub fn as_const(&self, id: ExprId) -> Option<Scalar> {
        match self.inner.borrow().nodes[id.0 as usize].0 {
            Node::Const(c) => Some(c),
            _ => None,
        }
    }

    fn is_const(&self, id: ExprId, f: impl Fn(Scalar) -> bool) -> bool {
        self.as_const(id).is_some_and(f)
    }

    /// Whether a relation of indices holds for all, or for none, of the values of axes and symbols.
    pub fn decide(&self, a: ExprId, rel: Rel, b: ExprId) -> Option<bool> {
        let diff = self.poly(a).sub(&self.poly(b));
        let facts = self.facts();
        let zero = Dim::from(0i64);
        let (lo, hi) = (self.extreme(&diff, false), self.extreme(&diff, true));
        let low = |r| lo.as_ref().is_some_and(|lo| facts.decide(&zero, r, lo) == Some(true));
        let high = |r| hi.as_ref().is_some_and(|hi| facts.decide(hi, r, &zero) == Some(true));
        match rel {
            Rel::Lt if high(Rel::Lt) => Some(true),
            Rel::Lt if low(Rel::Le) => Some(false),
            Rel::Le if high(Rel::Le) => Some(true),
            Rel::Le if low(Rel::Lt) => Some(false),
            Rel::Eq if diff.as_constant() == Some(0) => Some(true),
            Rel::Eq if low(Rel::Lt) || high(Rel::Lt) => Some(false),
            Rel::Ne => self.decide(a, Rel::Eq, b).map(|t| !t),
            _ => None,
        }
    }

    /// The largest (or smallest) value of a polynomial over its axes, as a size.
    pub fn extreme(&self, p: &Poly<ExprId>, largest: bool) -> Option<Dim> {
        let mut sum = Dim::from(0i64);
        for (m, c) in p.terms() {
            let mut product = Dim::from(c);
            for &atom in m {
                let (lo, hi) = self.atom_extremes(atom);
                let pick = if (c > 0) == largest { hi? } else { lo.clone()? };
                // A product of several factors is monotone only where they are not negative.
                if m.len() > 1 && self.facts().bounds(&lo?).0.is_none_or(|l| l < 0) {
                    return None;
                }
                product = product * pick;
            }
            sum = sum + product;
        }
        Some(sum)
    }

    fn atom_extremes(&self, atom: ExprId) -> (Option<Dim>, Option<Dim>) {
        use ScalarOp::*;
        let (zero, one) = (Dim::from(0i64), Dim::from(1i64));
        let of = |id: ExprId, largest| self.extreme(&self.poly(id), largest);
        match self.node(atom) {
            Node::Axis(a) => (Some(zero), Some(self.extent(a) - one)),
            Node::Sym(s) => (Some(s.clone().into()), Some(s.into())),
            Node::Apply(FloorDiv, x) => match self.as_const(x[1]).map(|c| c.as_i64()) {
                Some(n) if n > 0 => {
                    let facts = self.facts();
                    let div = |d: Option<Dim>| d.map(|d| d.floor_div(&n.into(), &facts));
                    (div(of(x[0], false)), div(of(x[0], true)))
                }
                _ => (None, None),
            },
            Node::Apply(Mod, x) => match of(x[1], false) {
                Some(n) if self.facts().bounds(&n).0.is_some_and(|l| l > 0) => (Some(zero), of(x[1], true).map(|n| n - one)),
                _ => (None, None),
            },
            Node::Apply(op @ (Min | Max), x) => {
                let facts = self.facts();
                let join = |a: Option<Dim>, b: Option<Dim>| {
                    a.zip(b).map(|(a, b)| if op == Min { a.min_of(&b, &facts) } else { a.max_of(&b, &facts) })
                };
                (join(of(x[0], false), of(x[1], false)), join(of(x[0], true), of(x[1], true)))
            }
            _ => (None, None),
        }
    }
}

/// Whether every value of `from` is a value of `to`.
pub fn widens(from: DType, to: DType) -> bool {
    from.promote(to) == to && !(from.is_int() && to.is_float() && from.size() >= to.size())
}

impl<'a> Ex<'a> {
    pub fn id(self) -> ExprId {
        self.id
    }

    pub fn pool(self) -> &'a Exprs {
        self.pool
    }

    pub fn dtype(self) -> DType {
        self.pool.dtype(self.id)
    }

    /// A constant of this expression's dtype.
    pub fn lit(self, v: f64) -> Ex<'a> {
        self.pool.constant(Scalar::float(self.dtype(), v))
    }

    fn un(self, op: ScalarOp) -> Ex<'a> {
        self.pool.apply(op, &[self])
    }

    fn bin(self, op: ScalarOp, o: Ex<'a>) -> Ex<'a> {
        self.pool.apply(op, &[self, o])
    }

    pub fn cast(self, to: DType) -> Ex<'a> {
        self.pool.cast(self, to)
    }

    /// `self` where the condition holds for it to be chosen: `cond.select(a, b)` is `a if cond else b`.
    pub fn select(self, a: Ex<'a>, b: Ex<'a>) -> Ex<'a> {
        self.pool.apply(ScalarOp::Select, &[self, a, b])
    }

    pub fn gt(self, o: Ex<'a>) -> Ex<'a> {
        o.lt(self)
    }

    pub fn ge(self, o: Ex<'a>) -> Ex<'a> {
        o.le(self)
    }
}

macro_rules! methods {
    ($($name:ident $op:ident),*; $($name2:ident $op2:ident),*) => {
        impl<'a> Ex<'a> {
            $(pub fn $name(self) -> Ex<'a> { self.un(ScalarOp::$op) })*
            $(pub fn $name2(self, o: Ex<'a>) -> Ex<'a> { self.bin(ScalarOp::$op2, o) })*
        }
    };
}
methods! {
    abs Abs, sqrt Sqrt, rsqrt Rsqrt, exp Exp, expm1 Expm1, log Log, log1p Log1p, sin Sin, cos Cos, tanh Tanh, erf Erf,
    sigmoid Sigmoid, floor Floor, ceil Ceil, round Round, trunc Trunc;
    floor_div FloorDiv, modulo Mod, min Min, max Max, pow Pow, lt Lt, le Le, eq Eq, ne Ne, and And, or Or, xor Xor, shift_left Shl, shift_right Shr
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident),*) => {$(
        impl<'a> std::ops::$trait for Ex<'a> {
            type Output = Ex<'a>;
            fn $method(self, o: Ex<'a>) -> Ex<'a> { self.bin(ScalarOp::$op, o) }
        }
        impl<'a> std::ops::$trait<f64> for Ex<'a> {
            type Output = Ex<'a>;
            fn $method(self, o: f64) -> Ex<'a> { self.bin(ScalarOp::$op, self.lit(o)) }
        }
        impl<'a> std::ops::$trait<Ex<'a>> for f64 {
            type Output = Ex<'a>;
            fn $method(self, o: Ex<'a>) -> Ex<'a> { o.lit(self).bin(ScalarOp::$op, o) }
        }
    )*};
}
operators!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div);

impl<'a> std::ops::Not for Ex<'a> {
    type Output = Ex<'a>;
    fn not(self) -> Ex<'a> {
        self.un(ScalarOp::Not)
    }
}

impl<'a> std::ops::Neg for Ex<'a> {
    type Output = Ex<'a>;
    fn neg(self) -> Ex<'a> {
        self.un(ScalarOp::Neg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_equal_when_their_values_are() {
        let p = Exprs::new(Facts::default());
        let (i, j) = (p.axis_ex(p.axis(3i64.into())), p.axis_ex(p.axis(4i64.into())));
        let flat = i * 4.0 + j;
        assert_eq!(flat.floor_div(p.int(4)).id(), i.id());
        assert_eq!(flat.modulo(p.int(4)).id(), j.id());
        let f = p.axis_ex(p.axis(12i64.into()));
        let back = f.floor_div(p.int(4)) * 4.0 + f.modulo(p.int(4));
        assert_eq!(back.id(), f.id());
    }

    #[test]
    fn symbolic_rows_split() {
        let mut facts = Facts::default();
        for s in ["B", "T"] {
            facts.ranges.insert(Sym::new(s), crate::dim::Range { min: 1, max: None });
        }
        let p = Exprs::new(facts);
        let (b, t) = (Dim::sym("B"), Dim::sym("T"));
        let (i, j) = (p.axis_ex(p.axis(b)), p.axis_ex(p.axis(t.clone())));
        let t = p.dim(&t);
        let flat = i * t + j;
        assert_eq!(flat.floor_div(t).id(), i.id());
        assert_eq!(flat.modulo(t).id(), j.id());
        assert_eq!(p.as_const(j.lt(t).id()), Some(Scalar::bool(true)));
        assert_eq!(p.as_const(j.lt(p.int(0)).id()), Some(Scalar::bool(false)));
    }
}
