//! Summary: a tensor in one line, for terminals and test failures.

use super::Tensor;
use std::fmt;

/// Elements shown before the ellipsis.
const SHOWN: usize = 6;

/// `f32[2, 3] 0, 0.5, 1, …  min 0  mean 1.25  max 2.5`. One element needs no statistics, none needs none.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.dtype(), self.shape())?;
        for (i, x) in self.values().take(SHOWN).enumerate() {
            write!(f, "{}{}", if i == 0 { " " } else { ", " }, Short(x))?;
        }
        if self.numel() > SHOWN {
            f.write_str(", …")?;
        }
        if self.numel() > 1 {
            let (min, mean, max) = statistics(self);
            write!(f, "  min {}  mean {}  max {}", Short(min), Short(mean), Short(max))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Minimum, mean and maximum of a tensor that is not empty. A NaN anywhere makes all three NaN, as in PyTorch.
fn statistics(tensor: &Tensor) -> (f64, f64, f64) {
    let (mut min, mut sum, mut max) = (f64::INFINITY, 0.0, f64::NEG_INFINITY);
    for x in tensor.values() {
        if x.is_nan() {
            return (x, x, x);
        }
        (min, sum, max) = (min.min(x), sum + x, max.max(x));
    }
    (min, sum / tensor.numel() as f64, max)
}

/// A number with about five significant digits; whole numbers stay whole.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0;
        if !x.is_finite() || (x.fract() == 0.0 && x.abs() < 1e15) {
            return write!(f, "{x}");
        }
        match x.abs().log10().floor() as i32 {
            -4..=4 => write!(f, "{:.*}", (4 - x.abs().log10().floor() as i32).clamp(1, 8) as usize, x),
            _ => write!(f, "{x:.4e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    fn check(tensor: Tensor, text: &str) {
        assert_eq!(tensor.to_string(), text);
    }

    #[test]
    fn summaries() {
        check(Tensor::scalar(2.5f32).unwrap(), "f32[] 2.5000");
        check(Tensor::zeros(DType::I64, &[0, 3]).unwrap(), "i64[0, 3]");
        check(Tensor::from_slice(&[2], &[true, false]).unwrap(), "bool[2] 1, 0  min 0  mean 0.50000  max 1");
        let v: Vec<f64> = (0..8).map(|i| i as f64 * 1e-9).collect();
        check(
            Tensor::from_slice(&[2, 4], &v).unwrap(),
            "f64[2, 4] 0, 1.0000e-9, 2.0000e-9, 3.0000e-9, 4.0000e-9, 5.0000e-9, …  min 0  mean 3.5000e-9  max 7.0000e-9",
        );
        check(Tensor::from_slice(&[2], &[f32::NAN, -1234.56]).unwrap(), "f32[2] NaN, -1234.6  min NaN  mean NaN  max NaN");
    }
}
