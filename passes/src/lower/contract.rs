//! Contractions: the sum of products in a kernel's value that the backend's matrix routine can do.
//!
//! `Σ_k a · b` qualifies when `b` has output axes that `a` lacks (columns), there is depth, and both factors are free of reductions. Axes
//! that both have are the batch. What remains of the stages is the epilogue, which reads the sums.

use cresset_ir::dim::Dim;
use cresset_ir::kernel::{
    AxisId, BufId, Buffer, Contraction, Ex, ExprId, Exprs, Kernel, Node, Rewriter, Role, ScalarOp, Stage, reduce,
};
use cresset_ir::{DType, Type};
use std::collections::BTreeSet;

/// Takes the contraction out of the kernel's stages, if there is exactly one and it qualifies.
pub fn extract(kernel: &mut Kernel) {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    let sums: Vec<ExprId> = p.reachable(&roots).into_iter().filter(|&id| matches!(p.node(id), Node::Reduce(..))).collect();
    let [sum] = sums[..] else { return };
    let Some(stage) = kernel.stages.first() else { return };
    let same_axes = kernel.stages.iter().all(|s| s.axes == stage.axes && s.combine.is_none());
    let Some(mut c) = same_axes.then(|| classify(p, sum, &stage.axes, &kernel.buffers)).flatten() else { return };
    c.acc = BufId(kernel.buffers.len() as u32);
    let axes: Vec<AxisId> = c.batch.iter().chain(&c.m).chain(&c.n).copied().collect();
    let shape: Vec<Dim> = axes.iter().map(|&a| p.extent(a)).collect();
    let at: Vec<Ex<'_>> = axes.iter().map(|&a| p.axis_ex(a)).collect();
    let load = p.load(c.acc, c.dtype, &at).id();
    let mut rewrite = Rewriter::new(p, |_, n| (*n == Node::State(sum, 0)).then_some(load));
    let stages: Vec<Stage> = kernel.stages.iter().map(|s| Stage { value: rewrite.run(s.value), ..s.clone() }).collect();
    kernel.stages = stages;
    kernel.buffers.push(Buffer { name: "acc".into(), ty: Type::new(c.dtype, shape), role: Role::Scratch });
    kernel.contraction = Some(c);
}

/// Sorts the axes of a sum of products into batch, rows, columns and depth.
fn classify(p: &Exprs, sum: ExprId, output: &[AxisId], buffers: &[Buffer]) -> Option<Contraction> {
    let Node::Reduce(reducer, k, body) = p.node(sum) else { return None };
    let Node::Apply(ScalarOp::Mul, factors) = p.node(body[0]) else { return None };
    let dtype = p.dtype(body[0]);
    if reducer.name != reduce::SUM.name || dtype != DType::F32 {
        return None;
    }
    let [x, y] = [factors[0], factors[1]];
    // The packed side is the one that can be packed once.
    let (a, b) = if stored_only(p, x, buffers) && !stored_only(p, y, buffers) { (y, x) } else { (x, y) };
    let (fa, fb) = (p.free_axes(a), p.free_axes(b));
    let with = |inside: &BTreeSet<AxisId>, outside: &BTreeSet<AxisId>| -> Vec<AxisId> {
        output.iter().copied().filter(|x| inside.contains(x) && !outside.contains(x)).collect()
    };
    let batch: Vec<AxisId> = output.iter().copied().filter(|x| fa.contains(x) && fb.contains(x)).collect();
    let (m, n) = (with(&fa, &fb), with(&fb, &fa));
    let covered = batch.len() + m.len() + n.len() == output.len();
    let pure = [a, b].iter().all(|&f| !p.reachable(&[f]).iter().any(|&id| matches!(p.node(id), Node::Reduce(..))));
    let deep = k.iter().all(|x| fa.contains(x) || fb.contains(x)) && k.iter().any(|x| fa.contains(x) && fb.contains(x));
    (covered && pure && deep && !n.is_empty()).then_some(Contraction { acc: BufId(0), batch, m, n, k, a, b, dtype })
}

/// Whether every load of an expression reads an entry of the store, so that its values do not change between calls.
pub fn stored_only(p: &Exprs, id: ExprId, buffers: &[Buffer]) -> bool {
    p.reachable(&[id]).into_iter().all(|id| match p.node(id) {
        Node::Load(b, _) => buffers[b.0 as usize].role == Role::Stored,
        _ => true,
    })
}
