//! The journal: which containers were written since a moment, and what they held then.
//!
//! A journal is an *epoch*; epochs nest. Containers carry the epoch in which they were made or last kept, so that a write costs a comparison,
//! and each container is kept once. What is made in an epoch belongs to it and is not kept.

use super::same::Same;
use super::shared::Part;
use cresset_ir::Span;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A moment: everything marked with a smaller number is older. 0 is before all journals.
pub type Epoch = u64;

thread_local! {
    /// The innermost open epoch; 0 while nothing is journaled.
    static OPEN: Cell<Epoch> = const { Cell::new(0) };
    /// The last number that was given.
    static LAST: Cell<Epoch> = const { Cell::new(0) };
    static WRITTEN: RefCell<Vec<Rc<Written>>> = const { RefCell::new(vec![]) };
    /// How many of them have a place.
    static PLACED: Cell<usize> = const { Cell::new(0) };
}

/// A container that was written.
pub trait Entry {
    fn address(&self) -> usize;

    /// Puts back what the container held.
    fn restore(&self);

    /// Whether the container holds the same as before.
    fn held_the_same(&self, with: &mut Same) -> bool;

    /// The part that was changed.
    fn changed(&self) -> Part;

    /// Whether what the container holds now is the same in the eyes of another call.
    fn holds_the_same(&self, with: &mut Same) -> bool;
}

/// An entry, and where the write stands in the source.
pub struct Written {
    pub entry: Box<dyn Entry>,
    pub at: Cell<Option<Span>>,
}

pub(super) fn record(entry: impl Entry + 'static) {
    let written = Rc::new(Written { entry: Box::new(entry), at: Cell::new(None) });
    WRITTEN.with_borrow_mut(|all| all.push(written));
}

/// The innermost open epoch; 0 while nothing is journaled.
pub fn epoch() -> Epoch {
    OPEN.get()
}

/// Runs something whose writes count as made before the epoch, as the loading of a module does.
pub fn paused<T>(run: impl FnOnce() -> T) -> T {
    let open = OPEN.replace(0);
    let result = run();
    OPEN.set(open);
    result
}

/// Whether there are writes without a place.
pub fn unplaced() -> bool {
    OPEN.get() != 0 && PLACED.get() < WRITTEN.with_borrow(Vec::len)
}

/// Gives a place to the writes that have none.
pub fn place(at: Option<Span>) {
    WRITTEN.with_borrow(|all| {
        all.iter().skip(PLACED.replace(all.len())).for_each(|written| written.at.set(at));
    });
}

/// An open epoch. Its writes are taken back when it ends.
pub struct Journal {
    pub epoch: Epoch,
    outer: Epoch,
    start: usize,
}

impl Journal {
    pub fn open() -> Journal {
        let epoch = LAST.get() + 1;
        LAST.set(epoch);
        let start = WRITTEN.with_borrow(Vec::len);
        Journal { epoch, outer: OPEN.replace(epoch), start }
    }

    /// What was written since it was opened, in order.
    pub fn written(&self) -> Vec<Rc<Written>> {
        WRITTEN.with_borrow(|all| all[self.start..].to_vec())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let written = WRITTEN.with_borrow_mut(|all| all.split_off(self.start));
        written.iter().rev().for_each(|written| written.entry.restore());
        PLACED.set(PLACED.get().min(self.start));
        OPEN.set(self.outer);
    }
}
