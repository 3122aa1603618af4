//! Attention: a composite that computes in f32 or f64 and rounds to a half once, at its end.

use super::attr::{Attr, AttrKind, attr_or};
use super::def::{Call, Class::*, Meaning::Composite, OpDef, operand, optional};
use super::sample::{Sample, floats, spread, values};
use super::sig::Sig;
use super::{creation, function, logic, matmul, movement, reduction, softmax};
use crate::builder::Builder;
use crate::codes;
use crate::diag::Result;
use crate::dtype::DType::{self, BF16, Bool as BOOL, F16, F32, F64};
use crate::graph::Value;
use crate::scalar::Scalar;
use crate::types::{Sizes, Type};

pub static SCALED_DOT_PRODUCT_ATTENTION: OpDef = OpDef {
    name: "scaled_dot_product_attention",
    doc: "softmax(q kᵀ · scale, masked) v; `scale` is 1/√(features) unless given; rows with nothing to attend to are 0.",
    operands: &[operand("q", SameFloat), operand("k", SameFloat), operand("v", SameFloat), optional("mask", Any)],
    attrs: &[attr_or("is_causal", AttrKind::Bool, || false.into()), attr_or("scale", AttrKind::Scalar, || Attr::float(f64::NAN))],
    infer: attention,
    meaning: Composite(expand),
    samples: || {
        let of =
            |d: DType| vec![floats(d, &[1, 2, 3, 4]), spread(d, &[1, 2, 5, 4], -1.0, 2.0), spread(d, &[1, 2, 5, 3], -3.0, 1.0)];
        let with = |mask| Sample::new([of(F32), vec![mask]].concat());
        let empty_row = values(BOOL, &[3, 5], &[1., 1., 0., 1., 0., 0., 0., 0., 0., 0., 1., 0., 0., 0., 1.]);
        let square =
            Sample::new(vec![floats(F32, &[2, 4, 2]), spread(F32, &[2, 4, 2], -1.0, 3.0), spread(F32, &[2, 4, 3], 0.0, 2.0)]);
        vec![
            Sample::new(of(F32)),
            Sample::new(of(F64)).attr("scale", 0.3),
            Sample::new(of(F16)),
            Sample::new(of(BF16)),
            square.attr("is_causal", true),
            Sample::new(of(F32)).attr("is_causal", true),
            with(floats(F32, &[1, 1, 3, 5])),
            with(empty_row),
        ]
    },
};

/// q: [..., L, E], k: [..., S, E], v: [..., S, F], mask: [..., L, S], bool or the dtype of q; gives [..., L, F].
fn attention(s: &Sig) -> Result<Vec<Type>> {
    (0..3).try_for_each(|k| s.require_rank(k, 2, usize::MAX))?;
    let split = |k: usize| s.ty(k).shape.split_at(s.rank(k) - 2);
    let ((qb, q), (kb, k), (vb, v)) = (split(0), split(1), split(2));
    s.require_equal(&q[1], &k[1], || format!("contracts {} with {} features: {}", q[1], k[1], s.words()))?;
    s.require_equal(&k[0], &v[0], || format!("has {} keys and {} values: {}", k[0], v[0], s.words()))?;
    let mut shape = s.broadcast_shapes([qb, kb, vb])?;
    let batch = shape.len();
    shape.extend([q[0].clone(), k[0].clone()]);
    if s.has(3) {
        let mask = s.ty(3);
        if mask.dtype != BOOL && mask.dtype != s.ty(0).dtype {
            return Err(s.error(codes::DTYPE_MISMATCH, format!("needs a mask of bool or {}, got {mask}", s.ty(0).dtype)));
        }
        if s.bool("is_causal") {
            return Err(s.error(codes::BAD_ATTRIBUTE, "takes a mask or `is_causal`, not both"));
        }
        let common = s.broadcast_shapes([&shape[..], &mask.shape[..]])?;
        let fits = || s.error(codes::SHAPE_MISMATCH, format!("has scores [{}] and a mask {mask}", Sizes(&shape)));
        if common.len() != shape.len() {
            return Err(fits());
        }
        for (a, b) in common.iter().zip(&shape) {
            s.require_equal(a, b, || format!("has scores [{}] and a mask {mask}", Sizes(&shape)))?;
        }
    }
    shape[batch + 1] = v[1].clone();
    Ok(vec![Type::new(s.ty(0).dtype, shape)])
}

fn expand(b: &mut Builder, c: &Call) -> Result<Vec<Value>> {
    let [q, k, v] = [0, 1, 2].map(|i| b.widened(c.operands[i]));
    let (q, k, v) = (q?, k?, v?);
    let scores = scores(b, c, q, k)?;
    let (scores, attended) = masked(b, c, scores)?;
    let weights = b.op(&softmax::SOFTMAX, &[scores], &[("dim", Attr::Int(-1))])?;
    let mut out = b.op(&matmul::MATMUL, &[weights, v], &[])?;
    if let Some(attended) = attended {
        let zero = b.constant_like(out, 0.0);
        out = b.op(&logic::WHERE, &[attended, out, zero], &[])?;
    }
    Ok(vec![b.cast(out, c.sig.ty(0).dtype)?])
}

/// `q kᵀ · scale`.
fn scores(b: &mut Builder, c: &Call, q: Value, k: Value) -> Result<Value> {
    let rank = b.ty(k).rank() as i64;
    let swapped: Vec<i64> = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
    let kt = b.op(&movement::PERMUTE, &[k], &[("dims", swapped.into())])?;
    let scores = b.op(&matmul::MATMUL, &[q, kt], &[])?;
    let given = c.sig.float("scale");
    let features = c.sig.dim(0, c.sig.rank(0) - 1);
    if given.is_nan() && features.known().is_none() {
        let count = b.number(features, b.ty(q).dtype)?;
        let scale = b.op(&function::RSQRT, &[count], &[])?;
        return b.affine(scores, Some(scale), None);
    }
    let scale = if given.is_nan() { 1.0 / features.known().map_or(1.0, |n| n as f64).sqrt() } else { given };
    let scale = b.constant_like(scores, scale);
    b.affine(scores, Some(scale), None)
}

/// The scores with -inf where they do not count, and which rows have any left, if a mask may take them all.
fn masked(b: &mut Builder, c: &Call, scores: Value) -> Result<(Value, Option<Value>)> {
    let never = b.constant_like(scores, f64::NEG_INFINITY);
    if c.sig.bool("is_causal") {
        let shape = b.ty(scores).shape[b.ty(scores).rank() - 2..].to_vec();
        let all = [("shape", Attr::Dims(shape)), ("value", Scalar::bool(true).into()), ("dtype", BOOL.into())];
        let all = b.op(&creation::FULL, &[], &all)?;
        let past = b.op(&creation::TRIL, &[all], &[])?;
        return Ok((b.op(&logic::WHERE, &[past, scores, never], &[])?, None));
    }
    let Some(&mask) = c.operands.get(3) else { return Ok((scores, None)) };
    let scores = match b.ty(mask).dtype {
        BOOL => b.op(&logic::WHERE, &[mask, scores, never], &[])?,
        _ => b.affine(scores, None, Some(mask))?,
    };
    let best = b.op(&reduction::AMAX, &[scores], &[("dims", vec![-1].into()), ("keepdim", true.into())])?;
    Ok((scores, Some(b.op(&logic::NE, &[best, never], &[])?)))
}
