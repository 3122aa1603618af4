//! Folds: reductions as loops that carry their state in registers.
//!
//! A fold over lanes keeps one state per lane in several registers, and one more for the tail; `merge` joins them in a fixed order.
//! A fold inside vector code carries registers of lanes and needs no merge.

use super::emit::{Binding, Emitter};
use super::vectorize::{Lane, WIDTH};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use cresset_ir::DType;
use cresset_ir::kernel::{AxisId, ExprId, Fold, LoopKind, VarId};

impl Emitter<'_> {
    pub fn fold(&mut self, fold: &Fold) {
        let lane = if fold.kind == LoopKind::Lane { self.plan_fold(fold) } else { None };
        let states = match lane {
            Some(lane) => self.fold_in_lanes(fold, lane),
            None => {
                let init = self.initial(fold, self.lane);
                self.fold_axes(&fold.axes, fold, init)
            }
        };
        self.bind_states(&fold.state, &states);
    }

    fn initial(&mut self, fold: &Fold, lane: Option<Lane>) -> Vec<Value> {
        let mut all = vec![];
        for &scalar in &fold.init {
            let value = self.constant(scalar);
            match lane {
                Some(lane) => {
                    let register = self.splat(value, DType::F32);
                    all.extend(vec![register; lane.registers]);
                }
                None => all.push(value),
            }
        }
        all
    }

    fn bind_states(&mut self, vars: &[VarId], values: &[Value]) {
        let per_var = values.len() / vars.len().max(1);
        for (i, &var) in vars.iter().enumerate() {
            let own = &values[i * per_var..][..per_var];
            let binding = if self.lane.is_some() { Binding::Lanes(own.to_vec()) } else { Binding::One(own[0]) };
            self.bind_var(var, binding);
        }
    }

    /// The next states; registers of lanes in vector code.
    fn evaluate(&mut self, exprs: &[ExprId]) -> Vec<Value> {
        match self.lane {
            Some(_) => exprs.iter().flat_map(|&e| self.lanes(e)).collect(),
            None => exprs.iter().map(|&e| self.value(e)).collect(),
        }
    }

    fn next_states(&mut self, fold: &Fold, states: &[Value]) -> Vec<Value> {
        self.scoped(|s| {
            s.bind_states(&fold.state, states);
            s.evaluate(&fold.step)
        })
    }

    fn fold_axes(&mut self, axes: &[(AxisId, ExprId)], fold: &Fold, carried: Vec<Value>) -> Vec<Value> {
        let Some((&(axis, extent), inner)) = axes.split_first() else { return self.next_states(fold, &carried) };
        self.fold_loop(axis, extent, inner, fold, carried, |s, carried| s.fold_axes(inner, fold, carried))
    }

    /// One serial loop of a fold.
    fn fold_loop(
        &mut self,
        axis: AxisId,
        extent: ExprId,
        inner: &[(AxisId, ExprId)],
        fold: &Fold,
        carried: Vec<Value>,
        body: impl FnOnce(&mut Self, Vec<Value>) -> Vec<Value>,
    ) -> Vec<Value> {
        let count = self.count(extent);
        self.guarded(count.value, count.known, &carried, |s| {
            s.hoist_step(fold, inner);
            let zero = s.b.ins().iconst(I64, 0);
            s.range(zero, count.value, 1, &carried, |s, i, carried| {
                s.bind_axis(axis, Binding::One(i));
                body(s, carried.to_vec())
            })
        })
    }

    fn hoist_step(&mut self, fold: &Fold, inner: &[(AxisId, ExprId)]) {
        let runs = inner.iter().all(|a| self.pool.as_const(a.1).is_some_and(|n| n.as_i64() > 0));
        inner.iter().for_each(|a| self.hoist_expr(a.1, runs));
        fold.step.iter().for_each(|&e| self.hoist_expr(e, runs));
    }

    fn fold_in_lanes(&mut self, fold: &Fold, lane: Lane) -> Vec<Value> {
        let mut carried = self.initial(fold, Some(lane));
        let wide = carried.len();
        let tail = self.initial(fold, None);
        carried.extend(&tail);
        let end = self.lane_axes(&fold.axes, fold, lane, carried);
        let (registers, tail_end) = end.split_at(wide);
        let per_lane = self.merge_registers(fold, lane, registers);
        let total = self.merge_lanes(fold, &per_lane);
        if tail_end == tail { total } else { self.merge(fold, &total, tail_end) }
    }

    fn lane_axes(&mut self, axes: &[(AxisId, ExprId)], fold: &Fold, lane: Lane, carried: Vec<Value>) -> Vec<Value> {
        let (&(axis, extent), inner) = axes.split_first().expect("a fold over lanes has an axis");
        if !inner.is_empty() {
            return self.fold_loop(axis, extent, inner, fold, carried, |s, carried| s.lane_axes(inner, fold, lane, carried));
        }
        let (count, wide) = (self.count(extent), fold.state.len() * lane.registers);
        self.guarded(count.value, count.known, &carried, |s| {
            s.hoist_step(fold, &[]);
            let step_wide = |s: &mut Self, i, carried: &[Value]| {
                s.bind_axis(axis, Binding::One(i));
                let next = s.next_states(fold, &carried[..wide]);
                [&next, &carried[wide..]].concat()
            };
            let step_single = |s: &mut Self, i, carried: &[Value]| {
                s.bind_axis(axis, Binding::One(i));
                let next = s.next_states(fold, &carried[wide..]);
                [&carried[..wide], &next].concat()
            };
            s.in_lanes(count, lane, &carried, step_wide, step_single)
        })
    }

    /// Joins the registers of each state, neighbours first.
    fn merge_registers(&mut self, fold: &Fold, lane: Lane, registers: &[Value]) -> Vec<Value> {
        let state = |i: usize| -> Vec<Value> { registers.iter().skip(i).step_by(lane.registers).copied().collect() };
        let mut parts: Vec<Vec<Value>> = (0..lane.registers).map(state).collect();
        self.lane = Some(Lane { axis: None, registers: 1 });
        while parts.len() > 1 {
            parts = parts.chunks(2).map(|pair| self.merge(fold, &pair[0], &pair[1])).collect();
        }
        self.lane = None;
        parts.swap_remove(0)
    }

    /// Joins the lanes of a register, in order.
    fn merge_lanes(&mut self, fold: &Fold, registers: &[Value]) -> Vec<Value> {
        let lane = |s: &mut Self, i: usize| registers.iter().map(|r| s.extract(&[*r], i, DType::F32)).collect::<Vec<_>>();
        let first = lane(self, 0);
        (1..WIDTH).fold(first, |total, i| {
            let next = lane(self, i);
            self.merge(fold, &total, &next)
        })
    }

    fn merge(&mut self, fold: &Fold, a: &[Value], b: &[Value]) -> Vec<Value> {
        self.scoped(|s| {
            s.bind_states(&fold.state, a);
            s.bind_states(&fold.other, b);
            s.evaluate(&fold.merge)
        })
    }
}
