//! Passes: from the traced graph to scheduled kernels and a plan.

pub mod compile;
pub mod cse;
pub mod dce;
pub mod expand;
pub mod fold;
pub mod freeze;
pub mod fuse;
pub mod legalise;
pub mod lower;
pub mod manager;
pub mod pipeline;
pub mod plan;
pub mod rewrite;
pub mod schedule;
pub mod simplify;

pub use manager::{Cx, Options, Pass, Report};
pub use pipeline::PIPELINE;
