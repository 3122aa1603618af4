//! Indexing by tensors. Where PyTorch raises for an index out of range, the nearest one in range is taken: nothing is read or written
//! out of bounds. A row `into_size` says what is in range; inputs and known values that break it are refused before (see
//! [`bound`](crate::bound)).

use super::attr::{AttrKind, attr};
use super::def::{Class::*, Meaning::Elements, Meaning::Updates, OpDef, operand};
use super::elem::Update;
use super::sample::{Sample, floats, spread, values};
use super::sig::Sig;
use crate::codes;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{BF16, F32, I32, I64};
use crate::kernel::ScalarOp;
use crate::types::Type;

pub static EMBEDDING: OpDef = OpDef {
    name: "embedding",
    doc: "The rows of a table at given indices; an index out of range takes the nearest row.",
    operands: &[operand("weight", Same), operand("indices", Index).into_size(|s| s.dim(0, 0).clone())],
    attrs: &[],
    infer: |s| {
        s.require_rank(0, 2, 2)?;
        require_places(s, 0)?;
        let shape = [&s.ty(1).shape[..], &s.ty(0).shape[1..]].concat();
        Ok(vec![Type::new(s.ty(0).dtype, shape)])
    },
    meaning: Elements(|e| {
        let (&column, place) = e.ix.split_last().expect("infer checked the rank");
        let row = e.index(1, place);
        e.at(0, &[row, column])
    }),
    samples: || {
        let of = |d, i, shape: &[usize]| Sample::new(vec![floats(d, &[5, 3]), spread(i, shape, 0.0, 5.0)]);
        vec![of(F32, I64, &[4]), of(F32, I32, &[2, 3]), of(BF16, I64, &[2]), of(F32, I64, &[])]
    },
};

pub static GATHER: OpDef = OpDef {
    name: "gather",
    doc: "x at its own place, but along a dimension at the given index; an index out of range takes the nearest element.",
    operands: &[operand("x", Same), operand("indices", Index).into_size(along_dim)],
    attrs: &[attr("dim", AttrKind::Int)],
    infer: |s| {
        let dim = s.axis("dim", 0)?;
        s.require_rank(1, s.rank(0), s.rank(0))?;
        require_places(s, dim)?;
        for d in (0..s.rank(0)).filter(|&d| d != dim) {
            s.require_le(s.dim(1, d), s.dim(0, d), || format!("takes {} of {} along dimension {d}", s.ty(1), s.ty(0)))?;
        }
        Ok(vec![Type::new(s.ty(0).dtype, &s.ty(1).shape[..])])
    },
    meaning: Elements(|e| {
        let dim = e.axis("dim", 0);
        e.at(0, &e.with(dim, e.index(1, &e.ix)))
    }),
    samples: || {
        let of = |x: &[usize], i: &[usize], dim: i64, n: f64| {
            Sample::new(vec![floats(F32, x), spread(I64, i, 0.0, n)]).attr("dim", dim)
        };
        vec![of(&[3, 4], &[3, 2], 1, 4.0), of(&[3, 4], &[5, 3], 0, 3.0), of(&[6], &[4], -1, 6.0)]
    },
};

pub static INDEX_SELECT: OpDef = OpDef {
    name: "index_select",
    doc: "The slices of x at given indices along a dimension; an index out of range takes the nearest slice.",
    operands: &[operand("x", Same), operand("indices", Index).into_size(along_dim)],
    attrs: &[attr("dim", AttrKind::Int)],
    infer: |s| {
        let dim = s.axis("dim", 0)?;
        s.require_rank(1, 1, 1)?;
        require_places(s, dim)?;
        let mut shape = s.ty(0).shape.clone();
        shape[dim] = s.dim(1, 0).clone();
        Ok(vec![Type::new(s.ty(0).dtype, shape)])
    },
    meaning: Elements(|e| {
        let dim = e.axis("dim", 0);
        e.at(0, &e.with(dim, e.index(1, &[e.ix[dim]])))
    }),
    samples: || {
        let of = |x: &[usize], n: usize, dim: i64, size: f64| {
            Sample::new(vec![floats(F32, x), spread(I64, &[n], 0.0, size)]).attr("dim", dim)
        };
        vec![of(&[3, 4], 2, 1, 4.0), of(&[3, 4], 5, 0, 3.0), of(&[2, 2, 3], 3, -2, 2.0)]
    },
};

