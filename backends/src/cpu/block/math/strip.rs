//! Strips: the loops that apply a function to `n` values, with entry points that generated code can call.
//!
//! Invariant: the last, incomplete register goes through a padded buffer, so a strip reads and writes exactly its `n` values.
//! Unsafe code: strips are raw pointers; an instance runs only on a CPU that has its instruction set.

use super::MathRoutines;
use super::power::pow;
use crate::cpu::block::Isa;
use crate::cpu::block::lanes::{Lanes, portable::Array};
#[cfg(target_arch = "x86_64")]
use crate::cpu::block::lanes::{avx2::F32x8, avx512::F32x16};

/// `dst[i] = f(src[i])` for `i < n`: `(dst, src, n)`.
///
/// Safety of a call: `src` is valid for reading and `dst` for writing `n` values; they are the same strip or do not overlap.
pub type UnaryStrip<T> = unsafe extern "C" fn(*mut T, *const T, usize);

/// `dst[i] = f(a[i], b[i])` for `i < n`: `(dst, a, b, n)`. Safety as for [`UnaryStrip`].
pub type BinaryStrip<T> = unsafe extern "C" fn(*mut T, *const T, *const T, usize);

/// A routine over strips.
#[derive(Clone, Copy, Debug)]
pub enum Strip<T> {
    Unary(UnaryStrip<T>),
    Binary(BinaryStrip<T>),
}

impl<T> Strip<T> {
    /// The entry point, for generated code.
    pub fn address(self) -> *const u8 {
        match self {
            Strip::Unary(entry) => entry as *const u8,
            Strip::Binary(entry) => entry as *const u8,
        }
    }
}

/// A function of one number, over lanes and for doubles.
pub trait Unary {
    fn f32<L: Lanes>(x: L) -> L;
    fn f64(x: f64) -> f64;
}

/// The strips of a function of one number.
pub fn unary<F: Unary>(isa: Isa) -> MathRoutines {
    let entry: UnaryStrip<f32> = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::<F>,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::<F>,
        _ => portable::<F>,
    };
    MathRoutines { f32: Strip::Unary(entry), f64: Strip::Unary(doubles::<F>) }
}

/// The strips of `pow`.
pub fn power(isa: Isa) -> MathRoutines {
    let entry: BinaryStrip<f32> = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => power_avx512,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => power_avx2,
        _ => power_portable,
    };
    MathRoutines { f32: Strip::Binary(entry), f64: Strip::Binary(power_doubles) }
}

/// # Safety
/// As [`UnaryStrip`] says; the CPU has the instruction set of `L`.
#[inline(always)]
unsafe fn strip<F: Unary, L: Lanes>(dst: *mut f32, src: *const f32, n: usize) {
    let whole = n - n % L::WIDTH;
    // SAFETY: all indices are below `n`, and the buffer is as wide as the widest register.
    unsafe {
        for i in (0..whole).step_by(L::WIDTH) {
            F::f32(L::load(src.add(i))).store(dst.add(i));
        }
        if whole < n {
            let mut rest = [1.0; 16];
            src.add(whole).copy_to_nonoverlapping(rest.as_mut_ptr(), n - whole);
            F::f32(L::load(rest.as_ptr())).store(rest.as_mut_ptr());
            dst.add(whole).copy_from_nonoverlapping(rest.as_ptr(), n - whole);
        }
    }
}

/// # Safety
/// As [`UnaryStrip`] says.
unsafe extern "C" fn portable<F: Unary>(dst: *mut f32, src: *const f32, n: usize) {
    // SAFETY: the caller vouches; plain Rust needs no instruction set.
    unsafe { strip::<F, Array>(dst, src, n) }
}

/// # Safety
/// As [`UnaryStrip`] says.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe extern "C" fn avx2<F: Unary>(dst: *mut f32, src: *const f32, n: usize) {
    // SAFETY: the caller vouches.
    unsafe { strip::<F, F32x8>(dst, src, n) }
}

/// # Safety
/// As [`UnaryStrip`] says.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe extern "C" fn avx512<F: Unary>(dst: *mut f32, src: *const f32, n: usize) {
    // SAFETY: the caller vouches.
    unsafe { strip::<F, F32x16>(dst, src, n) }
}

/// # Safety
/// As [`UnaryStrip`] says.
unsafe extern "C" fn doubles<F: Unary>(dst: *mut f64, src: *const f64, n: usize) {
    for i in 0..n {
        // SAFETY: `i < n`.
        unsafe { *dst.add(i) = F::f64(*src.add(i)) }
    }
}

/// # Safety
/// As [`BinaryStrip`] says.
unsafe extern "C" fn power_portable(dst: *mut f32, a: *const f32, b: *const f32, n: usize) {
    // SAFETY: the caller vouches.
    unsafe { pow(dst, a, b, n, |a, b, c| if cfg!(target_feature = "fma") { a.mul_add(b, c) } else { a * b + c }) }
}

/// # Safety
/// As [`BinaryStrip`] says.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe extern "C" fn power_avx2(dst: *mut f32, a: *const f32, b: *const f32, n: usize) {
    // SAFETY: the caller vouches.
    unsafe { pow(dst, a, b, n, |a, b, c| a.mul_add(b, c)) }
}

/// # Safety
/// As [`BinaryStrip`] says.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe extern "C" fn power_avx512(dst: *mut f32, a: *const f32, b: *const f32, n: usize) {
    // SAFETY: the caller vouches.
    unsafe { pow(dst, a, b, n, |a, b, c| a.mul_add(b, c)) }
}

/// # Safety
/// As [`BinaryStrip`] says.
unsafe extern "C" fn power_doubles(dst: *mut f64, a: *const f64, b: *const f64, n: usize) {
    for i in 0..n {
        // SAFETY: `i < n`.
        unsafe { *dst.add(i) = (*a.add(i)).powf(*b.add(i)) }
    }
}
