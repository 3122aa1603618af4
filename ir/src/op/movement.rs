//! Movement: the same values at other places.

use super::attr::{Attr, AttrKind, attr, attr_or};
use super::creation::dims;
use super::def::{Class::*, Meaning::Elements, OpDef, many, operand};
use super::elem::Elem;
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use super::window::inside;
use crate::codes;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{BF16, Bool as BOOL, F32, I64};
use crate::kernel::Ex;
use crate::types::{Sizes, Type};

pub static RESHAPE: OpDef = OpDef {
    name: "reshape",
    doc: "The same elements, in row-major order, in another shape.",
    operands: &[operand("x", Same).moved()],
    attrs: &[attr("shape", AttrKind::Dims)],
    infer: |s| {
        let (have, shape) = (s.ty(0), s.sizes("shape"));
        let want = shape.iter().cloned().product();
        s.require_equal(&have.numel(), &want, || {
            format!("cannot give {have} the shape [{}]: {} elements are not {want}", Sizes(shape), have.numel())
        })?;
        Ok(vec![Type::new(have.dtype, shape)])
    },
    meaning: Elements(|e| {
        let flat = flatten(e, e.sig.sizes("shape"), &e.ix);
        e.at(0, &unflatten(e, &e.sig.ty(0).shape, flat))
    }),
    samples: || {
        let to = |from: &[usize], shape: &[i64]| Sample::new(vec![floats(F32, from)]).attr("shape", dims(shape));
        let rows =
            vec![to(&[2, 6], &[3, 4]), to(&[2, 3, 4], &[6, 4]), to(&[8], &[2, 2, 2]), to(&[1], &[]), to(&[4, 1, 2], &[4, 2])];
        rows.into_iter().chain([Sample::new(vec![spread(I64, &[0, 3], 0.0, 1.0)]).attr("shape", dims(&[3, 0, 2]))]).collect()
    },
};

pub static PERMUTE: OpDef = OpDef {
    name: "permute",
    doc: "Dimension i of the result is dimension dims[i] of x.",
    operands: &[operand("x", Same).moved()],
    attrs: &[attr("dims", AttrKind::Ints)],
    infer: |s| {
        let (given, rank) = (s.ints("dims"), s.rank(0));
        if s.axes("dims", 0)?.len() != rank || given.len() != rank {
            return Err(
                s.error(codes::BAD_ATTRIBUTE, format!("needs each dimension of {} once in `dims`, got {given:?}", s.ty(0)))
            );
        }
        let shape: Vec<_> = order(s).into_iter().map(|d| s.dim(0, d).clone()).collect();
        Ok(vec![Type::new(s.ty(0).dtype, shape)])
    },
    meaning: Elements(|e| {
        let mut ix = e.ix.clone();
        order(e.sig).into_iter().zip(&e.ix).for_each(|(d, &i)| ix[d] = i);
        e.at(0, &ix)
    }),
    samples: || {
        let to = |d, from: &[usize], dims: &[i64]| Sample::new(vec![spread(d, from, -2.0, 2.0)]).attr("dims", dims.to_vec());
        vec![
            to(F32, &[2, 3], &[1, 0]),
            to(F32, &[2, 3, 4], &[2, 0, 1]),
            to(BF16, &[2, 1, 3, 2], &[0, -2, 1, -1]),
            to(F32, &[], &[]),
        ]
    },
};

pub static EXPAND: OpDef = OpDef {
    name: "expand",
    doc: "x broadcast to a shape.",
    operands: &[operand("x", Same).moved()],
    attrs: &[attr("shape", AttrKind::Dims)],
    infer: |s| {
        let (x, shape) = (s.ty(0), s.sizes("shape"));
        let bad = || format!("cannot expand {x} to [{}]", Sizes(shape));
        let skip = shape.len().checked_sub(x.rank()).ok_or_else(|| s.error(codes::SHAPE_MISMATCH, bad()))?;
        x.shape
            .iter()
            .zip(&shape[skip..])
            .filter(|(have, _)| !have.is(1))
            .try_for_each(|(have, want)| s.require_equal(have, want, bad))?;
        Ok(vec![Type::new(x.dtype, shape)])
    },
    meaning: Elements(|e| e.x(0)),
    samples: || {
        let to = |from: &[usize], shape: &[i64]| Sample::new(vec![floats(F32, from)]).attr("shape", dims(shape));
        vec![to(&[3, 1], &[3, 4]), to(&[3], &[2, 3]), to(&[], &[2, 2]), to(&[2, 1, 3], &[2, 2, 3])]
    },
};

