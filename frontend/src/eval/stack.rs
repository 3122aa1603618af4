//! The machine stack: evaluation recurses on it, so it runs on a thread with a large one, and looks before it goes deeper.

use std::cell::Cell;

/// Reserved for an evaluation; pages that are not touched cost nothing.
const RESERVE: usize = 1 << 30;

/// Kept free below the limit, for native code that does not look.
const MARGIN: usize = 256 << 10;

/// What a thread of unknown origin is trusted with.
const MODEST: usize = 1 << 20;

thread_local! {
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// The address of something on the stack.
fn here() -> usize {
    let marker = 0u8;
    std::hint::black_box(&marker) as *const u8 as usize
}

/// Whether there is room for another level of evaluation.
pub fn has_room() -> bool {
    LIMIT.with(|limit| {
        if limit.get() == 0 {
            limit.set(here().saturating_sub(MODEST - MARGIN));
        }
        here() > limit.get()
    })
}

/// Runs a function on a thread whose stack is large enough for a thousand Python frames.
///
/// # Panics
/// Where the function does, or when the system has no thread to give.
pub fn on_big_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let body = || {
            LIMIT.with(|limit| limit.set(here().saturating_sub(RESERVE - MARGIN)));
            run()
        };
        let thread = std::thread::Builder::new().stack_size(RESERVE).spawn_scoped(scope, body).expect("a thread starts");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
