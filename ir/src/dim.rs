//! Symbolic sizes.
//!
//! A [`Dim`] is an integer expression over named symbols in normal form, so that equality of sizes is equality of values. What the
//! normal form cannot decide is asked of [`Facts`] (the declared range of each symbol); what those cannot decide becomes a guard.

use crate::poly::Poly;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A named size, `B`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(Arc<str>);

impl Sym {
    pub fn new(name: &str) -> Sym {
        Sym(name.into())
    }

    pub fn name(&self) -> &str {
        &self.0
    }
}

/// What a polynomial cannot express. Operands are in normal form themselves.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Atom {
    Sym(Sym),
    FloorDiv(Dim, Dim),
    Mod(Dim, Dim),
    Min(Dim, Dim),
    Max(Dim, Dim),
}

/// A size: a constant, or a polynomial over [`Atom`]s.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dim(Repr);

/// Invariant: `Poly` holds no constant polynomial.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    Const(i64),
    Poly(Arc<Poly<Atom>>),
}

/// The values a symbol may take, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Range {
    pub min: i64,
    pub max: Option<i64>,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..", self.min)?;
        self.max.map_or(Ok(()), |m| write!(f, "{m}"))
    }
}

/// The known ranges of symbols.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    pub ranges: BTreeMap<Sym, Range>,
}

/// A relation between sizes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rel {
    Eq,
    Ne,
    Lt,
    Le,
}

impl Rel {
    pub fn name(self) -> &'static str {
        match self {
            Rel::Eq => "==",
            Rel::Ne => "!=",
            Rel::Lt => "<",
            Rel::Le => "<=",
        }
    }

    pub fn holds(self, a: i64, b: i64) -> bool {
        match self {
            Rel::Eq => a == b,
            Rel::Ne => a != b,
            Rel::Lt => a < b,
            Rel::Le => a <= b,
        }
    }
}

impl From<i64> for Dim {
    fn from(c: i64) -> Dim {
        Dim(Repr::Const(c))
    }
}

impl From<usize> for Dim {
    fn from(c: usize) -> Dim {
        Dim(Repr::Const(c as i64))
    }
}

impl From<Sym> for Dim {
    fn from(s: Sym) -> Dim {
        Dim::atom(Atom::Sym(s))
    }
}

impl From<Poly<Atom>> for Dim {
    fn from(p: Poly<Atom>) -> Dim {
        Dim(p.as_constant().map_or_else(|| Repr::Poly(Arc::new(p)), Repr::Const))
    }
}

impl Dim {
    pub fn sym(name: &str) -> Dim {
        Sym::new(name).into()
    }

