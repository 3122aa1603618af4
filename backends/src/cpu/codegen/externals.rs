//! Externals: the Rust functions that generated code may call, in one table.
//!
//! Invariant: a function's place in [`table`] is its index as an imported function of every module, so code that was translated
//! apart from a module still names the right one. Nothing here can unwind.

use super::super::block::math::{self, MathFn, Strip};
use crate::cpu::block::Isa;
use cranelift_codegen::ir::types::{F32, F64, I64};
use cranelift_codegen::ir::{AbiParam, Signature, Type};
use cranelift_codegen::isa::CallConv;
use cresset_ir::DType;
use cresset_ir::kernel::ScalarOp;
use half::f16;
use std::sync::OnceLock;

/// A function that generated code may call.
pub struct External {
    pub name: String,
    address: usize,
    params: &'static [Type],
    result: Option<Type>,
}

/// `(dst, src, n)`.
const UNARY: &[Type] = &[I64; 3];
/// `(dst, a, b, n)`.
const BINARY: &[Type] = &[I64; 4];

/// Where the plain helpers stand, after the strips: two per function.
#[derive(Clone, Copy)]
pub enum Helper {
    ModF32,
    ModF64,
    PowI64,
    F16ToF32,
    F32ToF16,
}

impl External {
    pub fn address(&self) -> *const u8 {
        self.address as *const u8
    }

    pub fn signature(&self, convention: CallConv) -> Signature {
        let mut signature = Signature::new(convention);
        signature.params.extend(self.params.iter().map(|&t| AbiParam::new(t)));
        signature.returns.extend(self.result.map(AbiParam::new));
        signature
    }
}

/// All externals, in an order that never changes within a process.
pub fn table() -> &'static [External] {
    static TABLE: OnceLock<Vec<External>> = OnceLock::new();
    TABLE.get_or_init(|| strips().chain(helpers()).collect())
}

fn strips() -> impl Iterator<Item = External> {
    let isa = Isa::detect();
    MathFn::all().flat_map(move |f| {
        let routines = math::routine_for(f, isa);
        [
            strip(f, "f32", routines.f32.address(), matches!(routines.f32, Strip::Binary(_))),
            strip(f, "f64", routines.f64.address(), matches!(routines.f64, Strip::Binary(_))),
        ]
    })
}

fn strip(f: MathFn, dtype: &str, address: *const u8, binary: bool) -> External {
    let params = if binary { BINARY } else { UNARY };
    External { name: format!("{}_{dtype}", f.name()), address: address as usize, params, result: None }
}

#[rustfmt::skip]
fn helpers() -> [External; 5] {
    let row = |name: &str, address, params, result| External { name: name.into(), address, params, result: Some(result) };
    [
        row("mod_f32",    mod_f32 as *const () as usize,    &[F32, F32], F32),
        row("mod_f64",    mod_f64 as *const () as usize,    &[F64, F64], F64),
        row("pow_i64",    pow_i64 as *const () as usize,    &[I64, I64], I64),
        row("f16_to_f32", f16_to_f32 as *const () as usize, &[I64],      F32),
        row("f32_to_f16", f32_to_f16 as *const () as usize, &[F32],      I64),
    ]
}

/// The index of the strip routine of an op, if there is one.
pub fn strip_index(op: ScalarOp, dtype: DType) -> Option<usize> {
    Some(2 * MathFn::parse(op.name())? as usize + (dtype == DType::F64) as usize)
}

pub fn helper_index(helper: Helper) -> usize {
    2 * MathFn::all().count() + helper as usize
}

extern "C" fn mod_f32(a: f32, b: f32) -> f32 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

extern "C" fn mod_f64(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
}

/// Wraps; a negative exponent gives 0, except for the powers of 1.
extern "C" fn pow_i64(a: i64, b: i64) -> i64 {
    u32::try_from(b).map_or((a == 1) as i64, |n| a.wrapping_pow(n))
}

extern "C" fn f16_to_f32(bits: i64) -> f32 {
    f16::from_bits(bits as u16).to_f32()
}

extern "C" fn f32_to_f16(x: f32) -> i64 {
    f16::from_f32(x).to_bits() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_name_their_rows() {
        let name = |i: usize| table()[i].name.as_str();
        assert_eq!(name(strip_index(ScalarOp::Erf, DType::F32).unwrap()), "erf_f32");
        assert_eq!(name(strip_index(ScalarOp::Pow, DType::F64).unwrap()), "pow_f64");
        assert_eq!(name(helper_index(Helper::PowI64)), "pow_i64");
        assert_eq!(name(helper_index(Helper::F32ToF16)), "f32_to_f16");
        assert_eq!(strip_index(ScalarOp::Add, DType::F32), None);
    }
}
