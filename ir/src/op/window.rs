//! Windows that slide over the last dimensions: the geometry that convolution and pooling share.

use super::elem::Elem;
use super::sig::Sig;
use crate::diag::Result;
use crate::dim::Dim;
use crate::kernel::Ex;

/// A window along one dimension.
pub(super) struct Window {
    pub kernel: Dim,
    pub stride: i64,
    pub padding: i64,
    pub dilation: i64,
}

impl Window {
    /// The number of places of the window over `n` elements, the last one within the padding; with `ceil`, it may hang over the padding but
    /// must start within it.
    pub fn count(&self, s: &Sig, n: &Dim, ceil: bool) -> Result<Dim> {
        let (one, stride) = (Dim::from(1i64), Dim::from(self.stride));
        let span = (self.kernel.clone() - one.clone()) * Dim::from(self.dilation) + one.clone();
        let padded = n.clone() + Dim::from(2 * self.padding);
        s.require_le(&span, &padded, || format!("slides a window over {span} elements along {padded} (padding included)"))?;
        let room = padded - span;
        if !ceil {
            return Ok(room.floor_div(&stride, s.facts) + one);
        }
        let up = (room + stride.clone() - one.clone()).floor_div(&stride, s.facts);
        let last_start = (n.clone() + Dim::from(self.padding - 1)).floor_div(&stride, s.facts);
        Ok(up.min_of(&last_start, s.facts) + one)
    }

    /// Where the window at place `i` starts, counted without the padding.
    pub fn start<'a>(&self, e: &Elem<'a>, i: Ex<'a>) -> Ex<'a> {
        i * e.int(self.stride) - e.int(self.padding)
    }

    /// The element under position `k` of the window at place `i`; it may lie in the padding.
    pub fn at<'a>(&self, e: &Elem<'a>, i: Ex<'a>, k: Ex<'a>) -> Ex<'a> {
        self.start(e, i) + k * e.int(self.dilation)
    }
}

/// Whether every index is inside its size.
pub(super) fn inside<'a>(e: &Elem<'a>, ix: &[Ex<'a>], shape: &[Dim]) -> Ex<'a> {
    ix.iter().zip(shape).fold(e.pool.truth(true), |all, (&i, n)| all.and(e.inside(i, n)))
}
