//! The reference semantics: what programs, ops, kernels and loop programs compute, by interpretation of their definitions.
//!
//! Everything else is compared with it: backends, passes, lowering and scheduling. It is written to be plainly right; it runs lanes
//! of points at a time so as not to be absurdly slow. It never panics on data: reading outside a tensor is a diagnostic.

mod expr;
mod graph;
mod kernel;
mod lanes;
mod loops;
mod op;
mod points;
#[cfg(test)]
mod tests;

pub use graph::run;
pub use kernel::kernel;
pub use loops::loops;
pub use op::call;

use crate::diag::Result;
use crate::program::Program;
use crate::tensor::Tensor;

/// The values of a program's store, by name.
pub type Weights<'a> = dyn Fn(&str) -> Option<Tensor> + 'a;

/// Something that computes the methods of a program: the reference, or a compiler with a machine behind it.
pub trait Evaluate {
    /// The results of a method.
    ///
    /// # Errors
    /// `E05..`: inputs that do not fit, guards that fail, weights that are missing, indices outside a tensor.
    fn evaluate(&self, program: &Program, method: &str, inputs: &[Tensor], weights: &Weights) -> Result<Vec<Tensor>>;
}

/// The interpreter of this module.
pub struct Reference;

impl Evaluate for Reference {
    fn evaluate(&self, program: &Program, method: &str, inputs: &[Tensor], weights: &Weights) -> Result<Vec<Tensor>> {
        run(program, method, weights, inputs)
    }
}