    fn atom(a: Atom) -> Dim {
        Dim(Repr::Poly(Arc::new(Poly::atom(a))))
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<i64> {
        match self.0 {
            Repr::Const(c) => Some(c),
            Repr::Poly(_) => None,
        }
    }

    pub fn is(&self, c: i64) -> bool {
        self.known() == Some(c)
    }

    pub fn poly(&self) -> Poly<Atom> {
        match &self.0 {
            Repr::Const(c) => Poly::constant(*c),
            Repr::Poly(p) => (**p).clone(),
        }
    }

    /// `⌊self / d⌋`. Exact multiples divide; the rest stays an atom. A zero divisor is the caller's error to report: it gives 0.
    pub fn floor_div(&self, d: &Dim, facts: &Facts) -> Dim {
        match (self.known(), d.known()) {
            (_, Some(0)) => return 0i64.into(),
            (_, Some(1)) => return self.clone(),
            (Some(a), Some(b)) => return floor_div(a, b).unwrap_or(0).into(),
            _ => {}
        }
        let Some((q, r)) = self.poly().split_by(&d.poly()) else {
            return if self == d { 1i64.into() } else { Dim::atom(Atom::FloorDiv(self.clone(), d.clone())) };
        };
        let (q, r) = (Dim::from(q), Dim::from(r));
        if r.is(0) || (facts.decide(&0i64.into(), Rel::Le, &r) == Some(true) && facts.decide(&r, Rel::Lt, d) == Some(true)) {
            return q;
        }
        q + Dim::atom(Atom::FloorDiv(r, d.clone()))
    }

    /// `self mod d`, with the sign of `d`.
    pub fn modulo(&self, d: &Dim, facts: &Facts) -> Dim {
        if d.is(0) {
            return 0i64.into();
        }
        let quotient = self.floor_div(d, facts);
        if let Some((_, r)) = self.poly().split_by(&d.poly()) {
            let r = Dim::from(r);
            let rq = r.floor_div(d, facts);
            return if rq.known().is_some() { r - rq * d.clone() } else { Dim::atom(Atom::Mod(r, d.clone())) };
        }
        if quotient.known().is_some() {
            self.clone() - quotient * d.clone()
        } else {
            Dim::atom(Atom::Mod(self.clone(), d.clone()))
        }
    }

    pub fn min_of(&self, other: &Dim, facts: &Facts) -> Dim {
        match (facts.decide(self, Rel::Le, other), facts.decide(other, Rel::Le, self)) {
            (Some(true), _) => self.clone(),
            (_, Some(true)) => other.clone(),
            _ => {
                let (a, b) = if self <= other { (self, other) } else { (other, self) };
                Dim::atom(Atom::Min(a.clone(), b.clone()))
            }
        }
    }

    pub fn max_of(&self, other: &Dim, facts: &Facts) -> Dim {
        match (facts.decide(self, Rel::Le, other), facts.decide(other, Rel::Le, self)) {
            (Some(true), _) => other.clone(),
            (_, Some(true)) => self.clone(),
            _ => {
                let (a, b) = if self <= other { (self, other) } else { (other, self) };
                Dim::atom(Atom::Max(a.clone(), b.clone()))
            }
        }
    }

    /// The value when symbols are bound; `None` if one is missing, a division by zero occurs, or i64 cannot hold it.
    pub fn eval(&self, bind: &dyn Fn(&Sym) -> Option<i64>) -> Option<i64> {
        let Repr::Poly(p) = &self.0 else { return self.known() };
        let mut sum = 0i64;
        for (m, c) in p.terms() {
            let mut product = c;
            for a in m {
                product = product.checked_mul(a.eval(bind)?)?;
            }
            sum = sum.checked_add(product)?;
        }
        Some(sum)
    }

    /// Replaces symbols, keeping the normal form.
    pub fn substitute(&self, facts: &Facts, f: &dyn Fn(&Sym) -> Option<Dim>) -> Dim {
        let Repr::Poly(p) = &self.0 else { return self.clone() };
        let sub = |d: &Dim| d.substitute(facts, f);
        Dim::from(p.substitute(|a| {
            match a {
                Atom::Sym(s) => f(s).unwrap_or_else(|| s.clone().into()),
                Atom::FloorDiv(a, b) => sub(a).floor_div(&sub(b), facts),
                Atom::Mod(a, b) => sub(a).modulo(&sub(b), facts),
                Atom::Min(a, b) => sub(a).min_of(&sub(b), facts),
                Atom::Max(a, b) => sub(a).max_of(&sub(b), facts),
            }
            .poly()
        }))
    }

    /// All symbols, in order, each once.
    pub fn symbols(&self, out: &mut std::collections::BTreeSet<Sym>) {
        let Repr::Poly(p) = &self.0 else { return };
        for a in p.atoms() {
            match a {
                Atom::Sym(s) => {
                    out.insert(s.clone());
                }
                Atom::FloorDiv(a, b) | Atom::Mod(a, b) | Atom::Min(a, b) | Atom::Max(a, b) => {
                    a.symbols(out);
                    b.symbols(out);
                }
            }
        }
    }
}

impl Atom {
    fn eval(&self, bind: &dyn Fn(&Sym) -> Option<i64>) -> Option<i64> {
        Some(match self {
            Atom::Sym(s) => bind(s)?,
            Atom::FloorDiv(a, b) => floor_div(a.eval(bind)?, b.eval(bind)?)?,
            Atom::Mod(a, b) => {
                let (a, b) = (a.eval(bind)?, b.eval(bind)?);
                a.wrapping_sub(floor_div(a, b)?.wrapping_mul(b))
            }
            Atom::Min(a, b) => a.eval(bind)?.min(b.eval(bind)?),
            Atom::Max(a, b) => a.eval(bind)?.max(b.eval(bind)?),
        })
    }
}

/// Python's `//`; `None` for a zero divisor.
pub fn floor_div(a: i64, b: i64) -> Option<i64> {
    let q = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q })
}

impl Facts {
    pub fn range(&self, s: &Sym) -> Range {
        self.ranges.get(s).copied().unwrap_or_default()
    }

    /// Lower and upper bound of a size, where they are known.
    pub fn bounds(&self, d: &Dim) -> (Option<i64>, Option<i64>) {
        let Repr::Poly(p) = &d.0 else { return (d.known(), d.known()) };
        let (mut lo, mut hi) = (Some(0i64), Some(0i64));
        for (m, c) in p.terms() {
            let (l, h) = self.monomial_bounds(m);
            let scale = |x: Option<i64>| x.and_then(|x| x.checked_mul(c));
            let (l, h) = if c >= 0 { (scale(l), scale(h)) } else { (scale(h), scale(l)) };
            lo = lo.zip(l).and_then(|(a, b)| a.checked_add(b));
            hi = hi.zip(h).and_then(|(a, b)| a.checked_add(b));
        }
        (lo, hi)
    }

