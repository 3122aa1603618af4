//! Element: the ten Rust types that a tensor can hold, and PyTorch's conversions between them.
//!
//! Integers and bool pass through i64, floats through f64: both are wide enough to be exact, so the one rounding or wrap
//! of a conversion happens where the target is made.

pub use crate::DType;
use crate::Scalar;
pub use half::{bf16, f16};

/// A type that a tensor can hold. Sealed: one type per [`DType`].
///
/// # Safety
/// The type has the size and layout of `DTYPE` and no padding; `bool` alone has invalid bit patterns, which [`view`] checks.
pub unsafe trait Element: sealed::Sealed + Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    const DTYPE: DType;

    /// The element stored in the first bytes, however they are aligned. A nonzero byte reads as `true`.
    fn read(bytes: &[u8]) -> Self;
    /// Conversion from an integer: wraps to the width, rounds to the precision.
    fn from_i64(x: i64) -> Self;
    /// Conversion from a float: truncates towards zero, NaN is `true`, and what does not fit becomes what x86-64 gives PyTorch.
    fn from_f64(x: f64) -> Self;
    fn to_i64(self) -> i64;
    fn to_f64(self) -> f64;

    /// Conversion from a constant of any dtype.
    fn from_scalar(s: Scalar) -> Self {
        if s.dtype().is_float() { Self::from_f64(s.as_f64()) } else { Self::from_i64(s.as_i64()) }
    }

    /// Conversion with the meaning of `Tensor.to(dtype)`.
    fn cast<U: Element>(self) -> U {
        if Self::DTYPE.is_float() { U::from_f64(self.to_f64()) } else { U::from_i64(self.to_i64()) }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// x86-64's `cvttsd2si` on 64 bits: NaN and overflow give the smallest integer.
fn truncate_i64(x: f64) -> i64 {
    if (-9223372036854775808.0..9223372036854775808.0).contains(&x) { x as i64 } else { i64::MIN }
}

/// The same on 32 bits, from which PyTorch cuts the narrower integers.
fn truncate_i32(x: f64) -> i32 {
    if x > -2147483649.0 && x < 2147483648.0 { x as i32 } else { i32::MIN }
}

macro_rules! elements {
    ($($type:ty, $dtype:ident, $read:expr, $from_i64:expr, $from_f64:expr, $to_i64:expr, $to_f64:expr;)*) => {
        $(impl sealed::Sealed for $type {}
        // SAFETY: a primitive (or `half`'s transparent wrapper of u16) of the dtype's size.
        unsafe impl Element for $type {
            const DTYPE: DType = DType::$dtype;
            fn read(bytes: &[u8]) -> Self {
                let (cell, _) = bytes.split_first_chunk().expect("a cell holds one element");
                ($read)(*cell)
            }
            fn from_i64(x: i64) -> Self { ($from_i64)(x) }
            fn from_f64(x: f64) -> Self { ($from_f64)(x) }
            fn to_i64(self) -> i64 { ($to_i64)(self) }
            fn to_f64(self) -> f64 { ($to_f64)(self) }
        })*
    };
}

#[rustfmt::skip]
elements! {
    // type, dtype, read,                   from_i64,                     from_f64,                      to_i64,                        to_f64
    bool,  Bool,  |[b]: [u8; 1]| b != 0,    |x| x != 0,                   |x| x != 0.0,                  i64::from,                     |x| f64::from(u8::from(x));
    u8,    U8,    u8::from_ne_bytes,        |x| x as u8,                  |x| truncate_i32(x) as u8,     i64::from,                     f64::from;
    i8,    I8,    i8::from_ne_bytes,        |x| x as i8,                  |x| truncate_i32(x) as i8,     i64::from,                     f64::from;
    i16,   I16,   i16::from_ne_bytes,       |x| x as i16,                 |x| truncate_i32(x) as i16,    i64::from,                     f64::from;
    i32,   I32,   i32::from_ne_bytes,       |x| x as i32,                 truncate_i32,                  i64::from,                     f64::from;
    i64,   I64,   i64::from_ne_bytes,       |x| x,                        truncate_i64,                  |x| x,                         |x| x as f64;
    // PyTorch reaches the halves by way of f32, double rounding included.
    f16,   F16,   f16::from_ne_bytes,       |x| f16::from_f32(x as f32),  |x| f16::from_f32(x as f32),   |x| truncate_i64(f64::from(x)), f64::from;
    bf16,  BF16,  bf16::from_ne_bytes,      |x| bf16::from_f32(x as f32), |x| bf16::from_f32(x as f32),  |x| truncate_i64(f64::from(x)), f64::from;
    f32,   F32,   f32::from_ne_bytes,       |x| x as f32,                 |x| x as f32,                  |x| truncate_i64(f64::from(x)), f64::from;
    f64,   F64,   f64::from_ne_bytes,       |x| x as f64,                 |x| x,                         truncate_i64,                  |x| x;
}

/// Runs an expression with a type name bound to the element type of a [`DType`].
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::tensor::element::DType::Bool => $crate::with_element!(@ bool, $T, $body),
            $crate::tensor::element::DType::U8 => $crate::with_element!(@ u8, $T, $body),
            $crate::tensor::element::DType::I8 => $crate::with_element!(@ i8, $T, $body),
            $crate::tensor::element::DType::I16 => $crate::with_element!(@ i16, $T, $body),
            $crate::tensor::element::DType::I32 => $crate::with_element!(@ i32, $T, $body),
            $crate::tensor::element::DType::I64 => $crate::with_element!(@ i64, $T, $body),
            $crate::tensor::element::DType::F16 => $crate::with_element!(@ $crate::tensor::element::f16, $T, $body),
            $crate::tensor::element::DType::BF16 => $crate::with_element!(@ $crate::tensor::element::bf16, $T, $body),
            $crate::tensor::element::DType::F32 => $crate::with_element!(@ f32, $T, $body),
            $crate::tensor::element::DType::F64 => $crate::with_element!(@ f64, $T, $body),
        }
    };
    (@ $type:ty, $T:ident, $body:expr) => {{
        type $T = $type;
        $body
    }};
}

