//! Everything a compiled program needs while it runs, and the files that tensors come from and go to.
//!
//! Invariants: this crate knows no device and no Python; data read from files is never trusted; nothing read from a file is
//! executed.

pub mod element;
pub mod io;
pub mod pool;
pub mod random;
pub mod storage;
mod summary;
pub mod tensor;

pub use element::Element;
pub use io::{StateDict, Value, load_tensors, parse_tensors, save_tensors};
pub use storage::Storage;
pub use tensor::Tensor;