pub static SLICE: OpDef = OpDef {
    name: "slice",
    doc: "Every step-th element of a dimension from start to end, end excluded; 0 <= start <= end <= size.",
    operands: &[operand("x", Same)],
    attrs: &[
        attr("dim", AttrKind::Int),
        attr_or("start", AttrKind::Dim, || Dim::from(0i64).into()),
        attr("end", AttrKind::Dim),
        attr_or("step", AttrKind::Int, || Attr::Int(1)),
    ],
    infer: slice,
    meaning: Elements(|e| {
        let dim = e.axis("dim", 0);
        let i = e.dim(e.sig.size("start")) + e.ix[dim] * e.int(e.sig.int("step"));
        e.at(0, &e.with(dim, i))
    }),
    samples: || {
        let of = |from: &[usize], dim: i64, start: i64, end: i64, step: i64| {
            let sample = Sample::new(vec![floats(F32, from)]).attr("dim", dim).attr("start", Dim::from(start));
            sample.attr("end", Dim::from(end)).attr("step", step)
        };
        vec![of(&[5, 3], 0, 1, 4, 1), of(&[2, 7], -1, 1, 7, 2), of(&[2, 7], 1, 0, 7, 3), of(&[4], 0, 2, 2, 1)]
    },
};

pub static CAT: OpDef = OpDef {
    name: "cat",
    doc: "Tensors joined along a dimension.",
    operands: &[many("xs", Same).moved()],
    attrs: &[attr_or("dim", AttrKind::Int, || Attr::Int(0))],
    infer: cat,
    meaning: Elements(|e| {
        let dim = e.axis("dim", 0);
        let mut parts = vec![];
        let mut start = Dim::from(0i64);
        for (k, x) in e.sig.operands.iter().enumerate() {
            let end = start.clone() + x.shape[dim].clone();
            parts.push((k, std::mem::replace(&mut start, end.clone()), end));
        }
        let read = |(k, start, _): &(usize, Dim, Dim)| e.at(*k, &e.with(dim, e.ix[dim] - e.dim(start)));
        let last = read(&parts[parts.len() - 1]);
        parts.iter().rev().skip(1).fold(last, |rest, part| e.ix[dim].lt(e.dim(&part.2)).select(read(part), rest))
    }),
    samples: || {
        let of = |d, shapes: &[&[usize]], dim: i64| {
            Sample::new(shapes.iter().map(|s| spread(d, s, -3.0, 3.0)).collect()).attr("dim", dim)
        };
        vec![
            of(F32, &[&[2, 3], &[1, 3]], 0),
            of(F32, &[&[2, 3], &[2, 1], &[2, 2]], -1),
            of(I64, &[&[3], &[0], &[2]], 0),
            of(BF16, &[&[2, 2]], 1),
        ]
    },
};

pub static PAD: OpDef = OpDef {
    name: "pad",
    doc: "x with a value around it: `pads` counts before and after each dimension, the first dimension first; negative counts crop.",
    operands: &[operand("x", Same)],
    attrs: &[attr("pads", AttrKind::Ints), attr_or("value", AttrKind::Scalar, || Attr::float(0.0))],
    infer: |s| {
        s.require_ints("pads", 2 * s.rank(0), -(1 << 31))?;
        let mut shape = s.ty(0).shape.clone();
        for (d, p) in shape.iter_mut().zip(s.ints("pads").chunks(2)) {
            let padded = d.clone() + Dim::from(p[0] + p[1]);
            s.require_le(&Dim::from(0i64), &padded, || format!("cannot crop {} by {:?}", s.ty(0), s.ints("pads")))?;
            *d = padded;
        }
        Ok(vec![Type::new(s.ty(0).dtype, shape)])
    },
    meaning: Elements(|e| {
        let ix: Vec<_> = e.ix.iter().zip(e.sig.ints("pads").chunks(2)).map(|(&i, p)| i - e.int(p[0])).collect();
        let inside = inside(e, &ix, &e.sig.ty(0).shape);
        e.at_or(inside, 0, &ix, e.lit(e.sig.float("value")))
    }),
    samples: || {
        let of = |d, from: &[usize], pads: &[i64], v: f64| {
            Sample::new(vec![spread(d, from, -2.0, 2.0)]).attr("pads", pads.to_vec()).attr("value", v)
        };
        vec![
            of(F32, &[2, 3], &[1, 0, 0, 2], 0.5),
            of(F32, &[4], &[-1, 2], 0.0),
            of(F32, &[1, 3, 3], &[0, 0, 1, 1, 1, 1], f64::NEG_INFINITY),
            of(I64, &[3], &[1, 1], 9.0),
            of(BOOL, &[3], &[0, 1], 1.0),
        ]
    },
};

