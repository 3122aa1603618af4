//! Sizes and types.
//!
//! Sizes are normalised without what is known about symbols: a printed size comes back as it was, however much was learned since.

use super::Errors;
use super::literal::integer;
use crate::codes;
use crate::dim::{Dim, Facts, Range, Rel, Sym};
use crate::dtype::DType;
use crate::text::syntax::{At, Binary, DimText, Expr, ExprKind, Ty};
use crate::types::Type;
use std::collections::BTreeSet;

/// The most terms of a size, and the most factors of a term: products of sums grow fast.
const MAX_TERMS: usize = 256;
const MAX_FACTORS: usize = 24;

/// The symbols that sizes may name.
pub enum Symbols {
    Declared(BTreeSet<Sym>),
    /// Where nothing declares them.
    Any,
}

impl Symbols {
    pub fn of(facts: &Facts) -> Symbols {
        Symbols::Declared(facts.ranges.keys().cloned().collect())
    }

    pub fn has(&self, name: &str) -> bool {
        match self {
            Symbols::Declared(names) => names.contains(&Sym::new(name)),
            Symbols::Any => true,
        }
    }
}

impl Errors {
    /// The declarations of symbols.
    pub fn facts(&mut self, dims: &[DimText]) -> Facts {
        let mut facts = Facts::default();
        for d in dims {
            let min = self.int(&d.min);
            let max = d.max.as_ref().and_then(|m| self.int(m));
            let range = Range { min: min.unwrap_or(0), max };
            if facts.ranges.insert(Sym::new(d.name.text), range).is_some() {
                self.say::<()>(codes::IR_DUPLICATE, d.name.at, format!("the size `{}` is declared twice", d.name.text));
            }
        }
        facts
    }

    /// A known integer.
    pub fn int(&mut self, e: &Expr) -> Option<i64> {
        let size = self.size(e, &Symbols::Any)?;
        size.known().or_else(|| self.say(codes::IR_VALUE, e.at, format!("an integer is needed here, not the size {size}")))
    }

    pub fn size(&mut self, e: &Expr, symbols: &Symbols) -> Option<Dim> {
        let facts = Facts::default();
        match &e.kind {
            ExprKind::Int(digits) => match integer(digits, false, DType::I64) {
                Some(s) => Some(s.as_i64().into()),
                None => self.say(codes::IR_VALUE, e.at, "this integer does not fit 64 bits"),
            },
            ExprKind::Neg(inner) => match &inner.kind {
                ExprKind::Int(digits) if let Some(s) = integer(digits, true, DType::I64) => Some(s.as_i64().into()),
                _ => Some(Dim::from(0i64) - self.size(inner, symbols)?),
            },
            ExprKind::Name(name) if symbols.has(name) => Some(Dim::sym(name)),
            ExprKind::Name(name) => self.say(codes::IR_UNKNOWN, e.at, format!("no `dim` declares the size `{name}`")),
            ExprKind::Binary(op, two) => {
                let (a, b) = (self.size(&two[0], symbols)?, self.size(&two[1], symbols)?);
                match op {
                    Binary::Add => Some(a + b),
                    Binary::Sub => Some(a - b),
                    Binary::Mul => self.product(e.at, a, b),
                    _ => self.not_a_size(e.at),
                }
            }
            ExprKind::Call(f, args) if let [a, b] = &args[..] => {
                let (a, b) = (self.size(a, symbols)?, self.size(b, symbols)?);
                match f.text {
                    "floordiv" | "mod" if b.is(0) => self.say(codes::IR_VALUE, e.at, "a size is divided by zero"),
                    "floordiv" => Some(a.floor_div(&b, &facts)),
                    "mod" => Some(a.modulo(&b, &facts)),
                    "min" => Some(a.min_of(&b, &facts)),
                    "max" => Some(a.max_of(&b, &facts)),
                    _ => self.not_a_size(e.at),
                }
            }
            _ => self.not_a_size(e.at),
        }
    }

    fn not_a_size<T>(&mut self, at: At) -> Option<T> {
        self.say(codes::IR_VALUE, at, "a size is needed here: integers, symbols, `+ - *`, floordiv, mod, min, max")
    }

    fn product(&mut self, at: At, a: Dim, b: Dim) -> Option<Dim> {
        let extent = |d: &Dim| {
            let p = d.poly();
            (p.terms().count(), p.terms().map(|(m, _)| m.len()).max().unwrap_or(0))
        };
        let ((ta, fa), (tb, fb)) = (extent(&a), extent(&b));
        if ta * tb > MAX_TERMS || fa + fb > MAX_FACTORS {
            return self.say(codes::IR_LIMIT, at, "this product of sizes has too many terms");
        }
        Some(a * b)
    }

    pub fn ty(&mut self, ty: &Ty, symbols: &Symbols) -> Option<Type> {
        let dtype = self.dtype(ty.dtype);
        let shape: Vec<Option<Dim>> = ty.shape.iter().map(|d| self.size(d, symbols)).collect();
        Some(Type::new(dtype?, shape.into_iter().collect::<Option<Vec<_>>>()?))
    }

    /// A relation of sizes.
    pub fn relation(&mut self, e: &Expr, symbols: &Symbols) -> Option<(Dim, Rel, Dim)> {
        let ExprKind::Binary(op, two) = &e.kind else { return self.not_a_relation(e.at) };
        let rel = match op {
            Binary::Lt => Rel::Lt,
            Binary::Le => Rel::Le,
            Binary::Eq => Rel::Eq,
            Binary::Ne => Rel::Ne,
            _ => return self.not_a_relation(e.at),
        };
        Some((self.size(&two[0], symbols)?, rel, self.size(&two[1], symbols)?))
    }

    fn not_a_relation<T>(&mut self, at: At) -> Option<T> {
        self.say(codes::IR_VALUE, at, "a relation of two sizes is needed here: `T <= 128`")
    }
}
