//! Everything a compiled program needs while it runs, and the files that tensors come from and go to.
//!
//! Invariants: this crate knows no device and no Python; data read from files is never trusted; nothing read from a file is
//! executed.

pub mod execute;
pub mod io;
pub mod launch;
pub mod pool;
pub mod random;
pub mod signature;
mod sizing;
pub mod weights;

pub use cresset_ir::tensor::{self, Element, Storage, Tensor, element, storage};
pub use cresset_ir::with_element;
pub use execute::Executable;
pub use io::artifact;
pub use io::{StateDict, Value, load_tensors, parse_tensors, save_tensors};
pub use launch::Launch;
pub use signature::Signature;
