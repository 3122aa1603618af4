//! A blocked driver over whole matrices: the smallest complete use of a kernel, for tests and benchmarks.
//!
//! Invariants: results go straight into C; only the last, incomplete panel passes through a scratch tile. K is cut so that a
//! panel stays in L1 or L2 while all rows pass by. Unsafe code: calls to the kernel, on slices whose lengths are checked.

use super::{MatmulArgs, MatmulKernel};

/// Steps per pass over K: a 32-column panel of this many rows is 128 KiB.
const K_BLOCK: usize = 1024;

/// `C = A · B`: `a` is row-major `[m, k]` with rows `lda` apart, `packed_b` comes from [`pack_b`](super::pack_b), `c` is
/// row-major `[m, n]` with rows `ldc` apart.
///
/// # Panics
/// If a slice is too short for its shape.
#[expect(clippy::too_many_arguments, reason = "the signature of BLAS")]
pub fn gemm(
    kernel: &MatmulKernel,
    m: usize,
    n: usize,
    k: usize,
    a: &[f32],
    lda: usize,
    packed_b: &[f32],
    c: &mut [f32],
    ldc: usize,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(lda >= k && a.len() >= (m - 1) * lda + k, "A is shorter than {m}x{k}");
    assert!(ldc >= n && c.len() >= (m - 1) * ldc + n, "C is shorter than {m}x{n}");
    assert!(packed_b.len() >= super::packed_len(n, k, kernel.nr), "B is shorter than {k}x{n}");
    let (mr, nr) = (kernel.mr, kernel.nr);
    let mut scratch = vec![0.0; mr * nr];
    // An empty contraction still has to write zeros.
    for k_first in (0..k.max(1)).step_by(K_BLOCK) {
        let k_here = K_BLOCK.min(k - k_first);
        for j in (0..n).step_by(nr) {
            for i in (0..m).step_by(mr) {
                let rows = mr.min(m - i);
                let whole = n - j >= nr;
                let target = &mut c[i * ldc + j..];
                let mut args = MatmulArgs {
                    m: rows,
                    k: k_here,
                    a: a[(i * lda + k_first).min(a.len())..].as_ptr(),
                    a_row_stride: lda,
                    a_k_stride: 1,
                    b: packed_b[j * k + k_first * nr..].as_ptr(),
                    c: target.as_mut_ptr(),
                    c_row_stride: ldc,
                    accumulate: k_first > 0,
                };
                if !whole {
                    (args.c, args.c_row_stride, args.accumulate) = (scratch.as_mut_ptr(), nr, false);
                }
                // SAFETY: kernels come from `all()`, which lists what the CPU can run; the lengths were checked above: A has
                // `rows` rows from `i` on, the panel `k_here` rows, and the tile is inside C or is the scratch.
                unsafe { (kernel.run)(&args) };
                if !whole {
                    copy_tile(target, ldc, &scratch, nr, rows, n - j, k_first > 0);
                }
            }
        }
    }
}

/// Moves the `width` columns that exist from the scratch tile to C.
fn copy_tile(c: &mut [f32], ldc: usize, scratch: &[f32], nr: usize, rows: usize, width: usize, accumulate: bool) {
    for i in 0..rows {
        let from = &scratch[i * nr..][..width];
        for (to, &from) in c[i * ldc..][..width].iter_mut().zip(from) {
            *to = if accumulate { *to + from } else { from };
        }
    }
}
