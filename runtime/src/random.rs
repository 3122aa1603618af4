//! PyTorch's CPU random numbers: the generator behind `torch.manual_seed` and the transforms behind `uniform_`,
//! `normal_`, `random_`, `bernoulli_` and `randperm`, number for number.
//!
//! Invariants: after equal seeds and equal calls the numbers equal PyTorch's; a `skip_*` leaves the generator exactly as
//! the fill it names would. A clone taken before a skipped fill can replay it later: that is what lazy initialisers do.
//!
//! Exactness: f64 transforms use the platform's `log`, `sin` and `cos`, so the last bit of a normal may differ. f32 normals
//! use the same single-precision approximations as PyTorch on x86 with AVX2, and are equal bit for bit.
//! `bernoulli` follows the portable path; PyTorch with MKL on Intel CPUs draws scalar-`p` Bernoulli numbers from MKL.

use cresset_ir::DType;
use half::{bf16, f16};

use self::single::normal_pair;

const STATE: usize = 624;
const SHIFT: usize = 397;

/// A Mersenne twister (mt19937) with PyTorch's seeding, and the spare normal that its scalar path keeps.
#[derive(Clone, PartialEq)]
pub struct Generator {
    seed: u64,
    state: [u32; STATE],
    next: usize,
    draws: u64,
    spare_normal: Option<f64>,
}

