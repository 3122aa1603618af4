//! The CPU backend.
//!
//! - [`block`]: dense arithmetic in `std::arch`: matrix micro-kernels and vector math.
//! - [`codegen`]: loop programs to Cranelift IR; [`jit`]: to machine code in memory.
//! - [`contract`]: contractions around the micro-kernel.
//! - [`compile`](mod@compile): all of a plan, and its launches.

pub mod block;
mod codegen;
pub mod compile;
mod contract;
mod cost;
mod formula;
mod jit;
mod scratch;

pub use compile::{CpuProgram, Listing, compile, listings};

use block::Isa;
use block::math::MathFn;
use cresset_ir::Target;
use cresset_ir::kernel::ScalarOp;

/// Elements of a strip: two strips of f32 are half of L1.
const STRIP: usize = 1024;

/// What passes may know of this machine.
pub fn target() -> Target {
    let kernel = block::matmul::matmul_for_cpu();
    Target {
        name: format!("{} {}", std::env::consts::ARCH.replace('_', "-"), Isa::detect().name()),
        tile: Some((kernel.mr, kernel.nr)),
        // A square root is an instruction: no routine is better.
        block_ops: ScalarOp::all()
            .filter(|op| op.is_transcendental() && op.arity() == 1 && MathFn::parse(op.name()).is_some())
            .collect(),
        strip: STRIP,
        half_casts: true,
    }
}
