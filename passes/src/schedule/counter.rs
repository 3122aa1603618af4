//! Counters: one number for the points of several axes, and the axes as its digits.

use cresset_ir::dim::Dim;
use cresset_ir::kernel::{AxisId, Ex, ExprId, Exprs, Node, Rewriter};
use std::collections::HashMap;

/// A number that counts the points of several axes. In offsets its digits mostly rejoin into the number itself.
pub struct Counter<'a> {
    pub axis: AxisId,
    pub ex: Ex<'a>,
    digits: Vec<(AxisId, ExprId)>,
}

impl<'a> Counter<'a> {
    pub fn new(p: &'a Exprs, axes: &[AxisId]) -> Counter<'a> {
        let total: Dim = p.points(axes);
        let axis = p.axis(total);
        let ex = p.axis_ex(axis);
        let mut rest = Dim::from(1i64);
        let mut digits = vec![];
        for (i, &a) in axes.iter().enumerate().rev() {
            let high = ex.floor_div(p.dim(&rest));
            let digit = if i == 0 { high } else { high.modulo(p.dim(&p.extent(a))) };
            digits.push((a, digit.id()));
            rest = rest * p.extent(a);
        }
        Counter { axis, ex, digits }
    }
}

/// Replaces axes by digits of counters.
pub fn count(p: &Exprs, counters: &[&Counter<'_>], id: ExprId) -> ExprId {
    let map: HashMap<AxisId, ExprId> = counters.iter().flat_map(|c| c.digits.iter().copied()).collect();
    replace_axes(p, &map, id)
}

pub fn replace_axes(p: &Exprs, map: &HashMap<AxisId, ExprId>, id: ExprId) -> ExprId {
    let place = |_: ExprId, n: &Node| match n {
        Node::Axis(a) => map.get(a).copied(),
        _ => None,
    };
    Rewriter::new(p, place).run(id)
}
