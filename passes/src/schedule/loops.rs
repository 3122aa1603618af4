//! Loop kernels: which axes are the grid, which is the row, and what runs at each grid point.

use super::merge;
use super::phases::Phases;
use cresset_ir::Target;
use cresset_ir::dim::{Dim, Facts};
use cresset_ir::kernel::{AxisId, Buffer, ExprId, Exprs, Kernel, LoopKind, Loops, Node, Rewriter, Stage, Stmt};
use std::collections::{BTreeSet, HashMap};

/// Schedules a kernel without contraction. Offsets are flat.
pub fn schedule(mut kernel: Kernel, target: &Target) -> Loops {
    merge::merge(&mut kernel);
    let rows = row_axes(&kernel);
    let inner: Vec<AxisId> = first_axes(&kernel).into_iter().filter(|a| !rows.contains(a)).collect();
    if let [row] = inner[..] {
        share_axis(&kernel.exprs, &mut kernel.stages, row);
    }
    let mut grid: Vec<AxisId> = first_axes(&kernel).into_iter().filter(|a| rows.contains(a)).collect();
    let (mut inner, mut counts) = (inner, HashMap::new());
    if kernel.exprs.reductions(&values(&kernel)).is_empty() {
        grid = inner.drain(..inner.len().saturating_sub(1)).collect();
        if let Some(&row) = inner.first()
            && let Some((strip, lane, count)) = strips(&mut kernel, row, target)
        {
            grid.push(strip);
            inner = vec![lane];
            counts.insert(lane, count);
        }
    }
    let Kernel { name, exprs, mut buffers, stages, loc, .. } = kernel;
    let body = body(&exprs, target, &mut buffers, &stages, &grid, &inner, counts);
    let grid = grid.into_iter().map(|a| (a, exprs.dim(&exprs.extent(a)).id())).collect();
    Loops { name, exprs, buffers, params: vec![], grid, body, loc }
}

fn values(kernel: &Kernel) -> Vec<ExprId> {
    kernel.stages.iter().map(|s| s.value).collect()
}

fn first_axes(kernel: &Kernel) -> Vec<AxisId> {
    kernel.stages.first().map_or_else(Vec::new, |s| s.axes.clone())
}

/// The axes at whose loops the reductions run: those that any reduction depends on.
fn row_axes(kernel: &Kernel) -> BTreeSet<AxisId> {
    kernel.exprs.reductions(&values(kernel)).into_iter().flat_map(|r| kernel.exprs.free_axes(r)).collect()
}

/// Reductions over one axis as long as the row take the row's own axis, so that equal expressions of both are one.
pub fn share_axis(p: &Exprs, stages: &mut [Stage], row: AxisId) {
    let values: Vec<ExprId> = stages.iter().map(|s| s.value).collect();
    for r in p.reductions(&values) {
        let Node::Reduce(_, axes, _) = p.node(r) else { continue };
        let [k] = axes[..] else { continue };
        if k != row && p.extent(k) == p.extent(row) {
            let to = p.axis_ex(row).id();
            let mut rewrite = Rewriter::new(p, |_, n| (*n == Node::Axis(k)).then_some(to)).rebind(k, vec![row]);
            stages.iter_mut().for_each(|s| s.value = rewrite.run(s.value));
            return share_axis(p, stages, row);
        }
    }
}

/// Cuts a long row into strips: (strip axis, lane axis, lanes of the current strip). `None` when one strip holds it.
fn strips(kernel: &mut Kernel, row: AxisId, target: &Target) -> Option<(AxisId, AxisId, ExprId)> {
    let p = &kernel.exprs;
    let (extent, width) = (p.extent(row), target.strip as i64);
    if extent.known().is_some_and(|n| n <= 2 * width) {
        return None;
    }
    let w = Dim::from(width);
    let number = (extent.clone() + Dim::from(width - 1)).floor_div(&w, &Facts::default());
    let (strip, lane) = (p.axis(number), p.axis(w.clone()));
    let start = p.axis_ex(strip) * p.dim(&w);
    let joined = (start + p.axis_ex(lane)).id();
    let count = (p.dim(&extent) - start).min(p.dim(&w)).id();
    let mut rewrite = Rewriter::new(p, |_, n| (*n == Node::Axis(row)).then_some(joined));
    let stage = |s: &Stage| Stage {
        axes: s.axes.iter().flat_map(|&a| if a == row { vec![strip, lane] } else { vec![a] }).collect(),
        at: s.at.iter().map(|&e| rewrite.run(e)).collect(),
        value: rewrite.run(s.value),
        ..s.clone()
    };
    kernel.stages = kernel.stages.iter().map(stage).collect();
    Some((strip, lane, count))
}

/// The statements of one grid point: folds and rows first, then the stores, the last axis in lanes.
pub fn body(
    p: &Exprs,
    target: &Target,
    buffers: &mut Vec<Buffer>,
    stages: &[Stage],
    bound: &[AxisId],
    inner: &[AxisId],
    counts: HashMap<AxisId, ExprId>,
) -> Vec<Stmt> {
    let mut phases = Phases::new(p, target, buffers);
    phases.bound = bound.iter().copied().collect();
    phases.counts = counts;
    // With several inner axes only what no inner loop changes is emitted here.
    let outer_axes = inner.split_last().map_or(&[][..], |(_, outer)| outer);
    if !outer_axes.is_empty() {
        let roots: Vec<ExprId> = stages.iter().map(|s| s.value).collect();
        for r in p.reductions(&roots) {
            phases.place(r);
        }
    }
    phases.bound.extend(outer_axes);
    let before = phases.out.len();
    let mut stores = vec![];
    for s in stages {
        let at: Vec<ExprId> = s.at.iter().map(|&e| phases.place(e)).collect();
        let value = phases.place(s.value);
        stores.push(Stmt::Store { buf: s.out, at, value, combine: s.combine });
    }
    let mut out = std::mem::take(&mut phases.out);
    let mut nest = out.split_off(before);
    match inner.last() {
        Some(&lane) => nest.push(Stmt::For { axis: lane, extent: phases.count(lane), kind: LoopKind::Lane, body: stores }),
        None => nest.extend(stores),
    }
    for &axis in outer_axes.iter().rev() {
        nest = vec![Stmt::For { axis, extent: phases.count(axis), kind: LoopKind::Serial, body: nest }];
    }
    out.extend(nest);
    out
}
