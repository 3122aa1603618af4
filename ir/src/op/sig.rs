//! The signature of a call: what `infer` sees, and how it asks and complains.

use super::attr::Attr;
use super::def::OpDef;
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

    /// Requires a rank in the given range.
    pub fn require_rank(&self, k: usize, least: usize, most: usize) -> Result<()> {
        let r = self.rank(k);
        if (least..=most).contains(&r) {
            return Ok(());
        }
        let want = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let name = self.op.operand(k).map_or("?", |o| o.name);
        Err(self.error(codes::RANK_MISMATCH, format!("operand `{name}` must have {want} dimensions, got {}", self.ty(k))))
    }

    /// Requires that two sizes are equal: decided now, or guarded when the graph is called. `what` completes "`op` …".
    pub fn require_equal(&self, a: &Dim, b: &Dim, what: impl FnOnce() -> String) -> Result<()> {
        if a == b {
            return Ok(());
        }
        match self.facts.decide(a, Rel::Eq, b) {
            Some(true) => Ok(()),
            Some(false) => Err(self.error(codes::SHAPE_MISMATCH, what())),
            None => {
                self.guards.borrow_mut().push((a.clone(), Rel::Eq, b.clone()));
                Ok(())
            }
        }
    }

    /// An attribute that names a dimension of operand `k`, counted from the end if negative.
    pub fn axis(&self, name: &str, k: usize) -> Result<usize> {
        self.normal_axis(self.int(name), self.rank(k), name)
    }

    /// A dimension in `-rank..rank` as one in `0..rank`.
    pub fn normal_axis(&self, d: i64, rank: usize, name: &str) -> Result<usize> {
        let r = rank.max(1) as i64;
        if d < -r || d >= r {
            return Err(self.error(codes::BAD_ATTRIBUTE, format!("`{name}` = {d} is outside -{r}..{}", r - 1)));
        }
        Ok(d.rem_euclid(r) as usize)
    }

    /// The common shape of operands by PyTorch's broadcasting: aligned right, size 1 stretches.
    pub fn broadcast(&self, operands: impl IntoIterator<Item = usize>) -> Result<Vec<Dim>> {
        let mut out: Vec<Dim> = vec![];
        for k in operands {
            let shape = &self.ty(k).shape;
            if shape.len() > out.len() {
                out.splice(0..0, std::iter::repeat_n(Dim::from(1i64), shape.len() - out.len()));
            }
            let skip = out.len() - shape.len();
            for (d, b) in shape.iter().enumerate() {
                let a = out[skip + d].clone();
                if a.is(1) {
                    out[skip + d] = b.clone();
                } else if !b.is(1) {
                    self.require_equal(&a, b, || {
                        let all: Vec<_> = self.operands.iter().map(|t| t.to_string()).collect();
                        format!("cannot broadcast {}: sizes {a} and {b} differ", all.join(" with "))
                    })?;
                    if a.known().is_none() && b.known().is_some() {
                        out[skip + d] = b.clone();
                    }
                }
            }
        }
        Ok(out)
    }
}