    /// Bounds of a product of atoms; products of atoms that may be negative are not bounded.
    fn monomial_bounds(&self, m: &[Atom]) -> (Option<i64>, Option<i64>) {
        let mut out = (Some(1i64), Some(1i64));
        for a in m {
            let (l, h) = self.atom_bounds(a);
            if m.len() > 1 && l.is_none_or(|l| l < 0) {
                return (None, None);
            }
            out = (out.0.zip(l).and_then(|(x, y)| x.checked_mul(y)), out.1.zip(h).and_then(|(x, y)| x.checked_mul(y)));
        }
        out
    }

    fn atom_bounds(&self, a: &Atom) -> (Option<i64>, Option<i64>) {
        let pick = |x: Option<i64>, y: Option<i64>, f: fn(i64, i64) -> i64| x.zip(y).map(|(x, y)| f(x, y));
        match a {
            Atom::Sym(s) => {
                let r = self.range(s);
                (Some(r.min), r.max)
            }
            Atom::FloorDiv(a, b) => match (self.bounds(a), b.known()) {
                ((l, h), Some(b)) if b > 0 => (l.and_then(|l| floor_div(l, b)), h.and_then(|h| floor_div(h, b))),
                ((Some(l), h), _) if l >= 0 && self.bounds(b).0.is_some_and(|b| b > 0) => (Some(0), h),
                _ => (None, None),
            },
            Atom::Mod(_, b) => match self.bounds(b) {
                (Some(l), h) if l > 0 => (Some(0), h.map(|h| h - 1)),
                _ => (None, None),
            },
            Atom::Min(a, b) => {
                let ((al, ah), (bl, bh)) = (self.bounds(a), self.bounds(b));
                (pick(al, bl, i64::min), pick(ah, bh, i64::min).or(ah).or(bh))
            }
            Atom::Max(a, b) => {
                let ((al, ah), (bl, bh)) = (self.bounds(a), self.bounds(b));
                (pick(al, bl, i64::max).or(al).or(bl), pick(ah, bh, i64::max))
            }
        }
    }

    /// Whether the relation holds for all, or for no, values of the symbols.
    pub fn decide(&self, a: &Dim, rel: Rel, b: &Dim) -> Option<bool> {
        let (lo, hi) = self.bounds(&(a.clone() - b.clone()));
        match rel {
            Rel::Eq if lo == Some(0) && hi == Some(0) => Some(true),
            Rel::Eq if lo.is_some_and(|l| l > 0) || hi.is_some_and(|h| h < 0) => Some(false),
            Rel::Eq => None,
            Rel::Ne => self.decide(a, Rel::Eq, b).map(|x| !x),
            Rel::Lt if hi.is_some_and(|h| h < 0) => Some(true),
            Rel::Lt if lo.is_some_and(|l| l >= 0) => Some(false),
            Rel::Le if hi.is_some_and(|h| h <= 0) => Some(true),
            Rel::Le if lo.is_some_and(|l| l > 0) => Some(false),
            Rel::Lt | Rel::Le => None,
        }
    }

    /// Narrows the ranges by a relation that is known to hold (an assertion that became a guard).
    pub fn assume(&mut self, a: &Dim, rel: Rel, b: &Dim) {
        let strict = (rel == Rel::Lt) as i64;
        let sym = |d: &Dim| match d.poly().as_atom() {
            Some(Atom::Sym(s)) => Some(s.clone()),
            _ => None,
        };
        if matches!(rel, Rel::Lt | Rel::Le | Rel::Eq) {
            if let (Some(s), Some(c)) = (sym(a), self.bounds(b).1) {
                let r = self.ranges.entry(s).or_default();
                r.max = Some(r.max.map_or(c - strict, |m| m.min(c - strict)));
            }
            if let (Some(s), Some(c)) = (sym(b), self.bounds(a).0) {
                let r = self.ranges.entry(s).or_default();
                r.min = r.min.max(c + strict);
            }
        }
        if rel == Rel::Eq && (sym(a).is_some() != sym(b).is_some() || a.known().is_some()) {
            let (s, c) = if let Some(s) = sym(a) { (Some(s), b.known()) } else { (sym(b), a.known()) };
            if let (Some(s), Some(c)) = (s, c) {
                self.ranges.insert(s, Range { min: c, max: Some(c) });
            }
        }
    }
}

impl std::ops::Add for Dim {
    type Output = Dim;
    fn add(self, o: Dim) -> Dim {
        match (&self.0, &o.0) {
            (Repr::Const(a), Repr::Const(b)) => a.wrapping_add(*b).into(),
            _ => self.poly().add(&o.poly()).into(),
        }
    }
}

