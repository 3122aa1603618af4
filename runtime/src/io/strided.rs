//! Strided views: what NumPy and PyTorch save of transposed or sliced arrays, gathered into contiguous tensors.
//!
//! Strides count elements and are not negative. Sizes and strides come from files: every product is checked.

use crate::tensor::Tensor;
use cresset_ir::{DType, Result};

/// The most dimensions that an array in a file may have: NumPy's own limit.
pub const MAX_RANK: usize = 64;

/// The row-major strides of a shape whose byte length is known to fit.
pub fn row_major(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i].saturating_mul(shape[i]);
    }
    strides
}

/// Whether the strides walk the elements in row-major order without gaps; strides of sizes 0 and 1 do not matter.
pub fn is_contiguous(shape: &[usize], strides: &[usize]) -> bool {
    shape.contains(&0) || shape.iter().zip(strides).zip(row_major(shape)).all(|((&d, &s), r)| d == 1 || s == r)
}

/// How many elements lie from the first to the last one that the view touches; `None` on overflow.
pub fn extent(shape: &[usize], strides: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().zip(strides).try_fold(1usize, |end, (&d, &s)| end.checked_add((d - 1).checked_mul(s)?))
}

/// The view as a tensor of its own. `bytes` begins at the view's first element and holds [`extent`] elements.
pub fn gather(bytes: &[u8], dtype: DType, shape: &[usize], strides: &[usize]) -> Result<Tensor> {
    let mut out = Tensor::zeros(dtype, shape)?;
    let size = dtype.size();
    // A size of 1 never steps; a huge stride there must not overflow the sum below.
    let strides: Vec<usize> = shape.iter().zip(strides).map(|(&d, &s)| if d == 1 { 0 } else { s }).collect();
    let mut index = vec![0usize; shape.len()];
    let mut at = 0;
    for cell in out.bytes_mut()?.chunks_exact_mut(size) {
        cell.copy_from_slice(&bytes[at * size..][..size]);
        for d in (0..shape.len()).rev() {
            index[d] += 1;
            at += strides[d];
            if index[d] < shape[d] {
                break;
            }
            at -= strides[d] * shape[d];
            index[d] = 0;
        }
    }
    // From the bytes once more: a bool of another value than 0 and 1 becomes 1.
    if dtype == DType::Bool { Tensor::from_bytes(dtype, shape, out.bytes()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::bytes_of;

    #[test]
    fn gathers_transposed_expanded_and_empty_views() {
        let data = [0i32, 1, 2, 3, 4, 5];
        let check = |shape: &[usize], strides: &[usize], expected: &[i32]| {
            assert!(extent(shape, strides).unwrap() <= 6);
            let t = gather(bytes_of(&data), DType::I32, shape, strides).unwrap();
            assert_eq!(t.as_slice::<i32>().unwrap(), expected);
        };
        check(&[3, 2], &[1, 3], &[0, 3, 1, 4, 2, 5]);
        check(&[2, 2], &[0, 4], &[0, 4, 0, 4]);
        check(&[2, 0], &[9, 9], &[]);
        check(&[1, 2], &[usize::MAX, 5], &[0, 5]);
        check(&[], &[], &[0]);
    }

    #[test]
    fn extents_are_checked() {
        assert_eq!(extent(&[3, 2], &[1, 3]), Some(6));
        assert_eq!(extent(&[usize::MAX, 3], &[2, 1]), None);
        assert!(is_contiguous(&[2, 1, 3], &[3, 77, 1]) && !is_contiguous(&[3, 2], &[1, 3]));
    }
}
