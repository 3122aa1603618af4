//! Matrix products.

use super::def::{Class::*, Meaning::Elements, OpDef, operand, optional};
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use crate::diag::Result;
use crate::dtype::DType::{BF16, F16, F32, F64, I64};
use crate::kernel::reduce;
use crate::types::Type;

pub static MATMUL: OpDef = OpDef {
    name: "matmul",
    doc: "The matrix product over the last two dimensions; the dimensions before them broadcast.",
    operands: &[operand("a", SameNumber), operand("b", SameNumber)],
    attrs: &[],
    infer: matmul,
    meaning: Elements(|e| {
        let [batch @ .., m, n] = &e.ix[..] else { unreachable!("infer checked the rank") };
        let at = |k: usize, last: [_; 2]| {
            let shape = &e.sig.ty(k).shape;
            let mut ix = e.aligned(&shape[..shape.len() - 2], batch);
            ix.extend(last);
            e.at(k, &ix)
        };
        e.reduce(&reduce::SUM, &[e.sig.dim(0, e.sig.rank(0) - 1).clone()], |k| at(0, [*m, k[0]]) * at(1, [k[0], *n]))
    }),
    samples: || {
        let of = |d, a: &[usize], b: &[usize]| Sample::new(vec![spread(d, a, -2.0, 3.0), spread(d, b, -3.0, 2.0)]);
        vec![
            of(F32, &[3, 4], &[4, 5]),
            of(F32, &[2, 3, 4], &[4, 2]),
            of(F32, &[2, 1, 3, 4], &[3, 4, 2]),
            of(F64, &[2, 3], &[3, 2]),
            of(F16, &[2, 8], &[8, 3]),
            of(BF16, &[2, 8], &[8, 3]),
            of(I64, &[2, 3], &[3, 2]),
            of(F32, &[2, 0], &[0, 3]),
        ]
    },
};

pub static LINEAR: OpDef = OpDef {
    name: "linear",
    doc: "x times the transposed weight, plus the bias.",
    operands: &[operand("x", SameNumber), operand("weight", SameNumber), optional("bias", SameNumber)],
    attrs: &[],
    infer: linear,
    meaning: Elements(|e| {
        let (&n, rows) = e.ix.split_last().expect("infer checked the rank");
        let product = e.reduce(&reduce::SUM, &[e.sig.dim(1, 1).clone()], |k| e.at(0, &[rows, k].concat()) * e.at(1, &[n, k[0]]));
        if e.sig.has(2) { product + e.at(2, &[n]) } else { product }
    }),
    samples: || {
        let bare = |d, x: &[usize]| Sample::new(vec![floats(d, x), spread(d, &[3, 4], -1.0, 1.5)]);
        let biased = |d, x: &[usize]| Sample::new(vec![floats(d, x), spread(d, &[3, 4], -1.0, 1.5), floats(d, &[3])]);
        vec![
            biased(F32, &[2, 4]),
            bare(F32, &[2, 4]),
            bare(F32, &[4]),
            biased(F32, &[2, 2, 4]),
            biased(F64, &[2, 4]),
            biased(F16, &[2, 4]),
            biased(BF16, &[2, 4]),
        ]
    },
};

fn matmul(s: &Sig) -> Result<Vec<Type>> {
    s.require_rank(0, 2, usize::MAX)?;
    s.require_rank(1, 2, usize::MAX)?;
    let ([batch_a @ .., m, k], [batch_b @ .., k2, n]) = (&s.ty(0).shape[..], &s.ty(1).shape[..]) else {
        unreachable!("the ranks are at least 2")
    };
    s.require_equal(k, k2, || format!("contracts {k} with {k2}: {}", s.words()))?;
    let mut shape = s.broadcast_shapes([batch_a, batch_b])?;
    shape.extend([m.clone(), n.clone()]);
    Ok(vec![Type::new(s.ty(0).dtype, shape)])
}

fn linear(s: &Sig) -> Result<Vec<Type>> {
    s.require_rank(0, 1, usize::MAX)?;
    s.require_rank(1, 2, 2)?;
    let (n, k, last) = (s.dim(1, 0), s.dim(1, 1), s.rank(0) - 1);
    s.require_equal(s.dim(0, last), k, || format!("contracts {} with {k}: {}", s.dim(0, last), s.words()))?;
    if s.has(2) {
        s.require_rank(2, 1, 1)?;
        s.require_equal(s.dim(2, 0), n, || format!("adds a bias of size {} to {n} features", s.dim(2, 0)))?;
    }
    let mut shape = s.ty(0).shape.clone();
    shape[last] = n.clone();
    Ok(vec![Type::new(s.ty(0).dtype, shape)])
}
