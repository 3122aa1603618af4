//! Reach: the least and the greatest element of what is made from sizes alone, as sizes. `arange(T)` reaches from 0 to `T - 1`.

use crate::dim::{Dim, Facts, Rel};
use crate::dtype::DType;
use crate::graph::{Def, Graph, NodeId, Value};
use crate::kernel::{BufId, Ex, ExprId, Exprs, Node};
use crate::op::elem::apply_rule;
use crate::op::{Meaning, Sig};
use crate::types::Type;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Calls in a row that are looked through.
const LONGEST_CHAIN: usize = 32;

/// `None` where elements depend on data, where there may be none, and where it is not certain that the extremes are attained.
pub fn reach(graph: &Graph, facts: &Facts, v: Value) -> Option<(Dim, Dim)> {
    let pool = Exprs::new(facts.clone());
    let shape = &graph.ty(v).shape;
    if shape.iter().any(|d| facts.decide(&1i64.into(), Rel::Le, d) != Some(true)) {
        return None;
    }
    let ix: Vec<Ex> = shape.iter().map(|d| pool.axis_ex(pool.axis(d.clone()))).collect();
    let walk = Walk { graph, facts, pool: &pool, memo: RefCell::default() };
    let element = walk.element(v, &ix, LONGEST_CHAIN);
    if element.dtype() != DType::I64 || !is_affine(&pool, element.id()) {
        return None;
    }
    let element = pool.poly(element.id());
    pool.extreme(&element, false).zip(pool.extreme(&element, true))
}

/// Whether an index is a sum of sizes and of multiples of different axes: then each axis goes its own way to an extreme.
fn is_affine(pool: &Exprs, id: ExprId) -> bool {
    let mut seen = HashSet::new();
    pool.poly(id).terms().all(|(factors, _)| {
        let mut axes = 0;
        factors.iter().all(|&atom| match pool.node(atom) {
            Node::Axis(_) => {
                axes += 1;
                axes == 1 && seen.insert(atom)
            }
            Node::Sym(_) => true,
            _ => false,
        })
    })
}

/// The elements of a graph as expressions.
struct Walk<'g> {
    graph: &'g Graph,
    facts: &'g Facts,
    pool: &'g Exprs,
    memo: RefCell<HashMap<(Value, Vec<ExprId>), ExprId>>,
}

impl Walk<'_> {
    fn element(&self, v: Value, ix: &[Ex<'_>], depth: usize) -> Ex<'_> {
        let at: Vec<ExprId> = ix.iter().map(|e| e.id()).collect();
        if let Some(&id) = self.memo.borrow().get(&(v, at.clone())) {
            return self.pool.ex(id);
        }
        let ix: Vec<Ex<'_>> = at.iter().map(|&i| self.pool.ex(i)).collect();
        let made = match self.graph.def(v) {
            Def::Const(s) => Some(self.pool.constant(*s).id()),
            Def::Result(n, 0) => depth.checked_sub(1).and_then(|depth| self.made(*n, v, ix.clone(), depth)),
            _ => None,
        };
        let id = made.unwrap_or_else(|| self.pool.load(BufId(v.0), self.graph.ty(v).dtype, &ix).id());
        self.memo.borrow_mut().insert((v, at), id);
        self.pool.ex(id)
    }

    fn made(&self, n: NodeId, v: Value, ix: Vec<Ex<'_>>, depth: usize) -> Option<ExprId> {
        let (node, ty) = (self.graph.node(n), self.graph.ty(v));
        let Meaning::Elements(rule) = node.op.meaning else { return None };
        let types: Vec<Type> = node.operands.iter().map(|&o| self.graph.ty(o).clone()).collect();
        let sig = Sig::new(node.op, &types, &node.attrs, self.facts, &[]);
        let read = |k: usize, ix: &[Ex<'_>]| self.element(node.operands[k], ix, depth);
        let id = apply_rule(rule, self.pool, &sig, ty, ix, &read);
        Some(self.pool.cast(self.pool.ex(id), ty.dtype).id())
    }
}
