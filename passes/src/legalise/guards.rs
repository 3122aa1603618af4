//! Guarded loads: `select(c, x[i], y)` may not touch `x[i]` where `c` fails, so the offset becomes `select(c, i, 0)`. A load whose offset
//! is in bounds whatever `c` says stays as it is, and with it the loop that it is in.

use cresset_ir::kernel::{Buffer, ExprId, Exprs, Kernel, Node, Rewriter, ScalarOp};
use std::collections::HashMap;

/// Clamps the offsets of loads under `select` that might be out of bounds. Offsets are flat.
pub fn guard_loads(kernel: &mut Kernel) {
    let Kernel { exprs, buffers, contractions, stages, .. } = kernel;
    let mut guards = Guards { p: exprs, buffers, memo: HashMap::new() };
    for c in contractions {
        (c.a, c.b) = (guards.guard(c.a), guards.guard(c.b));
    }
    for s in stages {
        s.at.iter_mut().for_each(|e| *e = guards.guard(*e));
        s.value = guards.guard(s.value);
    }
}

struct Guards<'a> {
    p: &'a Exprs,
    buffers: &'a [Buffer],
    memo: HashMap<ExprId, ExprId>,
}

impl Guards<'_> {
    /// The expression with guarded loads clamped, innermost first.
    fn guard(&mut self, root: ExprId) -> ExprId {
        let p = self.p;
        for id in p.reachable(&[root]) {
            if self.memo.contains_key(&id) {
                continue;
            }
            let rebuilt = Rewriter::new(p, |e, _| if e == id { None } else { self.memo.get(&e).copied() }).run(id);
            let new = match p.node(rebuilt) {
                Node::Apply(ScalarOp::Select, x) => {
                    let (yes, no) = (self.clamp(x[0], x[1], true), self.clamp(x[0], x[2], false));
                    p.ex(x[0]).select(p.ex(yes), p.ex(no)).id()
                }
                _ => rebuilt,
            };
            self.memo.insert(id, new);
        }
        self.memo[&root]
    }

    /// `branch` with its loads reading element 0 where it is not chosen. Loads that the condition itself needs stay as they are.
    fn clamp(&self, cond: ExprId, branch: ExprId, when: bool) -> ExprId {
        let p = self.p;
        let free: Vec<ExprId> = p.reachable(&[cond]);
        let mut done: HashMap<ExprId, ExprId> = HashMap::new();
        for id in p.reachable(&[branch]) {
            let Node::Load(buf, at) = p.node(id) else { continue };
            if free.contains(&id) || p.inside(&at, &self.buffers[buf.0 as usize].ty.shape) {
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
}
