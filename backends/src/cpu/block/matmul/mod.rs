//! Matrix micro-kernels: `C[m, nr] (+)= A[m, k] · B[k, nr]` in f32, with B in packed panels.
//!
//! - [`tile`]: the kernel, written once over lanes, one instance per row count.
//! - [`pack`]: panels of B and blocks of A.
//! - [`gemm`]: a blocked driver over whole matrices.
//!
//! Invariants: a kernel computes all `nr` columns (panels are padded with zeros) and exactly `m` rows. Unsafe code: kernels
//! work on raw pointers.

mod gemm;
mod pack;
mod tile;

#[cfg(test)]
mod tests;

pub use gemm::gemm;
pub use pack::{Packed, pack_a, pack_b, packed_len};

use super::Isa;

/// What a kernel works on. All strides count elements.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MatmulArgs {
    /// Rows present: `1..=mr`.
    pub m: usize,
    /// Length of the contraction.
    pub k: usize,
    /// `A[i, p]` lies at `a + i * a_row_stride + p * a_k_stride`: row-major activations have `a_k_stride` 1, a block of
    /// [`pack_a`] has strides 1 and `mr`.
    pub a: *const f32,
    pub a_row_stride: usize,
    pub a_k_stride: usize,
    /// One panel, `[k][nr]`, best aligned to 64 bytes.
    pub b: *const f32,
    /// The result tile, row-major, `nr` columns.
    pub c: *mut f32,
    pub c_row_stride: usize,
    /// Whether to add to the tile rather than to overwrite it.
    pub accumulate: bool,
}

/// A micro-kernel for one instruction set. Only this crate makes them, so `run` is what it says.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MatmulKernel {
    pub name: &'static str,
    pub isa: Isa,
    /// The most rows of a tile.
    pub mr: usize,
    /// The columns of a tile and of a packed panel.
    pub nr: usize,
    /// Computes one tile.
    ///
    /// # Safety
    /// The CPU has `isa`; `1 <= m <= mr`; all pointers are valid for what [`MatmulArgs`] says of them, and the tile
    /// overlaps neither operand.
    pub run: unsafe extern "C" fn(&MatmulArgs),
}

/// Name, instruction set, rows, columns, entry.
#[rustfmt::skip]
static KERNELS: &[MatmulKernel] = &[
    MatmulKernel { name: "f32_4x16_portable", isa: Isa::Portable, mr:  4, nr: 16, run: tile::portable },
    #[cfg(target_arch = "x86_64")]
    MatmulKernel { name: "f32_6x16_avx2",     isa: Isa::Avx2,     mr:  6, nr: 16, run: tile::avx2 },
    #[cfg(target_arch = "x86_64")]
    MatmulKernel { name: "f32_14x32_avx512",  isa: Isa::Avx512,   mr: 14, nr: 32, run: tile::avx512 },
];

/// The kernels this machine can run, the best one last.
pub fn all() -> &'static [MatmulKernel] {
    let runnable = KERNELS.iter().take_while(|kernel| kernel.isa <= Isa::detect()).count();
    &KERNELS[..runnable]
}

/// The best kernel of this machine.
pub fn matmul_for_cpu() -> &'static MatmulKernel {
    all().last().expect("the portable kernel runs everywhere")
}
