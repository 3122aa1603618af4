//! What composites share: changes of dtype and numbers from sizes, which cost a node only where they change something.

use super::attr::Attr;
use super::{arithmetic, creation, logic, movement};
use crate::builder::Builder;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType;
use crate::graph::Value;
use crate::scalar::Scalar;

impl Builder {
    /// The value in another dtype; the value itself if it has that dtype.
    pub(super) fn cast(&mut self, v: Value, dtype: DType) -> Result<Value> {
        if self.ty(v).dtype == dtype { Ok(v) } else { self.op(&logic::CAST, &[v], &[("dtype", dtype.into())]) }
    }

    /// The value in the dtype in which it is computed: composites round to a half once, at their end.
    pub(super) fn widened(&mut self, v: Value) -> Result<Value> {
        self.cast(v, self.ty(v).dtype.compute())
    }

    /// A 0-d constant of the dtype of `v`.
    pub(super) fn constant_like(&mut self, v: Value, c: f64) -> Value {
        self.constant(Scalar::float(self.ty(v).dtype, c))
    }

    /// A size as a 0-d number.
    pub(super) fn number(&mut self, d: &Dim, dtype: DType) -> Result<Value> {
        if let Some(c) = d.known() {
            return Ok(self.constant(Scalar::int(dtype, c)));
        }
        let size = self.op(&creation::SIZE, &[], &[("size", d.clone().into())])?;
        self.cast(size, dtype)
    }

    /// `v` times and plus optional operands, in the dtype of `v`.
    pub(super) fn affine(&mut self, v: Value, scale: Option<Value>, shift: Option<Value>) -> Result<Value> {
        let mut out = v;
        for (op, by) in [(&arithmetic::MUL, scale), (&arithmetic::ADD, shift)] {
            if let Some(by) = by {
                let by = self.cast(by, self.ty(v).dtype)?;
                out = self.op(op, &[out, by], &[])?;
            }
        }
        Ok(out)
    }

    /// The value in another shape of as many elements.
    pub(super) fn reshaped(&mut self, v: Value, shape: Vec<Dim>) -> Result<Value> {
        self.op(&movement::RESHAPE, &[v], &[("shape", Attr::Dims(shape))])
    }
}
