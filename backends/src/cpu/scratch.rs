//! Scratch memory: one growing block per thread, so that launches allocate nothing once every kernel has run. (With debug assertions each
//! task gets a block of its own.)
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
    if cfg!(debug_assertions) {
        return with_exact(bytes, f);
    }
    BLOCK.with_borrow_mut(|block| {
        let lines = bytes.div_ceil(size_of::<Line>());
        if block.len() < lines {
            block.resize(lines, Line([0; 64]));
        }
        f(block.as_mut_ptr().cast())
    })
}

/// What nobody has written: a NaN in every float.
const UNWRITTEN: u8 = 0xff;

/// The same for tests: a block of its own, as long as it was asked for, so that what is read too early or written too far shows.
fn with_exact<R>(bytes: usize, f: impl FnOnce(*mut u8) -> R) -> R {
    let mut block = vec![Line([UNWRITTEN; 64]); bytes.div_ceil(size_of::<Line>())];
    let result = f(block.as_mut_ptr().cast());
    let mut rest = block.iter().flat_map(|line| line.0).skip(bytes);
    assert!(rest.all(|byte| byte == UNWRITTEN), "a task wrote beyond its {bytes} bytes of scratch");
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_is_at_least_as_long_and_aligned() {
        for bytes in [0, 1, 64, 100] {
            with_scratch(bytes, |start| assert_eq!(start.addr() % 64, 0));
        }
    }

    #[test]
    #[should_panic(expected = "beyond its 3 bytes")]
    fn writing_too_far_is_found() {
        // SAFETY: a line is lent, of which three bytes were asked for.
        with_exact(3, |start| unsafe { start.add(3).write(0) });
    }
}
