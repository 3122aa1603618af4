//! Contraction kernels as plain loops, for targets without a matrix routine.

use super::contract::nest;
use super::loops::{self, body, share_axis};
use super::phases::Phases;
use cresset_ir::Target;
use cresset_ir::Type;
use cresset_ir::kernel::{
    AxisId, BufId, Buffer, Contraction, ExprId, Exprs, Kernel, Loops, Node, Rewriter, Role, Stage, Stmt, reduce,
};

/// Schedules a contraction kernel without a routine: the sums are reductions again. A row that is worked out before it is used is kept
/// in scratch memory, and the grid is then one point per row.
pub fn schedule(mut kernel: Kernel, target: &Target) -> Loops {
    let mut chain = std::mem::take(&mut kernel.contractions);
    let last = chain.pop().expect("a contraction kernel has contractions");
    let own = kernel.buffers.iter().position(|b| b.role == Role::Scratch);
    kernel.buffers.truncate(own.unwrap_or(kernel.buffers.len()));
    if chain.is_empty() && kernel.exprs.reductions(&[last.a]).is_empty() {
        let sum = sum(&kernel.exprs, &last, last.a);
        kernel.stages = reading(&kernel.exprs, &kernel.stages, last.acc, |_| sum);
        return loops::schedule(kernel, target);
    }
    by_rows(kernel, &chain, &last, target)
}

/// `Σ_k a · b`.
fn sum(p: &Exprs, c: &Contraction, a: ExprId) -> ExprId {
    p.reduce(&reduce::SUM, &c.k, &[p.ex(a) * p.ex(c.b)])[0].id()
}

/// The stages with the loads of a buffer replaced, by their last index.
fn reading(p: &Exprs, stages: &[Stage], buf: BufId, with: impl Fn(ExprId) -> ExprId) -> Vec<Stage> {
    let mut rewrite = Rewriter::new(p, |_, n| match n {
        Node::Load(b, at) if *b == buf => Some(with(*at.last().expect("sums have columns"))),
        _ => None,
    });
    stages.iter().map(|s| Stage { value: rewrite.run(s.value), ..s.clone() }).collect()
}

fn by_rows(kernel: Kernel, chain: &[Contraction], last: &Contraction, target: &Target) -> Loops {
    let Kernel { name, exprs, mut buffers, stages, loc, .. } = kernel;
    let p = &exprs;
    let grid: Vec<AxisId> = last.batch.iter().chain(&last.m).copied().collect();
    let mut rows = ByRows { p, target, buffers: &mut buffers, grid: &grid, body: vec![] };
    // The sums of the contraction before, by buffer and the scratch row they are in.
    let mut before: Option<(BufId, BufId)> = None;
    for c in chain.iter().chain([last]) {
        let a = rows.row(c, before);
        if c.acc == last.acc {
            let sum = sum(p, c, a);
            rows.columns(&reading(p, &stages, c.acc, |_| sum), &c.n);
            break;
        }
        let out = rows.scratch(c, &c.n);
        let at = p.position(&c.n).id();
        rows.columns(&[Stage { out, axes: c.n.clone(), at: vec![at], value: sum(p, c, a), combine: None }], &c.n);
        before = Some((c.acc, out));
    }
    let body = rows.body;
    let grid = grid.into_iter().map(|a| (a, p.dim(&p.extent(a)).id())).collect();
    Loops { name, buffers, params: vec![], grid, body, loc, exprs }
}

/// The statements of one row.
struct ByRows<'a> {
    p: &'a Exprs,
    target: &'a Target,
    buffers: &'a mut Vec<Buffer>,
    grid: &'a [AxisId],
    body: Vec<Stmt>,
}

impl ByRows<'_> {
    fn scratch(&mut self, c: &Contraction, axes: &[AxisId]) -> BufId {
        let shape: Vec<_> = axes.iter().map(|&a| self.p.extent(a)).collect();
        let n = self.buffers.iter().filter(|b| b.role == Role::Scratch).count();
        self.buffers.push(Buffer { name: format!("row{n}"), ty: Type::new(c.dtype, shape), role: Role::Scratch });
        BufId(self.buffers.len() as u32 - 1)
    }

    /// The row of `a`: as it is where it only reads memory, worked out into scratch where it reduces or reads sums.
    fn row(&mut self, c: &Contraction, before: Option<(BufId, BufId)>) -> ExprId {
        let p = self.p;
        if before.is_none() && p.reductions(&[c.a]).is_empty() {
            return c.a;
        }
        let (out, at) = (self.scratch(c, &c.k), p.position(&c.k).id());
        let mut stages = vec![Stage { out, axes: c.k.clone(), at: vec![at], value: c.a, combine: None }];
        if let Some((acc, row)) = before {
            stages = reading(p, &stages, acc, |k| p.load(row, c.dtype, &[p.ex(k)]).id());
        }
        if let [k] = c.k[..] {
            share_axis(p, &mut stages, k);
        }
        let statements = body(p, self.target, self.buffers, &stages, self.grid, &c.k, Default::default());
        self.body.extend(statements);
        p.load(out, c.dtype, &[p.ex(at)]).id()
    }

    /// Stages over columns, each column with sums of its own.
    fn columns(&mut self, stages: &[Stage], n: &[AxisId]) {
        let p = self.p;
        let mut phases = Phases::new(p, self.target, self.buffers);
        phases.bound = self.grid.iter().chain(n).copied().collect();
        let store = |s: &Stage, phases: &mut Phases<'_>| {
            let at = s.at.iter().map(|&e| phases.place(e)).collect();
            Stmt::Store { buf: s.out, at, value: phases.place(s.value), combine: s.combine }
        };
        let stores: Vec<Stmt> = stages.iter().map(|s| store(s, &mut phases)).collect();
        let mut body = std::mem::take(&mut phases.out);
        body.extend(stores);
        self.body.extend(nest(p, n, body));
    }
}