pub static SCATTER_ADD: OpDef = OpDef {
    name: "scatter_add",
    doc: "x with each element of src added at its own place, but along a dimension at the given index; one out of range goes to the nearest.",
    operands: &[operand("x", SameNumber), operand("indices", Index).into_size(along_dim), operand("src", SameNumber)],
    attrs: &[attr("dim", AttrKind::Int)],
    infer: |s| {
        let (dim, rank) = (s.axis("dim", 0)?, s.rank(0));
        s.require_rank(1, rank, rank)?;
        s.require_rank(2, rank, rank)?;
        require_places(s, dim)?;
        for d in 0..rank {
            s.require_equal(s.dim(1, d), s.dim(2, d), || format!("has indices {} for a source {}", s.ty(1), s.ty(2)))?;
            if d != dim {
                s.require_le(s.dim(2, d), s.dim(0, d), || format!("adds {} to {} along dimension {dim}", s.ty(2), s.ty(0)))?;
            }
        }
        Ok(vec![s.ty(0).clone()])
    },
    meaning: Updates(|e| {
        let dim = e.axis("dim", 0);
        Update { at: e.with(dim, e.index(1, &e.ix)), value: e.at(2, &e.ix), combine: Some(ScalarOp::Add) }
    }),
    samples: || {
        let of = |d, x: &[usize], src: &[usize], dim: i64, n: f64| {
            Sample::new(vec![spread(d, x, -3.0, 3.0), spread(I64, src, 0.0, n), spread(d, src, -2.0, 4.0)]).attr("dim", dim)
        };
        vec![of(F32, &[3, 4], &[3, 6], 1, 4.0), of(F32, &[3, 4], &[2, 3], 0, 3.0), of(I64, &[4], &[7], -1, 4.0)]
    },
};

pub static INDEX_ADD: OpDef = OpDef {
    name: "index_add",
    doc: "x with each slice of src added at the given index along a dimension; an index out of range goes to the nearest.",
    operands: &[operand("x", SameNumber), operand("indices", Index).into_size(along_dim), operand("src", SameNumber)],
    attrs: &[attr("dim", AttrKind::Int)],
    infer: |s| {
        let (dim, rank) = (s.axis("dim", 0)?, s.rank(0));
        s.require_rank(1, 1, 1)?;
        s.require_rank(2, rank, rank)?;
        require_places(s, dim)?;
        for d in 0..rank {
            let want = if d == dim { s.dim(1, 0) } else { s.dim(0, d) };
            s.require_equal(s.dim(2, d), want, || format!("adds {} to {} at indices {}", s.ty(2), s.ty(0), s.ty(1)))?;
        }
        Ok(vec![s.ty(0).clone()])
    },
    meaning: Updates(|e| {
        let dim = e.axis("dim", 0);
        let at = e.with(dim, e.index(1, &[e.ix[dim]]));
        Update { at, value: e.at(2, &e.ix), combine: Some(ScalarOp::Add) }
    }),
    samples: || {
        let of = |x: &[usize], src: &[usize], dim: i64, at: &[f64]| {
            Sample::new(vec![floats(F32, x), values(I64, &[at.len()], at), spread(F32, src, -2.0, 4.0)]).attr("dim", dim)
        };
        vec![of(&[3, 2], &[4, 2], 0, &[0., 2., 2., 1.]), of(&[2, 3], &[2, 2], -1, &[1., 1.])]
    },
};

pub static ONE_HOT: OpDef = OpDef {
    name: "one_hot",
    doc: "1 at the index in a new last dimension, 0 elsewhere; all 0 for an index out of range.",
    operands: &[operand("indices", Index).into_size(|s| s.int("num_classes").into())],
    attrs: &[attr("num_classes", AttrKind::Int)],
    infer: |s| {
        let n = s.int("num_classes");
        if n < 1 {
            return Err(s.error(codes::BAD_ATTRIBUTE, format!("needs 1 or more classes, got {n}")));
        }
        let mut shape = s.ty(0).shape.clone();
        shape.push(n.into());
        Ok(vec![Type::new(I64, shape)])
    },
    meaning: Elements(|e| {
        let (&class, place) = e.ix.split_last().expect("the result has a last dimension");
        e.at(0, place).cast(I64).eq(class).cast(I64)
    }),
    samples: || {
        vec![
            Sample::new(vec![spread(I64, &[2, 3], 0.0, 4.0)]).attr("num_classes", 5i64),
            Sample::new(vec![values(I64, &[], &[1.0])]).attr("num_classes", 2i64),
        ]
    },
};

/// The size of the first operand along the dimension that `dim` names.
fn along_dim(s: &Sig) -> Dim {
    s.dim(0, s.axis("dim", 0).expect("infer checked the dimension")).clone()
}

/// An index needs a place to go to.
fn require_places(s: &Sig, dim: usize) -> Result<()> {
    s.require_le(&Dim::from(1i64), s.dim(0, dim), || format!("needs an element along dimension {dim} of {}", s.ty(0)))
}
