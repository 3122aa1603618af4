//! Eight lanes in an array: plain Rust, which the compiler turns into whatever vectors the target has.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Lanes, SPLIT_AT};

const WIDTH: usize = 8;

#[derive(Clone, Copy)]
pub struct Array([f32; WIDTH]);

impl Array {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Array {
        Array(from_fn(|i| f(self.0[i])))
    }

    #[inline(always)]
    fn zip(self, other: Array, f: impl Fn(f32, f32) -> f32) -> Array {
        Array(from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Add for Array {
    type Output = Array;

    #[inline(always)]
    fn add(self, other: Array) -> Array {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Array {
    type Output = Array;

    #[inline(always)]
    fn sub(self, other: Array) -> Array {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for Array {
    type Output = Array;

    #[inline(always)]
    fn mul(self, other: Array) -> Array {
        self.zip(other, |a, b| a * b)
    }
}

impl Div for Array {
    type Output = Array;

    #[inline(always)]
    fn div(self, other: Array) -> Array {
        self.zip(other, |a, b| a / b)
    }
}

impl Neg for Array {
    type Output = Array;

    #[inline(always)]
    fn neg(self) -> Array {
        self.map(|a| -a)
    }
}

/// Whether the target fuses multiply-adds in hardware; `f32::mul_add` is a slow library call elsewhere.
const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// `2^n` for integral `n` of -126..=127.
#[inline(always)]
fn power2(n: f32) -> f32 {
    f32::from_bits(((n as i32 + 127) << 23) as u32)
}

impl Lanes for Array {
    const WIDTH: usize = WIDTH;
    type Mask = [bool; WIDTH];

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: the caller vouches for WIDTH values; an array of f32 is as aligned as an f32.
        unsafe { Array(*src.cast()) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Array([value; WIDTH])
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: the caller vouches for WIDTH values; an array of f32 is as aligned as an f32.
        unsafe { *dst.cast() = self.0 }
    }

    #[inline(always)]
    fn all(self, value: f32) -> Self {
        Array([value; WIDTH])
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        if FUSED {
            return Array(from_fn(|i| self.0[i].mul_add(b.0[i], c.0[i])));
        }
        // The product is exact in double precision, so that cancellation leaves the true rest.
        Array(from_fn(|i| (f64::from(self.0[i]) * f64::from(b.0[i]) + f64::from(c.0[i])) as f32))
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        if FUSED { self.fma(b, c) } else { self * b + c }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f32::abs)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        self.zip(sign, f32::copysign)
    }

    #[inline(always)]
    fn round(self) -> Self {
        // Adding 1.5 * 2^23 leaves no room for a fraction; larger numbers have none.
        const MAGIC: f32 = 12_582_912.0;
        self.map(|a| if a.abs() < 4_194_304.0 { (a + MAGIC) - MAGIC } else { a })
    }

    #[inline(always)]
    fn at_least(self, bound: f32) -> Self {
        self.map(|a| if bound > a { bound } else { a })
    }

    #[inline(always)]
    fn at_most(self, bound: f32) -> Self {
        self.map(|a| if bound < a { bound } else { a })
    }

    #[inline(always)]
    fn lt(self, other: Self) -> [bool; WIDTH] {
        from_fn(|i| self.0[i] < other.0[i])
    }

    #[inline(always)]
    fn is_nan(self) -> [bool; WIDTH] {
        self.0.map(f32::is_nan)
    }

    #[inline(always)]
    fn select(mask: [bool; WIDTH], yes: Self, no: Self) -> Self {
        Array(from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
    }

    #[inline(always)]
    fn any(mask: [bool; WIDTH]) -> bool {
        mask.iter().any(|&m| m)
    }

    #[inline(always)]
    fn scale2(self, n: Self) -> Self {
        // In two steps, for 2^n alone may overflow; only the second can round.
        let half = (n * n.all(0.5)).round();
        self * half.map(power2) * (n - half).map(power2)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let tiny = self.lt(self.all(f32::MIN_POSITIVE));
        let scaled = Self::select(tiny, self * self.all((1 << 23) as f32), self);
        let exponent = |a: f32| (a.to_bits() as i32).wrapping_sub(SPLIT_AT) >> 23;
        let mantissa = |a: f32| f32::from_bits((a.to_bits() as i32).wrapping_sub(exponent(a) << 23) as u32);
        let e = scaled.map(|a| exponent(a) as f32);
        (scaled.map(mantissa), Self::select(tiny, e - self.all(23.0), e))
    }
}
