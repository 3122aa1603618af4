//! Sweeps: expressions at every point of some axes, in row-major order.

use super::expr::{Bound, compile};
use super::lanes::Column;
use crate::call::Sizes;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dtype::DType;
use crate::kernel::{AxisId, ExprId, Exprs};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use std::collections::HashMap;

/// Points evaluated at once: enough to pay for the interpretation, few enough for the L1 cache.
const LANES: i64 = 256;

/// Calls `each` with the values of `roots` at every point of `axes`.
///
/// # Errors
/// `E0503` when a value that is needed reads outside a buffer, and whatever `each` gives.
pub fn sweep(
    pool: &Exprs,
    axes: &[AxisId],
    roots: &[ExprId],
    sizes: &Sizes,
    buffers: &[Tensor],
    each: &mut dyn FnMut(&[Scalar]) -> Result<()>,
) -> Result<()> {
    let code = compile(pool, roots, sizes)?;
    let extents: Option<Vec<i64>> = axes.iter().map(|&a| pool.extent(a).at(sizes)).collect();
    let total = extents.as_ref().and_then(|e| e.iter().try_fold(1i64, |n, &e| n.checked_mul(e.max(0))));
    let (Some(extents), Some(total)) = (extents, total) else {
        return Err(Diagnostic::error(codes::TOO_LARGE, "the points of a loop nest cannot be counted"));
    };
    let mut values = vec![];
    let mut start = 0;
    while start < total {
        let lanes = LANES.min(total - start);
        let columns = columns(axes, &extents, start, lanes);
        let outcome = code.run(buffers, &|bound| columns.get(&bound).cloned())?;
        for i in 0..lanes as usize {
            outcome.on_lane(i, &mut values)?;
            each(&values)?;
        }
        start += lanes;
    }
    Ok(())
}

/// The values of the axes on lanes `start..start + lanes` of the flattened points.
fn columns(axes: &[AxisId], extents: &[i64], start: i64, lanes: i64) -> HashMap<Bound, Column> {
    let mut stride = 1;
    let mut out = HashMap::new();
    for (&axis, &extent) in axes.iter().zip(extents).rev() {
        let value = |i| Some(Scalar::int(DType::I64, (start + i) / stride % extent));
        out.insert(Bound::Axis(axis), (0..lanes).map(value).collect());
        stride *= extent;
    }
    out
}
