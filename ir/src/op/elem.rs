//! The context of an element rule: where in the result we are, and how to read an operand.

use super::sig::Sig;
use crate::dim::Dim;
use crate::dtype::DType;
use crate::kernel::{Ex, ExprId, Exprs, Reducer, ScalarOp};
use crate::types::Type;

/// Reads operand `k` at an index: a load at the border of a region, the producer's element rule inside one.
pub type Read<'a> = dyn Fn(usize, &[Ex<'a>]) -> Ex<'a> + 'a;

/// Runs an element rule; a function of its own so that the borrows of the call share one lifetime.
pub fn apply_rule<'e>(
    rule: for<'b> fn(&Elem<'b>) -> Ex<'b>,
    pool: &'e Exprs,
    sig: &'e Sig<'e>,
    result: &'e Type,
    ix: Vec<Ex<'e>>,
    read: &'e Read<'e>,
) -> ExprId {
    rule(&Elem { pool, sig, result, ix, read }).id()
}

/// One element of one result of a call. Values are in the compute dtype: halves are widened on reading, and the result is narrowed
/// to its type by whoever asked.
pub struct Elem<'a> {
    pub pool: &'a Exprs,
    pub sig: &'a Sig<'a>,
    pub result: &'a Type,
    /// The index of the element, one expression per dimension of the result (of the last operand, for updates).
    pub ix: Vec<Ex<'a>>,
    pub read: &'a Read<'a>,
}

/// A value combined into a place of the result.
pub struct Update<'a> {
    pub at: Vec<Ex<'a>>,
    pub value: Ex<'a>,
    /// How it is combined with what is there; `None` overwrites.
    pub combine: Option<ScalarOp>,
}

impl<'a> Elem<'a> {
    /// Operand `k` at an index, in its compute dtype.
    pub fn at(&self, k: usize, ix: &[Ex<'a>]) -> Ex<'a> {
        let x = (self.read)(k, ix);
        x.cast(x.dtype().compute())
    }

    /// Operand `k` at the element's index, broadcast.
    pub fn x(&self, k: usize) -> Ex<'a> {
        let ix = self.aligned(&self.sig.ty(k).shape, &self.ix);
        self.at(k, &ix)
    }

    /// The index into a shape that broadcasts to the space of `ix`: aligned right, 0 where its size is 1.
    pub fn aligned(&self, shape: &[Dim], ix: &[Ex<'a>]) -> Vec<Ex<'a>> {
        let skip = ix.len() - shape.len();
        shape.iter().zip(&ix[skip..]).map(|(d, &i)| if d.is(1) { self.int(0) } else { i }).collect()
    }

    /// An operand of indices at an index, held in the places that its schema row says, so that nothing is read or written out of bounds.
    pub fn index(&self, k: usize, ix: &[Ex<'a>]) -> Ex<'a> {
        let size = self.sig.places_of(k).expect("an op takes indices from the operands that it declares as such");
        let last = self.dim(&size) - self.int(1);
        self.at(k, ix).cast(DType::I64).max(self.int(0)).min(last)
    }

    /// The element's index with one dimension replaced.
    pub fn with(&self, axis: usize, i: Ex<'a>) -> Vec<Ex<'a>> {
        let mut ix = self.ix.clone();
        ix[axis] = i;
        ix
    }

    pub fn int(&self, v: i64) -> Ex<'a> {
        self.pool.int(v)
    }

    /// A size as an index.
    pub fn dim(&self, d: &Dim) -> Ex<'a> {
        self.pool.dim(d)
    }

    /// The dtype in which the result is computed.
    pub fn compute(&self) -> DType {
        self.result.dtype.compute()
    }

    /// A constant in the result's compute dtype.
    pub fn lit(&self, v: f64) -> Ex<'a> {
        self.pool.constant(crate::scalar::Scalar::float(self.compute(), v))
    }

    /// The nearest value of the result's dtype, as a constant in its compute dtype.
    pub fn bound(&self, v: f64) -> Ex<'a> {
        use crate::scalar::Scalar;
        let dtype = self.result.dtype;
        self.lit(v.max(Scalar::lowest(dtype).as_f64()).min(Scalar::highest(dtype).as_f64()))
    }

    /// The dimension that an attribute names, of operand `k`.
    pub fn axis(&self, name: &str, k: usize) -> usize {
        self.sig.axis(name, k).expect("infer checked the dimension")
    }

    /// The dimensions that an attribute lists, of operand `k`.
    pub fn axes(&self, name: &str, k: usize) -> Vec<usize> {
        self.sig.axes(name, k).expect("infer checked the dimensions")
    }

    /// The first component of a reduction over fresh axes of the given extents; `body` gets their indices.
    pub fn reduce(&self, r: &'static Reducer, extents: &[Dim], body: impl FnOnce(&[Ex<'a>]) -> Ex<'a>) -> Ex<'a> {
        self.reduce_all(r, extents, |k| vec![body(k)])[0]
    }

    /// All components of a reduction; over no axes, it is one step.
    pub fn reduce_all(&self, r: &'static Reducer, extents: &[Dim], body: impl FnOnce(&[Ex<'a>]) -> Vec<Ex<'a>>) -> Vec<Ex<'a>> {
        if extents.is_empty() {
            let body = body(&[]);
            let init: Vec<_> = (r.init)(body[0].dtype()).into_iter().map(|s| self.pool.constant(s)).collect();
            return (r.step)(&init, &body);
        }
        let axes: Vec<_> = extents.iter().map(|d| self.pool.axis(d.clone())).collect();
        let ix: Vec<_> = axes.iter().map(|&a| self.pool.axis_ex(a)).collect();
        self.pool.reduce(r, &axes, &body(&ix))
    }

    /// `operand[k][ix]` where the condition holds, `other` elsewhere; the operand is not read there.
    pub fn at_or(&self, inside: Ex<'a>, k: usize, ix: &[Ex<'a>], other: Ex<'a>) -> Ex<'a> {
        inside.select(self.at(k, ix), other)
    }

    /// Whether `0 <= i < n`.
    pub fn inside(&self, i: Ex<'a>, n: &Dim) -> Ex<'a> {
        self.int(0).le(i).and(i.lt(self.dim(n)))
    }
}