pub static FLIP: OpDef = OpDef {
    name: "flip",
    doc: "x backwards along dimensions.",
    operands: &[operand("x", Same).moved()],
    attrs: &[attr("dims", AttrKind::Ints)],
    infer: |s| {
        s.axes("dims", 0)?;
        Ok(vec![s.ty(0).clone()])
    },
    meaning: Elements(|e| {
        let mut ix = e.ix.clone();
        if !e.sig.ints("dims").is_empty() {
            e.axes("dims", 0).into_iter().for_each(|d| ix[d] = e.dim(e.sig.dim(0, d)) - e.int(1) - ix[d]);
        }
        e.at(0, &ix)
    }),
    samples: || {
        let of = |from: &[usize], dims: &[i64]| Sample::new(vec![floats(F32, from)]).attr("dims", dims.to_vec());
        vec![of(&[2, 3], &[0]), of(&[2, 3], &[0, -1]), of(&[4], &[])]
    },
};

/// The position of an index in row-major order.
fn flatten<'a>(e: &Elem<'a>, shape: &[Dim], ix: &[Ex<'a>]) -> Ex<'a> {
    shape.iter().zip(ix).fold(e.int(0), |flat, (n, &i)| flat * e.dim(n) + i)
}

/// The index of a position in row-major order.
fn unflatten<'a>(e: &Elem<'a>, shape: &[Dim], flat: Ex<'a>) -> Vec<Ex<'a>> {
    let mut rest = flat;
    let mut ix = vec![e.int(0); shape.len()];
    for d in (1..shape.len()).rev() {
        let n = e.dim(&shape[d]);
        ix[d] = rest.modulo(n);
        rest = rest.floor_div(n);
    }
    ix.iter_mut().take(1).for_each(|i| *i = rest);
    ix
}

/// `dims` of a permutation, none negative.
fn order(s: &Sig) -> Vec<usize> {
    s.ints("dims").iter().map(|d| d.rem_euclid(s.rank(0) as i64) as usize).collect()
}

fn slice(s: &Sig) -> Result<Vec<Type>> {
    let dim = s.axis("dim", 0)?;
    let (start, end, step, n) = (s.size("start"), s.size("end"), s.int("step"), s.dim(0, dim));
    if !(1..=1 << 31).contains(&step) {
        return Err(s.error(codes::BAD_ATTRIBUTE, format!("needs a step of 1 or more, got {step}")));
    }
    let outside = || format!("cannot take {start}..{end} of size {n}");
    s.require_le(&Dim::from(0i64), start, outside)?;
    s.require_le(start, end, outside)?;
    s.require_le(end, n, outside)?;
    let mut shape = s.ty(0).shape.clone();
    shape[dim] = (end.clone() - start.clone() + Dim::from(step - 1)).floor_div(&Dim::from(step), s.facts);
    Ok(vec![Type::new(s.ty(0).dtype, shape)])
}

fn cat(s: &Sig) -> Result<Vec<Type>> {
    let dim = s.axis("dim", 0)?;
    let mut out = s.ty(0).clone();
    for k in 1..s.operands.len() {
        s.require_rank(k, out.rank(), out.rank())?;
        for (d, have) in out.shape.iter_mut().enumerate() {
            if d == dim {
                *have = have.clone() + s.dim(k, d).clone();
            } else {
                s.require_equal(have, s.dim(k, d), || format!("joins {} with {} along dimension {dim}", s.ty(0), s.ty(k)))?;
            }
        }
    }
    Ok(vec![out])
}
