//! Re-splitting: an axis that is only ever used as `a / d` and `a % d` becomes two axes.
//!
//! A reshape that splits or merges dimensions leaves such divisions in an index; after re-splitting the index is affine again and the
//! reshape costs nothing. Applies where `d` divides the extent.

use cresset_ir::Dim;
use cresset_ir::kernel::{AxisId, ExprId, Exprs, Kernel, Node, Rewriter, ScalarOp, Stage};

/// Re-splits the axes of all stages until no division of a lone axis is left.
pub fn resplit(kernel: &mut Kernel) {
    while let Some((axis, divisor)) = find(kernel) {
        split(kernel, axis, &divisor);
    }
}

/// An axis and the size by which it is divided somewhere.
fn find(kernel: &Kernel) -> Option<(AxisId, Dim)> {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().flat_map(|s| s.at.iter().copied().chain([s.value])).collect();
    p.reachable(&roots).into_iter().find_map(|id| {
        let Node::Apply(ScalarOp::FloorDiv | ScalarOp::Mod, args) = p.node(id) else { return None };
        let Node::Axis(axis) = p.node(args[0]) else { return None };
        let (divisor, extent) = (as_dim(p, args[1])?, p.extent(axis));
        let facts = p.facts();
        let proper = !divisor.is(1) && divisor != extent && extent.modulo(&divisor, &facts).is(0);
        (proper && facts.bounds(&divisor).0.is_some_and(|l| l > 0)).then_some((axis, divisor))
    })
}

/// A size that an index expression spells, if it depends on nothing else.
fn as_dim(p: &Exprs, id: ExprId) -> Option<Dim> {
    let poly = p.poly(id);
    if !p.free_axes(id).is_empty() {
        return None;
    }
    p.extreme(&poly, true).filter(|d| p.dim(d).id() == id)
}

/// Replaces `axis` by `outer · d + inner`.
fn split(kernel: &mut Kernel, axis: AxisId, d: &Dim) {
    let p = &kernel.exprs;
    let (outer, inner) = (p.axis(p.extent(axis).floor_div(d, &p.facts())), p.axis(d.clone()));
    let joined = (p.axis_ex(outer) * p.dim(d) + p.axis_ex(inner)).id();
    let mut rewrite = Rewriter::new(p, |_, n| (*n == Node::Axis(axis)).then_some(joined)).rebind(axis, vec![outer, inner]);
    let mut stage = |s: &Stage| Stage {
        out: s.out,
        axes: s.axes.iter().flat_map(|&a| if a == axis { vec![outer, inner] } else { vec![a] }).collect(),
        at: s.at.iter().map(|&e| rewrite.run(e)).collect(),
        value: rewrite.run(s.value),
        combine: s.combine,
    };
    kernel.stages = kernel.stages.iter().map(&mut stage).collect();
}
