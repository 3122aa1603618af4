//! Ops that make tensors from sizes and numbers, and triangles of matrices.

use super::attr::{Attr, AttrDef, AttrKind, attr, attr_or};
use super::def::{Class::*, Meaning::Elements, OpDef, Operand, operand};
use super::elem::Elem;
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use crate::codes;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{self, BF16, F32, I32, I64};
use crate::kernel::Ex;
use crate::scalar::Scalar;
use crate::types::Type;

pub static FULL: OpDef = OpDef {
    name: "full",
    doc: "A tensor of one value.",
    operands: &[],
    attrs: &[attr("shape", AttrKind::Dims), attr("value", AttrKind::Scalar), attr("dtype", AttrKind::DType)],
    infer: |s| Ok(vec![Type::new(s.dtype("dtype"), s.sizes("shape"))]),
    meaning: Elements(|e| e.pool.constant(e.sig.scalar("value").cast(e.sig.dtype("dtype")))),
    samples: || {
        let of = |shape: &[i64], value: Scalar, d: DType| {
            Sample::new(vec![]).attr("shape", dims(shape)).attr("value", value).attr("dtype", d)
        };
        vec![
            of(&[2, 3], Scalar::float(F32, 0.1), F32),
            of(&[], Scalar::float(DType::F64, 1.5), BF16),
            of(&[4], Scalar::int(I64, -7), I64),
            of(&[0, 2], Scalar::bool(true), DType::Bool),
        ]
    },
};

pub static ARANGE: OpDef = OpDef {
    name: "arange",
    doc: "The numbers from start towards end, end excluded, in equal steps.",
    operands: &[],
    attrs: &[
        attr_or("start", AttrKind::Dim, || Dim::from(0i64).into()),
        attr("end", AttrKind::Dim),
        attr_or("step", AttrKind::Int, || Attr::Int(1)),
        attr_or("dtype", AttrKind::DType, || I64.into()),
    ],
    infer: arange,
    meaning: Elements(|e| e.dim(e.sig.size("start")) + e.ix[0] * e.int(e.sig.int("step"))),
    samples: || {
        let of = |start: i64, end: i64, step: i64, d: DType| {
            let sample = Sample::new(vec![]).attr("start", Dim::from(start)).attr("end", Dim::from(end));
            sample.attr("step", step).attr("dtype", d)
        };
        vec![of(0, 5, 1, I64), of(2, 9, 3, F32), of(5, -2, -2, I32), of(3, 3, 1, I64), of(0, 4, 1, BF16)]
    },
};

pub static EYE: OpDef = OpDef {
    name: "eye",
    doc: "Ones on the diagonal of a matrix, zeros elsewhere.",
    operands: &[],
    attrs: &[attr("n", AttrKind::Dim), attr("m", AttrKind::Dim), attr_or("dtype", AttrKind::DType, || F32.into())],
    infer: |s| Ok(vec![Type::new(s.dtype("dtype"), [s.size("n").clone(), s.size("m").clone()])]),
    meaning: Elements(|e| e.ix[0].eq(e.ix[1]).cast(e.sig.dtype("dtype"))),
    samples: || {
        let of = |n: i64, m: i64, d: DType| Sample::new(vec![]).attr("n", Dim::from(n)).attr("m", Dim::from(m)).attr("dtype", d);
        vec![of(3, 3, F32), of(2, 4, I64), of(3, 1, DType::Bool)]
    },
};

pub static SIZE: OpDef = OpDef {
    name: "size",
    doc: "A size as a 0-d number.",
    operands: &[],
    attrs: &[attr("size", AttrKind::Dim)],
    infer: |_| Ok(vec![Type::scalar(I64)]),
    meaning: Elements(|e| e.dim(e.sig.size("size"))),
    samples: || vec![Sample::new(vec![]).attr("size", Dim::from(7i64))],
};

pub static TRIL: OpDef =
    triangle("tril", "The lower triangle of matrices, up to a diagonal counted to the right; zeros elsewhere.", |e| {
        keep(e, |i, j, diagonal| j.le(i + diagonal))
    });

pub static TRIU: OpDef =
    triangle("triu", "The upper triangle of matrices, from a diagonal counted to the right; zeros elsewhere.", |e| {
        keep(e, |i, j, diagonal| (i + diagonal).le(j))
    });

const MATRICES: &[Operand] = &[operand("x", Same)];
const DIAGONAL: &[AttrDef] = &[attr_or("diagonal", AttrKind::Int, || Attr::Int(0))];

const fn triangle(name: &'static str, doc: &'static str, rule: for<'a> fn(&Elem<'a>) -> Ex<'a>) -> OpDef {
    OpDef {
        name,
        doc,
        operands: MATRICES,
        attrs: DIAGONAL,
        infer: |s| {
            s.require_rank(0, 2, usize::MAX)?;
            Ok(vec![s.ty(0).clone()])
        },
        meaning: Elements(rule),
        samples: triangles,
    }
}

/// x where the relation of row, column and diagonal holds.
fn keep<'a>(e: &Elem<'a>, inside: impl Fn(Ex<'a>, Ex<'a>, Ex<'a>) -> Ex<'a>) -> Ex<'a> {
    let [.., i, j] = e.ix[..] else { unreachable!("infer checked the rank") };
    inside(i, j, e.int(e.sig.int("diagonal"))).select(e.x(0), e.lit(0.0))
}

fn triangles() -> Vec<Sample> {
    let of = |d, shape: &[usize], diagonal: i64| Sample::new(vec![spread(d, shape, 1.0, 5.0)]).attr("diagonal", diagonal);
    vec![
        Sample::new(vec![floats(F32, &[3, 3])]),
        of(F32, &[2, 3, 4], 1),
        of(F32, &[4, 3], -1),
        of(I64, &[3, 3], 0),
        of(DType::Bool, &[3, 3], 1),
    ]
}

fn arange(s: &Sig) -> Result<Vec<Type>> {
    let (start, end, step) = (s.size("start"), s.size("end"), s.int("step"));
    if step == 0 || step.unsigned_abs() > 1 << 31 {
        return Err(s.error(codes::BAD_ATTRIBUTE, format!("cannot count in steps of {step}")));
    }
    let (from, to) = if step > 0 { (start, end) } else { (end, start) };
    s.require_le(from, to, || format!("cannot reach {end} from {start} in steps of {step}"))?;
    let width = Dim::from(step.abs());
    let length = (to.clone() - from.clone() + width.clone() - Dim::from(1i64)).floor_div(&width, s.facts);
    Ok(vec![Type::new(s.dtype("dtype"), [length])])
}

/// Known sizes as an attribute.
pub(super) fn dims(sizes: &[i64]) -> Vec<Dim> {
    sizes.iter().map(|&d| d.into()).collect()
}
