//! pow for f32, in double precision: `x^y = 2^(y * log2 x)`.
//!
//! Method: plain arithmetic on groups of lanes that the compiler turns into vector code; groups with a number outside the
//! ordinary (a base that is not positive, finite and normal, an exponent that is not finite) take the library's way.
//! Unsafe code: raw strips.

/// Lanes computed together.
const GROUP: usize = 16;

/// # Safety
/// The strips are as `BinaryStrip` says.
#[inline(always)]
pub unsafe fn pow(dst: *mut f32, a: *const f32, b: *const f32, n: usize, mul_add: impl Fn(f64, f64, f64) -> f64) {
    for first in (0..n).step_by(GROUP) {
        let width = GROUP.min(n - first);
        let (mut x, mut y) = ([1.0; GROUP], [1.0; GROUP]);
        // SAFETY: `first + width <= n`, and the groups are copies.
        unsafe {
            a.add(first).copy_to_nonoverlapping(x.as_mut_ptr(), width);
            b.add(first).copy_to_nonoverlapping(y.as_mut_ptr(), width);
        }
        let ordinary = x.iter().zip(&y).fold(true, |all, (x, y)| all & x.is_normal() & (*x > 0.0) & y.is_finite());
        let mut z = [0.0; GROUP];
        let lanes = z.iter_mut().zip(x.iter().zip(&y));
        if ordinary {
            lanes.for_each(|(z, (&x, &y))| *z = pow_of_positive(x, y, &mul_add));
        } else {
            lanes.for_each(|(z, (x, &y))| *z = x.powf(y));
        }
        // SAFETY: as above.
        unsafe { dst.add(first).copy_from_nonoverlapping(z.as_ptr(), width) }
    }
}

/// `atanh(s)/s * 2/ln(2)` over `s^2`: the series, which converges for `|s| <= 3 - 2 sqrt(2)`.
const LOG2: [f64; 8] = {
    let mut series = [0.0; 8];
    let mut i = 0;
    while i < 8 {
        series[i] = 2.0 * std::f64::consts::LOG2_E / (2 * i + 1) as f64;
        i += 1;
    }
    series
};

/// `2^r` for `|r| <= 1/2`: the Taylor series.
const EXP2: [f64; 9] = {
    let mut series = [1.0; 9];
    let mut i = 1;
    while i < 9 {
        series[i] = series[i - 1] * std::f64::consts::LN_2 / i as f64;
        i += 1;
    }
    series
};

/// `x^y` for positive normal x and finite y, without a branch.
#[inline(always)]
fn pow_of_positive(x: f32, y: f32, mul_add: &impl Fn(f64, f64, f64) -> f64) -> f32 {
    let poly = |x: f64, c: &[f64]| c.iter().rev().fold(0.0, |sum, &c| mul_add(sum, x, c));
    // x = m * 2^e with m of [sqrt(1/2), sqrt(2)).
    let bits = x.to_bits() as i32;
    let e = (bits - 0x3f35_04f3) >> 23;
    let m = f64::from(f32::from_bits((bits - (e << 23)) as u32));
    let s = (m - 1.0) / (m + 1.0);
    let log2 = mul_add(s, poly(s * s, &LOG2), f64::from(e));
    // Beyond these limits the result is infinite or zero anyway.
    let t = (f64::from(y) * log2).clamp(-200.0, 200.0);
    // Adding 1.5 * 2^52 leaves the nearest integer in the low bits.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    let shifted = t + MAGIC;
    let r = t - (shifted - MAGIC);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    (poly(r, &EXP2) * power) as f32
}
