//! Packing: B into panels of `nr` columns, A into blocks of `mr` rows, so that a kernel reads both from end to end.
//!
//! Invariants: panel `j` holds columns `j*nr..` as `[k][nr]`, block `i` holds rows `i*mr..` as `[k][mr]`; what is missing in
//! the last one is zero. A [`Packed`] buffer starts on a cache line. Unsafe code: reading a matrix given by strides, and
//! viewing cache lines as f32.

/// f32 values in whole cache lines: the home of packed panels.
pub struct Packed {
    lines: Vec<Line>,
    len: usize,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

impl Packed {
    pub fn zeros(len: usize) -> Packed {
        Packed { lines: vec![Line([0.0; 16]); len.div_ceil(16)], len }
    }
}

impl std::ops::Deref for Packed {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the lines hold at least `len` initialised values, one after the other.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl std::ops::DerefMut for Packed {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// Elements of `n` columns (or rows) of length `k` in panels `width` wide.
pub fn packed_len(n: usize, k: usize, width: usize) -> usize {
    n.next_multiple_of(width) * k
}

/// Packs B: element `(p, j)` of `k` rows and `n` columns lies at `src + j * stride_n + p * stride_k`. A torch `Linear`
/// weight `[N, K]` has strides `(K, 1)`, a row-major `[K, N]` has `(1, N)`.
///
/// # Panics
/// If `dst` does not hold `packed_len(n, k, nr)` values.
///
/// # Safety
/// All those elements of `src` are valid for reading.
pub unsafe fn pack_b(dst: &mut [f32], nr: usize, src: *const f32, n: usize, k: usize, stride_n: usize, stride_k: usize) {
    assert_eq!(dst.len(), packed_len(n, k, nr), "packed panels of {n}x{k}");
    if k == 0 {
        return;
    }
    for (panel, first) in dst.chunks_exact_mut(nr * k).zip((0..n).step_by(nr)) {
        let width = nr.min(n - first);
        for (p, row) in panel.chunks_exact_mut(nr).enumerate() {
            let (present, missing) = row.split_at_mut(width);
            for (j, value) in present.iter_mut().enumerate() {
                // SAFETY: `first + j < n` and `p < k`.
                *value = unsafe { *src.add((first + j) * stride_n + p * stride_k) };
            }
            missing.fill(0.0);
        }
    }
}

/// Packs A: element `(i, p)` of `m` rows and `k` columns lies at `src + i * row_stride + p * k_stride`.
///
/// # Panics
/// If `dst` does not hold `packed_len(m, k, mr)` values.
///
/// # Safety
/// All those elements of `src` are valid for reading.
pub unsafe fn pack_a(dst: &mut [f32], mr: usize, src: *const f32, m: usize, k: usize, row_stride: usize, k_stride: usize) {
    // A block of rows is a panel of the transposed matrix.
    // SAFETY: the caller vouches.
    unsafe { pack_b(dst, mr, src, m, k, row_stride, k_stride) }
}