/// The elements in `bytes`; `None` when the length or alignment does not fit, or a bool is neither 0 nor 1.
pub fn view<T: Element>(bytes: &[u8]) -> Option<&[T]> {
    let valid = T::DTYPE != DType::Bool || bytes.iter().all(|&b| b <= 1);
    // SAFETY: `T: Element` holds for every bit pattern, except bool's, which were just checked.
    let (head, body, tail) = unsafe { bytes.align_to::<T>() };
    (valid && head.is_empty() && tail.is_empty()).then_some(body)
}

/// As [`view`], for writing.
pub fn view_mut<T: Element>(bytes: &mut [u8]) -> Option<&mut [T]> {
    let valid = T::DTYPE != DType::Bool || bytes.iter().all(|&b| b <= 1);
    // SAFETY: as in `view`; and every `T` written is valid bytes, for `T` has no padding.
    let (head, body, tail) = unsafe { bytes.align_to_mut::<T>() };
    (valid && head.is_empty() && tail.is_empty()).then_some(body)
}

/// The bytes of a slice of elements.
pub fn bytes_of<T: Element>(elements: &[T]) -> &[u8] {
    // SAFETY: `T: Element` has no padding, so all `size_of_val` bytes are initialised.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), std::mem::size_of_val(elements)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_agree_with_the_dtype() {
        for dtype in DType::all() {
            with_element!(dtype, T => assert_eq!((T::DTYPE, size_of::<T>()), (dtype, dtype.size())));
        }
    }

    /// Values printed by PyTorch 2.15 on x86-64.
    #[test]
    fn floats_become_integers_as_in_pytorch() {
        let x = [f64::NAN, f64::INFINITY, 1e10, -1e10, 300.7, -1.5, 3e9, 70000.0, -129.0];
        let i = i32::MIN;
        assert_eq!(x.map(u8::from_f64), [0, 0, 0, 0, 44, 255, 0, 112, 127]);
        assert_eq!(x.map(i8::from_f64), [0, 0, 0, 0, 44, -1, 0, 112, 127]);
        assert_eq!(x.map(i16::from_f64), [0, 0, 0, 0, 300, -1, 0, 4464, -129]);
        assert_eq!(x.map(i32::from_f64), [i, i, i, i, 300, -1, i, 70000, -129]);
        assert_eq!(x.map(i64::from_f64)[..4], [i64::MIN, i64::MIN, 10_000_000_000, -10_000_000_000]);
        assert!(x.map(bool::from_f64).iter().all(|&b| b) && !bool::from_f64(-0.0));
    }

    #[test]
    fn integers_wrap_and_round() {
        assert_eq!((300i64.cast::<u8>(), (-1i8).cast::<u8>(), 255u8.cast::<i8>()), (44, 255, -1));
        assert_eq!(16_777_217i64.cast::<f32>(), 16_777_216.0);
        assert_eq!(70000i32.cast::<f16>(), f16::INFINITY);
        assert_eq!((true.cast::<f32>(), 2u8.cast::<bool>()), (1.0, true));
    }

    #[test]
    fn views_refuse_what_does_not_fit() {
        assert!(view::<bool>(&[0, 1, 2]).is_none());
        assert!(view::<f32>(&[0; 7]).is_none());
        assert_eq!(view::<f32>(bytes_of(&[1.0f32, 2.0])), Some(&[1.0f32, 2.0][..]));
    }
}
