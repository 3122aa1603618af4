//! An order of expressions that does not depend on how a pool numbers them, nor on what bound axes are called.
//!
//! A polynomial keeps its terms by number; printed in this order, a text reads back to the same text.

use super::formula::Formulas;
use crate::kernel::{AxisId, ExprId, Node};
use crate::poly::Poly;
use std::cell::Cell;
use std::cmp::Ordering;

/// Comparisons after which expressions count as equal: shared expressions can be exponential as trees.
const BUDGET: u32 = 100_000;

/// The terms of a polynomial in order, the constant last; the atoms of each in order.
pub fn terms(f: &Formulas, p: &Poly<ExprId>) -> Vec<(Vec<ExprId>, i64)> {
    Order { f, left: vec![], right: vec![], budget: &Cell::new(BUDGET) }.terms(p)
}

struct Order<'a> {
    f: &'a Formulas<'a>,
    /// Axes bound by the reductions around the left and the right expression, innermost last.
    left: Vec<AxisId>,
    right: Vec<AxisId>,
    budget: &'a Cell<u32>,
}

impl Order<'_> {
    fn terms(&mut self, p: &Poly<ExprId>) -> Vec<(Vec<ExprId>, i64)> {
        let mut all: Vec<(Vec<ExprId>, i64)> = p.terms().map(|(m, c)| (m.clone(), c)).collect();
        all.iter_mut().for_each(|(m, _)| m.sort_by(|&a, &b| self.compare(a, b)));
        all.sort_by(|(a, c), (b, d)| a.is_empty().cmp(&b.is_empty()).then_with(|| self.compare_all(a, b)).then_with(|| c.cmp(d)));
        all
    }

    fn compare_all(&mut self, a: &[ExprId], b: &[ExprId]) -> Ordering {
        let first = a.iter().zip(b).map(|(&a, &b)| self.compare(a, b)).find(|o| o.is_ne());
        first.unwrap_or(a.len().cmp(&b.len()))
    }

    fn compare(&mut self, a: ExprId, b: ExprId) -> Ordering {
        if (a == b && self.left == self.right) || self.budget.get() == 0 {
            return Ordering::Equal;
        }
        self.budget.set(self.budget.get() - 1);
        let pool = self.f.pool;
        match (pool.node(a), pool.node(b)) {
            (Node::Const(a), Node::Const(b)) => a.cmp(&b),
            (Node::Sym(a), Node::Sym(b)) => a.cmp(&b),
            (Node::Axis(a), Node::Axis(b)) => self.axis(a, true).cmp(&self.axis(b, false)),
            (Node::Var(a), Node::Var(b)) => self.f.var_index(a).cmp(&self.f.var_index(b)),
            (Node::Load(a, at), Node::Load(b, bt)) => a.cmp(&b).then_with(|| self.compare_all(&at, &bt)),
            (Node::Apply(f, x), Node::Apply(g, y)) => f.cmp(&g).then_with(|| self.compare_all(&x, &y)),
            (Node::Cast(x), Node::Cast(y)) => pool.dtype(a).cmp(&pool.dtype(b)).then_with(|| self.compare(x, y)),
            (Node::State(x, j), Node::State(y, k)) => self.compare(x, y).then(j.cmp(&k)),
            (Node::Int(p), Node::Int(q)) => self.compare_polys(&p, &q),
            (Node::Reduce(r, ax, x), Node::Reduce(s, ay, y)) => {
                let extents = |axes: &[AxisId]| axes.iter().map(|&a| pool.extent(a)).collect::<Vec<_>>();
                let order = r.name.cmp(s.name).then_with(|| extents(&ax).cmp(&extents(&ay)));
                order.then_with(|| {
                    let (left, right) = (self.left.len(), self.right.len());
                    self.left.extend(ax);
                    self.right.extend(ay);
                    let order = self.compare_all(&x, &y);
                    self.left.truncate(left);
                    self.right.truncate(right);
                    order
                })
            }
            (a, b) => rank(&a).cmp(&rank(&b)),
        }
    }

    fn compare_polys(&mut self, p: &Poly<ExprId>, q: &Poly<ExprId>) -> Ordering {
        let side =
            |bound: &Vec<AxisId>, p| Order { f: self.f, left: bound.clone(), right: bound.clone(), budget: self.budget }.terms(p);
        let (a, b) = (side(&self.left, p), side(&self.right, q));
        let first = a.iter().zip(&b).map(|((a, c), (b, d))| self.compare_all(a, b).then(c.cmp(d))).find(|o| o.is_ne());
        first.unwrap_or(a.len().cmp(&b.len()))
    }

    /// Axes bound around a side come by how far in they are bound, after those of the kernel by how far in they are named.
    fn axis(&self, a: AxisId, left: bool) -> (bool, usize) {
        let bound = if left { &self.left } else { &self.right };
        match bound.iter().rposition(|&b| b == a) {
            Some(i) => (true, i),
            None => (false, self.f.axis_index(a).unwrap_or(usize::MAX)),
        }
    }
}

fn rank(n: &Node) -> u8 {
    match n {
        Node::Sym(_) => 0,
        Node::Var(_) => 1,
        Node::Axis(_) => 2,
        Node::Load(..) => 3,
        Node::Apply(..) => 4,
        Node::Cast(_) => 5,
        Node::State(..) => 6,
        Node::Reduce(..) => 7,
        Node::Int(_) => 8,
        Node::Const(_) => 9,
    }
}
