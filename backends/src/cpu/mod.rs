//! The CPU backend.

pub mod block;
