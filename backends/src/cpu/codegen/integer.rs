//! Integers and bools: everything wraps and nothing traps.
//!
//! Integers of all widths fill 64-bit registers, extended as their dtype says, so one set of instructions does for all.

use super::emit::Emitter;
use super::externals::{Helper, helper_index};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cresset_ir::DType;
use cresset_ir::kernel::ScalarOp;

impl Emitter<'_> {
    /// Integers are computed in 64 bits and cut back to their dtype.
    pub fn int_op(&mut self, op: ScalarOp, x: &[Value], dtype: DType, result: DType) -> Value {
        use ScalarOp::*;
        let wide = match op {
            Add => self.b.ins().iadd(x[0], x[1]),
            Sub => self.b.ins().isub(x[0], x[1]),
            Mul => self.b.ins().imul(x[0], x[1]),
            Div | FloorDiv | Mod => self.divide(op, x[0], x[1]),
            Neg => self.b.ins().ineg(x[0]),
            Abs => self.b.ins().iabs(x[0]),
            Min => self.b.ins().smin(x[0], x[1]),
            Max => self.b.ins().smax(x[0], x[1]),
            Pow => self.call(helper_index(Helper::PowI64), x),
            Floor | Ceil | Round | Trunc => x[0],
            And => self.b.ins().band(x[0], x[1]),
            Or => self.b.ins().bor(x[0], x[1]),
            Xor => self.b.ins().bxor(x[0], x[1]),
            Not => self.b.ins().bnot(x[0]),
            Shl | Shr => self.shift(op, x[0], x[1]),
            Lt | Le | Eq | Ne => return self.compare(op, x),
            _ => {
                let floats: Vec<Value> = x.iter().map(|&v| self.b.ins().fcvt_from_sint(F64, v)).collect();
                let value = self.float_op(op, &floats, DType::F64);
                return self.convert(value, DType::F64, result);
            }
        };
        self.wrap(wide, dtype)
    }

    fn compare(&mut self, op: ScalarOp, x: &[Value]) -> Value {
        let condition = match op {
            ScalarOp::Lt => IntCC::SignedLessThan,
            ScalarOp::Le => IntCC::SignedLessThanOrEqual,
            ScalarOp::Eq => IntCC::Equal,
            _ => IntCC::NotEqual,
        };
        self.b.ins().icmp(condition, x[0], x[1])
    }

    /// Division that cannot trap: by zero, and of the smallest integer by -1, it gives 0.
    fn divide(&mut self, op: ScalarOp, a: Value, b: Value) -> Value {
        let zero = self.b.ins().icmp_imm_s(IntCC::Equal, b, 0);
        let least = self.b.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN);
        let minus = self.b.ins().icmp_imm_s(IntCC::Equal, b, -1);
        let overflow = self.b.ins().band(least, minus);
        let bad = self.b.ins().bor(zero, overflow);
        let (none, one) = (self.b.ins().iconst(I64, 0), self.b.ins().iconst(I64, 1));
        let divisor = self.b.ins().select(bad, one, b);
        let quotient = self.b.ins().sdiv(a, divisor);
        let value = if op == ScalarOp::Div { quotient } else { self.floored(op, a, divisor, quotient) };
        self.b.ins().select(bad, none, value)
    }

    /// From truncation to Python's `//` and `%`: a remainder of the other sign than the divisor moves both by one.
    fn floored(&mut self, op: ScalarOp, a: Value, b: Value, quotient: Value) -> Value {
        let product = self.b.ins().imul(quotient, b);
        let remainder = self.b.ins().isub(a, product);
        let some = self.b.ins().icmp_imm_s(IntCC::NotEqual, remainder, 0);
        let signs = self.b.ins().bxor(remainder, b);
        let opposite = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
        let off = self.b.ins().band(some, opposite);
        let (moved, value) = match op {
            ScalarOp::FloorDiv => (self.b.ins().iadd_imm_s(quotient, -1), quotient),
            _ => (self.b.ins().iadd(remainder, b), remainder),
        };
        self.b.ins().select(off, moved, value)
    }

    /// Shifts by more than the width leave nothing but the sign.
    fn shift(&mut self, op: ScalarOp, a: Value, by: Value) -> Value {
        let by = self.b.ins().ireduce(I32, by);
        let by = self.b.ins().uextend(I64, by);
        if op == ScalarOp::Shl {
            let inside = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, by, 64);
            let (shifted, zero) = (self.b.ins().ishl(a, by), self.b.ins().iconst(I64, 0));
            return self.b.ins().select(inside, shifted, zero);
        }
        let most = self.b.ins().iconst(I64, 63);
        let by = self.b.ins().umin(by, most);
        self.b.ins().sshr(a, by)
    }

    /// The value cut to the width of an integer dtype and extended again.
    pub fn wrap(&mut self, x: Value, dtype: DType) -> Value {
        if dtype.size() == 8 {
            return x;
        }
        let narrow = self.b.ins().ireduce(Type::int(8 * dtype.size() as u16).expect("dtypes have 8 to 64 bits"), x);
        if dtype == DType::U8 { self.b.ins().uextend(I64, narrow) } else { self.b.ins().sextend(I64, narrow) }
    }

    pub fn bool_op(&mut self, op: ScalarOp, x: &[Value], result: DType) -> Value {
        use ScalarOp::*;
        match op {
            And | Mul | Min => self.b.ins().band(x[0], x[1]),
            Or | Add | Max => self.b.ins().bor(x[0], x[1]),
            Xor | Ne => self.b.ins().bxor(x[0], x[1]),
            Not => self.b.ins().bxor_imm_u(x[0], 1),
            _ => {
                let wide: Vec<Value> = x.iter().map(|&v| self.b.ins().uextend(I64, v)).collect();
                let value = self.int_op(op, &wide, DType::I64, if result == DType::Bool { result } else { DType::I64 });
                if matches!(op, Lt | Le | Eq) { value } else { self.convert(value, DType::I64, DType::Bool) }
            }
        }
    }
}
