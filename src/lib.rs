//! cresset: a staged compiler for neural-network modules.
//!
//! A module is instantiated eagerly, like normal code; its `forward` is traced into a typed graph IR, optimised, and lowered to machine
//! code. Modules come from unmodified PyTorch model files ([`load`]) or from Rust structs of [`nn`] layers ([`trace`]).
//!
//! ```
//! use cresset::prelude::*;
//!
//! #[derive(Module)]
//! struct Mlp { fc1: nn::Linear, fc2: nn::Linear }
//!
//! impl Forward for Mlp {
//!     fn forward(&self, x: &nn::Tensor) -> Result<nn::Tensor> {
//!         self.fc2.forward(&self.fc1.forward(x)?.relu()?)
//!     }
//! }
//!
//! # fn main() -> Result<()> {
//! let mlp = Mlp { fc1: nn::Linear::new(784, 512)?, fc2: nn::Linear::new(512, 10)? };
//! let program = cresset::trace(&mlp, spec!(f32["B", 784]))?;
//! let compiled = program.compile(Device::Cpu)?;
//! let y = compiled.run(&[Tensor::zeros(DType::F32, &[3, 784])?])?;
//! assert_eq!(y[0].shape(), [3, 10]);
//! # Ok(())
//! # }
//! ```

mod compiled;
mod eager;
pub mod model;
mod program;
pub mod spec;
#[cfg(feature = "testing")]
pub mod testing;

/// Modules in Rust.
pub use cresset_frontend::nn;
/// The IR: types, ops, graphs, kernels, plans and their text.
pub use cresset_ir as ir;
/// The passes and stages between the traced graph and the plan.
pub use cresset_passes as passes;
/// Files of tensors.
pub use cresset_runtime as runtime;

pub use compiled::{Compiled, Device, Options, Timing, target};
pub use cresset_ir::{DType, Diagnostic, Result, Tensor, Type};
pub use model::load;
pub use program::{Program, trace};

/// What most programs need.
pub mod prelude {
    pub use crate::nn::{self, Forward, Module};
    pub use crate::{Compiled, DType, Device, Program, Result, Tensor, spec};
}
