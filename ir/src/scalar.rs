//! Constant scalars: a dtype and a value that fits it.

use crate::dtype::DType;
use crate::tensor::Element;
use crate::with_element;
use std::fmt;

/// A constant of one dtype. Equality is by bits, so that a constant is a key: `0.0 != -0.0`, and NaN equals itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scalar {
    dtype: DType,
    /// Floats: the bits of the value as f64. Integers: the value, sign-extended.
    bits: u64,
}

impl Scalar {
    /// The value of `dtype` that PyTorch's conversion gives: the nearest float; integers truncate and wrap; bool is `v != 0`.
    pub fn float(dtype: DType, v: f64) -> Scalar {
        with_element!(dtype, T => Scalar::of(T::from_f64(v)))
    }

    /// `v` wrapped to `dtype`, or the nearest float.
    pub fn int(dtype: DType, v: i64) -> Scalar {
        with_element!(dtype, T => Scalar::of(T::from_i64(v)))
    }

    /// The constant that an element is.
    pub fn of<T: Element>(x: T) -> Scalar {
        let bits = if T::DTYPE.is_float() { x.to_f64().to_bits() } else { x.to_i64() as u64 };
        Scalar { dtype: T::DTYPE, bits }
    }

    pub fn bool(v: bool) -> Scalar {
        Scalar { dtype: DType::Bool, bits: v as u64 }
    }

    pub fn zero(dtype: DType) -> Scalar {
        Scalar::int(dtype, 0)
    }

    pub fn one(dtype: DType) -> Scalar {
        Scalar::int(dtype, 1)
    }

    /// The identity of `max`: minus infinity, the smallest integer, or false.
    pub fn lowest(dtype: DType) -> Scalar {
        match dtype {
            DType::Bool | DType::U8 => Scalar::zero(dtype),
            d if d.is_float() => Scalar::float(d, f64::NEG_INFINITY),
            d => Scalar::int(d, i64::MIN >> (64 - 8 * d.size())),
        }
    }

    /// The identity of `min`: infinity, the largest integer, or true.
    pub fn highest(dtype: DType) -> Scalar {
        match dtype {
            DType::Bool => Scalar::bool(true),
            DType::U8 => Scalar::int(dtype, 255),
            d if d.is_float() => Scalar::float(d, f64::INFINITY),
            d => Scalar::int(d, i64::MAX >> (64 - 8 * d.size())),
        }
    }

    pub fn dtype(self) -> DType {
        self.dtype
    }

    pub fn as_f64(self) -> f64 {
        if self.dtype.is_float() { f64::from_bits(self.bits) } else { self.bits as i64 as f64 }
    }

    /// The integer value; floats truncate.
    pub fn as_i64(self) -> i64 {
        if self.dtype.is_float() { f64::from_bits(self.bits) as i64 } else { self.bits as i64 }
    }

    pub fn cast(self, dtype: DType) -> Scalar {
        if self.dtype.is_float() { Scalar::float(dtype, self.as_f64()) } else { Scalar::int(dtype, self.as_i64()) }
    }

    pub fn is_zero(self) -> bool {
        self.as_f64() == 0.0
    }

    pub fn is_one(self) -> bool {
        self.as_f64() == 1.0
    }
}

/// The shortest text that reads back: `0.125`, `-inf`, `nan`, `3`, `true`. The dtype is printed by those who need it.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            DType::Bool => write!(f, "{}", self.bits != 0),
            d if d.is_float() => {
                let v = self.as_f64();
                match d {
                    _ if v.is_nan() => f.write_str("nan"),
                    _ if v.is_infinite() => f.write_str(if v > 0.0 { "inf" } else { "-inf" }),
                    // The shortest text of the narrow type: 0.1, not 0.10000000149.
                    DType::F64 => write!(f, "{v:?}"),
                    _ => write!(f, "{:?}", v as f32),
                }
            }
            _ => write!(f, "{}", self.bits as i64),
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {}", self.dtype)
    }
}
