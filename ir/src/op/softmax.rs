//! Softmax and its logarithm: composites that compute in f32 or f64 and round to a half once, at their end.

use super::attr::{AttrDef, AttrKind, attr};
use super::def::{Call, Class::*, Meaning::Composite, OpDef, operand};
use super::sample::{Sample, floats, values};
use super::sig::Sig;
use super::{arithmetic, function, reduction};
use crate::builder::Builder;
use crate::diag::Result;
use crate::dtype::DType::{BF16, F16, F32, F64};
use crate::graph::Value;
use crate::types::Type;

const DIM: AttrDef = attr("dim", AttrKind::Int);

pub static SOFTMAX: OpDef = OpDef {
    name: "softmax",
    doc: "Exponentials, scaled to sum to 1 along a dimension.",
    operands: &[operand("x", SameFloat)],
    attrs: &[DIM],
    infer: along,
    meaning: Composite(|b, c| {
        let Parts { exp, sum, .. } = parts(b, c)?;
        let y = b.op(&arithmetic::DIV, &[exp, sum], &[])?;
        Ok(vec![b.cast(y, c.sig.ty(0).dtype)?])
    }),
    samples,
};

pub static LOG_SOFTMAX: OpDef = OpDef {
    name: "log_softmax",
    doc: "The logarithm of softmax.",
    operands: &[operand("x", SameFloat)],
    attrs: &[DIM],
    infer: along,
    meaning: Composite(|b, c| {
        let Parts { shifted, sum, .. } = parts(b, c)?;
        let log = b.op(&function::LOG, &[sum], &[])?;
        let y = b.op(&arithmetic::SUB, &[shifted, log], &[])?;
        Ok(vec![b.cast(y, c.sig.ty(0).dtype)?])
    }),
    samples,
};

/// `x - max x`, its exponential and the sum of that. Without the maximum, the exponential would overflow.
struct Parts {
    shifted: Value,
    exp: Value,
    sum: Value,
}

fn parts(b: &mut Builder, c: &Call) -> Result<Parts> {
    let along = [("dims", vec![c.sig.int("dim")].into()), ("keepdim", true.into())];
    let x = b.widened(c.operands[0])?;
    let max = b.op(&reduction::AMAX, &[x], &along)?;
    let shifted = b.op(&arithmetic::SUB, &[x, max], &[])?;
    let exp = b.op(&function::EXP, &[shifted], &[])?;
    let sum = b.op(&reduction::SUM, &[exp], &along)?;
    Ok(Parts { shifted, exp, sum })
}

fn along(s: &Sig) -> Result<Vec<Type>> {
    s.axis("dim", 0)?;
    Ok(vec![s.ty(0).clone()])
}

fn samples() -> Vec<Sample> {
    let of = |d, shape: &[usize], dim: i64| Sample::new(vec![floats(d, shape)]).attr("dim", dim);
    let large = Sample::new(vec![values(F32, &[4], &[1e4, 1e4 - 1.0, -1e4, f64::NEG_INFINITY])]).attr("dim", 0i64);
    vec![of(F32, &[2, 5], -1), of(F32, &[3, 2, 4], 0), of(F64, &[4], 0), of(F16, &[2, 5], 1), of(BF16, &[2, 5], 1), large]
}
