//! What is written once: shared expressions as trees can be exponential, so a formula begins with a list of `let`s.

use super::formula::Formulas;
use super::order;
use crate::kernel::{AxisId, ExprId, Node};
use std::collections::{BTreeSet, HashMap};

/// Shared expressions of at least this weight are written once. Lighter ones are shorter than what a `let` costs the reader.
const HEAVY: u32 = 3;

/// Every so many levels a `let` cuts a formula, so that its text nests no deeper than the parser allows.
const CUT: u32 = 48;

/// What a pool's node looks like as a tree.
struct Shape {
    /// Loads and operations.
    weight: u32,
    height: u32,
    /// Axes that it depends on.
    free: BTreeSet<AxisId>,
}

struct Walk<'f, 'a> {
    f: &'f mut Formulas<'a>,
    uses: HashMap<ExprId, u32>,
    shapes: HashMap<ExprId, Shape>,
    /// Children before parents.
    order: Vec<ExprId>,
    /// Axes that reductions inside bind: what depends on them is not to be moved out.
    inner: BTreeSet<AxisId>,
}

/// What to bind at the head of a formula, operands first. What depends on the axes of an inner reduction is bound there.
pub fn shared(f: &mut Formulas, root: ExprId) -> Vec<ExprId> {
    let visible = f.axes_in_scope();
    let mut walk = Walk { f, uses: HashMap::new(), shapes: HashMap::new(), order: vec![], inner: BTreeSet::new() };
    walk.visit(root);
    let Walk { f, uses, shapes, order, inner } = walk;
    let visible = &visible - &inner;
    let root = f.written(root);
    let wanted = |id: &ExprId| {
        let shape = &shapes[id];
        let cut = shape.height >= CUT;
        *id != root && ((uses[id] > 1 && shape.weight >= HEAVY) || cut) && shape.free.is_subset(&visible)
    };
    order.into_iter().filter(wanted).collect()
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: ExprId) {
        let id = self.f.written(id);
        *self.uses.entry(id).or_default() += 1;
        if self.shapes.contains_key(&id) || self.f.is_bound(id) {
            return;
        }
        let node = self.f.pool.node(id);
        if let Node::Reduce(_, axes, _) = &node {
            self.f.bind_axes(axes);
            self.inner.extend(axes);
        }
        let children = children(self.f, &node);
        children.iter().for_each(|&c| self.visit(c));
        if let Node::Reduce(_, axes, _) = &node {
            self.f.unbind_axes(axes.len());
        }
        let shape = self.shape(&node, &children);
        self.shapes.insert(id, shape);
        self.order.push(id);
    }

    fn shape(&self, node: &Node, children: &[ExprId]) -> Shape {
        let mut shape = Shape { weight: 0, height: 0, free: BTreeSet::new() };
        for c in children.iter().filter_map(|&c| self.shapes.get(&self.f.written(c))) {
            shape.weight = shape.weight.saturating_add(c.weight);
            shape.height = shape.height.max(c.height);
            shape.free.extend(&c.free);
        }
        if let Node::Axis(a) = node {
            shape.free.insert(*a);
        }
        if let Node::Reduce(_, axes, _) = node {
            shape.free.retain(|a| !axes.contains(a));
        }
        let own = match node {
            Node::Const(_) | Node::Axis(_) | Node::Sym(_) | Node::Var(_) => return shape,
            Node::Reduce(..) => HEAVY,
            _ => 1,
        };
        // A sum of many terms is a chain of operators.
        let levels = match node {
            Node::Int(p) => p.terms().map(|(m, _)| m.len() as u32 + 1).sum(),
            _ => 1,
        };
        // What a `let` cuts off is one word for its parents.
        let below = if shape.height >= CUT { 0 } else { shape.height };
        Shape { weight: shape.weight.saturating_add(own), height: below + levels, ..shape }
    }
}

/// The operands of a node in the order in which they are printed.
fn children(f: &Formulas, node: &Node) -> Vec<ExprId> {
    match node {
        Node::Int(p) => order::terms(f, p).into_iter().flat_map(|(m, _)| m).collect(),
        _ => node.children(),
    }
}
