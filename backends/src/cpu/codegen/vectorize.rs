//! When a loop can run four lanes at a time, and how many registers of lanes at once.
//!
//! Vector code is f32: numbers in registers of four lanes, conditions in masks. Other dtypes inside it (indices above all) are computed
//! lane by lane. A loop that stores integers stays scalar.

use super::deps::{Dep, Deps};
use super::emit::Emitter;
use cresset_ir::DType;
use cresset_ir::kernel::{AxisId, ExprId, Exprs, Fold, Loops, Node, ScalarOp, Stmt};
use cresset_ir::poly::Poly;
use std::collections::HashSet;

/// Lanes of a register.
pub(super) const WIDTH: usize = 4;

/// The lanes of vector code.
#[derive(Clone, Copy)]
pub(super) struct Lane {
    /// The axis that counts them; `None` while accumulators are merged.
    pub axis: Option<AxisId>,
    /// Registers per value.
    pub registers: usize,
}

impl Lane {
    pub fn count(self) -> usize {
        WIDTH * self.registers
    }
}

/// How a value moves along the lane axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Fixed,
    /// By this many elements per lane.
    By(i64),
    Irregular,
}

impl Emitter<'_> {
    pub fn is_lane(&self, axis: AxisId) -> bool {
        self.lane.is_some_and(|lane| lane.axis == Some(axis))
    }

    /// Whether values of this expression live in registers of lanes inside vector code.
    pub fn is_vector(&self, e: ExprId) -> bool {
        matches!(self.pool.dtype(e), DType::F32 | DType::Bool)
    }

    /// How an index moves along the lanes being emitted.
    pub fn step(&self, p: &Poly<ExprId>) -> Step {
        step(p, |e| self.varies(e), |e| matches!(self.pool.node(e), Node::Axis(a) if self.is_lane(a)))
    }

    /// The lanes for a loop over `axis`, if its body is vector code.
    pub fn plan_loop(&self, axis: AxisId, count: Option<i64>, body: &[Stmt]) -> Option<Lane> {
        let mut plan = Plan::new(self, axis);
        plan.body(body).then(|| plan.lanes(count)).flatten()
    }

    /// The lanes for the innermost loop of a fold.
    pub fn plan_fold(&self, fold: &Fold) -> Option<Lane> {
        let &(axis, extent) = fold.axes.last()?;
        if self.lane.is_some() || fold.init.iter().any(|s| s.dtype() != DType::F32) {
            return None;
        }
        let mut plan = Plan::new(self, axis);
        plan.varying.extend(fold.state.iter().map(|&v| Dep::Var(v)));
        fold.step.iter().for_each(|&e| plan.weigh(e));
        // Sums wait for the sum before: independent accumulators hide that.
        plan.lanes(self.pool.as_const(extent).map(|c| c.as_i64()))
            .map(|lane| Lane { registers: lane.registers.max(2), ..lane })
            .filter(|lane| self.pool.as_const(extent).is_none_or(|c| c.as_i64() >= lane.count() as i64))
    }
}

fn step(p: &Poly<ExprId>, varies: impl Fn(ExprId) -> bool, is_lane: impl Fn(ExprId) -> bool) -> Step {
    let mut by = 0;
    for (m, c) in p.terms() {
        match m[..] {
            [atom] if is_lane(atom) => by = c,
            _ if m.iter().any(|&a| varies(a)) => return Step::Irregular,
            _ => {}
        }
    }
    if by == 0 { Step::Fixed } else { Step::By(by) }
}

/// Walks the body of a loop that might become vector code.
struct Plan<'a> {
    pool: &'a Exprs,
    loops: &'a Loops,
    deps: &'a Deps<'a>,
    axis: AxisId,
    varying: HashSet<Dep>,
    seen: HashSet<ExprId>,
    /// Vector instructions per register of lanes, roughly.
    weight: usize,
    calls: bool,
    gathers: bool,
}

