//! What fusion asks of a lowered kernel.

use cresset_ir::dim::{Dim, Rel};
use cresset_ir::kernel::{AxisId, BufId, Contraction, ExprId, Exprs, Kernel, Node, ScalarOp, Stage};
use std::collections::BTreeSet;

/// Whether each reduction runs once per point of the axes it depends on, and those are the same for all: a group where one reduction
/// depends on more axes than another would run the other again and again, and one inside another's loop has no place at all.
pub fn runs_once(kernel: &Kernel) -> bool {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    let output: BTreeSet<_> = kernel.stages.iter().flat_map(|s| s.axes.iter().copied()).collect();
    let rows: Vec<_> = p.reductions(&roots).into_iter().map(|r| p.free_axes(r)).collect();
    rows.iter().all(|r| r.is_subset(&output)) && rows.windows(2).all(|w| w[0] == w[1])
}

/// Whether anything is reduced.
pub fn reduces(kernel: &Kernel) -> bool {
    !kernel.contractions.is_empty() || !loose_reductions(kernel).is_empty()
}

/// The reductions besides the contraction.
pub fn loose_reductions(kernel: &Kernel) -> Vec<ExprId> {
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    kernel.exprs.reductions(&roots)
}

/// Whether the factors of the contraction are reads: index arithmetic and guards, but no arithmetic on elements, which packing would repeat.
pub fn factors_are_reads(kernel: &Kernel) -> bool {
    kernel.contractions.iter().all(|c| [c.a, c.b].iter().all(|&f| is_read(&kernel.exprs, f)))
}

/// The loads of a buffer in an expression.
pub fn loads_of(p: &Exprs, id: ExprId, buf: BufId) -> Vec<ExprId> {
    p.reachable(&[id]).into_iter().filter(|&e| matches!(p.node(e), Node::Load(b, _) if b == buf)).collect()
}

/// An expression and the loops around it, outermost first.
type Scope = (ExprId, Vec<AxisId>);

/// What a kernel works out point by point: its stages, the rows of contractions, and inside of them the bodies of reductions, each at the
/// outermost loop where what the reduction depends on is known.
fn scopes(kernel: &Kernel) -> Vec<Scope> {
    let p = &kernel.exprs;
    let over = |c: &Contraction, inner: &[AxisId]| c.batch.iter().chain(&c.m).chain(inner).copied().collect();
    let columns = |s: &Stage| kernel.contractions.last().map_or_else(|| s.axes.clone(), |c| over(c, &c.n));
    let mut todo: Vec<Scope> = kernel.contractions.iter().map(|c| (c.a, over(c, &c.k))).collect();
    todo.extend(kernel.stages.iter().map(|s| (s.value, columns(s))));
    let mut out: Vec<Scope> = vec![];
    while let Some((root, order)) = todo.pop() {
        if out.contains(&(root, order.clone())) {
            continue;
        }
        for e in p.exposed(&[root]) {
            if let Node::Reduce(_, axes, body) = p.node(e) {
                let inner: Vec<AxisId> = down_to(p, e, &order).iter().chain(&axes).copied().collect();
                todo.extend(body.into_iter().map(|b| (b, inner.clone())));
            }
        }
        out.push((root, order));
    }
    out
}

/// The loops down to the innermost that an expression depends on.
fn down_to<'a>(p: &Exprs, id: ExprId, order: &'a [AxisId]) -> &'a [AxisId] {
    let free = p.free_axes(id);
    &order[..order.iter().rposition(|a| free.contains(a)).map_or(0, |i| i + 1)]
}

/// How often those expressions of a kernel run that are asked for: once for each point of the loops down to the innermost that they
/// depend on.
fn runs(kernel: &Kernel, which: impl Fn(ExprId) -> bool) -> Vec<Dim> {
    let p = &kernel.exprs;
    let of = |(root, order): Scope| {
        let found = p.exposed(&[root]).into_iter().filter(|&e| which(e));
        found.map(|e| p.points(down_to(p, e, &order))).collect::<Vec<_>>()
    };
    scopes(kernel).into_iter().flat_map(of).collect()
}

/// The most runs of a transcendental function in a kernel.
pub fn dearest(kernel: &Kernel) -> Dim {
    let (p, facts) = (&kernel.exprs, kernel.exprs.facts());
    let dear = |e| matches!(p.node(e), Node::Apply(op, _) if op.is_transcendental());
    runs(kernel, dear).into_iter().fold(Dim::from(0i64), |most, n| most.max_of(&n, &facts))
}

/// Whether a kernel reads a buffer no more often than another makes its elements, where that takes a transcendental function.
pub fn repeats_nothing_dear(kernel: &Kernel, buf: BufId, maker: &Kernel) -> bool {
    let made: Dim = maker.stages.iter().map(|s| maker.exprs.points(&s.axes)).fold(Dim::from(0i64), |n, m| n + m);
    let p = &kernel.exprs;
    let reads = |e| matches!(p.node(e), Node::Load(b, _) if b == buf);
    dearest(maker).is(0) || runs(kernel, reads).into_iter().all(|n| p.facts().decide(&n, Rel::Le, &made) == Some(true))
}

/// Expressions beyond which a kernel takes nothing more: a chain in which each value reads the one before at two places doubles with
/// every link.
const MOST_EXPRESSIONS: usize = 1024;

/// Whether a kernel is small enough to compile quickly.
pub fn is_small(kernel: &Kernel) -> bool {
    let factors = kernel.contractions.iter().flat_map(|c| [c.a, c.b]);
    let roots: Vec<ExprId> = kernel.stages.iter().flat_map(|s| s.at.iter().copied().chain([s.value])).chain(factors).collect();
    kernel.exprs.reachable(&roots).len() <= MOST_EXPRESSIONS
}

/// Whether the kernel only moves elements: each result is a read.
pub fn moves_only(kernel: &Kernel) -> bool {
    kernel.contractions.is_empty() && kernel.stages.iter().all(|s| s.combine.is_none() && is_read(&kernel.exprs, s.value))
}

/// A load, a constant, or a guarded choice between such; indices may be computed, but not by reductions.
fn is_read(p: &Exprs, id: ExprId) -> bool {
    match p.node(id) {
        Node::Load(_, at) => p.reductions(&at).is_empty(),
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
