//! One value at a time: constants, memory and floating-point operations on scalars. Semantics are those of `ScalarOp::eval`.

use super::deps::Dep;
use super::emit::{Binding, Emitter, register, trusted};
use super::externals::{Helper, helper_index, strip_index};
use super::index::Address;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cresset_ir::dim::Rel;
use cresset_ir::kernel::{BufId, ExprId, Node, ScalarOp};
use cresset_ir::{DType, Scalar};
use half::{bf16, f16};

impl Emitter<'_> {
    /// The value of an expression; inside vector code, of one that is the same in all lanes, or that of the current lane.
    pub fn value(&mut self, e: ExprId) -> Value {
        let varies = self.varies(e);
        if let Some(&known) = self.visible(varies).iter().rev().find_map(|s| s.values.get(&e)) {
            return known;
        }
        let value = if varies && self.is_vector(e) { self.lane_of(e) } else { self.compute(e) };
        if self.pool.as_const(e).is_none() {
            self.scope().values.insert(e, value);
        }
        value
    }

    /// The value of an expression from the values of its operands.
    pub fn compute(&mut self, e: ExprId) -> Value {
        let dtype = self.pool.dtype(e);
        match self.pool.node(e) {
            Node::Const(c) => self.constant(c),
            Node::Axis(a) => match (self.binding(Dep::Axis(a)).clone(), self.at_lane) {
                (Binding::Known(k), _) => self.b.ins().iconst(I64, k),
                (Binding::One(first), Some(lane)) if self.is_lane(a) => self.b.ins().iadd_imm_s(first, lane as i64),
                (Binding::One(value), _) => value,
                _ => unreachable!("axes are bound to integers"),
            },
            Node::Var(v) => match self.binding(Dep::Var(v)) {
                Binding::One(value) => *value,
                Binding::Each(values) => values[self.at_lane.expect("a value per lane is asked for by lane")],
                _ => unreachable!("registers of lanes are taken apart by `lane_of`"),
            },
            Node::Sym(s) => self.sym(&s),
            Node::Int(p) => self.sum(&p),
            Node::Load(buf, at) => self.load(buf, at[0]),
            Node::Apply(op, args) => self.apply(op, &args, dtype),
            Node::Cast(x) => {
                let value = self.value(x);
                self.convert(value, self.pool.dtype(x), dtype)
            }
            Node::Reduce(..) | Node::State(..) => unreachable!("check rule 2: no reductions"),
        }
    }

    pub fn constant(&mut self, c: Scalar) -> Value {
        let ins = self.b.ins();
        match c.dtype() {
            DType::F32 => ins.f32const(Ieee32::with_float(c.as_f64() as f32)),
            DType::F64 => ins.f64const(Ieee64::with_float(c.as_f64())),
            DType::F16 => ins.iconst(I64, f16::from_f64(c.as_f64()).to_bits() as i64),
            DType::BF16 => ins.iconst(I64, bf16::from_f64(c.as_f64()).to_bits() as i64),
            dtype => ins.iconst(register(dtype), c.as_i64()),
        }
    }

    fn load(&mut self, buf: BufId, offset: ExprId) -> Value {
        let from = self.address(buf, offset);
        self.load_from(self.buffer(buf).ty.dtype, from)
    }

    pub fn load_from(&mut self, dtype: DType, from: Address) -> Value {
        let Address { base, displacement: d } = from;
        let ins = self.b.ins();
        match dtype {
            DType::U8 => ins.uload8(I64, trusted(), base, d),
            DType::I8 => ins.sload8(I64, trusted(), base, d),
            DType::I16 => ins.sload16(I64, trusted(), base, d),
            DType::I32 => ins.sload32(trusted(), base, d),
            DType::F16 | DType::BF16 => ins.uload16(I64, trusted(), base, d),
            DType::Bool | DType::I64 | DType::F32 | DType::F64 => ins.load(register(dtype), trusted(), base, d),
        }
    }

    pub fn store(&mut self, dtype: DType, value: Value, to: Address) {
        let Address { base, displacement: d } = to;
        let ins = self.b.ins();
        match dtype.size() {
            1 if dtype != DType::Bool => ins.istore8(trusted(), value, base, d),
            2 => ins.istore16(trusted(), value, base, d),
            4 if dtype == DType::I32 => ins.istore32(trusted(), value, base, d),
            _ => ins.store(trusted(), value, base, d),
        };
    }

    fn apply(&mut self, op: ScalarOp, args: &[ExprId], result: DType) -> Value {
        if op == ScalarOp::Select {
            let [c, a, b] = [0, 1, 2].map(|i| self.value(args[i]));
            return self.b.ins().select(c, a, b);
        }
        let dtype = self.pool.dtype(args[0]);
        // What is never negative divides without correction.
        let natural = dtype == DType::I64
            && matches!(op, ScalarOp::FloorDiv | ScalarOp::Mod)
            && self.is_natural(args[0])
            && self.is_positive(args[1]);
        let values: Vec<Value> = args.iter().map(|&a| self.value(a)).collect();
        match op {
            ScalarOp::FloorDiv if natural => self.b.ins().udiv(values[0], values[1]),
            ScalarOp::Mod if natural => self.b.ins().urem(values[0], values[1]),
            _ => self.operate(op, &values, dtype, result),
        }
    }

    fn is_natural(&self, e: ExprId) -> bool {
        self.pool.decide(self.pool.int(0).id(), Rel::Le, e) == Some(true)
    }

    /// Constants alone: the bounds of a symbol are a promise, and no broken promise may trap.
    fn is_positive(&self, e: ExprId) -> bool {
        self.pool.as_const(e).is_some_and(|c| c.as_i64() > 0)
    }

    /// An operation on registers.
    pub fn operate(&mut self, op: ScalarOp, x: &[Value], dtype: DType, result: DType) -> Value {
        match dtype {
            DType::F32 | DType::F64 => self.float_op(op, x, dtype),
            DType::Bool => self.bool_op(op, x, result),
            _ => self.int_op(op, x, dtype, result),
        }
    }

    pub fn float_op(&mut self, op: ScalarOp, x: &[Value], dtype: DType) -> Value {
        use ScalarOp::*;
        match op {
            FloorDiv => {
                let q = self.b.ins().fdiv(x[0], x[1]);
                self.b.ins().floor(q)
            }
            Mod => self.call(helper_index(if dtype == DType::F32 { Helper::ModF32 } else { Helper::ModF64 }), x),
            _ => match self.plain_float(op, x) {
                Some(value) => value,
                None => self.strip(op, x, dtype),
            },
        }
    }

    /// An operation that is an instruction or a few, on scalars and on registers of lanes alike.
    pub fn plain_float(&mut self, op: ScalarOp, x: &[Value]) -> Option<Value> {
        use ScalarOp::*;
        Some(match op {
            Add => self.b.ins().fadd(x[0], x[1]),
            Sub => self.b.ins().fsub(x[0], x[1]),
            Mul => self.b.ins().fmul(x[0], x[1]),
            Div => self.b.ins().fdiv(x[0], x[1]),
            Neg => self.b.ins().fneg(x[0]),
            Abs => self.b.ins().fabs(x[0]),
            Sqrt => self.b.ins().sqrt(x[0]),
            Rsqrt => {
                let (one, root) = (self.one_like(x[0]), self.b.ins().sqrt(x[0]));
                self.b.ins().fdiv(one, root)
            }
            Floor => self.b.ins().floor(x[0]),
            Ceil => self.b.ins().ceil(x[0]),
            Round => self.b.ins().nearest(x[0]),
            Trunc => self.b.ins().trunc(x[0]),
            Min | Max => self.extreme(op, x[0], x[1]),
            Lt => self.b.ins().fcmp(FloatCC::LessThan, x[0], x[1]),
            Le => self.b.ins().fcmp(FloatCC::LessThanOrEqual, x[0], x[1]),
            Eq => self.b.ins().fcmp(FloatCC::Equal, x[0], x[1]),
            Ne => self.b.ins().fcmp(FloatCC::NotEqual, x[0], x[1]),
            _ => return None,
        })
    }

    /// 1, in as many lanes as `x` has.
    fn one_like(&mut self, x: Value) -> Value {
        let ty = self.b.func.dfg.value_type(x);
        let one = self.constant(Scalar::one(if ty.lane_type() == F64 { DType::F64 } else { DType::F32 }));
        if ty.is_vector() { self.b.ins().splat(ty, one) } else { one }
    }

    /// `min` or `max`, NaN if either is. A comparison with NaN is false and gives `b`, so only `a` needs a test, and a constant none.
    /// Written with `<` alone, the choice is one `minps` or `maxps`.
    fn extreme(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
        let (a, b) = if self.is_constant(b) { (b, a) } else { (a, b) };
        let (low, high) = if op == ScalarOp::Min { (a, b) } else { (b, a) };
        let wins = self.b.ins().fcmp(FloatCC::LessThan, low, high);
        let best = self.choose(wins, a, b);
        if self.is_constant(a) {
            return best;
        }
        let nan = self.b.ins().fcmp(FloatCC::Unordered, a, a);
        self.choose(nan, a, best)
    }

    /// `a` where the condition, a bool or a mask of lanes, holds.
    pub fn choose(&mut self, condition: Value, a: Value, b: Value) -> Value {
        let dfg = &self.b.func.dfg;
        let (mask, ty) = (dfg.value_type(condition), dfg.value_type(a));
        if !mask.is_vector() {
            return self.b.ins().select(condition, a, b);
        }
        let mask = self.reinterpret(ty, condition);
        self.b.ins().bitselect(mask, a, b)
    }

    /// The same bits as another type.
    pub fn reinterpret(&mut self, ty: Type, x: Value) -> Value {
        if self.b.func.dfg.value_type(x) == ty {
            return x;
        }
        self.b.ins().bitcast(ty, MemFlagsData::new().with_endianness(cranelift_codegen::ir::Endianness::Little), x)
    }

    /// Whether a value is a number known now, splat or not; NaN does not count.
    fn is_constant(&self, x: Value) -> bool {
        use cranelift_codegen::ir::InstructionData::{Unary, UnaryIeee32, UnaryIeee64};
        let dfg = &self.b.func.dfg;
        let Some(inst) = dfg.value_def(x).inst() else { return false };
        match dfg.insts[inst] {
            UnaryIeee32 { imm, .. } => !imm.is_nan(),
            UnaryIeee64 { imm, .. } => !imm.is_nan(),
            Unary { opcode: cranelift_codegen::ir::Opcode::Splat, arg } => self.is_constant(arg),
            _ => false,
        }
    }

    /// A function of one number or two: its block routine on one element.
    fn strip(&mut self, op: ScalarOp, x: &[Value], dtype: DType) -> Value {
        let values: Vec<Vec<Value>> = x.iter().map(|&v| vec![v]).collect();
        self.strip_call(op, &values, dtype, 1)[0]
    }

    /// Calls the block routine of an op on `n` elements, held in registers.
    pub fn strip_call(&mut self, op: ScalarOp, x: &[Vec<Value>], dtype: DType, n: i64) -> Vec<Value> {
        let index = strip_index(op, dtype).unwrap_or_else(|| unreachable!("{} has a routine", op.name()));
        let slots: Vec<_> = (0..x.len()).map(|i| self.slot(i)).collect();
        let ty = self.b.func.dfg.value_type(x[0][0]);
        for (&slot, values) in slots.iter().zip(x) {
            for (i, &value) in values.iter().enumerate() {
                self.b.ins().store(trusted(), value, slot, (i as u32 * ty.bytes()) as i32);
            }
        }
        let count = self.b.ins().iconst(I64, n);
        let mut args = vec![slots[0]];
        args.extend(&slots);
        args.push(count);
        self.call_void(index, &args);
        (0..x[0].len()).map(|i| self.b.ins().load(ty, trusted(), slots[0], (i as u32 * ty.bytes()) as i32)).collect()
    }

    pub fn call_void(&mut self, index: usize, args: &[Value]) {
        let func = self.import(index);
        self.b.ins().call(func, args);
    }

    pub fn call(&mut self, index: usize, args: &[Value]) -> Value {
        let func = self.import(index);
        let inst = self.b.ins().call(func, args);
        self.b.inst_results(inst)[0]
    }
}
