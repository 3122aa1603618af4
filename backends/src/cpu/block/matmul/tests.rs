//! Every kernel of this machine against the definition.

use super::*;

/// Small integers in a fixed order: sums of their products are exact, so results compare exactly.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 31 + seed * 17) % 13) as f32 - 6.0).collect()
}

fn naive(m: usize, n: usize, k: usize, a: &[f32], b: &[f32]) -> Vec<f32> {
    let dot = |i: usize, j: usize| (0..k).map(|p| a[i * k + p] * b[p * n + j]).sum::<f32>();
    (0..m * n).map(|at| dot(at / n, at % n)).collect()
}

fn packed(kernel: &MatmulKernel, b: &[f32], n: usize, k: usize) -> Packed {
    let mut panels = Packed::zeros(packed_len(n, k, kernel.nr));
    // SAFETY: `b` is `[k, n]`.
    unsafe { pack_b(&mut panels, kernel.nr, b.as_ptr(), n, k, 1, n) };
    panels
}

#[test]
fn tiles_of_all_heights() {
    for kernel in all() {
        let nr = kernel.nr;
        for k in [0, 1, 2, 3, 17, 64, 768] {
            let b = numbers(k * nr, 2);
            let panel = packed(kernel, &b, nr, k);
            for m in 1..=kernel.mr {
                let a = numbers(m * k, m);
                let mut block = Packed::zeros(packed_len(m, k, kernel.mr));
                // SAFETY: `a` is `[m, k]`.
                unsafe { pack_a(&mut block, kernel.mr, a.as_ptr(), m, k, k, 1) };
                let expected = naive(m, nr, k, &a, &b);
                for (a, a_row_stride, a_k_stride) in [(a.as_ptr(), k, 1), (block.as_ptr(), 1, kernel.mr)] {
                    let mut c = numbers(m * (nr + 3), 5);
                    let before = c.clone();
                    let args = MatmulArgs {
                        m,
                        k,
                        a,
                        a_row_stride,
                        a_k_stride,
                        b: panel.as_ptr(),
                        c: c.as_mut_ptr(),
                        c_row_stride: nr + 3,
                        accumulate: false,
                    };
                    let rows = |c: &[f32]| c.chunks(nr + 3).flat_map(|row| row[..nr].to_vec()).collect::<Vec<_>>();
                    // SAFETY: the kernel is in `all()`, and the operands were made to measure.
                    unsafe { (kernel.run)(&args) };
                    assert_eq!(rows(&c), expected, "{} m={m} k={k}", kernel.name);
                    // SAFETY: as above.
                    unsafe { (kernel.run)(&MatmulArgs { accumulate: true, ..args }) };
                    let twice: Vec<f32> = expected.iter().map(|e| e + e).collect();
                    assert_eq!(rows(&c), twice, "{} m={m} k={k}", kernel.name);
                    let gaps = |c: &[f32]| c.chunks(nr + 3).flat_map(|row| row[nr..].to_vec()).collect::<Vec<_>>();
                    assert_eq!(gaps(&c), gaps(&before), "{} writes beside its tile", kernel.name);
                }
            }
        }
    }
}

#[test]
fn whole_matrices() {
    for kernel in all() {
        for (m, n, k) in [(1, 1, 1), (3, 5, 0), (15, 33, 17), (29, 70, 3), (4, 31, 1030), (14, 32, 64), (0, 4, 4)] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let mut c = vec![f32::NAN; m * n];
            gemm(kernel, m, n, k, &a, k, &packed(kernel, &b, n, k), &mut c, n);
            assert_eq!(c, naive(m, n, k, &a, &b), "{} {m}x{n}x{k}", kernel.name);
        }
    }
}

#[test]
fn both_layouts_pack_alike() {
    let (n, k, nr) = (5, 3, 4);
    let rows = numbers(n * k, 3);
    let transposed: Vec<f32> = (0..n * k).map(|at| rows[at % k * n + at / k]).collect();
    let (mut from_kn, mut from_nk) = (vec![1.0; 24], vec![1.0; 24]);
    // SAFETY: both hold `n * k` elements.
    unsafe {
        pack_b(&mut from_kn, nr, rows.as_ptr(), n, k, 1, n);
        pack_b(&mut from_nk, nr, transposed.as_ptr(), n, k, k, 1);
    }
    assert_eq!(from_kn, from_nk);
    assert_eq!(from_kn[..4], rows[..4]);
    assert_eq!(from_kn[12..], [rows[4], 0.0, 0.0, 0.0, rows[9], 0.0, 0.0, 0.0, rows[14], 0.0, 0.0, 0.0]);
}

#[test]
fn packed_buffers_start_on_a_cache_line() {
    assert_eq!(Packed::zeros(17).as_ptr() as usize % 64, 0);
    assert_eq!(Packed::zeros(17).len(), 17);
}
