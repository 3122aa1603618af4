//! Reductions over dimensions: `dims` lists them, and no dimensions means all; `keepdim` keeps them with size 1.

use super::attr::{Attr, AttrDef, AttrKind, attr, attr_or};
use super::def::{Call, Class::*, Meaning::Composite, Meaning::Elements, OpDef, Operand, operand};
use super::elem::Elem;
use super::sample::{Sample, floats, spread, values};
use super::sig::Sig;
use super::{arithmetic, function, logic, movement};
use crate::builder::Builder;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{self, BF16, Bool as BOOL, F16, F32, F64, I32, I64};
use crate::graph::Value;
use crate::kernel::Ex;
use crate::kernel::reduce::{self, Reducer};
use crate::types::Type;

const DIMS: AttrDef = attr_or("dims", AttrKind::Ints, || Attr::Ints(vec![]));
const KEEPDIM: AttrDef = attr_or("keepdim", AttrKind::Bool, || Attr::Bool(false));

macro_rules! reduction {
    ($($id:ident $name:literal $class:ident $doc:literal $infer:expr, $samples:expr, $rule:expr;)*) => {
        $(pub static $id: OpDef = OpDef {
            name: $name,
            doc: $doc,
            operands: &[operand("x", $class)],
            attrs: &[DIMS, KEEPDIM],
            infer: $infer,
            meaning: Elements($rule),
            samples: || $samples,
        };)*
    };
}

reduction! {
    SUM "sum" Same "The sum; of integers and bools, as i64." |s| Ok(vec![reduced(s, wide(s))?]), numbers(), |e| fold(e, &reduce::SUM);
    PROD "prod" Same "The product; of integers and bools, as i64." |s| Ok(vec![reduced(s, wide(s))?]), numbers(), |e| fold(e, &reduce::PROD);
    AMAX "amax" Same "The largest element; NaN if there is one." filled, ordered(), |e| fold(e, &reduce::MAX);
    AMIN "amin" Same "The smallest element; NaN if there is one." filled, ordered(), |e| fold(e, &reduce::MIN);
    ANY "any" Same "Whether any element is non-zero." |s| Ok(vec![reduced(s, BOOL)?]), truths(), |e| fold(e, &reduce::MAX);
    ALL "all" Same "Whether all elements are non-zero." |s| Ok(vec![reduced(s, BOOL)?]), truths(), |e| fold(e, &reduce::MIN);
    MEAN "mean" SameFloat "The sum divided by the number of elements." |s| Ok(vec![reduced(s, s.ty(0).dtype)?]), means(), |e| {
        let count: Dim = extents(e).into_iter().product();
        fold(e, &reduce::SUM) / e.dim(&count).cast(e.compute())
    };
}

pub static VAR: OpDef = OpDef {
    name: "var",
    doc: "The squared distance from the mean, summed and divided by the number of elements less the correction.",
    operands: &[operand("x", SameFloat)],
    attrs: &[DIMS, attr_or("correction", AttrKind::Int, || Attr::Int(1)), KEEPDIM],
    infer: |s| Ok(vec![reduced(s, s.ty(0).dtype)?]),
    meaning: Composite(var),
    samples: || {
        let population =
            |d| Sample::new(vec![floats(d, &[2, 4])]).attr("dims", vec![1]).attr("correction", 0i64).attr("keepdim", true);
        vec![Sample::new(vec![floats(F32, &[2, 3])]), population(F32), population(F64), population(BF16), population(F16)]
    },
};

pub static LOGSUMEXP: OpDef = OpDef {
    name: "logsumexp",
    doc: "The logarithm of the sum of exponentials, without overflow.",
    operands: &[operand("x", SameFloat)],
    attrs: &[DIMS, KEEPDIM],
    infer: filled,
    meaning: Composite(logsumexp),
    samples: || {
        let infinite = values(F32, &[2, 2], &[f64::NEG_INFINITY, f64::NEG_INFINITY, 1e4, f64::INFINITY]);
        means().into_iter().chain([Sample::new(vec![infinite]).attr("dims", vec![1])]).collect()
    },
};

pub static ARGMAX: OpDef = arg("argmax", "The index of the largest element, the first of equals; NaN counts as largest.", |e| {
    position(e, &reduce::ARGMAX)
});

pub static ARGMIN: OpDef =
    arg("argmin", "The index of the smallest element, the first of equals; NaN counts as smallest.", |e| {
        position(e, &reduce::ARGMIN)
    });

