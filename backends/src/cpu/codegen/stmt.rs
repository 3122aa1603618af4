//! Statements other than loops and folds.

use super::emit::{Binding, Emitter, trusted};
use super::externals::strip_index;
use super::vectorize::{Step, WIDTH};
use cranelift_codegen::ir::types::F32X4;
use cranelift_codegen::ir::{InstBuilder, Value};
use cresset_ir::DType;
use cresset_ir::kernel::{BufId, ExprId, ScalarOp, Stmt, VarId};

impl Emitter<'_> {
    pub fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|s| self.stmt(s));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.forget_written();
        match stmt {
            Stmt::For { axis, extent, kind, body } => self.for_loop(*axis, *extent, *kind, body),
            Stmt::Let { var, value } => self.let_var(*var, *value),
            Stmt::Store { buf, at, value, combine } => self.store_stmt(*buf, at[0], *value, *combine),
            Stmt::Fold(fold) => self.fold(fold),
            Stmt::Block { op, dst, src, len } => self.block_routine(*op, *dst, *src, *len),
            Stmt::If { cond, body } => self.if_stmt(*cond, body),
        }
    }

    fn let_var(&mut self, var: VarId, value: ExprId) {
        let binding = match () {
            () if !self.varies(value) => Binding::One(self.value(value)),
            () if self.is_vector(value) => Binding::Lanes(self.lanes(value)),
            () => Binding::Each(self.each(value)),
        };
        self.bind_var(var, binding);
    }

    fn if_stmt(&mut self, cond: ExprId, body: &[Stmt]) {
        let (then, after) = (self.b.create_block(), self.b.create_block());
        let holds = self.value(cond);
        self.b.ins().brif(holds, then, &[], after, &[]);
        self.b.switch_to_block(then);
        self.scoped(|s| s.body(body));
        self.b.ins().jump(after, &[]);
        self.b.switch_to_block(after);
    }

    fn block_routine(&mut self, op: ScalarOp, dst: BufId, src: BufId, len: ExprId) {
        let index = strip_index(op, self.buffer(dst).ty.dtype).expect("check: the routine exists");
        let args = [self.roots[dst.0 as usize], self.roots[src.0 as usize], self.value(len)];
        self.call_void(index, &args);
    }

    fn store_stmt(&mut self, buf: BufId, at: ExprId, value: ExprId, combine: Option<ScalarOp>) {
        if self.lane.is_none() {
            return self.store_one(buf, at, value, combine);
        }
        let dtype = self.buffer(buf).ty.dtype;
        let wide = match combine {
            None => self.is_vector(value),
            Some(op) => dtype == DType::F32 && matches!(op, ScalarOp::Add | ScalarOp::Mul | ScalarOp::Min | ScalarOp::Max),
        };
        if wide && self.step(&self.pool.poly(at)) == Step::By(1) {
            return self.store_wide(buf, at, value, combine);
        }
        let lanes = self.lane.map_or(0, |lane| lane.count());
        // All lanes are computed before the first is stored, in registers where they can be.
        if self.is_vector(value) {
            self.lanes(value);
        }
        (0..lanes).for_each(|lane| self.in_lane(lane, |s| s.store_one(buf, at, value, combine)));
    }

    fn store_one(&mut self, buf: BufId, at: ExprId, value: ExprId, combine: Option<ScalarOp>) {
        let dtype = self.buffer(buf).ty.dtype;
        let mut new = self.value(value);
        let to = self.address(buf, at);
        if let Some(op) = combine {
            let old = self.load_from(dtype, to);
            new = self.operate(op, &[old, new], dtype, dtype);
        }
        self.store(dtype, new, to);
    }

    fn store_wide(&mut self, buf: BufId, at: ExprId, value: ExprId, combine: Option<ScalarOp>) {
        let mut values = self.lanes(value);
        let to = self.address(buf, at);
        if let Some(op) = combine {
            let one = |s: &mut Self, i: usize, new: Value| {
                let old = s.b.ins().load(F32X4, trusted(), to.base, to.displacement + (i * WIDTH * 4) as i32);
                s.plain_float(op, &[old, new]).expect("sums, products and extremes are instructions")
            };
            values = values.iter().enumerate().map(|(i, &new)| one(self, i, new)).collect();
        }
        self.store_lanes(self.buffer(buf).ty.dtype, &values, to);
    }
}
