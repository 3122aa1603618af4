//! Walking and rewriting expressions. Both visit a shared node once.

use super::expr::{AxisId, Ex, ExprId, Exprs, Node};
use crate::dim::Dim;
use std::collections::{BTreeSet, HashMap, HashSet};

impl Node {
    /// The expressions that this one is made of.
    pub fn children(&self) -> Vec<ExprId> {
        match self {
            Node::Const(_) | Node::Axis(_) | Node::Sym(_) | Node::Var(_) => vec![],
            Node::Int(p) => p.atoms().copied().collect(),
            Node::Load(_, ids) | Node::Apply(_, ids) | Node::Reduce(_, _, ids) => ids.clone(),
            Node::Cast(x) | Node::State(x, _) => vec![*x],
        }
    }
}

impl Exprs {
    /// Every expression reachable from the roots, children before parents, each once.
    pub fn reachable(&self, roots: &[ExprId]) -> Vec<ExprId> {
        fn visit(p: &Exprs, id: ExprId, seen: &mut HashSet<ExprId>, out: &mut Vec<ExprId>) {
            if seen.insert(id) {
                p.node(id).children().into_iter().for_each(|c| visit(p, c, seen, out));
                out.push(id);
            }
        }
        let (mut seen, mut out) = (HashSet::new(), vec![]);
        roots.iter().for_each(|&r| visit(self, r, &mut seen, &mut out));
        out
    }

    /// Every expression reachable from the roots but inside of reductions, each once.
    pub fn exposed(&self, roots: &[ExprId]) -> BTreeSet<ExprId> {
        let (mut out, mut todo) = (BTreeSet::new(), roots.to_vec());
        while let Some(id) = todo.pop() {
            if out.insert(id) && !matches!(self.node(id), Node::Reduce(..)) {
                todo.extend(self.node(id).children());
            }
        }
        out
    }

    /// The reductions reachable from the roots, inner before outer.
    pub fn reductions(&self, roots: &[ExprId]) -> Vec<ExprId> {
        self.reachable(roots).into_iter().filter(|&id| matches!(self.node(id), Node::Reduce(..))).collect()
    }

    /// The number of points of some axes.
    pub fn points(&self, axes: &[AxisId]) -> Dim {
        axes.iter().map(|&a| self.extent(a)).product()
    }

    /// The row-major number of a point of some axes.
    pub fn position(&self, axes: &[AxisId]) -> Ex<'_> {
        axes.iter().fold(self.int(0), |at, &a| at * self.dim(&self.extent(a)) + self.axis_ex(a))
    }

    /// The axes that the value of an expression depends on: those of enclosing loops, not those its reductions bind.
    pub fn free_axes(&self, id: ExprId) -> BTreeSet<AxisId> {
        fn visit(p: &Exprs, id: ExprId, memo: &mut HashMap<ExprId, BTreeSet<AxisId>>) -> BTreeSet<AxisId> {
            if let Some(hit) = memo.get(&id) {
                return hit.clone();
            }
            let node = p.node(id);
            let mut out: BTreeSet<AxisId> = node.children().into_iter().flat_map(|c| visit(p, c, memo)).collect();
            match &node {
                Node::Axis(a) => {
                    out.insert(*a);
                }
                Node::Reduce(_, axes, _) => out.retain(|a| !axes.contains(a)),
                _ => {}
            }
            memo.insert(id, out.clone());
            out
        }
        visit(self, id, &mut HashMap::new())
    }

    pub fn depends_on(&self, id: ExprId, axis: AxisId) -> bool {
        self.free_axes(id).contains(&axis)
    }
}

/// A rewriting of expressions, bottom up through the simplifying constructors.
pub struct Rewriter<'a, F> {
    pool: &'a Exprs,
    /// What to put in place of an expression; it is asked before the children are visited.
    replace: F,
    /// Axes that reductions bind, and what they bind instead.
    axes: HashMap<AxisId, Vec<AxisId>>,
    memo: HashMap<ExprId, ExprId>,
}

impl<'a, F: FnMut(ExprId, &Node) -> Option<ExprId>> Rewriter<'a, F> {
    pub fn new(pool: &'a Exprs, replace: F) -> Self {
        Rewriter { pool, replace, axes: HashMap::new(), memo: HashMap::new() }
    }

    /// Reductions over `from` become reductions over `to`.
    pub fn rebind(mut self, from: AxisId, to: Vec<AxisId>) -> Self {
        self.axes.insert(from, to);
        self
    }

    pub fn run(&mut self, id: ExprId) -> ExprId {
        if let Some(&hit) = self.memo.get(&id) {
            return hit;
        }
        let node = self.pool.node(id);
        let out = (self.replace)(id, &node).unwrap_or_else(|| self.rebuild(id, &node));
        self.memo.insert(id, out);
        out
    }

    fn rebuild(&mut self, id: ExprId, node: &Node) -> ExprId {
        let pool = self.pool;
        let mut all = |ids: &[ExprId]| -> Vec<Ex<'a>> { ids.iter().map(|&i| pool.ex(self.run(i))).collect() };
        match node {
            Node::Const(_) | Node::Axis(_) | Node::Sym(_) | Node::Var(_) => id,
            Node::Int(p) => {
                let parts: HashMap<ExprId, ExprId> = p.atoms().map(|&a| (a, self.run(a))).collect();
                pool.from_poly(p.substitute(|a| pool.poly(parts[a]))).id()
            }
            Node::Load(buf, at) => pool.load(*buf, pool.dtype(id), &all(at)).id(),
            Node::Apply(op, args) => pool.apply(*op, &all(args)).id(),
            Node::Cast(x) => pool.cast(pool.ex(self.run(*x)), pool.dtype(id)).id(),
            Node::State(r, k) => {
                let r = self.run(*r);
                pool.state(r, *k, pool.dtype(id)).id()
            }
            Node::Reduce(reducer, axes, body) => {
                let body = all(body);
                let axes: Vec<AxisId> = axes.iter().flat_map(|a| self.axes.get(a).cloned().unwrap_or_else(|| vec![*a])).collect();
                pool.reduce_node(reducer, &axes, &body).id()
            }
        }
    }
}
