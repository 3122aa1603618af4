//! Scratch memory: one growing block per thread, so that launches allocate nothing once every kernel has run.
//!
//! Invariant: a block is lent to one task at a time; tasks do not nest.

use std::cell::RefCell;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

thread_local! {
    static BLOCK: RefCell<Vec<Line>> = const { RefCell::new(vec![]) };
}

/// Calls `f` with at least `bytes` bytes, aligned to a cache line, of no particular content.
pub fn with_scratch<R>(bytes: usize, f: impl FnOnce(*mut u8) -> R) -> R {
    BLOCK.with_borrow_mut(|block| {
        let lines = bytes.div_ceil(size_of::<Line>());
        if block.len() < lines {
            block.resize(lines, Line([0; 64]));
        }
        f(block.as_mut_ptr().cast())
    })
}
