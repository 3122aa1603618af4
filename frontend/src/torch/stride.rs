//! Layout: where the elements of a view lie in its storage, and which reshapes are views of the same elements.
//!
//! The IR has no strides. They are followed here only to know what PyTorch would alias and what it would copy.

use cresset_ir::dim::{Dim, Facts};

/// Sizes and strides, in elements.
#[derive(Clone, PartialEq, Debug)]
pub struct Layout {
    pub shape: Vec<Dim>,
    pub strides: Vec<Dim>,
}

fn one() -> Dim {
    Dim::from(1i64)
}

impl Layout {
    /// Row-major.
    pub fn contiguous(shape: &[Dim]) -> Layout {
        let mut strides = vec![one(); shape.len()];
        for d in (1..shape.len()).rev() {
            strides[d - 1] = strides[d].clone() * shape[d].clone();
        }
        Layout { shape: shape.to_vec(), strides }
    }

    /// Whether the elements follow each other in row-major order; the strides of dimensions of size 1 do not matter.
    pub fn is_contiguous(&self) -> bool {
        if self.shape.iter().any(|d| d.is(0)) {
            return true;
        }
        let row_major = Layout::contiguous(&self.shape);
        self.shape.iter().zip(&self.strides).zip(&row_major.strides).all(|((n, have), want)| n.is(1) || have == want)
    }

    pub fn permute(&self, dims: &[usize]) -> Layout {
        let pick = |from: &[Dim]| dims.iter().map(|&d| from[d].clone()).collect();
        Layout { shape: pick(&self.shape), strides: pick(&self.strides) }
    }

    /// Every step-th place of a dimension that keeps `size` of them.
    pub fn slice(&self, dim: usize, size: Dim, step: i64) -> Layout {
        let mut out = self.clone();
        out.shape[dim] = size;
        out.strides[dim] = out.strides[dim].clone() * Dim::from(step);
        out
    }

    /// Dimensions that stretch get stride 0.
    pub fn expand(&self, shape: &[Dim]) -> Layout {
        let skip = shape.len() - self.shape.len();
        let stride = |d: usize| match d.checked_sub(skip) {
            Some(own) if !self.shape[own].is(1) || shape[d].is(1) => self.strides[own].clone(),
            _ => Dim::from(0i64),
        };
        Layout { shape: shape.to_vec(), strides: (0..shape.len()).map(stride).collect() }
    }

    /// The layout of the same elements under another shape, where one exists without a copy.
    ///
    /// Dimensions that lie together in memory form a block; a reshape may split and merge inside a block only.
    pub fn reshape(&self, shape: &[Dim], facts: &Facts) -> Option<Layout> {
        let mut strides = vec![Dim::from(0i64); shape.len()];
        let mut left = shape.len();
        let mut block = one();
        let mut stride = one();
        for d in (0..self.shape.len()).rev().filter(|&d| !self.shape[d].is(1)) {
            if block.is(1) {
                stride = self.strides[d].clone();
            }
            block = block * self.shape[d].clone();
            let above = (0..d).rev().find(|&a| !self.shape[a].is(1));
            let ends = above.is_none_or(|a| self.strides[a] != block.clone() * stride.clone());
            if ends {
                let mut taken = one();
                while left > 0 && (taken != block || shape[left - 1].is(1)) {
                    left -= 1;
                    strides[left] = taken.clone() * stride.clone();
                    taken = taken * shape[left].clone();
                    if taken != block && !divides(&taken, &block, facts) {
                        return None;
                    }
                }
                if taken != block {
                    return None;
                }
                block = one();
            }
        }
        shape[..left].iter().all(|d| d.is(1)).then(|| Layout { shape: shape.to_vec(), strides })
    }
}

fn divides(part: &Dim, whole: &Dim, facts: &Facts) -> bool {
    whole.modulo(part, facts).is(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(sizes: &[i64]) -> Vec<Dim> {
        sizes.iter().map(|&d| d.into()).collect()
    }

    #[test]
    fn reshapes_of_a_transpose_copy_unless_blocks_stay_whole() {
        let facts = Facts::default();
        let x = Layout::contiguous(&dims(&[2, 3, 4]));
        assert!(x.is_contiguous() && x.reshape(&dims(&[6, 4]), &facts).unwrap().is_contiguous());
        let t = x.permute(&[1, 0, 2]);
        assert!(!t.is_contiguous());
        assert!(t.reshape(&dims(&[6, 4]), &facts).is_none());
        assert_eq!(t.reshape(&dims(&[3, 2, 2, 2]), &facts).unwrap().strides, dims(&[4, 12, 2, 1]));
    }

    #[test]
    fn symbolic_sizes_split() {
        let (b, t) = (Dim::sym("B"), Dim::sym("T"));
        let x = Layout::contiguous(&[b.clone(), t.clone(), 8i64.into()]);
        let y = x.reshape(&[b.clone(), t.clone(), 2i64.into(), 4i64.into()], &Facts::default()).unwrap();
        assert!(y.is_contiguous());
        let z = y.permute(&[0, 2, 1, 3]);
        assert!(z.reshape(&[b, t, 8i64.into()], &Facts::default()).is_none());
    }

    #[test]
    fn an_expanded_dimension_is_no_block() {
        let x = Layout::contiguous(&dims(&[3, 1])).expand(&dims(&[3, 4]));
        assert_eq!(x.strides, dims(&[1, 0]));
        assert!(x.reshape(&dims(&[12]), &Facts::default()).is_none());
    }
}
