//! A register of f32 lanes: the vocabulary in which the block routines are written once for all instruction sets.
//!
//! Invariant: a value of a `Lanes` type is a proof that the CPU has its instruction set, for only the unsafe [`Lanes::load`]
//! and [`Lanes::splat`] make one from nothing. Therefore all the rest is safe. Everything is `inline(always)`: a routine
//! becomes vector code in the `target_feature` function it is instantiated in.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod portable;

use std::ops::{Add, Div, Mul, Neg, Sub};

pub trait Lanes:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// f32 values per register.
    const WIDTH: usize;
    type Mask: Copy;

    /// # Safety
    /// The CPU has the instruction set, and `src` is valid for reading `WIDTH` values.
    unsafe fn load(src: *const f32) -> Self;
    /// # Safety
    /// The CPU has the instruction set.
    unsafe fn splat(value: f32) -> Self;
    /// # Safety
    /// `dst` is valid for writing `WIDTH` values.
    unsafe fn store(self, dst: *mut f32);
    /// `value` in all lanes.
    fn all(self, value: f32) -> Self;

    /// `self * b + c`, rounded once.
    fn fma(self, b: Self, c: Self) -> Self;
    /// `self * b + c`, rounded once where that is as fast.
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// The nearest integer, ties to even.
    fn round(self) -> Self;
    /// NaN stays NaN.
    fn at_least(self, bound: f32) -> Self;
    /// NaN stays NaN.
    fn at_most(self, bound: f32) -> Self;

    /// False where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    fn is_nan(self) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn any(mask: Self::Mask) -> bool;

    /// `self * 2^n` for integral `n` of -252..=252, rounded once.
    fn scale2(self, n: Self) -> Self;
    /// `(m, e)` with `self = m * 2^e` and `m` of `[2/3, 4/3)`, for positive finite numbers, subnormal ones included.
    fn split(self) -> (Self, Self);

    /// Applies `f` lane by lane.
    #[inline(always)]
    fn each(self, f: impl Fn(f32) -> f32) -> Self {
        let mut lanes = [0.0; 16];
        // SAFETY: `self` proves the instruction set; no register is wider than the buffer.
        unsafe {
            self.store(lanes.as_mut_ptr());
            lanes[..Self::WIDTH].iter_mut().for_each(|lane| *lane = f(*lane));
            Self::load(lanes.as_ptr())
        }
    }

    /// The polynomial with the given coefficients, constant term first, at `self`.
    #[inline(always)]
    fn poly<const N: usize>(self, coefficients: [f32; N]) -> Self {
        let mut sum = self.all(coefficients[N - 1]);
        for i in (0..N - 1).rev() {
            sum = sum.fma(self, self.all(coefficients[i]));
        }
        sum
    }
}

/// 2/3 as bits: mantissas of `split` start here.
const SPLIT_AT: i32 = 0x3f2a_aaab;

/// Operators for a register type, by the intrinsics named.
#[cfg(target_arch = "x86_64")]
macro_rules! operators {
    ($lanes:ty, $add:ident, $sub:ident, $mul:ident, $div:ident) => {
        operators!($lanes, Add::add, $add);
        operators!($lanes, Sub::sub, $sub);
        operators!($lanes, Mul::mul, $mul);
        operators!($lanes, Div::div, $div);
    };
    ($lanes:ty, $trait:ident::$method:ident, $function:ident) => {
        impl std::ops::$trait for $lanes {
            type Output = $lanes;

            #[inline(always)]
            fn $method(self, other: $lanes) -> $lanes {
                // SAFETY: a value of this type exists, so the CPU has the instruction set.
                unsafe { Self($function(self.0, other.0)) }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
use operators;
