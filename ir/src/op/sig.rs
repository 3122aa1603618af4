//! The signature of a call: what `infer` sees, and how it asks and complains.

use super::attr::Attr;
use super::def::{OpDef, Role};
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::{Dim, Facts, Rel};
use crate::dtype::DType;
use crate::types::Type;
use std::cell::RefCell;

/// Operand types and attributes of one call.
pub struct Sig<'a> {
    pub op: &'static OpDef,
    pub operands: &'a [Type],
    pub attrs: &'a [Attr],
    pub facts: &'a Facts,
    /// Result types of the nested blocks, for structural ops.
    pub blocks: &'a [Vec<Type>],
    /// Relations of sizes that must hold and could not be decided; the graph checks them when it is called.
    guards: RefCell<Vec<(Dim, Rel, Dim)>>,
}

impl<'a> Sig<'a> {
    pub fn new(
        op: &'static OpDef,
        operands: &'a [Type],
        attrs: &'a [Attr],
        facts: &'a Facts,
        blocks: &'a [Vec<Type>],
    ) -> Sig<'a> {
        Sig { op, operands, attrs, facts, blocks, guards: RefCell::default() }
    }

    /// Checks the schema (operand count and dtypes, attribute kinds), then asks the op.
    pub fn infer(&self) -> Result<Vec<Type>> {
        self.check_operands()?;
        self.check_attrs()?;
        let types = (self.op.infer)(self)?;
        types.iter().try_for_each(Type::check)?;
        Ok(types)
    }

    /// The relations that `infer` had to assume.
    pub fn guards(&self) -> Vec<(Dim, Rel, Dim)> {
        self.guards.take()
    }

    fn check_operands(&self) -> Result<()> {
        let (least, most) = self.op.arity();
        let n = self.operands.len();
        if n < least || most.is_some_and(|m| n > m) {
            let range = match most {
                Some(m) if m == least => format!("{m}"),
                Some(m) => format!("{least} to {m}"),
                None => format!("at least {least}"),
            };
            return Err(self.error(codes::ARITY, format!("takes {range} operands, got {n}")));
        }
        let mut shared: Option<(DType, &str)> = None;
        for (k, ty) in self.operands.iter().enumerate() {
            let Some(o) = self.op.operand(k) else { continue };
            if !o.class.accepts(ty.dtype) {
                return Err(
                    self.error(codes::DTYPE_MISMATCH, format!("operand `{}` must be {}, got {ty}", o.name, o.class.words()))
                );
            }
            if o.class.shares() {
                let (dtype, first) = *shared.get_or_insert((ty.dtype, o.name));
                if dtype != ty.dtype {
                    let text = format!("operands `{first}` and `{}` must have one dtype, got {dtype} and {}", o.name, ty.dtype);
                    return Err(self.error(codes::DTYPE_MISMATCH, text));
                }
            }
        }
        Ok(())
    }

    fn check_attrs(&self) -> Result<()> {
        if self.attrs.len() != self.op.attrs.len() {
            return Err(
                self.error(codes::BAD_ATTRIBUTE, format!("has {} attributes, got {}", self.op.attrs.len(), self.attrs.len()))
            );
        }
        for (a, def) in self.attrs.iter().zip(self.op.attrs) {
            if a.kind() != def.kind {
                let text = format!("attribute `{}` is of kind {}, got {a}", def.name, def.kind.name());
                return Err(self.error(codes::BAD_ATTRIBUTE, text));
            }
        }
        Ok(())
    }

    /// A diagnostic whose message starts with the op's name.
    pub fn error(&self, code: crate::codes::Code, text: impl AsRef<str>) -> Diagnostic {
        Diagnostic::error(code, format!("`{}` {}", self.op.name, text.as_ref()))
    }

    pub fn ty(&self, k: usize) -> &Type {
        &self.operands[k]
    }

    pub fn rank(&self, k: usize) -> usize {
        self.operands[k].rank()
    }

    pub fn dim(&self, k: usize, d: usize) -> &Dim {
        &self.operands[k].shape[d]
    }

    pub fn has(&self, k: usize) -> bool {
        k < self.operands.len()
    }

    fn attr(&self, name: &str) -> &Attr {
        let k = self.op.attr_index(name);
        &self.attrs[k.expect("an op asks only for attributes of its own schema")]
    }

    pub fn int(&self, name: &str) -> i64 {
        match self.attr(name) {
            Attr::Int(v) => *v,
            a => unreachable!("schema checked: `{name}` is an int, got {a}"),
        }
    }

    pub fn bool(&self, name: &str) -> bool {
        match self.attr(name) {
            Attr::Bool(v) => *v,
            a => unreachable!("schema checked: `{name}` is a bool, got {a}"),
        }
    }

    pub fn ints(&self, name: &str) -> &[i64] {
        match self.attr(name) {
            Attr::Ints(v) => v,
            a => unreachable!("schema checked: `{name}` is ints, got {a}"),
        }
    }

    pub fn scalar(&self, name: &str) -> crate::scalar::Scalar {
        match self.attr(name) {
            Attr::Scalar(v) => *v,
            a => unreachable!("schema checked: `{name}` is a scalar, got {a}"),
        }
    }

    /// A scalar attribute as f64.
    pub fn float(&self, name: &str) -> f64 {
        self.scalar(name).as_f64()
    }

    pub fn size(&self, name: &str) -> &Dim {
        match self.attr(name) {
            Attr::Dim(v) => v,
            a => unreachable!("schema checked: `{name}` is a size, got {a}"),
        }
    }

    pub fn sizes(&self, name: &str) -> &[Dim] {
        match self.attr(name) {
            Attr::Dims(v) => v,
            a => unreachable!("schema checked: `{name}` is sizes, got {a}"),
        }
    }

    pub fn dtype(&self, name: &str) -> DType {
        match self.attr(name) {
            Attr::DType(v) => *v,
            a => unreachable!("schema checked: `{name}` is a dtype, got {a}"),
        }
    }

    pub fn str(&self, name: &str) -> &str {
        match self.attr(name) {
            Attr::Str(v) => v,
            a => unreachable!("schema checked: `{name}` is a string, got {a}"),
        }
    }

    /// Requires a rank in the given range; `usize::MAX` is no upper limit.
    pub fn require_rank(&self, k: usize, least: usize, most: usize) -> Result<()> {
        let r = self.rank(k);
        if (least..=most).contains(&r) {
            return Ok(());
        }
        let want = match most {
            usize::MAX => format!("at least {least}"),
            _ if least == most => format!("{least}"),
            _ => format!("{least} to {most}"),
        };
        Err(self
            .error(codes::RANK_MISMATCH, format!("operand `{}` must have {want} dimensions, got {}", self.name(k), self.ty(k))))
    }

    /// The size that the elements of operand `k` are places in, if they are indices.
    pub fn places_of(&self, k: usize) -> Option<Dim> {
        match self.op.operand(k)?.role {
            Role::Places(size) => Some(size(self)),
            Role::Computed | Role::Moved => None,
        }
    }

    /// The operands that hold indices, with the sizes that these are places in.
    pub fn places(&self) -> Vec<(usize, Dim)> {
        (0..self.operands.len()).filter_map(|k| Some((k, self.places_of(k)?))).collect()
    }

    /// The schema name of operand `k`.
    fn name(&self, k: usize) -> &'static str {
        self.op.operand(k).map_or("?", |o| o.name)
    }

    /// The operand types in words: "f32[B, 784] and f32[512, 10]".
    pub fn words(&self) -> String {
        self.operands.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" and ")
    }

    /// Requires that two sizes are equal. `what` completes "`op` …".
    pub fn require_equal(&self, a: &Dim, b: &Dim, what: impl FnOnce() -> String) -> Result<()> {
        self.require(a, Rel::Eq, b, codes::SHAPE_MISMATCH, what)
    }

    /// Requires `a <= b`. `what` completes "`op` …".
    pub fn require_le(&self, a: &Dim, b: &Dim, what: impl FnOnce() -> String) -> Result<()> {
        self.require(a, Rel::Le, b, codes::BAD_ATTRIBUTE, what)
    }

    /// A relation of sizes: decided now, or guarded when the graph is called.
    fn require(&self, a: &Dim, rel: Rel, b: &Dim, code: codes::Code, what: impl FnOnce() -> String) -> Result<()> {
        let holds = match (a.known(), b.known()) {
            (Some(a), Some(b)) => Some(rel.holds(a, b)),
            _ if a == b => Some(true),
            _ => self.facts.decide(a, rel, b),
        };
        match holds {
            Some(true) => Ok(()),
            Some(false) => Err(self.error(code, what())),
            None => {
                self.guards.borrow_mut().push((a.clone(), rel, b.clone()));
                Ok(())
            }
        }
    }

    /// Requires `n` integers, none below `least` nor beyond 2^31, so that sizes computed from them do not overflow.
    pub fn require_ints(&self, name: &str, n: usize, least: i64) -> Result<()> {
        let ints = self.ints(name);
        if ints.len() != n {
            return Err(self.error(codes::BAD_ATTRIBUTE, format!("needs {n} numbers in `{name}`, got {ints:?}")));
        }
        match ints.iter().find(|&&i| i < least || i > 1 << 31) {
            Some(bad) => {
                Err(self.error(codes::BAD_ATTRIBUTE, format!("has `{name}` = {ints:?}: {bad} is outside {least}..=2^31")))
            }
            None => Ok(()),
        }
    }

    /// An attribute that names a dimension of operand `k`, counted from the end if negative.
    pub fn axis(&self, name: &str, k: usize) -> Result<usize> {
        self.require_rank(k, 1, usize::MAX)?;
        self.normal_axis(self.int(name), self.rank(k), name)
    }

    /// An attribute that lists dimensions of operand `k`, in rising order; an empty list means all.
    pub fn axes(&self, name: &str, k: usize) -> Result<Vec<usize>> {
        let (given, rank) = (self.ints(name), self.rank(k));
        let mut dims = given.iter().map(|&d| self.normal_axis(d, rank, name)).collect::<Result<Vec<_>>>()?;
        dims.sort();
        if dims.windows(2).any(|w| w[0] == w[1]) {
            return Err(self.error(codes::BAD_ATTRIBUTE, format!("names a dimension twice in `{name}` = {given:?}")));
        }
        Ok(if given.is_empty() || rank == 0 { (0..rank).collect() } else { dims })
    }

    /// A dimension in `-rank..rank` as one in `0..rank`.
    pub fn normal_axis(&self, d: i64, rank: usize, name: &str) -> Result<usize> {
        let r = rank.max(1) as i64;
        if d < -r || d >= r {
            return Err(self.error(codes::BAD_ATTRIBUTE, format!("has no dimension {d}: `{name}` lies in -{r}..={}", r - 1)));
        }
        Ok(d.rem_euclid(r) as usize)
    }

    /// The common shape of operands by PyTorch's broadcasting: aligned right, size 1 stretches.
    pub fn broadcast(&self, operands: impl IntoIterator<Item = usize>) -> Result<Vec<Dim>> {
        self.broadcast_shapes(operands.into_iter().map(|k| &self.ty(k).shape[..]))
    }

    /// The common shape of several shapes, as [`Sig::broadcast`].
    pub fn broadcast_shapes<'s>(&self, shapes: impl IntoIterator<Item = &'s [Dim]>) -> Result<Vec<Dim>> {
        let mut out: Vec<Dim> = vec![];
        for shape in shapes {
            if shape.len() > out.len() {
                out.splice(0..0, std::iter::repeat_n(Dim::from(1i64), shape.len() - out.len()));
            }
            let skip = out.len() - shape.len();
            for (a, b) in out[skip..].iter_mut().zip(shape) {
                *a = self.common_size(a, b)?;
            }
        }
        Ok(out)
    }

    /// The size that two dimensions share; a known one is preferred.
    fn common_size(&self, a: &Dim, b: &Dim) -> Result<Dim> {
        if a.is(1) || b.is(1) {
            return Ok(if a.is(1) { b.clone() } else { a.clone() });
        }
        self.require_equal(a, b, || format!("cannot broadcast {}: sizes {a} and {b} differ", self.words()))?;
        Ok(if a.known().is_none() && b.known().is_some() { b.clone() } else { a.clone() })
    }
}
