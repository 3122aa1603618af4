//! Block routines: the dense arithmetic that generated code calls, in `std::arch` for AVX-512 and AVX2 and in plain Rust
//! for every target, chosen once by CPU feature.
//!
//! - [`matmul`]: matrix micro-kernels, packing, and a blocked driver.
//! - [`math`]: vector math on strips.
//! - [`isa`]: what this machine can run.
//!
//! Invariants: each algorithm is written once, over [`lanes::Lanes`]; a routine touches no memory but its arguments and
//! allocates nothing. Unsafe code: raw strips and panels, and intrinsics behind the CPU check.

pub mod isa;
mod lanes;
pub mod math;
pub mod matmul;

pub use isa::Isa;
