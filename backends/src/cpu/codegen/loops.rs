//! Loops: serial ones, written-out ones, and loops over lanes with their tails.

use super::deps::Dep;
use super::emit::{Binding, Emitter, arguments};
use super::vectorize::Lane;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use cresset_ir::kernel::{AxisId, ExprId, LoopKind, Stmt};

/// The longest loop that is written out when it asks for that.
const UNROLL_LIMIT: i64 = 64;

/// A number of iterations: the value, and the number itself where it is known.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub value: Value,
    pub known: Option<i64>,
}

impl Emitter<'_> {
    pub fn count(&mut self, extent: ExprId) -> Count {
        Count { value: self.value(extent), known: self.pool.as_const(extent).map(|c| c.as_i64()) }
    }

    /// `for i in (from..to).step_by(by)`, which is not empty. The body gives the values it changes for the next iteration.
    pub fn range(
        &mut self,
        from: Value,
        to: Value,
        by: i64,
        carried: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (header, exit) = (self.b.create_block(), self.b.create_block());
        let i = self.b.append_block_param(header, I64);
        let params = self.append_params(header, carried);
        let start: Vec<Value> = [from].iter().chain(carried).copied().collect();
        self.b.ins().jump(header, &arguments(&start));
        self.b.switch_to_block(header);
        self.forget_written();
        self.level += 1;
        let end = self.scoped(|s| body(s, i, &params));
        self.level -= 1;
        let next = self.b.ins().iadd_imm_s(i, by);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, next, to);
        let again: Vec<Value> = [next].iter().chain(&end).copied().collect();
        self.b.ins().brif(more, header, &arguments(&again), exit, &[]);
        self.b.switch_to_block(exit);
        self.forget_written();
        end
    }

    pub fn for_loop(&mut self, axis: AxisId, extent: ExprId, kind: LoopKind, body: &[Stmt]) {
        let count = self.count(extent);
        match (kind, count.known) {
            (LoopKind::Unroll, Some(n)) if n <= UNROLL_LIMIT => (0..n).for_each(|k| self.written_out(axis, k, body)),
            (LoopKind::Lane, known) if self.lane.is_none() => match self.plan_loop(axis, known, body) {
                Some(lane) => self.lane_loop(axis, count, lane, body),
                None => self.serial_loop(axis, count, body),
            },
            _ => self.serial_loop(axis, count, body),
        }
    }

    fn written_out(&mut self, axis: AxisId, k: i64, body: &[Stmt]) {
        self.scoped(|s| {
            s.bind_axis(axis, Binding::Known(k));
            s.body(body);
        });
    }

    fn serial_loop(&mut self, axis: AxisId, count: Count, body: &[Stmt]) {
        self.guarded(count.value, count.known, &[], |s| {
            s.hoist(body, true);
            let zero = s.b.ins().iconst(I64, 0);
            s.range(zero, count.value, 1, &[], |s, i, _| s.iteration(axis, i, body))
        });
    }

    fn iteration(&mut self, axis: AxisId, i: Value, body: &[Stmt]) -> Vec<Value> {
        self.bind_axis(axis, Binding::One(i));
        self.body(body);
        vec![]
    }

    fn lane_loop(&mut self, axis: AxisId, count: Count, lane: Lane, body: &[Stmt]) {
        self.guarded(count.value, count.known, &[], |s| {
            s.hoist(body, true);
            s.in_lanes(count, lane, &[], |s, i, _| s.iteration(axis, i, body), |s, i, _| s.iteration(axis, i, body))
        });
    }

    /// A loop in steps of whole lanes, and one over what is left. Each gives the values it changes.
    pub fn in_lanes(
        &mut self,
        count: Count,
        lane: Lane,
        carried: &[Value],
        wide: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
        single: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let by = lane.count() as i64;
        let whole = count.known.map(|n| n - n % by);
        let main = match whole {
            Some(n) => self.b.ins().iconst(I64, n),
            None => self.b.ins().band_imm_s(count.value, -by),
        };
        let carried = self.guarded(main, whole, carried, |s| {
            let zero = s.b.ins().iconst(I64, 0);
            s.lane = Some(lane);
            let end = s.range(zero, main, by, carried, wide);
            s.lane = None;
            end
        });
        let left = self.b.ins().isub(count.value, main);
        let known = count.known.map(|n| n % by);
        self.guarded(left, known, &carried.clone(), |s| s.range(main, count.value, 1, &carried, single))
    }

    /// The points `begin..end` of the grid: the first is taken apart into axes, the next ones count on.
    pub fn grid(&mut self, begin: Value, end: Value) {
        let loops = self.loops;
        let extents: Vec<Value> = loops.grid.iter().map(|&(_, extent)| self.value(extent)).collect();
        if extents.is_empty() {
            return self.body(&loops.body);
        }
        let points = self.b.ins().isub(end, begin);
        self.guarded(points, None, &[], |s| {
            s.hoist(&loops.body, true);
            let first = s.first_point(begin, &extents);
            s.range(begin, end, 1, &first, |s, point, axes| s.point(point, axes, &extents));
            vec![]
        });
    }

    /// The coordinates of a point; none for a single axis, which the point itself counts.
    fn first_point(&mut self, mut point: Value, extents: &[Value]) -> Vec<Value> {
        if extents.len() == 1 {
            return vec![];
        }
        let one = self.b.ins().iconst(I64, 1);
        let mut axes = vec![];
        for &extent in extents.iter().rev() {
            // A grid without points is never run; the division must not trap all the same.
            let extent = self.b.ins().smax(extent, one);
            axes.push(self.b.ins().urem(point, extent));
            point = self.b.ins().udiv(point, extent);
        }
        axes.reverse();
        axes
    }

    fn point(&mut self, point: Value, axes: &[Value], extents: &[Value]) -> Vec<Value> {
        let loops = self.loops;
        let coordinates = if axes.is_empty() { &[point] } else { axes };
        for (&(axis, _), &value) in loops.grid.iter().zip(coordinates) {
            self.bind(Dep::Axis(axis), Binding::One(value));
        }
        self.body(&loops.body);
        self.next_point(axes, extents)
    }

    fn next_point(&mut self, axes: &[Value], extents: &[Value]) -> Vec<Value> {
        let zero = self.b.ins().iconst(I64, 0);
        let mut carry = self.b.ins().iconst(I64, 1);
        let mut next = vec![];
        for (&axis, &extent) in axes.iter().zip(extents).rev() {
            let moved = self.b.ins().iadd(axis, carry);
            let wraps = self.b.ins().icmp(IntCC::Equal, moved, extent);
            next.push(self.b.ins().select(wraps, zero, moved));
            carry = self.b.ins().uextend(I64, wraps);
        }
        next.reverse();
        next
    }
}
