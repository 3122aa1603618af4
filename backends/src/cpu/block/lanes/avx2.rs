//! Eight lanes in an AVX2 register, with FMA.

use std::arch::x86_64::*;
use std::ops::Neg;

use super::{Lanes, SPLIT_AT, operators};

#[derive(Clone, Copy)]
pub struct F32x8(__m256);

operators!(F32x8, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps);

impl Neg for F32x8 {
    type Output = F32x8;

    #[inline(always)]
    fn neg(self) -> F32x8 {
        // SAFETY: a value of this type exists, so the CPU has AVX2.
        unsafe { F32x8(_mm256_xor_ps(self.0, self.all(-0.0).0)) }
    }
}

// SAFETY, for each block below: a value of this type exists (or the caller of `load` and `splat` vouches), so the CPU has
// AVX2 and FMA; pointers are as the trait demands.
impl F32x8 {
    #[inline(always)]
    fn bits(self) -> __m256i {
        // SAFETY: see above.
        unsafe { _mm256_castps_si256(self.0) }
    }

    /// `2^self` for integral lanes of -126..=127.
    #[inline(always)]
    fn power2(self) -> Self {
        // SAFETY: see above.
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            F32x8(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)))
        }
    }
}

impl Lanes for F32x8 {
    const WIDTH: usize = 8;
    type Mask = __m256;

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_loadu_ps(src)) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_ps(dst, self.0) }
    }

    #[inline(always)]
    fn all(self, value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self::splat(value) }
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_fmadd_ps(self.0, b.0, c.0)) }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        self.fma(b, c)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_sqrt_ps(self.0)) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_andnot_ps(self.all(-0.0).0, self.0)) }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_or_ps(self.abs().0, _mm256_and_ps(self.all(-0.0).0, sign.0))) }
    }

    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)) }
    }

    #[inline(always)]
    fn at_least(self, bound: f32) -> Self {
        // The second operand is the result where one is NaN.
        // SAFETY: see above.
        unsafe { F32x8(_mm256_max_ps(self.all(bound).0, self.0)) }
    }

    #[inline(always)]
    fn at_most(self, bound: f32) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_min_ps(self.all(bound).0, self.0)) }
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __m256 {
        // SAFETY: see above.
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn is_nan(self) -> __m256 {
        // SAFETY: see above.
        unsafe { _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0) }
    }

    #[inline(always)]
    fn select(mask: __m256, yes: Self, no: Self) -> Self {
        // SAFETY: see above.
        unsafe { F32x8(_mm256_blendv_ps(no.0, yes.0, mask)) }
    }

    #[inline(always)]
    fn any(mask: __m256) -> bool {
        // SAFETY: see above.
        unsafe { _mm256_movemask_ps(mask) != 0 }
    }

    #[inline(always)]
    fn scale2(self, n: Self) -> Self {
        // In two steps, for 2^n alone may overflow; only the second can round.
        let half = (n * n.all(0.5)).round();
        self * half.power2() * (n - half).power2()
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let tiny = self.lt(self.all(f32::MIN_POSITIVE));
        let scaled = Self::select(tiny, self * self.all((1 << 23) as f32), self);
        // SAFETY: see above.
        unsafe {
            let e = _mm256_srai_epi32::<23>(_mm256_sub_epi32(scaled.bits(), _mm256_set1_epi32(SPLIT_AT)));
            let m = _mm256_sub_epi32(scaled.bits(), _mm256_slli_epi32::<23>(e));
            let exponent = F32x8(_mm256_cvtepi32_ps(e));
            (F32x8(_mm256_castsi256_ps(m)), Self::select(tiny, exponent - self.all(23.0), exponent))
        }
    }
}
