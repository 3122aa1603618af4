//! The tensor of the Rust API: known, or a value of the trace that is running on this thread.

use super::trace;
use cresset_ir::builder::{NamedAttrs, complete_attrs};
use cresset_ir::op::{activation, arithmetic, attr::Attr, function, logic, matmul, movement, pool, reduction, sig::Sig, softmax};
use cresset_ir::{DType, Dim, Facts, OpDef, Result, Scalar, Type, bound, eval};

/// A tensor. Operations on known tensors are computed at once; under [`trace`](super::trace()) they are recorded.
#[derive(Clone)]
pub struct Tensor(Repr);

#[derive(Clone)]
enum Repr {
    Known(cresset_ir::Tensor),
    Traced(cresset_ir::Value, Type),
}

impl From<cresset_ir::Tensor> for Tensor {
    fn from(t: cresset_ir::Tensor) -> Tensor {
        Tensor(Repr::Known(t))
    }
}

impl Tensor {
    pub(super) fn traced(value: cresset_ir::Value, ty: Type) -> Tensor {
        Tensor(Repr::Traced(value, ty))
    }

    /// The elements, unless the tensor stands for a value of a trace.
    pub fn known(&self) -> Option<&cresset_ir::Tensor> {
        match &self.0 {
            Repr::Known(t) => Some(t),
            Repr::Traced(..) => None,
        }
    }

    pub(super) fn value(&self) -> Option<cresset_ir::Value> {
        match &self.0 {
            Repr::Known(_) => None,
            Repr::Traced(v, _) => Some(*v),
        }
    }

    pub fn ty(&self) -> Type {
        match &self.0 {
            Repr::Known(t) => t.ty(),
            Repr::Traced(_, ty) => ty.clone(),
        }
    }

    pub fn dtype(&self) -> DType {
        self.ty().dtype
    }

    /// The sizes; symbolic ones under a trace with symbolic inputs.
    pub fn shape(&self) -> Vec<Dim> {
        self.ty().shape
    }

    /// The one result of an op.
    ///
    /// # Errors
    /// What the op's schema and type rule say, and `E0505` for known indices that are out of range.
    pub fn apply(op: &'static OpDef, operands: &[&Tensor], attrs: NamedAttrs) -> Result<Tensor> {
        if let Some(result) = trace::record(op, operands, attrs) {
            return result;
        }
        let known: Option<Vec<cresset_ir::Tensor>> = operands.iter().map(|t| t.known().cloned()).collect();
        let known = known.ok_or_else(trace::stale)?;
        let attrs = complete_attrs(op, attrs)?;
        let types: Vec<Type> = known.iter().map(|t| t.ty()).collect();
        let facts = Facts::default();
        let sig = Sig::new(op, &types, &attrs, &facts, &[]);
        sig.infer()?;
        bound::check_call(&sig, |k| Ok(known[k].clone()))?;
        let mut out = eval::call(op, &known, &attrs)?;
        Ok(out.swap_remove(0).into())
    }

    fn unary(&self, op: &'static OpDef) -> Result<Tensor> {
        Tensor::apply(op, &[self], &[])
    }

    fn binary(&self, op: &'static OpDef, other: &Tensor) -> Result<Tensor> {
        Tensor::apply(op, &[self, other], &[])
    }

    /// A number of this tensor's dtype.
    fn number(&self, v: f64) -> Result<Tensor> {
        trace::constant(Scalar::float(self.dtype(), v))
    }

    pub fn add_scalar(&self, v: f64) -> Result<Tensor> {
        self.add(&self.number(v)?)
    }

    pub fn mul_scalar(&self, v: f64) -> Result<Tensor> {
        self.mul(&self.number(v)?)
    }

    pub fn gelu(&self, approximate: &str) -> Result<Tensor> {
        Tensor::apply(&activation::GELU, &[self], &[("approximate", approximate.into())])
    }

    pub fn softmax(&self, dim: i64) -> Result<Tensor> {
        Tensor::apply(&softmax::SOFTMAX, &[self], &[("dim", dim.into())])
    }

    pub fn masked_fill(&self, mask: &Tensor, value: f64) -> Result<Tensor> {
        Tensor::apply(&logic::MASKED_FILL, &[self, mask, &self.number(value)?], &[])
    }

    /// The sum over dimensions.
    pub fn sum(&self, dims: &[i64], keepdim: bool) -> Result<Tensor> {
        Tensor::apply(&reduction::SUM, &[self], &[("dims", dims.to_vec().into()), ("keepdim", keepdim.into())])
    }

    /// The mean over dimensions.
    pub fn mean(&self, dims: &[i64], keepdim: bool) -> Result<Tensor> {
        Tensor::apply(&reduction::MEAN, &[self], &[("dims", dims.to_vec().into()), ("keepdim", keepdim.into())])
    }

    pub fn adaptive_avg_pool2d(&self, height: i64, width: i64) -> Result<Tensor> {
        Tensor::apply(&pool::ADAPTIVE_AVG_POOL2D, &[self], &[("output_size", vec![height, width].into())])
    }

    /// The same elements under other sizes.
    pub fn reshape(&self, shape: impl Into<Vec<Dim>>) -> Result<Tensor> {
        Tensor::apply(&movement::RESHAPE, &[self], &[("shape", Attr::Dims(shape.into()))])
    }

    /// The dimensions from `start` on as one.
    pub fn flatten(&self, start: usize) -> Result<Tensor> {
        let shape = self.shape();
        let start = start.min(shape.len());
        let (kept, joined) = shape.split_at(start);
        let mut out = kept.to_vec();
        out.push(joined.iter().cloned().product());
        self.reshape(out)
    }

    pub fn permute(&self, dims: &[i64]) -> Result<Tensor> {
        Tensor::apply(&movement::PERMUTE, &[self], &[("dims", dims.to_vec().into())])
    }
}

macro_rules! methods {
    ($($name:ident $op:path),*; $($name2:ident $op2:path),*) => {
        impl Tensor {
            $(pub fn $name(&self) -> Result<Tensor> { self.unary(&$op) })*
            $(pub fn $name2(&self, other: &Tensor) -> Result<Tensor> { self.binary(&$op2, other) })*
        }
    };
}
methods! {
    relu activation::RELU, silu activation::SILU, sigmoid function::SIGMOID, tanh function::TANH, exp function::EXP, log function::LOG,
    sqrt function::SQRT, neg arithmetic::NEG;
    add arithmetic::ADD, sub arithmetic::SUB, mul arithmetic::MUL, div arithmetic::DIV, matmul matmul::MATMUL
}