pub static CUMSUM: OpDef = OpDef {
    name: "cumsum",
    doc: "The sum of the elements up to each one along a dimension; of integers and bools, as i64.",
    operands: &[operand("x", Same)],
    attrs: &[attr("dim", AttrKind::Int)],
    infer: |s| {
        s.axis("dim", 0)?;
        Ok(vec![s.ty(0).with_dtype(wide(s))])
    },
    meaning: Elements(|e| {
        let dim = e.axis("dim", 0);
        e.reduce(&reduce::SUM, &[e.sig.dim(0, dim).clone()], |k| {
            let x = e.at(0, &e.with(dim, k[0])).cast(e.compute());
            k[0].le(e.ix[dim]).select(x, e.lit(0.0))
        })
    }),
    samples: || {
        let of = |d, shape: &[usize], dim: i64| Sample::new(vec![spread(d, shape, -2.0, 3.0)]).attr("dim", dim);
        vec![of(F32, &[5], 0), of(F32, &[2, 4], -1), of(F64, &[3, 2], 0), of(I32, &[4], 0), of(BOOL, &[5], 0), of(BF16, &[4], 0)]
    },
};

const NUMBERS: &[Operand] = &[operand("x", SameNumber)];
const DIM_KEEPDIM: &[AttrDef] = &[attr("dim", AttrKind::Int), KEEPDIM];

const fn arg(name: &'static str, doc: &'static str, rule: for<'a> fn(&Elem<'a>) -> Ex<'a>) -> OpDef {
    OpDef {
        name,
        doc,
        operands: NUMBERS,
        attrs: DIM_KEEPDIM,
        infer: |s| {
            let dim = s.axis("dim", 0)?;
            require_elements(s, dim)?;
            Ok(vec![Type::new(I64, without(s, &[dim]))])
        },
        meaning: Elements(rule),
        samples: positions,
    }
}

/// The dtype in which sums of this operand are given.
fn wide(s: &Sig) -> DType {
    if s.ty(0).dtype.is_float() { s.ty(0).dtype } else { I64 }
}

fn reduced(s: &Sig, dtype: DType) -> Result<Type> {
    Ok(Type::new(dtype, without(s, &s.axes("dims", 0)?)))
}

/// Reductions without a neutral element need an element.
fn filled(s: &Sig) -> Result<Vec<Type>> {
    s.axes("dims", 0)?.into_iter().try_for_each(|d| require_elements(s, d))?;
    Ok(vec![reduced(s, s.ty(0).dtype)?])
}

fn require_elements(s: &Sig, dim: usize) -> Result<()> {
    s.require_le(&Dim::from(1i64), s.dim(0, dim), || format!("needs an element along dimension {dim} of {}", s.ty(0)))
}

/// The operand's shape without some dimensions, or with 1 in their place.
fn without(s: &Sig, dims: &[usize]) -> Vec<Dim> {
    let keep = s.bool("keepdim");
    let size = |(d, n): (usize, &Dim)| match dims.contains(&d) {
        true => keep.then(|| Dim::from(1i64)),
        false => Some(n.clone()),
    };
    s.ty(0).shape.iter().enumerate().filter_map(size).collect()
}

fn extents(e: &Elem<'_>) -> Vec<Dim> {
    e.axes("dims", 0).into_iter().map(|d| e.sig.dim(0, d).clone()).collect()
}

/// Reduces the operand, in the dtype of the result.
fn fold<'a>(e: &Elem<'a>, r: &'static Reducer) -> Ex<'a> {
    let dims = e.axes("dims", 0);
    e.reduce(r, &extents(e), |k| e.at(0, &joined(e, &dims, k)).cast(e.compute()))
}

fn position<'a>(e: &Elem<'a>, r: &'static Reducer) -> Ex<'a> {
    let dim = e.axis("dim", 0);
    e.reduce_all(r, &[e.sig.dim(0, dim).clone()], |k| vec![e.at(0, &joined(e, &[dim], k)), k[0]])[1]
}

