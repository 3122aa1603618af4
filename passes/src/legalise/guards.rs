//! Guarded loads: after this, every load is in bounds wherever it is evaluated, and `select` may evaluate both sides.

use cresset_ir::kernel::{ExprId, Exprs, Fold, Loops, Node, Rewriter, ScalarOp, Stmt};
use std::collections::HashMap;

/// Clamps the offsets of loads under `select`, in every statement.
pub fn guard_loads(l: &mut Loops) {
    let p = l.exprs.clone();
    let mut memo = HashMap::new();
    let mut body = std::mem::take(&mut l.body);
    each_expr(&mut body, &mut |e| *e = guard(&p, *e, &mut memo));
    l.body = body;
    l.exprs = p;
}

/// Calls `f` on every expression of every statement.
pub fn each_expr(body: &mut [Stmt], f: &mut dyn FnMut(&mut ExprId)) {
    for s in body {
        match s {
            Stmt::For { extent, body, .. } => {
                f(extent);
                each_expr(body, f);
            }
            Stmt::Let { value, .. } => f(value),
            Stmt::Store { at, value, .. } => {
                at.iter_mut().for_each(&mut *f);
                f(value);
            }
            Stmt::Fold(Fold { axes, step, .. }) => {
                axes.iter_mut().for_each(|(_, n)| f(n));
                step.iter_mut().for_each(&mut *f);
            }
            Stmt::Block { len, .. } => f(len),
            Stmt::If { cond, body } => {
                f(cond);
                each_expr(body, f);
            }
        }
    }
}

/// The expression with guarded loads clamped, innermost first.
fn guard(p: &Exprs, root: ExprId, memo: &mut HashMap<ExprId, ExprId>) -> ExprId {
    for id in p.reachable(&[root]) {
        if memo.contains_key(&id) {
            continue;
        }
        let rebuilt = Rewriter::new(p, |e, _| if e == id { None } else { memo.get(&e).copied() }).run(id);
        let new = match p.node(rebuilt) {
            Node::Apply(ScalarOp::Select, x) => {
                let (yes, no) = (clamp(p, x[0], x[1], true), clamp(p, x[0], x[2], false));
                p.ex(x[0]).select(p.ex(yes), p.ex(no)).id()
            }
            _ => rebuilt,
        };
        memo.insert(id, new);
    }
    memo[&root]
}

/// `branch` with its loads reading element 0 where it is not chosen. Loads that the condition itself needs stay as they are.
fn clamp(p: &Exprs, cond: ExprId, branch: ExprId, when: bool) -> ExprId {
    let free: Vec<ExprId> = p.reachable(&[cond]);
    let mut done: HashMap<ExprId, ExprId> = HashMap::new();
    for id in p.reachable(&[branch]) {
        let Node::Load(buf, at) = p.node(id) else { continue };
        if free.contains(&id) {
            continue;
        }
        let at: Vec<_> = at
            .iter()
            .map(|&e| {
                let e = p.ex(Rewriter::new(p, |id, _| done.get(&id).copied()).run(e));
                if when { p.ex(cond).select(e, p.int(0)) } else { p.ex(cond).select(p.int(0), e) }
            })
            .collect();
        done.insert(id, p.load(buf, p.dtype(id), &at).id());
    }
    Rewriter::new(p, |id, _| done.get(&id).copied()).run(branch)
}
