//! Passes: from the traced graph to scheduled kernels and a plan.

pub mod fuse;
pub mod legalise;
pub mod lower;
pub mod plan;
pub mod schedule;
