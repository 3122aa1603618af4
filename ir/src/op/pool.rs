//! Pooling over the last two dimensions.

use super::attr::{Attr, AttrDef, AttrKind, attr, attr_or};
use super::def::{Class::*, Meaning::Elements, OpDef, operand};
use super::elem::Elem;
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use super::window::{Window, inside};
use crate::codes;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{BF16, F16, F32, F64, I64};
use crate::kernel::{Ex, reduce};
use crate::scalar::Scalar;
use crate::types::Type;

const KERNEL: AttrDef = attr("kernel", AttrKind::Ints);
/// Empty: that of the kernel.
const STRIDE: AttrDef = attr_or("stride", AttrKind::Ints, || Attr::Ints(vec![]));
const PADDING: AttrDef = attr_or("padding", AttrKind::Ints, || vec![0, 0].into());
const CEIL: AttrDef = attr_or("ceil_mode", AttrKind::Bool, || false.into());

pub static MAX_POOL2D: OpDef = OpDef {
    name: "max_pool2d",
    doc: "The largest element under a window; NaN if there is one.",
    operands: &[operand("x", SameNumber)],
    attrs: &[KERNEL, STRIDE, PADDING, attr_or("dilation", AttrKind::Ints, || vec![1, 1].into()), CEIL],
    infer: |s| {
        s.require_ints("dilation", 2, 1)?;
        pooled(s)
    },
    meaning: Elements(|e| under(e, &reduce::MAX, Scalar::lowest(e.compute()))),
    samples: || {
        let of = |d| Sample::new(vec![spread(d, &[1, 2, 5, 5], -4.0, 4.0)]).attr("kernel", vec![2, 2]);
        let tuned = of(F32).attr("kernel", vec![3, 2]).attr("stride", vec![2, 1]).attr("padding", vec![1, 1]);
        vec![of(F32), of(BF16), of(I64), tuned.clone(), of(F32).attr("ceil_mode", true), of(F32).attr("dilation", vec![2, 3]), {
            tuned.attr("ceil_mode", true)
        }]
    },
};

pub static AVG_POOL2D: OpDef = OpDef {
    name: "avg_pool2d",
    doc: "The mean under a window, the padding counted as zeros or not at all.",
    operands: &[operand("x", SameFloat)],
    attrs: &[KERNEL, STRIDE, PADDING, CEIL, attr_or("count_include_pad", AttrKind::Bool, || true.into())],
    infer: pooled,
    meaning: Elements(|e| under(e, &reduce::SUM, Scalar::zero(e.compute())) / area(e)),
    samples: || {
        let of = |d| Sample::new(vec![floats(d, &[1, 2, 5, 5])]).attr("kernel", vec![2, 3]);
        let padded = of(F32).attr("kernel", vec![3, 3]).attr("stride", vec![2, 2]).attr("padding", vec![1, 1]);
        let exclusive = padded.clone().attr("count_include_pad", false);
        let ceil = |s: Sample| s.attr("stride", vec![3, 3]).attr("ceil_mode", true);
        vec![of(F32), of(F64), of(F16), of(BF16), padded.clone(), exclusive.clone(), ceil(of(F32)), ceil(padded), ceil(exclusive)]
    },
};

pub static ADAPTIVE_AVG_POOL2D: OpDef = OpDef {
    name: "adaptive_avg_pool2d",
    doc: "The mean over windows that divide x evenly into an output of the given size.",
    operands: &[operand("x", SameFloat)],
    attrs: &[attr("output_size", AttrKind::Ints)],
    infer: |s| {
        s.require_rank(0, 3, 4)?;
        s.require_ints("output_size", 2, 1)?;
        let mut shape = s.ty(0).shape.clone();
        let first = shape.len() - 2;
        shape.splice(first.., s.ints("output_size").iter().map(|&n| n.into()));
        Ok(vec![Type::new(s.ty(0).dtype, shape)])
    },
    meaning: Elements(adaptive),
    samples: || {
        let of = |d, h, w, to: &[i64]| Sample::new(vec![floats(d, &[1, 2, h, w])]).attr("output_size", to.to_vec());
        vec![
            of(F32, 4, 6, &[2, 3]),
            of(F32, 5, 7, &[3, 2]),
            of(F32, 2, 3, &[4, 5]),
            of(F32, 4, 6, &[1, 1]),
            of(BF16, 4, 4, &[2, 2]),
        ]
    },
};