impl std::ops::Sub for Dim {
    type Output = Dim;
    fn sub(self, o: Dim) -> Dim {
        match (&self.0, &o.0) {
            (Repr::Const(a), Repr::Const(b)) => a.wrapping_sub(*b).into(),
            _ => self.poly().sub(&o.poly()).into(),
        }
    }
}

impl std::ops::Mul for Dim {
    type Output = Dim;
    fn mul(self, o: Dim) -> Dim {
        match (&self.0, &o.0) {
            (Repr::Const(a), Repr::Const(b)) => a.wrapping_mul(*b).into(),
            _ => self.poly().mul(&o.poly()).into(),
        }
    }
}

impl std::iter::Product for Dim {
    fn product<I: Iterator<Item = Dim>>(iter: I) -> Dim {
        iter.fold(1i64.into(), |a, b| a * b)
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Sym(s) => write!(f, "{s}"),
            Atom::FloorDiv(a, b) => write!(f, "floordiv({a}, {b})"),
            Atom::Mod(a, b) => write!(f, "mod({a}, {b})"),
            Atom::Min(a, b) => write!(f, "min({a}, {b})"),
            Atom::Max(a, b) => write!(f, "max({a}, {b})"),
        }
    }
}

/// Terms with atoms first, the constant last: `2*B*T - 1`.
impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Const(c) => write!(f, "{c}"),
            Repr::Poly(p) => write_poly(f, p, |f, a| write!(f, "{a}")),
        }
    }
}

/// Prints a polynomial with its constant term last; shared with index expressions.
pub(crate) fn write_poly<A: Ord + Clone>(
    f: &mut fmt::Formatter<'_>,
    p: &Poly<A>,
    mut atom: impl FnMut(&mut fmt::Formatter<'_>, &A) -> fmt::Result,
) -> fmt::Result {
    let (constant, rest): (Vec<_>, Vec<_>) = p.terms().partition(|(m, _)| m.is_empty());
    for (i, (m, c)) in rest.into_iter().chain(constant).enumerate() {
        let magnitude = c.unsigned_abs();
        match (i, c < 0) {
            (0, true) => f.write_str("-")?,
            (0, false) => {}
            (_, true) => f.write_str(" - ")?,
            (_, false) => f.write_str(" + ")?,
        }
        if m.is_empty() || magnitude != 1 {
            write!(f, "{magnitude}")?;
        }
        for (j, a) in m.iter().enumerate() {
            if j > 0 || magnitude != 1 {
                f.write_str("*")?;
            }
            atom(f, a)?;
        }
    }
    if p.terms().next().is_none() { f.write_str("0") } else { Ok(()) }
}

impl fmt::Debug for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(rows: &[(&str, i64, Option<i64>)]) -> Facts {
        Facts { ranges: rows.iter().map(|&(n, min, max)| (Sym::new(n), Range { min, max })).collect() }
    }

    #[test]
    fn equal_sizes_have_equal_normal_forms() {
        let (b, t) = (Dim::sym("B"), Dim::sym("T"));
        assert_eq!((b.clone() + t.clone()) * b.clone(), b.clone() * b.clone() + t.clone() * b.clone());
        assert_eq!((b.clone() * 2i64.into() - 1i64.into()).to_string(), "2*B - 1");
        assert_eq!((b.clone() - b).known(), Some(0));
    }

    #[test]
    fn floor_division_cancels_what_it_can() {
        let f = facts(&[("B", 1, None), ("T", 1, Some(128))]);
        let (b, t) = (Dim::sym("B"), Dim::sym("T"));
        let bt = b.clone() * t.clone() * 4i64.into();
        assert_eq!(bt.floor_div(&t, &f), b.clone() * 4i64.into());
        assert_eq!(bt.modulo(&t, &f).known(), Some(0));
        assert_eq!((b.clone() * 4i64.into() + 7i64.into()).floor_div(&4i64.into(), &f).to_string(), "B + 1");
        assert_eq!((b + 1i64.into()).floor_div(&2i64.into(), &f).to_string(), "floordiv(B + 1, 2)");
        assert_eq!(Dim::from(-7i64).floor_div(&2i64.into(), &f).known(), Some(-4));
        assert_eq!(Dim::from(-7i64).modulo(&2i64.into(), &f).known(), Some(1));
    }

    #[test]
    fn ranges_decide_and_assumptions_narrow() {
        let mut f = facts(&[("T", 1, None)]);
        let t = Dim::sym("T");
        assert_eq!(f.decide(&t, Rel::Le, &128i64.into()), None);
        f.assume(&t, Rel::Le, &128i64.into());
        assert_eq!(f.decide(&t, Rel::Le, &128i64.into()), Some(true));
        assert_eq!(t.min_of(&128i64.into(), &f), t);
        assert_eq!(f.decide(&t, Rel::Eq, &0i64.into()), Some(false));
    }
}
