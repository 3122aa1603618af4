//! Phases: the statements of one grid point.
//!
//! An expression is turned into statements bottom up. A reduction becomes a fold, placed here since its free axes are bound here; a
//! transcendental function over a row becomes an argument row in scratch, a block routine over it, and loads. Expressions are hash-consed, so
//! what two phases share (the exponentials of a softmax) is computed once.

use cresset_ir::kernel::{
    AxisId, BufId, Buffer, ExprId, Exprs, Fold, LoopKind, Node, Reducer, Rewriter, Role, ScalarOp, Stmt, VarId,
};
use cresset_ir::{DType, Target, Type};
use std::collections::{BTreeSet, HashMap};

/// Emits the statements of one scope.
pub struct Phases<'a> {
    pub p: &'a Exprs,
    pub target: &'a Target,
    pub buffers: &'a mut Vec<Buffer>,
    /// Axes with a value in this scope.
    pub bound: BTreeSet<AxisId>,
    /// The number of iterations of an axis, where it is not its extent (a strip's tail, a tile's columns).
    pub counts: HashMap<AxisId, ExprId>,
    pub out: Vec<Stmt>,
    done: HashMap<ExprId, ExprId>,
    states: HashMap<ExprId, Vec<ExprId>>,
}

impl<'a> Phases<'a> {
    pub fn new(p: &'a Exprs, target: &'a Target, buffers: &'a mut Vec<Buffer>) -> Phases<'a> {
        Phases {
            p,
            target,
            buffers,
            bound: BTreeSet::new(),
            counts: HashMap::new(),
            out: vec![],
            done: HashMap::new(),
            states: HashMap::new(),
        }
    }

    pub fn count(&self, axis: AxisId) -> ExprId {
        self.counts.get(&axis).copied().unwrap_or_else(|| self.p.dim(&self.p.extent(axis)).id())
    }

    /// The expression in terms of what has been computed, after emitting what must be.
    pub fn place(&mut self, root: ExprId) -> ExprId {
        for id in self.p.reachable(&[root]) {
            if !self.done.contains_key(&id) {
                let new = self.place_one(id);
                self.done.insert(id, new);
            }
        }
        self.done[&root]
    }

    fn place_one(&mut self, id: ExprId) -> ExprId {
        match self.p.node(id) {
            // A reduction over axes that are open elsewhere stays in place until its own scope emits it.
            Node::Reduce(reducer, axes, body) => {
                let body: Vec<ExprId> = body.iter().map(|b| self.done[b]).collect();
                let states = self.fold(reducer, &axes, &body);
                self.states.insert(id, states);
                id
            }
            Node::State(r, k) => self.states[&r][k],
            Node::Apply(op, args) => {
                let rebuilt = self.rebuild(id);
                match self.row_axis(id, op) {
                    Some(axis) => self.row(op, axis, self.done[&args[0]]),
                    None => rebuilt,
                }
            }
            _ => self.rebuild(id),
        }
    }

    fn rebuild(&self, id: ExprId) -> ExprId {
        Rewriter::new(self.p, |e, _| if e == id { None } else { self.done.get(&e).copied() }).run(id)
    }

    /// The one open axis over which a function is worth a row: the target has a routine for it and its argument varies along it.
    fn row_axis(&self, id: ExprId, op: ScalarOp) -> Option<AxisId> {
        if !self.target.block_ops.contains(&op) || op.arity() != 1 || self.p.dtype(id) != DType::F32 {
            return None;
        }
        let free: Vec<AxisId> = self.p.free_axes(id).difference(&self.bound).copied().collect();
        match free[..] {
            [axis] => (!self.is_tiny(axis)).then_some(axis),
            _ => None,
        }
    }

    fn is_tiny(&self, axis: AxisId) -> bool {
        self.p.extent(axis).known().is_some_and(|n| n < 4)
    }

    /// `row[axis] = op(argument)` for a whole row; gives the element at `axis`.
    fn row(&mut self, op: ScalarOp, axis: AxisId, argument: ExprId) -> ExprId {
        let buf = self.scratch(DType::F32, axis);
        let (at, len) = (self.p.axis_ex(axis), self.count(axis));
        let store = Stmt::Store { buf, at: vec![at.id()], value: argument, combine: None };
        self.out.push(Stmt::For { axis, extent: len, kind: LoopKind::Lane, body: vec![store] });
        self.out.push(Stmt::Block { op, dst: buf, src: buf, len });
        self.p.load(buf, DType::F32, &[at]).id()
    }

    /// A scratch row as long as an axis.
    pub fn scratch(&mut self, dtype: DType, axis: AxisId) -> BufId {
        let n = self.buffers.iter().filter(|b| b.role == Role::Scratch).count();
        self.buffers.push(Buffer { name: format!("row{n}"), ty: Type::new(dtype, [self.p.extent(axis)]), role: Role::Scratch });
        BufId(self.buffers.len() as u32 - 1)
    }

    fn fold(&mut self, reducer: &'static Reducer, axes: &[AxisId], body: &[ExprId]) -> Vec<ExprId> {
        let p = self.p;
        let init = (reducer.init)(p.dtype(body[0]));
        let fresh = || init.iter().map(|s| p.fresh_var(s.dtype())).collect::<Vec<_>>();
        let (state, other) = (fresh(), fresh());
        let body: Vec<_> = body.iter().map(|&b| p.ex(b)).collect();
        let ids = |v: Vec<cresset_ir::kernel::Ex<'_>>| v.into_iter().map(|e| e.id()).collect::<Vec<_>>();
        let vars = |v: &[cresset_ir::kernel::Ex<'_>]| v.iter().map(|e| var(p, e.id())).collect::<Vec<_>>();
        let (step, merge) = (ids((reducer.step)(&state, &body)), ids((reducer.merge)(&state, &other)));
        let kind = match axes.last() {
            Some(&a) if !self.is_tiny(a) => LoopKind::Lane,
            _ => LoopKind::Serial,
        };
        let axes = axes.iter().map(|&a| (a, self.count(a))).collect();
        self.out.push(Stmt::Fold(Fold { axes, kind, state: vars(&state), init, step, other: vars(&other), merge }));
        ids(state)
    }
}

fn var(p: &Exprs, id: ExprId) -> VarId {
    match p.node(id) {
        Node::Var(v) => v,
        n => unreachable!("a fresh variable is a variable, got {n:?}"),
    }
}