/// The operand's index: `k` at the reduced dimensions, the element's own index at the others.
fn joined<'a>(e: &Elem<'a>, dims: &[usize], k: &[Ex<'a>]) -> Vec<Ex<'a>> {
    let keep = e.sig.bool("keepdim");
    let (mut k, mut own) = (k.iter().copied(), e.ix.iter().copied());
    let mut next = |d: usize| {
        let reduced = dims.contains(&d);
        let outer = if reduced && !keep { None } else { own.next() };
        if reduced { k.next() } else { outer }
    };
    (0..e.sig.rank(0)).map(|d| next(d).expect("the result has the operand's other dimensions")).collect()
}

fn var(b: &mut Builder, c: &Call) -> Result<Vec<Value>> {
    let dims = c.sig.axes("dims", 0)?;
    let over = Attr::Ints(dims.iter().map(|&d| d as i64).collect());
    let x = b.widened(c.operands[0])?;
    let mean = b.op(&MEAN, &[x], &[("dims", over.clone()), ("keepdim", true.into())])?;
    let away = b.op(&arithmetic::SUB, &[x, mean], &[])?;
    let square = b.op(&arithmetic::MUL, &[away, away], &[])?;
    let sum = b.op(&SUM, &[square], &[("dims", over), ("keepdim", c.sig.bool("keepdim").into())])?;
    let count = dims.iter().map(|&d| c.sig.dim(0, d).clone()).product::<Dim>() - Dim::from(c.sig.int("correction"));
    let count = b.number(&count.max_of(&Dim::from(0i64), c.sig.facts), b.ty(x).dtype)?;
    let var = b.op(&arithmetic::DIV, &[sum, count], &[])?;
    Ok(vec![b.cast(var, c.sig.ty(0).dtype)?])
}

/// The largest element is taken out of the exponentials; an infinite one stays in, for it would make NaN.
fn logsumexp(b: &mut Builder, c: &Call) -> Result<Vec<Value>> {
    let over = Attr::Ints(c.sig.axes("dims", 0)?.iter().map(|&d| d as i64).collect());
    let x = b.widened(c.operands[0])?;
    let max = b.op(&AMAX, &[x], &[("dims", over.clone()), ("keepdim", true.into())])?;
    let infinite = b.op(&function::ISINF, &[max], &[])?;
    let zero = b.constant_like(max, 0.0);
    let max = b.op(&logic::MASKED_FILL, &[max, infinite, zero], &[])?;
    let moved = b.op(&arithmetic::SUB, &[x, max], &[])?;
    let exp = b.op(&function::EXP, &[moved], &[])?;
    let sum = b.op(&SUM, &[exp], &[("dims", over), ("keepdim", c.sig.bool("keepdim").into())])?;
    let log = b.op(&function::LOG, &[sum], &[])?;
    let max = b.op(&movement::RESHAPE, &[max], &[("shape", b.ty(log).shape.clone().into())])?;
    let y = b.op(&arithmetic::ADD, &[log, max], &[])?;
    Ok(vec![b.cast(y, c.sig.ty(0).dtype)?])
}

fn over(x: super::SampleOperand) -> Vec<Sample> {
    let of = |dims: &[i64], keep: bool| Sample::new(vec![x.clone()]).attr("dims", dims.to_vec()).attr("keepdim", keep);
    vec![of(&[0], false), of(&[-1], true), of(&[0, -1], false), Sample::new(vec![x.clone()])]
}

fn means() -> Vec<Sample> {
    [F32, F64, F16, BF16]
        .into_iter()
        .map(|d| Sample::new(vec![floats(d, &[2, 3])]).attr("dims", vec![1]))
        .chain(over(floats(F32, &[2, 3, 2])))
        .collect()
}

fn numbers() -> Vec<Sample> {
    let integers = [I64, I32, BOOL].into_iter().map(|d| Sample::new(vec![spread(d, &[2, 4], -3.0, 4.0)]).attr("dims", vec![1]));
    let empty = Sample::new(vec![spread(F32, &[2, 0], 0.0, 1.0)]).attr("dims", vec![1]);
    means().into_iter().chain(integers).chain([empty, Sample::new(vec![values(F32, &[], &[3.5])])]).collect()
}

fn ordered() -> Vec<Sample> {
    let nan = Sample::new(vec![values(F32, &[3], &[1.0, f64::NAN, 2.0])]);
    means().into_iter().chain(over(spread(I64, &[3, 4], -9.0, 9.0))).chain([nan]).collect()
}

fn truths() -> Vec<Sample> {
    let of = |d| over(spread(d, &[3, 2], 0.0, 2.0));
    let floats = Sample::new(vec![values(F32, &[2, 2], &[0.0, 0.5, 0.0, 0.0])]).attr("dims", vec![1]);
    of(BOOL).into_iter().chain(of(I64)).chain([floats]).collect()
}

fn positions() -> Vec<Sample> {
    let of = |x, dim: i64, keep: bool| Sample::new(vec![x]).attr("dim", dim).attr("keepdim", keep);
    vec![
        of(floats(F32, &[2, 5]), 1, false),
        of(floats(F32, &[2, 5]), 0, true),
        of(spread(I64, &[3, 4], 0.0, 3.0), -1, false),
        of(values(F32, &[6], &[1.0, 3.0, f64::NAN, 3.0, f64::NAN, -1.0]), 0, false),
        of(values(BF16, &[4], &[2.0, 2.0, -1.0, -1.0]), 0, false),
    ]
}