impl<'a> Plan<'a> {
    fn new(emitter: &'a Emitter<'_>, axis: AxisId) -> Plan<'a> {
        Plan {
            pool: emitter.pool,
            loops: emitter.loops,
            deps: &emitter.deps,
            axis,
            varying: [Dep::Axis(axis)].into(),
            seen: HashSet::new(),
            weight: 0,
            calls: false,
            gathers: false,
        }
    }

    /// As many registers as keep everything in the 16 there are, fewer if the count is then a multiple; `None` below one register.
    fn lanes(&self, count: Option<i64>) -> Option<Lane> {
        let most = match self.weight {
            _ if self.calls => 4,
            _ if self.gathers => 1,
            0..=6 => 4,
            7..=16 => 2,
            _ => 1,
        };
        let lane = |registers| Lane { axis: Some(self.axis), registers };
        let Some(n) = count else { return Some(lane(most)) };
        let divides = [4, 2, 1].into_iter().find(|&r| r <= most && n % (WIDTH * r) as i64 == 0);
        let fits = [4, 2, 1].into_iter().find(|&r| r <= most && n >= (WIDTH * r) as i64);
        divides.filter(|_| n > 0).or(fits).map(lane)
    }

    fn varies(&self, e: ExprId) -> bool {
        self.deps.of(e).iter().any(|d| self.varying.contains(d))
    }

    fn step(&self, offset: ExprId) -> Step {
        step(&self.pool.poly(offset), |e| self.varies(e), |e| self.pool.node(e) == Node::Axis(self.axis))
    }

    fn body(&mut self, body: &[Stmt]) -> bool {
        body.iter().all(|s| self.stmt(s))
    }

    fn stmt(&mut self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::Let { var, value } => {
                self.weigh(*value);
                if self.varies(*value) {
                    self.varying.insert(Dep::Var(*var));
                }
                true
            }
            Stmt::Store { buf, at, value, combine } => {
                let step = self.step(at[0]);
                self.weigh(*value);
                self.weigh(at[0]);
                let stored =
                    matches!(self.loops.buffers[buf.0 as usize].ty.dtype, DType::F32 | DType::Bool | DType::F16 | DType::BF16);
                // Lanes that may meet at one element go one after the other.
                let apart = matches!(step, Step::By(_)) || (step == Step::Irregular && combine.is_none());
                self.gathers |= step != Step::By(1);
                stored && apart
            }
            Stmt::For { extent, body, .. } => !self.varies(*extent) && self.body(body),
            Stmt::Fold(fold) => self.fold(fold),
            Stmt::If { cond, body } => !self.varies(*cond) && self.body(body),
            Stmt::Block { .. } => false,
        }
    }

    fn fold(&mut self, fold: &Fold) -> bool {
        let uniform = fold.axes.iter().all(|a| !self.varies(a.1));
        self.varying.extend(fold.state.iter().map(|&v| Dep::Var(v)));
        fold.step.iter().for_each(|&e| self.weigh(e));
        uniform && fold.init.iter().all(|s| s.dtype() == DType::F32)
    }

    /// Counts what an expression costs per register.
    fn weigh(&mut self, e: ExprId) {
        if !self.varies(e) || !self.seen.insert(e) {
            return;
        }
        self.weight += 1;
        match self.pool.node(e) {
            Node::Load(_, at) => {
                self.gathers |= self.step(at[0]) != Step::By(1);
                if self.step(at[0]) == Step::Irregular {
                    self.weigh(at[0]);
                }
            }
            Node::Int(p) => p.atoms().for_each(|&a| self.weigh(a)),
            Node::Apply(op, args) => {
                self.calls |= op.is_transcendental() && self.pool.dtype(e) == DType::F32;
                self.gathers |= matches!(op, ScalarOp::Mod | ScalarOp::FloorDiv);
                args.iter().for_each(|&a| self.weigh(a));
            }
            Node::Cast(x) => self.weigh(x),
            _ => {}
        }
    }
}
