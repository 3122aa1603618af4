//! Contractions: the sums of products in a kernel's value that the backend's matrix routine can do.
//!
//! `Σ_k a · b` qualifies when `b` has output axes that `a` lacks (columns), there is depth, and `b` is free of reductions. Axes that both
//! have are the batch. What remains of the stages is the epilogue, which reads the sums.
//!
//! `a` is worked out a row at a time, so it may hold reductions too: those that depend on nothing but the row, and the sums of one inner
//! contraction with the same batch and rows, whose columns are the depth. That is a norm before a linear layer, and attention.

use cresset_ir::dim::Dim;
use cresset_ir::kernel::{
    AxisId, BufId, Buffer, Contraction, Ex, ExprId, Exprs, Kernel, Node, Rewriter, Role, ScalarOp, Stage, reduce,
};
use cresset_ir::{DType, Type};
use std::collections::{BTreeSet, HashMap};

/// Takes the contraction out of the kernel's stages, if there is exactly one and it qualifies.
pub fn extract(kernel: &mut Kernel) {
    let p = &kernel.exprs;
    let roots: Vec<ExprId> = kernel.stages.iter().map(|s| s.value).collect();
    let sums: Vec<ExprId> = p.exposed(&roots).into_iter().filter(|&e| matches!(p.node(e), Node::Reduce(..))).collect();
    let [sum] = sums[..] else { return };
    let Some(stage) = kernel.stages.first() else { return };
    let same_axes = kernel.stages.iter().all(|s| s.axes == stage.axes && s.combine.is_none());
    let Some(mut c) = same_axes.then(|| classify(p, sum, &stage.axes, &kernel.buffers)).flatten() else { return };
    let Some(rows) = Prologue::of(p, &c, &kernel.buffers) else { return };
    if !read_everywhere(p, &roots, &[sum], &c, &kernel.buffers) {
        return;
    }
    let mut contractions = vec![];
    if let Some(mut inner) = rows.inner {
        let sums: Vec<ExprId> = rows.sums.iter().map(|s| s.0).collect();
        if !read_everywhere(p, &[c.a], &sums, &inner, &kernel.buffers) {
            return;
        }
        inner.acc = BufId(kernel.buffers.len() as u32);
        kernel.buffers.push(accumulator("scores", p, &inner));
        let at = |k: AxisId| load(p, &inner, inner.batch.iter().chain(&inner.m).copied().chain([k]));
        let sums: HashMap<ExprId, ExprId> = rows.sums.iter().map(|&(sum, k)| (sum, at(k))).collect();
        c.a = take(p, c.a, &|r| sums.get(&r).copied());
        contractions.push(inner);
    }
    c.acc = BufId(kernel.buffers.len() as u32);
    kernel.buffers.push(accumulator("acc", p, &c));
    let result = load(p, &c, c.batch.iter().chain(&c.m).chain(&c.n).copied());
    let epilogue = |s: &Stage| Stage { value: take(p, s.value, &|r| (r == sum).then_some(result)), ..s.clone() };
    kernel.stages = kernel.stages.iter().map(epilogue).collect();
    contractions.push(c);
    kernel.contractions = contractions;
}

/// Whether sums are defined at all points of their axes. They are where nothing chooses between them and something else; a part of a
/// concatenation is read at places that are its own in that part only, and the matrix routine makes no such difference.
fn read_everywhere(p: &Exprs, roots: &[ExprId], sums: &[ExprId], c: &Contraction, buffers: &[Buffer]) -> bool {
    let inside = |id: ExprId| match p.node(id) {
        Node::Load(buf, at) => p.inside(&at, &buffers[buf.0 as usize].ty.shape),
        _ => true,
    };
    let always = unchosen(p, roots);
    sums.iter().all(|s| always.contains(s)) || unchosen(p, &[c.a, c.b]).into_iter().all(inside)
}

/// The expressions that are evaluated whatever the choices between others.
fn unchosen(p: &Exprs, roots: &[ExprId]) -> BTreeSet<ExprId> {
    let (mut always, mut todo) = (BTreeSet::new(), roots.to_vec());
    while let Some(id) = todo.pop() {
        if always.insert(id) {
            match p.node(id) {
                Node::Apply(ScalarOp::Select, x) => todo.push(x[0]),
                n => todo.extend(n.children()),
            }
        }
    }
    always
}

/// The sums of a contraction as a buffer.
fn accumulator(name: &str, p: &Exprs, c: &Contraction) -> Buffer {
    let shape: Vec<Dim> = c.batch.iter().chain(&c.m).chain(&c.n).map(|&a| p.extent(a)).collect();
    Buffer { name: name.into(), ty: Type::new(c.dtype, shape), role: Role::Scratch }
}

fn load(p: &Exprs, c: &Contraction, axes: impl Iterator<Item = AxisId>) -> ExprId {
    let at: Vec<Ex<'_>> = axes.map(|a| p.axis_ex(a)).collect();
    p.load(c.acc, c.dtype, &at).id()
}

