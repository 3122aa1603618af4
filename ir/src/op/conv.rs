//! Convolution (cross-correlation, as PyTorch's) over one or two spatial dimensions.

use super::attr::{Attr, AttrDef, AttrKind, attr_or};
use super::def::{Class::*, Meaning::Elements, OpDef, operand, optional};
use super::elem::Elem;
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use super::window::{Window, inside};
use crate::codes;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::DType::{self, BF16, F16, F32, F64};
use crate::kernel::{Ex, reduce};
use crate::types::Type;

const GROUPS: AttrDef = attr_or("groups", AttrKind::Int, || Attr::Int(1));

pub static CONV1D: OpDef = OpDef {
    name: "conv1d",
    doc: "The weighted sum over a window of x[n, c, i] and the channels of a group, plus the bias.",
    operands: &[operand("x", SameFloat), operand("weight", SameFloat), optional("bias", SameFloat)],
    attrs: &[
        attr_or("stride", AttrKind::Ints, || vec![1].into()),
        attr_or("padding", AttrKind::Ints, || vec![0].into()),
        attr_or("dilation", AttrKind::Ints, || vec![1].into()),
        GROUPS,
    ],
    infer: |s| conv(s, 1),
    meaning: Elements(sum),
    samples: || {
        let of = |d: DType| Sample::new(vec![floats(d, &[2, 2, 6]), spread(d, &[3, 2, 3], -1.0, 1.5), floats(d, &[3])]);
        let tuned = of(F32).attr("stride", vec![2]).attr("padding", vec![2]).attr("dilation", vec![2]);
        let grouped = Sample::new(vec![floats(F32, &[1, 4, 5]), floats(F32, &[4, 1, 2])]).attr("groups", 4i64);
        vec![of(F32), of(F64), of(BF16), tuned, grouped]
    },
};

pub static CONV2D: OpDef = OpDef {
    name: "conv2d",
    doc: "The weighted sum over a window of x[n, c, i, j] and the channels of a group, plus the bias.",
    operands: &[operand("x", SameFloat), operand("weight", SameFloat), optional("bias", SameFloat)],
    attrs: &[
        attr_or("stride", AttrKind::Ints, || vec![1, 1].into()),
        attr_or("padding", AttrKind::Ints, || vec![0, 0].into()),
        attr_or("dilation", AttrKind::Ints, || vec![1, 1].into()),
        GROUPS,
    ],
    infer: |s| conv(s, 2),
    meaning: Elements(sum),
    samples: || {
        let of = |d: DType| Sample::new(vec![floats(d, &[1, 2, 5, 4]), spread(d, &[3, 2, 3, 2], -1.0, 1.5), floats(d, &[3])]);
        let tuned = of(F32).attr("stride", vec![2, 1]).attr("padding", vec![1, 2]).attr("dilation", vec![1, 2]);
        let grouped = Sample::new(vec![floats(F32, &[2, 4, 3, 3]), floats(F32, &[2, 2, 2, 2])]).attr("groups", 2i64);
        let depthwise = Sample::new(vec![floats(F32, &[1, 3, 4, 4]), floats(F32, &[3, 1, 3, 3])]);
        let depthwise = depthwise.attr("groups", 3i64).attr("padding", vec![1, 1]);
        vec![of(F32), of(F64), of(F16), of(BF16), tuned, grouped, depthwise]
    },
};

fn windows(s: &Sig) -> Vec<Window> {
    let (stride, padding, dilation) = (s.ints("stride"), s.ints("padding"), s.ints("dilation"));
    let window = |(i, kernel): (usize, &Dim)| Window {
        kernel: kernel.clone(),
        stride: stride[i],
        padding: padding[i],
        dilation: dilation[i],
    };
    s.ty(1).shape[2..].iter().enumerate().map(window).collect()
}

/// x: [N, C, ...], weight: [O, C / groups, ...], bias: [O].
fn conv(s: &Sig, spatial: usize) -> Result<Vec<Type>> {
    s.require_rank(0, spatial + 2, spatial + 2)?;
    s.require_rank(1, spatial + 2, spatial + 2)?;
    for (name, least) in [("stride", 1), ("padding", 0), ("dilation", 1)] {
        s.require_ints(name, spatial, least)?;
    }
    let (channels, out, part, groups) = (s.dim(0, 1), s.dim(1, 0), s.dim(1, 1), s.int("groups"));
    if !(1..=1 << 31).contains(&groups) {
        return Err(s.error(codes::BAD_ATTRIBUTE, format!("needs 1 or more groups, got {groups}")));
    }
    let groups = Dim::from(groups);
    let taken = part.clone() * groups.clone();
    s.require_equal(channels, &taken, || {
        format!("has a weight for {taken} channels and an input with {channels}: {}", s.words())
    })?;
    let uneven = out.modulo(&groups, s.facts);
    s.require_equal(&uneven, &Dim::from(0i64), || format!("cannot split {out} output channels into {groups} groups"))?;
    if s.has(2) {
        s.require_rank(2, 1, 1)?;
        s.require_equal(s.dim(2, 0), out, || format!("adds a bias of size {} to {out} channels", s.dim(2, 0)))?;
    }
    let mut shape = vec![s.dim(0, 0).clone(), out.clone()];
    for (i, w) in windows(s).iter().enumerate() {
        shape.push(w.count(s, s.dim(0, 2 + i), false)?);
    }
    Ok(vec![Type::new(s.ty(0).dtype, shape)])
}

fn sum<'a>(e: &Elem<'a>) -> Ex<'a> {
    let [n, o, ref places @ ..] = e.ix[..] else { unreachable!("infer checked the rank") };
    let (windows, shape) = (windows(e.sig), &e.sig.ty(0).shape);
    let group = o.floor_div(e.dim(&e.result.shape[1].floor_div(&Dim::from(e.sig.int("groups")), e.sig.facts)));
    let total = e.reduce(&reduce::SUM, &e.sig.ty(1).shape[1..], |k| {
        let channel = group * e.dim(e.sig.dim(1, 1)) + k[0];
        let under: Vec<_> = windows.iter().zip(places).zip(&k[1..]).map(|((w, &i), &k)| w.at(e, i, k)).collect();
        let x = e.at_or(inside(e, &under, &shape[2..]), 0, &[&[n, channel], &under[..]].concat(), e.lit(0.0));
        x * e.at(1, &[&[o], k].concat())
    });
    if e.sig.has(2) { total + e.at(2, &[o]) } else { total }
}
