//! Backends: what turns programs into code that runs, and the routines that code calls.

pub mod cpu;
pub mod cuda;
pub mod reference;

pub use reference::Reference;
