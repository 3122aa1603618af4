//! Modules in Rust: structs of layers, instantiated like normal code, eager on known tensors, recorded under a trace.
//!
//! ```
//! # extern crate cresset_frontend as cresset;
//! use cresset::nn::{self, Forward, Module, Tensor};
//! use cresset_ir::Result;
//!
//! #[derive(Module)]
//! struct Mlp { fc1: nn::Linear, fc2: nn::Linear }
//!
//! impl Forward for Mlp {
//!     fn forward(&self, x: &Tensor) -> Result<Tensor> {
//!         self.fc2.forward(&self.fc1.forward(x)?.relu()?)
//!     }
//! }
//! # fn main() -> Result<()> {
//! let mlp = Mlp { fc1: nn::Linear::new(4, 8)?, fc2: nn::Linear::new(8, 2)? };
//! assert_eq!(nn::state_dict(&mlp).len(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! The ops are those of the IR, so a layer here and its namesake in the language trace to the same graph.

mod init;
mod layers;
mod module;
mod tensor;
mod trace;

pub use cresset_derive::Module;
pub use init::manual_seed;
pub use layers::{BatchNorm2d, Conv2d, ConvOptions, Dropout, Embedding, LayerNorm, Linear, Sequential};
pub use module::{
    Forward, Item, Module, Param, apply, load_state_dict, named_buffers, named_parameters, state_dict, track, train,
};
pub use tensor::Tensor;
pub use trace::trace;
