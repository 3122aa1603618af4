//! Tensor types: a dtype and a shape of symbolic sizes.

use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::Dim;
use crate::dtype::DType;
use std::fmt;

/// The most elements a tensor of known sizes may have: 2^46, far above memory and far below overflow of byte offsets.
pub const MAX_ELEMENTS: i64 = 1 << 46;

/// The type of a value: `f32[B, 10]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Type {
    pub dtype: DType,
    pub shape: Vec<Dim>,
}

impl Type {
    pub fn new(dtype: DType, shape: impl Into<Vec<Dim>>) -> Type {
        Type { dtype, shape: shape.into() }
    }

    /// A type of known sizes.
    pub fn of(dtype: DType, shape: &[usize]) -> Type {
        Type { dtype, shape: shape.iter().map(|&d| d.into()).collect() }
    }

    pub fn scalar(dtype: DType) -> Type {
        Type { dtype, shape: vec![] }
    }

    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    pub fn numel(&self) -> Dim {
        self.shape.iter().cloned().product()
    }

    /// The sizes, if all are known.
    pub fn known_shape(&self) -> Option<Vec<usize>> {
        self.shape.iter().map(|d| d.known().and_then(|d| usize::try_from(d).ok())).collect()
    }

    pub fn with_dtype(&self, dtype: DType) -> Type {
        Type { dtype, shape: self.shape.clone() }
    }

    /// Refuses negative sizes and element counts above [`MAX_ELEMENTS`] (`E0305`, `E0306`).
    pub fn check(&self) -> Result<()> {
        let mut n = 1i64;
        for d in self.shape.iter().filter_map(Dim::known) {
            if d < 0 {
                return Err(Diagnostic::error(
                    codes::BAD_ATTRIBUTE,
                    format!("a tensor cannot have the negative size {d}: {self}"),
                ));
            }
            n = n.checked_mul(d.max(1)).filter(|&n| n <= MAX_ELEMENTS).ok_or_else(|| {
                Diagnostic::error(codes::TOO_LARGE, format!("a tensor of type {self} has more than 2^46 elements"))
            })?;
        }
        Ok(())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.dtype, Sizes(&self.shape))
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Sizes separated by commas.
pub struct Sizes<'a>(pub &'a [Dim]);

impl fmt::Display for Sizes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(i, d)| write!(f, "{}{d}", if i > 0 { ", " } else { "" }))
    }
}
