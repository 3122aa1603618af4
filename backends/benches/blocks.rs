//! How fast the block routines are: multiply-adds per second of the matrix kernels, elements per second of vector math.
//!
//! `cargo bench -p cresset-backends --bench blocks`; the item rates are FLOP/s for `matmul` (two per multiply-add) and
//! elements per second for `math`.

use cresset_backends::cpu::block::Isa;
use cresset_backends::cpu::block::math::{MathFn, Strip, routine_for};
use cresset_backends::cpu::block::matmul::{MatmulKernel, Packed, all, gemm, pack_b, packed_len};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Rows, columns, contraction: GEMV-like, transformer-like, square.
const SHAPES: [(usize, usize, usize); 7] =
    [(1, 768, 768), (4, 3072, 768), (8, 768, 768), (14, 32, 768), (128, 768, 768), (126, 768, 3072), (512, 512, 512)];

fn kernels() -> impl Iterator<Item = &'static MatmulKernel> {
    all().iter().rev()
}

#[divan::bench(args = kernels().flat_map(|kernel| SHAPES.map(|(m, n, k)| format!("{} {m} {n} {k}", kernel.name))))]
fn matmul(bencher: Bencher, name: &str) {
    let words: Vec<&str> = name.split(' ').collect();
    let [m, n, k] = [1, 2, 3].map(|at| words[at].parse::<usize>().expect("a number"));
    let kernel = kernels().find(|kernel| kernel.name == words[0]).expect("a kernel of this machine");
    let a = vec![0.5; m * k];
    let b = vec![0.25; n * k];
    let mut panels = Packed::zeros(packed_len(n, k, kernel.nr));
    // SAFETY: `b` is `[n, k]`.
    unsafe { pack_b(&mut panels, kernel.nr, b.as_ptr(), n, k, k, 1) };
    let mut c = vec![0.0; m * n];
    bencher.counter(ItemsCount::new(2 * m * n * k)).bench_local(|| {
        gemm(kernel, m, n, k, black_box(&a), k, &panels, &mut c, n);
    });
}

/// Elements of a strip: 4 KiB of f32, in L1.
const STRIP: usize = 1024;

#[divan::bench(args = Isa::supported().flat_map(|isa| MathFn::all().map(move |f| format!("{} {}", isa.name(), f.name()))))]
fn math(bencher: Bencher, name: &str) {
    let (isa, function) = name.split_once(' ').expect("two words");
    let isa = Isa::supported().find(|i| i.name() == isa).expect("an instruction set of this machine");
    let strip = routine_for(MathFn::parse(function).expect("a function"), isa).f32;
    let src: Vec<f32> = (0..STRIP).map(|i| 0.01 + i as f32 / 128.0).collect();
    let mut dst = vec![0.0; STRIP];
    bencher.counter(ItemsCount::new(STRIP)).bench_local(|| {
        // SAFETY: the strips hold `STRIP` values.
        unsafe {
            match strip {
                Strip::Unary(entry) => entry(dst.as_mut_ptr(), black_box(&src).as_ptr(), STRIP),
                Strip::Binary(entry) => entry(dst.as_mut_ptr(), black_box(&src).as_ptr(), src.as_ptr(), STRIP),
            }
        }
    });
}
