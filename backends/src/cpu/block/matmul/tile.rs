//! The micro-kernel: a tile of accumulators that stays in registers while A is broadcast and B streams by.
//!
//! Invariants: `M` rows, `NV` registers per row. With few rows the chain of dependent multiply-adds would be the limit, so
//! `U` independent tiles take every `U`-th step and are added at the end. Unsafe code: raw operands, see `MatmulKernel::run`.

use super::MatmulArgs;
use crate::cpu::block::lanes::{Lanes, portable::Array};
#[cfg(target_arch = "x86_64")]
use crate::cpu::block::lanes::{avx2::F32x8, avx512::F32x16};

/// # Safety
/// As `MatmulKernel::run` demands, with `m == M`.
#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize, const NV: usize, const U: usize>(args: &MatmulArgs) {
    // SAFETY: the caller vouches for the CPU; every address is an element of A, of the panel or of the tile by the bounds
    // of the loops.
    unsafe {
        let mut sums = [[[L::splat(0.0); NV]; M]; U];
        // Two copies, so that a packed block (constant distance of rows) costs no address arithmetic.
        if args.a_row_stride == 1 {
            steps(args, 1, &mut sums)
        } else {
            steps(args, args.a_row_stride, &mut sums)
        }
        let (first, rest) = sums.split_first_mut().expect("U is at least 1");
        for i in 0..M {
            for j in 0..NV {
                let c = args.c.add(i * args.c_row_stride + j * L::WIDTH);
                let sum = rest.iter().fold(first[i][j], |sum, other| sum + other[i][j]);
                if args.accumulate { (L::load(c) + sum).store(c) } else { sum.store(c) }
            }
        }
    }
}

/// All steps of the contraction.
///
/// # Safety
/// As `tile`.
#[inline(always)]
unsafe fn steps<L: Lanes, const M: usize, const NV: usize, const U: usize>(
    args: &MatmulArgs,
    row_stride: usize,
    sums: &mut [[[L; NV]; M]; U],
) {
    let mut a = args.a;
    let mut b = args.b;
    let mut left = args.k;
    // SAFETY: `left` steps remain from `a` and `b` on.
    unsafe {
        while left >= U {
            for (u, sums) in sums.iter_mut().enumerate() {
                step(a.add(u * args.a_k_stride), row_stride, b.add(u * NV * L::WIDTH), sums);
            }
            // The pointers may end up behind the operands, where they are not read.
            a = a.wrapping_add(U * args.a_k_stride);
            b = b.wrapping_add(U * NV * L::WIDTH);
            left -= U;
        }
        for _ in 0..left {
            step(a, row_stride, b, &mut sums[0]);
            a = a.wrapping_add(args.a_k_stride);
            b = b.wrapping_add(NV * L::WIDTH);
        }
    }
}

/// One step: the outer product of a column of A and a row of the panel.
///
/// # Safety
/// As `tile`, `a` and `b` at that step.
#[inline(always)]
unsafe fn step<L: Lanes, const M: usize, const NV: usize>(
    a: *const f32,
    row_stride: usize,
    b: *const f32,
    sums: &mut [[L; NV]; M],
) {
    // SAFETY: M rows of A and NV registers of the panel exist.
    unsafe {
        let b: [L; NV] = std::array::from_fn(|j| L::load(b.add(j * L::WIDTH)));
        for (i, row) in sums.iter_mut().enumerate() {
            let a = L::splat(*a.add(i * row_stride));
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = a.mul_add(b, *sum);
            }
        }
    }
}

/// An entry point: one instance per row count. Rows: `m => U`.
macro_rules! entry {
    ($name:ident, $lanes:ty, $nv:literal, [$($feature:literal)?], { $($m:literal => $u:literal),* }) => {
        /// # Safety
        /// As `MatmulKernel::run` demands.
        pub unsafe extern "C" fn $name(args: &MatmulArgs) {
            /// # Safety
            /// As `MatmulKernel::run` demands, with `m == M`.
            $(#[target_feature(enable = $feature)])?
            unsafe fn rows<const M: usize, const U: usize>(args: &MatmulArgs) {
                // SAFETY: the caller vouches.
                unsafe { tile::<$lanes, M, $nv, U>(args) }
            }
            // SAFETY: the caller vouches for the CPU and the operands.
            unsafe {
                match args.m {
                    $($m => rows::<$m, $u>(args),)*
                    m => debug_assert!(false, "a tile has no {m} rows"),
                }
            }
        }
    };
}

entry!(portable, Array, 2, [], { 1 => 1, 2 => 1, 3 => 1, 4 => 1 });
#[cfg(target_arch = "x86_64")]
entry!(avx2, F32x8, 2, ["avx2,fma"], { 1 => 4, 2 => 2, 3 => 2, 4 => 1, 5 => 1, 6 => 1 });
#[cfg(target_arch = "x86_64")]
entry!(avx512, F32x16, 2, ["avx512f"], {
    1 => 4, 2 => 4, 3 => 2, 4 => 2, 5 => 1, 6 => 1, 7 => 1, 8 => 1, 9 => 1, 10 => 1, 11 => 1, 12 => 1, 13 => 1, 14 => 1
});
