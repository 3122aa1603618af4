//! derive(Module) for Rust structs of nn layers.
