//! Normalisation: composites that compute in f32 or f64 and round to a half once, at their end.

use super::attr::{Attr, AttrDef, AttrKind, attr_or};
use super::def::{Call, Class::*, Meaning::Composite, OpDef, operand, optional};
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use super::{arithmetic, function, reduction};
use crate::builder::Builder;
use crate::codes;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{BF16, F16, F32, F64};
use crate::graph::Value;
use crate::types::{Sizes, Type};

/// The number of last dimensions that are normalised together.
const DIMS: AttrDef = attr_or("dims", AttrKind::Int, || Attr::Int(1));
const EPS: AttrDef = attr_or("eps", AttrKind::Scalar, || Attr::float(1e-5));

pub static LAYER_NORM: OpDef = OpDef {
    name: "layer_norm",
    doc: "The last `dims` dimensions with mean 0 and variance 1, then times the weight and plus the bias.",
    operands: &[operand("x", SameFloat), optional("weight", SameFloat), optional("bias", SameFloat)],
    attrs: &[DIMS, EPS],
    infer: last_dims,
    meaning: Composite(layer_norm),
    samples: || {
        let of = |d| Sample::new(vec![floats(d, &[2, 3, 4]), spread(d, &[4], 0.5, 1.5), floats(d, &[4])]);
        let plane = Sample::new(vec![floats(F32, &[2, 3, 4]), spread(F32, &[3, 4], 0.5, 1.5), floats(F32, &[3, 4])]);
        let bare = Sample::new(vec![floats(F32, &[3, 5])]);
        vec![of(F32), of(F64), of(F16), of(BF16), plane.attr("dims", 2i64), bare.clone(), bare.attr("eps", 0.1)]
    },
};

pub static RMS_NORM: OpDef = OpDef {
    name: "rms_norm",
    doc: "The last `dims` dimensions with mean square 1, then times the weight.",
    operands: &[operand("x", SameFloat), optional("weight", SameFloat)],
    attrs: &[DIMS, EPS],
    infer: last_dims,
    meaning: Composite(rms_norm),
    samples: || {
        let of = |d| Sample::new(vec![floats(d, &[2, 3, 4]), spread(d, &[4], 0.5, 1.5)]);
        vec![of(F32), of(F64), of(F16), of(BF16), Sample::new(vec![floats(F32, &[2, 3, 4])]).attr("dims", 2i64).attr("eps", 1e-6)]
    },
};

pub static BATCH_NORM: OpDef = OpDef {
    name: "batch_norm",
    doc: "Each channel (dimension 1) with a given mean and variance taken out, then times the weight and plus the bias.",
    operands: &[
        operand("x", SameFloat),
        operand("mean", SameFloat),
        operand("var", SameFloat),
        optional("weight", SameFloat),
        optional("bias", SameFloat),
    ],
    attrs: &[EPS],
    infer: channels,
    meaning: Composite(batch_norm),
    samples: || {
        let bare = |d, x: &[usize]| vec![floats(d, x), floats(d, &[3]), spread(d, &[3], 0.5, 2.0)];
        let full = |d, x: &[usize]| Sample::new([bare(d, x), vec![spread(d, &[3], 0.5, 1.5), floats(d, &[3])]].concat());
        vec![
            full(F32, &[2, 3, 2, 2]),
            full(F64, &[2, 3]),
            full(BF16, &[2, 3, 4]),
            full(F16, &[2, 3, 4]),
            Sample::new(bare(F32, &[1, 3, 4])).attr("eps", 0.01),
        ]
    },
};