impl Generator {
    /// The generator after `torch.manual_seed(seed)`. Only the low 32 bits of a seed matter, as in PyTorch.
    pub fn new(seed: u64) -> Generator {
        let mut state = [seed as u32; STATE];
        for i in 1..STATE {
            let before = state[i - 1];
            state[i] = (before ^ before >> 30).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Generator { seed, state, next: STATE, draws: 0, spare_normal: None }
    }

    /// Starts over from `seed`.
    pub fn seed(&mut self, seed: u64) {
        *self = Generator::new(seed);
    }

    /// The seed the generator started from: `torch.initial_seed()`.
    pub fn initial_seed(&self) -> u64 {
        self.seed
    }

    /// How many 32-bit numbers have been drawn since seeding.
    pub fn draws(&self) -> u64 {
        self.draws
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == STATE {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        self.draws += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// The next 64 random bits: two draws, the first one high.
    pub fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        high << 32 | u64::from(self.next_u32())
    }

    /// Makes the next 624 words.
    fn twist(&mut self) {
        let s = &mut self.state;
        for i in 0..STATE {
            let mixed = s[i] & 0x8000_0000 | s[(i + 1) % STATE] & 0x7fff_ffff;
            s[i] = s[(i + SHIFT) % STATE] ^ mixed >> 1 ^ if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
        }
        self.next = 0;
    }

    /// Passes over `draws` 32-bit numbers.
    fn skip(&mut self, draws: u64) {
        self.draws += draws;
        let mut left = draws;
        while left > (STATE - self.next) as u64 {
            left -= (STATE - self.next) as u64;
            self.twist();
        }
        self.next += left as usize;
    }

    /// `out.uniform_(low, high)`: numbers of `[low, high)`. Wants `low <= high`, both finite.
    pub fn fill_uniform<T: Sample>(&mut self, out: &mut [T], low: f64, high: f64) {
        out.fill_with(|| T::uniform(self, low, high));
    }

    /// Leaves the generator as `fill_uniform` of `n` elements would.
    pub fn skip_uniform(&mut self, n: usize, dtype: DType) {
        self.skip(n as u64 * words(dtype));
    }

    /// `out.normal_(mean, std)` of a contiguous tensor. Wants `std >= 0`.
    pub fn fill_normal<T: Sample>(&mut self, out: &mut [T], mean: f64, std: f64) {
        if out.len() < BLOCK {
            out.fill_with(|| T::round(self.next_normal() * std + mean));
            return;
        }
        // Where the length is not a multiple of 16, the last block is drawn anew, over the end of the one before.
        for block in out.chunks_exact_mut(BLOCK) {
            self.fill_normal_block(block, mean, std);
        }
        if !out.len().is_multiple_of(BLOCK) {
            let last = out.len() - BLOCK;
            self.skip(unused(out.len(), T::DTYPE) * words(T::DTYPE));
            self.fill_normal_block(&mut out[last..], mean, std);
        }
    }

    fn fill_normal_block<T: Sample>(&mut self, block: &mut [T], mean: f64, std: f64) {
        let (cosines, sines) = block.split_at_mut(BLOCK / 2);
        let uniforms: [f64; BLOCK] = std::array::from_fn(|_| T::unit(self));
        for (i, (c, s)) in cosines.iter_mut().zip(sines).enumerate() {
            (*c, *s) = T::normals(uniforms[i], uniforms[i + BLOCK / 2], mean, std);
        }
    }

    /// Leaves the generator as `fill_normal` of `n` elements would.
    pub fn skip_normal(&mut self, n: usize, dtype: DType) {
        if n < BLOCK {
            // At most 15 numbers, and the spare one has to be right: draw them.
            for _ in 0..n {
                self.next_normal();
            }
            return;
        }
        let used = n.next_multiple_of(BLOCK) as u64;
        self.skip((used + unused(n, dtype)) * words(dtype));
    }

    /// A standard normal by the scalar path: every second call uses the spare.
    fn next_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let angle = f64::unit(self);
        let radius = (-2.0 * (-f64::unit(self)).ln_1p()).sqrt();
        let (sin, cos) = (2.0 * std::f64::consts::PI * angle).sin_cos();
        self.spare_normal = Some(radius * sin);
        radius * cos
    }

    /// `torch.randint(low, high, …)`: integers of `[low, high)`. Wants `low < high`; an empty range gives `low`.
    pub fn fill_randint(&mut self, out: &mut [i64], low: i64, high: i64) {
        let range = range(low, high);
        out.fill_with(|| {
            let bits = if range >= WIDE_RANGE { self.next_u64() } else { u64::from(self.next_u32()) };
            low.wrapping_add((bits % range) as i64)
        });
    }

    /// Leaves the generator as `fill_randint` of `n` elements would.
    pub fn skip_randint(&mut self, n: usize, low: i64, high: i64) {
        self.skip(n as u64 * if range(low, high) >= WIDE_RANGE { 2 } else { 1 });
    }

    /// `torch.randperm(out.len())`.
    pub fn fill_randperm(&mut self, out: &mut [i64]) {
        let n = out.len();
        out.iter_mut().zip(0..).for_each(|(slot, i)| *slot = i);
        for i in 0..n.saturating_sub(1) {
            let bits = if n < WIDE_PERMUTATION { u64::from(self.next_u32()) } else { self.next_u64() };
            out.swap(i, i + (bits % (n - i) as u64) as usize);
        }
    }

    /// Leaves the generator as `fill_randperm` of `n` elements would.
    pub fn skip_randperm(&mut self, n: usize) {
        self.skip(n.saturating_sub(1) as u64 * if n < WIDE_PERMUTATION { 1 } else { 2 });
    }

    /// One `torch.bernoulli` draw with a probability held as `T`: f64 (also the scalar `p` of `bernoulli_`) draws 53 bits,
    /// every other dtype 24.
    pub fn bernoulli<T: Sample>(&mut self, p: T) -> bool {
        T::unit(self) < p.widen()
    }

    /// Leaves the generator as `n` draws of `bernoulli` with probabilities of `dtype` would.
    pub fn skip_bernoulli(&mut self, n: usize, dtype: DType) {
        self.skip(n as u64 * words(dtype));
    }
}

/// Normals are made in blocks of this many: eight cosines, then eight sines.
const BLOCK: usize = 16;
/// From this range on `random_` takes 64 bits per number.
const WIDE_RANGE: u64 = 1 << 28;
/// From this length on `randperm` takes 64 bits per swap.
const WIDE_PERMUTATION: usize = u32::MAX as usize / 20;

/// Uniforms that a normal fill draws for the incomplete block and never looks at: PyTorch fills f32 and f64 with uniforms
/// to the end first, and the half types block by block.
fn unused(n: usize, dtype: DType) -> u64 {
    if matches!(dtype, DType::F32 | DType::F64) { (n % BLOCK) as u64 } else { 0 }
}

fn range(low: i64, high: i64) -> u64 {
    (high.wrapping_sub(low) as u64).max(1)
}

/// 32-bit draws per uniform of a dtype.
fn words(dtype: DType) -> u64 {
    if dtype == DType::F64 { 2 } else { 1 }
}

/// An element type that can be filled with random reals: f16, bf16, f32 and f64.
pub trait Sample: Copy {
    const DTYPE: DType;

    fn round(value: f64) -> Self;
    fn widen(self) -> f64;

    /// A number of `[0, 1)` with 24 bits (f64: 53), exactly.
    fn unit(generator: &mut Generator) -> f64 {
        f64::from(generator.next_u32() & 0xff_ffff) / f64::from(1 << 24)
    }

    /// A number of `[low, high)`, computed in single precision. Rounding up to `high` yields `low`.
    fn uniform(generator: &mut Generator, low: f64, high: f64) -> Self {
        let (from, to) = (low as f32, high as f32);
        let value = Self::round(f64::from((Self::unit(generator) as f32).mul_add(to - from, from)));
        if value.widen() == Self::round(high).widen() { Self::round(low) } else { value }
    }

