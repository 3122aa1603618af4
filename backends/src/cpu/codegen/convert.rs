//! Conversions between dtypes, as PyTorch does them on x86-64.

use super::emit::{Emitter, register};
use super::externals::{Helper, helper_index};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cresset_ir::{DType, Scalar};

impl Emitter<'_> {
    /// PyTorch's conversion between dtypes.
    pub fn convert(&mut self, x: Value, from: DType, to: DType) -> Value {
        use DType::*;
        match (from, to) {
            _ if from == to => x,
            (F16, _) => {
                let wide = self.call(helper_index(Helper::F16ToF32), &[x]);
                self.convert(wide, F32, to)
            }
            (BF16, _) => {
                let bits = self.b.ins().ireduce(types::I32, x);
                let sixteen = self.b.ins().iconst(types::I32, 16);
                let bits = self.b.ins().ishl(bits, sixteen);
                let wide = self.reinterpret(types::F32, bits);
                self.convert(wide, F32, to)
            }
            (F32, F16) => self.call(helper_index(Helper::F32ToF16), &[x]),
            (F32, BF16) => self.bf16_bits(x),
            // PyTorch reaches the halves by way of f32.
            (_, F16 | BF16) => {
                let single = self.convert(x, from, F32);
                self.convert(single, F32, to)
            }
            (F32, F64) => self.b.ins().fpromote(types::F64, x),
            (F64, F32) => self.b.ins().fdemote(types::F32, x),
            (F32 | F64, Bool) => {
                let zero = self.constant(Scalar::zero(from));
                self.b.ins().fcmp(FloatCC::NotEqual, x, zero)
            }
            (F32 | F64, _) => self.truncate(x, from, to),
            (Bool, F32 | F64) => {
                let wide = self.b.ins().uextend(types::I64, x);
                self.b.ins().fcvt_from_sint(register(to), wide)
            }
            (Bool, _) => self.b.ins().uextend(types::I64, x),
            (_, Bool) => self.b.ins().icmp_imm_s(IntCC::NotEqual, x, 0),
            (_, F32 | F64) => self.b.ins().fcvt_from_sint(register(to), x),
            _ => self.wrap(x, to),
        }
    }

    /// x86-64's conversion: what does not fit, and NaN, is the smallest integer; dtypes below 64 bits are cut from 32.
    fn truncate(&mut self, x: Value, from: DType, to: DType) -> Value {
        let ty = if to == DType::I64 { types::I64 } else { types::I32 };
        let end = if ty == types::I64 { 9_223_372_036_854_775_808.0 } else { 2_147_483_648.0 };
        let end = self.constant(Scalar::float(from, end));
        let fits = self.b.ins().fcmp(FloatCC::LessThan, x, end);
        let whole = self.b.ins().fcvt_to_sint_sat(ty, x);
        let least = self.b.ins().iconst(ty, if ty == types::I64 { i64::MIN } else { i32::MIN as i64 });
        let value = self.b.ins().select(fits, whole, least);
        if ty == types::I64 {
            return value;
        }
        let wide = self.b.ins().sextend(types::I64, value);
        self.wrap(wide, to)
    }

    /// Rounds halves to even; NaN stays NaN.
    fn bf16_bits(&mut self, x: Value) -> Value {
        let nan = self.b.ins().fcmp(FloatCC::Unordered, x, x);
        let bits = self.reinterpret(types::I32, x);
        let bits = self.b.ins().uextend(types::I64, bits);
        let sixteen = self.b.ins().iconst(types::I64, 16);
        let high = self.b.ins().ushr(bits, sixteen);
        let odd = self.b.ins().band_imm_u(high, 1);
        let biased = self.b.ins().iadd_imm_s(odd, 0x7fff);
        let sum = self.b.ins().iadd(bits, biased);
        let rounded = self.b.ins().ushr(sum, sixteen);
        let quiet = self.b.ins().bor_imm_u(high, 0x40);
        self.b.ins().select(nan, quiet, rounded)
    }
}