/// The expression with the results of some reductions replaced.
fn take(p: &Exprs, id: ExprId, sums: &dyn Fn(ExprId) -> Option<ExprId>) -> ExprId {
    let place = |_: ExprId, n: &Node| match n {
        Node::State(r, 0) => sums(*r),
        _ => None,
    };
    Rewriter::new(p, place).run(id)
}

/// Sorts the axes of a sum of products into batch, rows, columns and depth.
fn classify(p: &Exprs, sum: ExprId, output: &[AxisId], buffers: &[Buffer]) -> Option<Contraction> {
    let Node::Reduce(reducer, k, body) = p.node(sum) else { return None };
    let Node::Apply(ScalarOp::Mul, factors) = p.node(body[0]) else { return None };
    let dtype = p.dtype(body[0]);
    if reducer.name != reduce::SUM.name || dtype != DType::F32 {
        return None;
    }
    let pure = |f: ExprId| p.reductions(&[f]).is_empty();
    let [x, y] = [factors[0], factors[1]];
    // The packed side is the one that can be packed once; rows are the side that can be worked out.
    let swap = (stored_only(p, x, buffers) && !stored_only(p, y, buffers)) || !pure(y);
    let (a, b) = if swap { (y, x) } else { (x, y) };
    let (fa, fb) = (p.free_axes(a), p.free_axes(b));
    let with = |inside: &BTreeSet<AxisId>, outside: &BTreeSet<AxisId>| -> Vec<AxisId> {
        output.iter().copied().filter(|x| inside.contains(x) && !outside.contains(x)).collect()
    };
    let batch: Vec<AxisId> = output.iter().copied().filter(|x| fa.contains(x) && fb.contains(x)).collect();
    let (m, n) = (with(&fa, &fb), with(&fb, &fa));
    let covered = batch.len() + m.len() + n.len() == output.len();
    let deep = k.iter().all(|x| fa.contains(x) || fb.contains(x)) && k.iter().any(|x| fa.contains(x) && fb.contains(x));
    (covered && pure(b) && deep && !n.is_empty()).then_some(Contraction { acc: BufId(0), batch, m, n, k, a, b, dtype })
}

/// What working out a row of `a` takes besides reductions of the row.
struct Prologue {
    inner: Option<Contraction>,
    /// The sums of the inner contraction as `a` has them: each use is over an axis of its own.
    sums: Vec<(ExprId, AxisId)>,
}

impl Prologue {
    /// `None` where a reduction in `a` is neither the row's nor the inner contraction.
    fn of(p: &Exprs, c: &Contraction, buffers: &[Buffer]) -> Option<Prologue> {
        let row: Vec<AxisId> = [&c.batch[..], &c.m].concat();
        let beyond = |r: ExprId| p.free_axes(r).into_iter().filter(|a| !row.contains(a)).collect::<Vec<_>>();
        let (mut inner, mut sums): (Option<(ExprId, Contraction)>, _) = (None, vec![]);
        for r in p.reductions(&[c.a]) {
            let (own, k) = match (&beyond(r)[..], &c.k[..]) {
                ([], _) => continue,
                (&[own], &[k]) if p.extent(own) == p.extent(k) => (own, k),
                _ => return None,
            };
            match &inner {
                None => {
                    let sum = renamed(p, r, &[own], &[k]);
                    let found = classify(p, sum, &[&row[..], &[k]].concat(), buffers)?;
                    let aligned = found.batch == c.batch && found.m == c.m && found.n == c.k;
                    inner = Some(aligned.then_some((sum, found))?);
                }
                Some((sum, found)) => {
                    let Node::Reduce(_, axes, _) = p.node(r) else { return None };
                    let other = renamed(p, r, &[&axes[..], &[own]].concat(), &[&found.k[..], &[k]].concat());
                    (other == *sum).then_some(())?;
                }
            }
            sums.push((r, own));
        }
        Some(Prologue { inner: inner.map(|i| i.1), sums })
    }
}

/// The expression with some axes under other names.
fn renamed(p: &Exprs, id: ExprId, from: &[AxisId], to: &[AxisId]) -> ExprId {
    let map: HashMap<AxisId, AxisId> = from.iter().copied().zip(to.iter().copied()).collect();
    let place = |_: ExprId, n: &Node| match n {
        Node::Axis(a) => map.get(a).map(|&to| p.axis_ex(to).id()),
        _ => None,
    };
    map.iter().fold(Rewriter::new(p, place), |r, (&from, &to)| r.rebind(from, vec![to])).run(id)
}

/// Whether every load of an expression reads an entry of the store, so that its values do not change between calls.
pub fn stored_only(p: &Exprs, id: ExprId, buffers: &[Buffer]) -> bool {
    p.reachable(&[id]).into_iter().all(|id| match p.node(id) {
        Node::Load(b, _) => buffers[b.0 as usize].role == Role::Stored,
        _ => true,
    })
}