    /// Box-Muller: two normals from two uniforms.
    fn normals(u: f64, v: f64, mean: f64, std: f64) -> (Self, Self) {
        let (c, s) = normal_pair(u as f32, v as f32, mean as f32, std as f32);
        (Self::round(f64::from(c)), Self::round(f64::from(s)))
    }
}

impl Sample for f32 {
    const DTYPE: DType = DType::F32;

    fn round(value: f64) -> f32 {
        value as f32
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Sample for f16 {
    const DTYPE: DType = DType::F16;

    fn round(value: f64) -> f16 {
        f16::from_f32(value as f32)
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Sample for bf16 {
    const DTYPE: DType = DType::BF16;

    fn round(value: f64) -> bf16 {
        bf16::from_f32(value as f32)
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Sample for f64 {
    const DTYPE: DType = DType::F64;

    fn round(value: f64) -> f64 {
        value
    }

    fn widen(self) -> f64 {
        self
    }

    fn unit(generator: &mut Generator) -> f64 {
        (generator.next_u64() & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    }

    fn uniform(generator: &mut Generator, low: f64, high: f64) -> f64 {
        let value = f64::unit(generator).mul_add(high - low, low);
        if value == high { low } else { value }
    }

    fn normals(u: f64, v: f64, mean: f64, std: f64) -> (f64, f64) {
        let radius = (-2.0 * (1.0 - u).ln()).sqrt();
        let (sin, cos) = (2.0 * std::f64::consts::PI * v).sin_cos();
        ((radius * cos).mul_add(std, mean), (radius * sin).mul_add(std, mean))
    }
}

/// Single-precision Box-Muller with the Cephes approximations of `logf`, `sinf` and `cosf` (S. Moshier), every
/// multiply-add fused: PyTorch's numbers depend on their last bit.
mod single {
    /// `mean + std * sqrt(-2 ln(1 - u)) * (cos, sin)(2 pi v)`, for `u` and `v` of `[0, 1)`.
    pub fn normal_pair(u: f32, v: f32, mean: f32, std: f32) -> (f32, f32) {
        let radius = (-2.0 * ln(1.0 - u)).sqrt();
        let (sin, cos) = sin_cos(std::f32::consts::TAU * v);
        ((radius * cos).mul_add(std, mean), (radius * sin).mul_add(std, mean))
    }

    fn horner(x: f32, coefficients: &[f32]) -> f32 {
        coefficients.iter().fold(0.0, |sum: f32, &c| sum.mul_add(x, c))
    }

    /// The natural logarithm of a positive normal number.
    fn ln(x: f32) -> f32 {
        let bits = x.to_bits();
        let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f00_0000);
        let exponent = (bits >> 23) as f32 - 126.0;
        let low = mantissa < std::f32::consts::FRAC_1_SQRT_2;
        let (f, e) = if low { (mantissa - 1.0 + mantissa, exponent - 1.0) } else { (mantissa - 1.0, exponent) };
        let square = f * f;
        let tail = horner(f, &LN) * f;
        let sum = tail.mul_add(square, e * LN_2[1]);
        let sum = square.mul_add(-0.5, sum);
        e.mul_add(LN_2[0], f + sum)
    }

    /// Sine and cosine of a number of `[0, 2 pi)`.
    fn sin_cos(x: f32) -> (f32, f32) {
        // The octant, rounded up to even: x = octant * pi/4 + r with |r| <= pi/4.
        let octant = ((x * std::f32::consts::FRAC_2_PI * 2.0) as u32).wrapping_add(1) & !1;
        let y = octant as f32;
        let r = PI_4.iter().fold(x, |r, &part| y.mul_add(-part, r));
        let square = r * r;
        let cosine = (horner(square, &COS) * square).mul_add(square, square * -0.5) + 1.0;
        let sine = (horner(square, &SIN) * square).mul_add(r, r);
        let (sine, cosine) = if octant & 2 == 0 { (sine, cosine) } else { (cosine, sine) };
        let negative_cosine = octant & 7 == 2 || octant & 7 == 4;
        (if octant & 4 == 0 { sine } else { -sine }, if negative_cosine { -cosine } else { cosine })
    }

    /// ln 2 in two parts, the first with few bits.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    /// pi/4 in three parts with few bits each, so that `octant * part` is exact.
    const PI_4: [f32; 3] = [0.785_156_25, 2.418_756_5e-4, 3.774_895e-8];
    const SIN: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
    const COS: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];
    #[rustfmt::skip]
    const LN: [f32; 9] = [
        7.037_683_6e-2, -1.151_461e-1, 0.116_769_984, -1.242_014_1e-1, 1.424_932_3e-1,
        -0.166_680_57, 0.200_007_14, -2.499_999_4e-1, 3.333_333e-1,
    ];
}
