//! What fusion asks of a lowered kernel.

use crate::schedule::reductions;
use cresset_ir::kernel::{BufId, ExprId, Exprs, Kernel, Node, ScalarOp};
use std::collections::BTreeSet;

/// Whether each reduction runs once per point of the axes it depends on, and those are the same for all: a group where one reduction
/// depends on more axes than another would run the other again and again, and one inside another's loop has no place at all.
pub fn runs_once(kernel: &Kernel) -> bool {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    let output: BTreeSet<_> = kernel.stages.iter().flat_map(|s| s.axes.iter().copied()).collect();
    let rows: Vec<_> = reductions(p, &roots).into_iter().map(|r| p.free_axes(r)).collect();
    rows.iter().all(|r| r.is_subset(&output)) && rows.windows(2).all(|w| w[0] == w[1])
}

/// Whether anything is reduced.
pub fn reduces(kernel: &Kernel) -> bool {
    !kernel.contractions.is_empty() || !loose_reductions(kernel).is_empty()
}

/// The reductions besides the contraction.
pub fn loose_reductions(kernel: &Kernel) -> Vec<ExprId> {
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    reductions(&kernel.exprs, &roots)
}

/// Whether the factors of the contraction are reads: index arithmetic and guards, but no arithmetic on elements, which packing would repeat.
pub fn factors_are_reads(kernel: &Kernel) -> bool {
    kernel.contractions.iter().all(|c| [c.a, c.b].iter().all(|&f| is_read(&kernel.exprs, f)))
}

/// The loads of a buffer in an expression.
pub fn loads_of(p: &Exprs, id: ExprId, buf: BufId) -> Vec<ExprId> {
    p.reachable(&[id]).into_iter().filter(|&e| matches!(p.node(e), Node::Load(b, _) if b == buf)).collect()
}

/// Whether the kernel only moves elements: each result is a read.
pub fn moves_only(kernel: &Kernel) -> bool {
    kernel.contractions.is_empty() && kernel.stages.iter().all(|s| s.combine.is_none() && is_read(&kernel.exprs, s.value))
}

/// A load, a constant, or a guarded choice between such; indices may be computed, but not by reductions.
fn is_read(p: &Exprs, id: ExprId) -> bool {
    match p.node(id) {
        Node::Load(_, at) => at.iter().all(|&i| !p.reachable(&[i]).iter().any(|&e| matches!(p.node(e), Node::Reduce(..)))),
        Node::Const(_) | Node::Axis(_) | Node::Sym(_) | Node::Int(_) => true,
        Node::Apply(ScalarOp::Select, x) => is_index(p, x[0]) && is_read(p, x[1]) && is_read(p, x[2]),
        Node::Cast(x) => is_index(p, x),
        _ => false,
    }
}

/// An expression of axes and sizes alone.
fn is_index(p: &Exprs, id: ExprId) -> bool {
    p.reachable(&[id])
        .into_iter()
        .all(|e| matches!(p.node(e), Node::Const(_) | Node::Axis(_) | Node::Sym(_) | Node::Int(_) | Node::Apply(..)))
}
