//! Four lanes at a time: f32 in `f32x4` registers, conditions as `i32x4` masks. What has no vector form is computed lane by lane and
//! put together.

use super::deps::Dep;
use super::emit::{Binding, Emitter, Scope, trusted};
use super::index::Address;
use super::vectorize::{Lane, Step, WIDTH};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F32X4, I8, I8X16, I16X8, I32, I32X4, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use cresset_ir::kernel::{BufId, ExprId, Node, ScalarOp};
use cresset_ir::{DType, Scalar};

/// The largest distance of an index from a bound that is told apart in a mask: lanes add a little to it in 32 bits.
const FAR: i64 = 1 << 30;

impl Emitter<'_> {
    fn current(&self) -> Lane {
        self.lane.expect("lanes exist in vector code alone")
    }

    /// The registers of an f32 or bool expression.
    pub fn lanes(&mut self, e: ExprId) -> Vec<Value> {
        if let Some(known) = self.scopes.iter().rev().find_map(|s| s.lanes.get(&e)) {
            return known.clone();
        }
        let values = if self.varies(e) { self.compute_lanes(e) } else { self.spread(e) };
        self.scope().lanes.insert(e, values.clone());
        values
    }

    /// Computes the registers, or the values per lane, of what vector code needs later.
    pub fn hoist_lanes(&mut self, e: ExprId) {
        if self.is_vector(e) {
            self.lanes(e);
        }
    }

    /// One value in all lanes.
    fn spread(&mut self, e: ExprId) -> Vec<Value> {
        let dtype = self.pool.dtype(e);
        let value = self.value(e);
        vec![self.splat(value, dtype); self.current().registers]
    }

    pub fn splat(&mut self, value: Value, dtype: DType) -> Value {
        if dtype == DType::F32 {
            return self.b.ins().splat(F32X4, value);
        }
        let bits = self.mask_bits(value);
        self.b.ins().splat(I32X4, bits)
    }

    /// All ones for true.
    fn mask_bits(&mut self, truth: Value) -> Value {
        let bit = self.b.ins().uextend(I32, truth);
        self.b.ins().ineg(bit)
    }

    fn compute_lanes(&mut self, e: ExprId) -> Vec<Value> {
        match self.pool.node(e) {
            Node::Var(v) => match self.binding(Dep::Var(v)).clone() {
                Binding::Lanes(values) => values,
                _ => self.assemble(e),
            },
            Node::Load(buf, at) => self.load_lanes(e, buf, at[0]),
            Node::Apply(ScalarOp::Select, args) => self.select_lanes(&args),
            Node::Apply(op, args) => match self.pool.dtype(args[0]) {
                DType::F32 => self.float_lanes(op, &args, e),
                DType::Bool => self.mask_lanes(op, &args, e),
                DType::I64 => self.index_lanes(op, &args, e),
                _ => self.assemble(e),
            },
            Node::Cast(x) => self.cast_lanes(e, x),
            _ => self.assemble(e),
        }
    }

    fn load_lanes(&mut self, e: ExprId, buf: BufId, offset: ExprId) -> Vec<Value> {
        if self.step(&self.pool.poly(offset)) != Step::By(1) {
            return self.assemble(e);
        }
        let Address { base, displacement } = self.address(buf, offset);
        let bool = self.pool.dtype(e) == DType::Bool;
        let one = |s: &mut Self, i: usize| {
            let at = displacement + (i * WIDTH * if bool { 1 } else { 4 }) as i32;
            if bool { s.load_mask(base, at) } else { s.b.ins().load(F32X4, trusted(), base, at) }
        };
        (0..self.current().registers).map(|i| one(self, i)).collect()
    }

    /// Four bools as a mask.
    fn load_mask(&mut self, base: Value, at: i32) -> Value {
        let bytes = self.b.ins().load(I32, trusted(), base, at);
        let register = self.b.ins().scalar_to_vector(I32X4, bytes);
        let bytes = self.reinterpret(I8X16, register);
        let words = self.b.ins().uwiden_low(bytes);
        let wide = self.b.ins().uwiden_low(words);
        self.b.ins().ineg(wide)
    }

    /// Stores registers of numbers or masks to neighbouring elements.
    pub fn store_lanes(&mut self, dtype: DType, values: &[Value], to: Address) {
        for (i, &value) in values.iter().enumerate() {
            let at = to.displacement + (i * WIDTH * dtype.size()) as i32;
            let value = if dtype == DType::Bool { self.mask_bytes(value) } else { value };
            self.b.ins().store(trusted(), value, to.base, at);
        }
    }

    /// A mask as four bools.
    fn mask_bytes(&mut self, mask: Value) -> Value {
        let words = self.b.ins().snarrow(mask, mask);
        let bytes = self.b.ins().snarrow(words, words);
        debug_assert_eq!(self.b.func.dfg.value_type(words), I16X8);
        let lanes = self.reinterpret(I32X4, bytes);
        let four = self.b.ins().extractlane(lanes, 0);
        self.b.ins().band_imm_u(four, 0x0101_0101)
    }

    fn select_lanes(&mut self, args: &[ExprId]) -> Vec<Value> {
        let (a, b) = (self.lanes(args[1]), self.lanes(args[2]));
        if !self.varies(args[0]) {
            let c = self.value(args[0]);
            return a.iter().zip(&b).map(|(&a, &b)| self.b.ins().select(c, a, b)).collect();
        }
        let c = self.lanes(args[0]);
        (0..a.len()).map(|i| self.choose(c[i], a[i], b[i])).collect()
    }

    fn float_lanes(&mut self, op: ScalarOp, args: &[ExprId], e: ExprId) -> Vec<Value> {
        if matches!(op, ScalarOp::Mod | ScalarOp::FloorDiv) {
            return self.assemble(e);
        }
        let x: Vec<Vec<Value>> = args.iter().map(|&a| self.lanes(a)).collect();
        let one = |s: &mut Self, i: usize| s.plain_float(op, &x.iter().map(|v| v[i]).collect::<Vec<_>>());
        let plain: Option<Vec<Value>> = (0..x[0].len()).map(|i| one(self, i)).collect();
        plain.unwrap_or_else(|| self.strip_call(op, &x, DType::F32, self.current().count() as i64))
    }

    fn mask_lanes(&mut self, op: ScalarOp, args: &[ExprId], e: ExprId) -> Vec<Value> {
        use ScalarOp::*;
        if !matches!(op, And | Or | Xor | Not | Ne | Eq) {
            return self.assemble(e);
        }
        let x: Vec<Vec<Value>> = args.iter().map(|&a| self.lanes(a)).collect();
        let one = |s: &mut Self, i: usize| match op {
            And => s.b.ins().band(x[0][i], x[1][i]),
            Or => s.b.ins().bor(x[0][i], x[1][i]),
            Xor | Ne => s.b.ins().bxor(x[0][i], x[1][i]),
            Eq => s.b.ins().icmp(IntCC::Equal, x[0][i], x[1][i]),
            _ => s.b.ins().bnot(x[0][i]),
        };
        (0..x[0].len()).map(|i| one(self, i)).collect()
    }

    /// Comparisons of indices that move evenly: the distance in the first lane, cut to 32 bits, plus the movement of each lane.
    fn index_lanes(&mut self, op: ScalarOp, args: &[ExprId], e: ExprId) -> Vec<Value> {
        let condition = match op {
            ScalarOp::Lt => IntCC::SignedLessThan,
            ScalarOp::Le => IntCC::SignedLessThanOrEqual,
            ScalarOp::Eq => IntCC::Equal,
            ScalarOp::Ne => IntCC::NotEqual,
            _ => return self.assemble(e),
        };
        let distance = self.pool.poly(args[0]).sub(&self.pool.poly(args[1]));
        // Differences of data may wrap around; differences of indices do not.
        let data = args.iter().any(|&a| self.deps.has(a, Dep::Load));
        match self.step(&distance) {
            Step::By(by) if by.abs() < FAR >> 8 && !data => self.compare_moving(condition, &distance, by),
            _ => self.assemble(e),
        }
    }

    fn compare_moving(&mut self, condition: IntCC, distance: &cresset_ir::poly::Poly<ExprId>, by: i64) -> Vec<Value> {
        let first = self.sum(distance);
        let (far, near) = (self.b.ins().iconst(I64, FAR), self.b.ins().iconst(I64, -FAR));
        let capped = self.b.ins().smin(first, far);
        let capped = self.b.ins().smax(capped, near);
        let narrow = self.b.ins().ireduce(I32, capped);
        let start = self.b.ins().splat(I32X4, narrow);
        let zero = self.b.ins().iconst(I32, 0);
        let zero = self.b.ins().splat(I32X4, zero);
        let one = |s: &mut Self, i: usize| {
            let moves: Vec<u8> = (0..WIDTH).flat_map(|l| ((by * (i * WIDTH + l) as i64) as i32).to_le_bytes()).collect();
            let constant = s.b.func.dfg.constants.insert(moves.into());
            let moves = s.b.ins().vconst(I32X4, constant);
            let distance = s.b.ins().iadd(start, moves);
            s.b.ins().icmp(condition, distance, zero)
        };
        (0..self.current().registers).map(|i| one(self, i)).collect()
    }

    fn cast_lanes(&mut self, e: ExprId, from: ExprId) -> Vec<Value> {
        match (self.pool.dtype(from), self.pool.dtype(e)) {
            (DType::F32, DType::Bool) => {
                let x = self.lanes(from);
                let zero = self.constant(Scalar::zero(DType::F32));
                let zero = self.splat(zero, DType::F32);
                x.iter().filter_map(|&v| self.plain_float(ScalarOp::Ne, &[v, zero])).collect()
            }
            (DType::Bool, DType::F32) => {
                let x = self.lanes(from);
                let one = self.b.ins().iconst(I32, 1.0f32.to_bits() as i64);
                let one = self.b.ins().splat(I32X4, one);
                let bits: Vec<Value> = x.iter().map(|&v| self.b.ins().band(v, one)).collect();
                bits.into_iter().map(|v| self.reinterpret(F32X4, v)).collect()
            }
            (DType::BF16, DType::F32) => self.widen_lanes(e, from),
            _ => self.assemble(e),
        }
    }

    /// Neighbouring bf16 elements are the high halves of f32.
    fn widen_lanes(&mut self, e: ExprId, from: ExprId) -> Vec<Value> {
        let Node::Load(buf, at) = self.pool.node(from) else { return self.assemble(e) };
        if self.step(&self.pool.poly(at[0])) != Step::By(1) {
            return self.assemble(e);
        }
        let Address { base, displacement } = self.address(buf, at[0]);
        let one = |s: &mut Self, i: usize| {
            let halves = s.b.ins().load(I64, trusted(), base, displacement + (i * WIDTH * 2) as i32);
            let register = s.b.ins().scalar_to_vector(cranelift_codegen::ir::types::I64X2, halves);
            let halves = s.reinterpret(I16X8, register);
            let wide = s.b.ins().uwiden_low(halves);
            let sixteen = s.b.ins().iconst(I32, 16);
            let bits = s.b.ins().ishl(wide, sixteen);
            s.reinterpret(F32X4, bits)
        };
        (0..self.current().registers).map(|i| one(self, i)).collect()
    }

    /// Registers put together from values computed lane by lane.
    fn assemble(&mut self, e: ExprId) -> Vec<Value> {
        let count = self.current().count();
        let mask = self.pool.dtype(e) == DType::Bool;
        let each: Vec<Value> = (0..count).map(|lane| self.in_lane(lane, |s| s.compute(e))).collect();
        each.chunks(WIDTH).map(|four| self.join(four, mask)).collect()
    }

    fn join(&mut self, four: &[Value], mask: bool) -> Value {
        let ty = if mask { I32X4 } else { F32X4 };
        let lanes: Vec<Value> = if mask { four.iter().map(|&v| self.mask_bits(v)).collect() } else { four.to_vec() };
        let first = self.b.ins().scalar_to_vector(ty, lanes[0]);
        lanes.iter().enumerate().skip(1).fold(first, |register, (i, &lane)| self.b.ins().insertlane(register, lane, i as u8))
    }

    /// The values of an expression of any dtype, lane by lane.
    pub fn each(&mut self, e: ExprId) -> Vec<Value> {
        (0..self.current().count()).map(|lane| self.in_lane(lane, |s| s.value(e))).collect()
    }

    /// Emits scalar code for one lane.
    pub fn in_lane<R>(&mut self, lane: usize, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.at_lane.replace(lane);
        self.scopes.push(Scope::default());
        let result = f(self);
        self.scopes.pop();
        self.at_lane = outer;
        result
    }

    /// The current lane of an expression that lives in registers. They outlive the scope of the lane.
    pub fn lane_of(&mut self, e: ExprId) -> Value {
        let lane = self.at_lane.take().expect("a varying value is asked for by lane");
        let own = self.scopes.pop().expect("a lane has a scope");
        let registers = self.lanes(e);
        self.scopes.push(own);
        self.at_lane = Some(lane);
        self.extract(&registers, lane, self.pool.dtype(e))
    }

    pub fn extract(&mut self, registers: &[Value], lane: usize, dtype: DType) -> Value {
        let value = self.b.ins().extractlane(registers[lane / WIDTH], (lane % WIDTH) as u8);
        if dtype != DType::Bool {
            debug_assert_eq!(self.b.func.dfg.value_type(value), F32);
            return value;
        }
        let low = self.b.ins().ireduce(I8, value);
        self.b.ins().band_imm_u(low, 1)
    }
}
