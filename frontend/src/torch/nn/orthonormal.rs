//! Orthonormal matrices for `init.orthogonal_`: Gram-Schmidt in double precision, which gives the `Q` of a QR decomposition whose `R` has a
//! positive diagonal.

use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::torch::{Cx, Handle, Lazy, Tensor, item};
use cresset_ir::Result;

/// A matrix of the same shape whose rows, or columns where they are fewer, are orthonormal.
pub fn orthonormal(cx: &mut Cx, a: &Bound) -> Eval {
    let Some(matrix) = a.at(0).downcast::<Tensor>() else {
        return Err(cx.it.type_error(format!("expected a Tensor, not '{}'", cx.it.type_name(a.at(0)))));
    };
    let elements = item::elements(cx, matrix)?;
    match orthonormalised(&elements) {
        Ok(result) => Ok(cx.wrap(Handle::Lazy(Lazy::known(result)))),
        Err(diagnostic) => Err(cx.refuse(diagnostic)),
    }
}

fn orthonormalised(matrix: &cresset_ir::Tensor) -> Result<cresset_ir::Tensor> {
    let [rows, cols] = *matrix.shape() else { return Ok(matrix.clone()) };
    let values: Vec<f64> = matrix.values().collect();
    // The vectors along the longer side.
    let at = |vector: usize, i: usize| if rows < cols { vector * cols + i } else { i * cols + vector };
    let (count, length) = (rows.min(cols), rows.max(cols));
    let mut vectors: Vec<Vec<f64>> = vec![];
    for vector in 0..count {
        let mut v: Vec<f64> = (0..length).map(|i| values[at(vector, i)]).collect();
        // Once more removes what rounding left of the first time.
        for _ in 0..2 {
            for q in &vectors {
                let along: f64 = q.iter().zip(&v).map(|(a, b)| a * b).sum();
                v.iter_mut().zip(q).for_each(|(x, q)| *x -= along * q);
            }
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.iter_mut().for_each(|x| *x /= norm);
        vectors.push(v);
    }
    let mut out = values;
    for (vector, v) in vectors.iter().enumerate() {
        v.iter().enumerate().for_each(|(i, x)| out[at(vector, i)] = *x);
    }
    cresset_ir::Tensor::from_slice(&[rows, cols], &out)?.cast(matrix.dtype())
}
