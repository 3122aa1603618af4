//! The CUDA backend: loop programs as CUDA C++ text.
//!
//! - [`print`](mod@print): one loop kernel as one `__global__` function.
//! - [`expr`]: expressions as C++.
//! - [`PREAMBLE`]: the helpers that the text calls; no header is included.

mod expr;
mod print;
#[cfg(test)]
mod tests;

pub use print::print;

/// What every program begins with: `cr_*` helpers, and the one arena of shared memory.
pub const PREAMBLE: &str = include_str!("preamble.cuh");

/// Threads of a block: a power of two, for the trees of reductions.
pub const THREADS: usize = 256;
