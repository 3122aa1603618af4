//! Flat offsets: every load and store gets one index, the element's position in its row-major buffer.

use cresset_ir::Dim;
use cresset_ir::kernel::{BufId, ExprId, Exprs, Kernel, Node, Rewriter, Role, Stage};
use std::collections::HashMap;

/// Flattens all indices but those of scratch (the sums of contractions).
pub fn flatten(kernel: &mut Kernel) {
    let p = &kernel.exprs;
    let offset = |buf: BufId, at: &[ExprId]| -> Vec<ExprId> {
        let buffer = kernel.buffer(buf);
        if buffer.role == Role::Scratch { at.to_vec() } else { vec![flat(p, &buffer.ty.shape, at)] }
    };
    let mut roots: Vec<ExprId> = kernel.stages.iter().flat_map(|s| s.at.iter().copied().chain([s.value])).collect();
    roots.extend(kernel.contractions.iter().flat_map(|c| [c.a, c.b]));
    // Children come before parents, so an index that holds a load is flat by the time it is needed.
    let mut done: HashMap<ExprId, ExprId> = HashMap::new();
    for id in p.reachable(&roots) {
        if let Node::Load(buf, at) = p.node(id) {
            let at: Vec<ExprId> = at.iter().map(|&e| Rewriter::new(p, |id, _| done.get(&id).copied()).run(e)).collect();
            let at: Vec<_> = offset(buf, &at).into_iter().map(|e| p.ex(e)).collect();
            done.insert(id, p.load(buf, p.dtype(id), &at).id());
        }
    }
    let mut rewrite = Rewriter::new(p, |id, _| done.get(&id).copied());
    let mut stages: Vec<Stage> = vec![];
    for s in &kernel.stages {
        let at: Vec<ExprId> = s.at.iter().map(|&e| rewrite.run(e)).collect();
        stages.push(Stage { at: offset(s.out, &at), value: rewrite.run(s.value), ..s.clone() });
    }
    let factors: Vec<_> = kernel.contractions.iter().map(|c| (rewrite.run(c.a), rewrite.run(c.b))).collect();
    kernel.stages = stages;
    for (c, (a, b)) in kernel.contractions.iter_mut().zip(factors) {
        (c.a, c.b) = (a, b);
    }
}

/// The row-major position of an index in a shape.
pub fn flat(p: &Exprs, shape: &[Dim], at: &[ExprId]) -> ExprId {
    let horner = |sum, (d, &i): (&Dim, &ExprId)| sum * p.dim(d) + p.ex(i);
    shape.iter().zip(at).fold(p.int(0), horner).id()
}