/// The two windows; only max pooling dilates them.
fn windows(s: &Sig) -> [Window; 2] {
    let kernel = s.ints("kernel");
    let stride = if s.ints("stride").is_empty() { kernel } else { s.ints("stride") };
    let dilated = s.op.attr_index("dilation").is_some();
    [0, 1].map(|d| Window {
        kernel: kernel[d].into(),
        stride: stride[d],
        padding: s.ints("padding")[d],
        dilation: if dilated { s.ints("dilation")[d] } else { 1 },
    })
}

fn pooled(s: &Sig) -> Result<Vec<Type>> {
    s.require_rank(0, 3, 4)?;
    s.require_ints("kernel", 2, 1)?;
    s.require_ints("padding", 2, 0)?;
    if !s.ints("stride").is_empty() {
        s.require_ints("stride", 2, 1)?;
    }
    let (kernel, padding) = (s.ints("kernel"), s.ints("padding"));
    if kernel.iter().zip(padding).any(|(k, p)| 2 * p > *k) {
        return Err(s.error(codes::BAD_ATTRIBUTE, format!("has padding {padding:?}, more than half of its kernel {kernel:?}")));
    }
    let mut shape = s.ty(0).shape.clone();
    let first = shape.len() - 2;
    for (n, w) in shape[first..].iter_mut().zip(windows(s)) {
        *n = w.count(s, n, s.bool("ceil_mode"))?;
    }
    Ok(vec![Type::new(s.ty(0).dtype, shape)])
}

/// Reduces what is under the windows; the padding holds the neutral element.
fn under<'a>(e: &Elem<'a>, r: &'static reduce::Reducer, neutral: Scalar) -> Ex<'a> {
    let (outer, places) = e.ix.split_at(e.ix.len() - 2);
    let windows = windows(e.sig);
    let extents = [windows[0].kernel.clone(), windows[1].kernel.clone()];
    e.reduce(r, &extents, |k| {
        let at: Vec<_> = windows.iter().zip(places).zip(k).map(|((w, &i), &k)| w.at(e, i, k)).collect();
        let held = inside(e, &at, &e.sig.ty(0).shape[outer.len()..]);
        e.at_or(held, 0, &[outer, &at].concat(), e.pool.constant(neutral))
    })
}

/// The number of elements that a mean counts: those of the windows cut off at the far end of the padding, or of x.
fn area<'a>(e: &Elem<'a>) -> Ex<'a> {
    let outer = e.ix.len() - 2;
    let padded = e.sig.bool("count_include_pad");
    let length = |(d, w): (usize, Window)| {
        let (n, start) = (e.dim(e.sig.dim(0, outer + d)), w.start(e, e.ix[outer + d]));
        let end = (start + e.dim(&w.kernel)).min(n + e.int(w.padding));
        if padded { end - start } else { end.min(n) - start.max(e.int(0)) }
    };
    windows(e.sig).into_iter().enumerate().fold(e.lit(1.0), |area, w| area * length(w).cast(e.compute()))
}

/// Window i of n over a size s is `⌊i·s/n⌋ .. ⌈(i+1)·s/n⌉`.
fn adaptive<'a>(e: &Elem<'a>) -> Ex<'a> {
    let (outer, places) = e.ix.split_at(e.ix.len() - 2);
    let span = |d: usize| {
        let (s, n) = (e.dim(e.sig.dim(0, outer.len() + d)), e.int(e.sig.ints("output_size")[d]));
        let start = (places[d] * s).floor_div(n);
        (start, ((places[d] + e.int(1)) * s + n - e.int(1)).floor_div(n) - start)
    };
    let (rows, columns) = (span(0), span(1));
    let widest = [0, 1].map(|d| widest(e.sig, e.sig.dim(0, outer.len() + d), e.sig.ints("output_size")[d]));
    let total = e.reduce(&reduce::SUM, &widest, |k| {
        let at = [outer, &[rows.0 + k[0], columns.0 + k[1]]].concat();
        e.at_or(k[0].lt(rows.1).and(k[1].lt(columns.1)), 0, &at, e.lit(0.0))
    });
    total / (rows.1.cast(e.compute()) * columns.1.cast(e.compute()))
}

/// An upper bound of the lengths of windows of n over a size; exact where they divide it.
fn widest(s: &Sig, size: &Dim, n: i64) -> Dim {
    let by = Dim::from(n);
    let whole = size.floor_div(&by, s.facts);
    if size.modulo(&by, s.facts).is(0) { whole } else { whole + Dim::from(2i64) }
}
