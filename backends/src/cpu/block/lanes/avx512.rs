//! Sixteen lanes in an AVX-512 register.

use std::arch::x86_64::*;
use std::ops::Neg;

use super::{Lanes, SPLIT_AT, operators};

#[derive(Clone, Copy)]
pub struct F32x16(__m512);

operators!(F32x16, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps);

impl Neg for F32x16 {
    type Output = F32x16;

    #[inline(always)]
    fn neg(self) -> F32x16 {
        self.xor(self.all(-0.0))
    }
}

// SAFETY, for each block below: a value of this type exists (or the caller of `load` and `splat` vouches), so the CPU has
// AVX-512 F; pointers are as the trait demands.
impl F32x16 {
    #[inline(always)]
    fn bits(self) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_castps_si512(self.0) }
    }

    #[inline(always)]
    fn xor(self, other: F32x16) -> F32x16 {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_castsi512_ps(_mm512_xor_si512(self.bits(), other.bits()))) }
    }
}

impl Lanes for F32x16 {
    const WIDTH: usize = 16;
    type Mask = __mmask16;

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_loadu_ps(src)) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(dst, self.0) }
    }

    #[inline(always)]
    fn all(self, value: f32) -> Self {
        // SAFETY: see above.
        unsafe { Self::splat(value) }
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_fmadd_ps(self.0, b.0, c.0)) }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        self.fma(b, c)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_sqrt_ps(self.0)) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_abs_ps(self.0)) }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        // Bit by bit: the third operand ? the second : the first.
        // SAFETY: see above.
        unsafe {
            let mixed = _mm512_ternarylogic_epi32::<0xd8>(self.bits(), sign.bits(), self.all(-0.0).bits());
            F32x16(_mm512_castsi512_ps(mixed))
        }
    }

    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)) }
    }

    #[inline(always)]
    fn at_least(self, bound: f32) -> Self {
        // The second operand is the result where one is NaN.
        // SAFETY: see above.
        unsafe { F32x16(_mm512_max_ps(self.all(bound).0, self.0)) }
    }

    #[inline(always)]
    fn at_most(self, bound: f32) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_min_ps(self.all(bound).0, self.0)) }
    }

    #[inline(always)]
    fn lt(self, other: Self) -> __mmask16 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn is_nan(self) -> __mmask16 {
        // SAFETY: see above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0) }
    }

    #[inline(always)]
    fn select(mask: __mmask16, yes: Self, no: Self) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_mask_blend_ps(mask, no.0, yes.0)) }
    }

    #[inline(always)]
    fn any(mask: __mmask16) -> bool {
        mask != 0
    }

    #[inline(always)]
    fn scale2(self, n: Self) -> Self {
        // SAFETY: see above.
        unsafe { F32x16(_mm512_scalef_ps(self.0, n.0)) }
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let tiny = self.lt(self.all(f32::MIN_POSITIVE));
        let scaled = Self::select(tiny, self * self.all((1 << 23) as f32), self);
        // SAFETY: see above.
        unsafe {
            let e = _mm512_srai_epi32::<23>(_mm512_sub_epi32(scaled.bits(), _mm512_set1_epi32(SPLIT_AT)));
            let m = _mm512_sub_epi32(scaled.bits(), _mm512_slli_epi32::<23>(e));
            let exponent = F32x16(_mm512_cvtepi32_ps(e));
            (F32x16(_mm512_castsi512_ps(m)), Self::select(tiny, exponent - self.all(23.0), exponent))
        }
    }
}
