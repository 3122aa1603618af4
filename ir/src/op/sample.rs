//! Samples: the calls on which every op is tested.

use super::attr::Attr;
use crate::dtype::DType;
use crate::scalar::Scalar;
use crate::types::Type;
use std::fmt;

/// One call with concrete operands.
#[derive(Clone, Debug)]
pub struct Sample {
    pub operands: Vec<SampleOperand>,
    pub attrs: Vec<(&'static str, Attr)>,
}

/// An operand: its dtype, sizes and values, row-major.
#[derive(Clone, Debug)]
pub struct SampleOperand {
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub values: Vec<Scalar>,
}

impl Sample {
    pub fn new(operands: Vec<SampleOperand>) -> Sample {
        Sample { operands, attrs: vec![] }
    }

    /// With an attribute set, in place of what it was.
    pub fn attr(mut self, name: &'static str, v: impl Into<Attr>) -> Sample {
        self.attrs.retain(|(n, _)| *n != name);
        self.attrs.push((name, v.into()));
        self
    }
}

/// Types and attributes of the call: `f32[2, 5], dim=-1`.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = self.operands.iter().map(|x| Type::of(x.dtype, &x.shape).to_string());
        let attrs = self.attrs.iter().map(|(name, v)| format!("{name}={v}"));
        f.write_str(&types.chain(attrs).collect::<Vec<_>>().join(", "))
    }
}

/// Deterministic values in `lo..hi`, spread by a multiplicative sequence; integers include `lo` and exclude `hi`.
pub fn spread(dtype: DType, shape: &[usize], lo: f64, hi: f64) -> SampleOperand {
    let n: usize = shape.iter().product();
    let mut state = 0x2545_F491_4F6C_DD1Du64 ^ (n as u64);
    let values = (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let u = (state >> 40) as f64 / (1u64 << 24) as f64;
            Scalar::float(dtype, if dtype.is_float() { lo + u * (hi - lo) } else { (lo + u * (hi - lo)).floor() })
        })
        .collect();
    SampleOperand { dtype, shape: shape.to_vec(), values }
}

/// Values in `-2..2`: where most functions are interesting.
pub fn floats(dtype: DType, shape: &[usize]) -> SampleOperand {
    spread(dtype, shape, -2.0, 2.0)
}

/// Given values.
pub fn values(dtype: DType, shape: &[usize], v: &[f64]) -> SampleOperand {
    SampleOperand { dtype, shape: shape.to_vec(), values: v.iter().map(|&v| Scalar::float(dtype, v)).collect() }
}
