//! Merging axes: two neighbouring axes that every offset walks as one become one, so that inner loops are long.

use cresset_ir::kernel::{AxisId, ExprId, Exprs, Kernel, Node, Rewriter, ScalarOp, Stage};

/// Merges what can be merged, in the stages and in their reductions.
pub fn merge(kernel: &mut Kernel) {
    while merge_once(kernel) {}
}

fn merge_once(kernel: &mut Kernel) -> bool {
    pairs(kernel).into_iter().any(|(outer, inner)| try_merge(kernel, outer, inner))
}

/// Neighbours in the axes of a stage or of a reduction.
fn pairs(kernel: &Kernel) -> Vec<(AxisId, AxisId)> {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    let bound = p.reachable(&roots).into_iter().filter_map(|id| match p.node(id) {
        Node::Reduce(_, axes, _) => Some(axes),
        _ => None,
    });
    let lists = kernel.stages.iter().map(|s| s.axes.clone()).chain(bound);
    lists.flat_map(|axes| axes.windows(2).map(|w| (w[0], w[1])).collect::<Vec<_>>()).collect()
}

fn try_merge(kernel: &mut Kernel, outer: AxisId, inner: AxisId) -> bool {
    let p = &kernel.exprs;
    let together =
        |axes: &[AxisId]| axes.windows(2).any(|w| w == [outer, inner]) || !(axes.contains(&outer) || axes.contains(&inner));
    if !pairs_agree(kernel, &together) {
        return false;
    }
    let extent = p.extent(inner);
    let merged = p.axis(p.extent(outer) * extent.clone());
    let (m, d) = (p.axis_ex(merged), p.dim(&extent));
    let (high, low) = (m.floor_div(d).id(), m.modulo(d).id());
    let place = |_: ExprId, n: &Node| match n {
        Node::Axis(a) if *a == outer => Some(high),
        Node::Axis(a) if *a == inner => Some(low),
        _ => None,
    };
    let mut rewrite = Rewriter::new(p, place).rebind(outer, vec![merged]).rebind(inner, vec![]);
    let stages: Vec<Stage> =
        kernel.stages.iter().map(|s| merge_stage(s, outer, inner, merged, &mut |e| rewrite.run(e))).collect();
    let roots: Vec<ExprId> = stages.iter().flat_map(|s| s.at.iter().copied().chain([s.value])).collect();
    if divides(p, &roots, merged) {
        return false;
    }
    kernel.stages = stages;
    true
}

/// Whether each list of axes holds both as neighbours, or neither.
fn pairs_agree(kernel: &Kernel, together: &dyn Fn(&[AxisId]) -> bool) -> bool {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    kernel.stages.iter().all(|s| together(&s.axes))
        && p.reachable(&roots).into_iter().all(|id| match p.node(id) {
            Node::Reduce(_, axes, _) => together(&axes),
            _ => true,
        })
}

fn merge_stage(s: &Stage, outer: AxisId, inner: AxisId, merged: AxisId, rewrite: &mut dyn FnMut(ExprId) -> ExprId) -> Stage {
    let keep = |&a: &AxisId| if a == outer { Some(merged) } else { (a != inner).then_some(a) };
    Stage {
        axes: s.axes.iter().filter_map(keep).collect(),
        at: s.at.iter().map(|&e| rewrite(e)).collect(),
        value: rewrite(s.value),
        ..s.clone()
    }
}

/// Whether some division of an expression in `axis` is left.
fn divides(p: &Exprs, roots: &[ExprId], axis: AxisId) -> bool {
    p.reachable(roots).into_iter().any(|id| match p.node(id) {
        Node::Apply(ScalarOp::FloorDiv | ScalarOp::Mod, args) => p.depends_on(args[0], axis),
        _ => false,
    })
}