fn last_dims(s: &Sig) -> Result<Vec<Type>> {
    let (x, n) = (s.ty(0), s.int("dims"));
    let first = usize::try_from(n).ok().filter(|&n| n > 0).and_then(|n| x.rank().checked_sub(n));
    let Some(first) = first else {
        return Err(s.error(codes::BAD_ATTRIBUTE, format!("cannot normalise the last {n} dimensions of {x}")));
    };
    for k in 1..s.operands.len() {
        let (have, want) = (&s.ty(k).shape, &x.shape[first..]);
        s.require_rank(k, want.len(), want.len())?;
        for (a, b) in have.iter().zip(want) {
            s.require_equal(a, b, || format!("normalises sizes [{}] with a parameter {}", Sizes(want), s.ty(k)))?;
        }
    }
    Ok(vec![x.clone()])
}

fn channels(s: &Sig) -> Result<Vec<Type>> {
    s.require_rank(0, 2, usize::MAX)?;
    let channels = s.dim(0, 1);
    for k in 1..s.operands.len() {
        s.require_rank(k, 1, 1)?;
        s.require_equal(s.dim(k, 0), channels, || format!("has {channels} channels and a parameter {}: {}", s.ty(k), s.words()))?;
    }
    Ok(vec![s.ty(0).clone()])
}

/// The mean over the last `dims` dimensions, kept with size 1.
fn mean(b: &mut Builder, c: &Call, x: Value) -> Result<Value> {
    let dims = (1..=c.sig.int("dims")).map(|d| -d).collect::<Vec<_>>();
    b.op(&reduction::MEAN, &[x], &[("dims", dims.into()), ("keepdim", true.into())])
}

/// `x / √(mean(x²) + eps)`.
fn scaled(b: &mut Builder, c: &Call, x: Value) -> Result<Value> {
    let square = b.op(&arithmetic::MUL, &[x, x], &[])?;
    let mean = mean(b, c, square)?;
    let inverse = inverse_root(b, c, mean)?;
    b.op(&arithmetic::MUL, &[x, inverse], &[])
}

/// `1 / √(x + eps)`.
fn inverse_root(b: &mut Builder, c: &Call, x: Value) -> Result<Value> {
    let eps = b.constant_like(x, c.sig.float("eps"));
    let x = b.op(&arithmetic::ADD, &[x, eps], &[])?;
    b.op(&function::RSQRT, &[x], &[])
}

fn layer_norm(b: &mut Builder, c: &Call) -> Result<Vec<Value>> {
    let x = b.widened(c.operands[0])?;
    let mean = mean(b, c, x)?;
    let centred = b.op(&arithmetic::SUB, &[x, mean], &[])?;
    let y = scaled(b, c, centred)?;
    let y = b.affine(y, c.operands.get(1).copied(), c.operands.get(2).copied())?;
    Ok(vec![b.cast(y, c.sig.ty(0).dtype)?])
}

fn rms_norm(b: &mut Builder, c: &Call) -> Result<Vec<Value>> {
    let x = b.widened(c.operands[0])?;
    let y = scaled(b, c, x)?;
    let y = b.affine(y, c.operands.get(1).copied(), None)?;
    Ok(vec![b.cast(y, c.sig.ty(0).dtype)?])
}

/// As `x · scale + shift`, which are known as soon as the parameters are.
fn batch_norm(b: &mut Builder, c: &Call) -> Result<Vec<Value>> {
    let x = b.widened(c.operands[0])?;
    let (mean, var) = (b.widened(c.operands[1])?, b.widened(c.operands[2])?);
    let inverse = inverse_root(b, c, var)?;
    let scale = b.affine(inverse, c.operands.get(3).copied(), None)?;
    let moved = b.op(&arithmetic::MUL, &[mean, scale], &[])?;
    let shift = b.op(&arithmetic::NEG, &[moved], &[])?;
    let shift = b.affine(shift, None, c.operands.get(4).copied())?;
    let mut shape = vec![Dim::from(1i64); c.sig.rank(0) - 1];
    shape[0] = c.sig.dim(0, 1).clone();
    let (scale, shift) = (b.reshaped(scale, shape.clone())?, b.reshaped(shift, shape)?);
    let y = b.affine(x, Some(scale), Some(shift))?;
    Ok(vec![b.cast(y, c.sig.ty(0).dtype)?])
}
