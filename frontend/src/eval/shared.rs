//! Shared containers: everything that code can change after it was made is held in one.
//!
//! Law: lists, dicts, sets, namespaces, variables and what a tensor shows are reached through [`Shared`] only, and a write goes through
//! [`Shared::borrow_mut`], which tells the [`journal`](super::journal). So no write can be forgotten there.

use super::journal::{self, Epoch};
use super::same::Same;
use std::cell::{Cell, Ref, RefCell, RefMut};
use std::rc::Rc;

/// What a container holds.
pub trait Content: Clone + 'static {
    /// Whether it is the same as what another call left in its place.
    fn same(&self, other: &Self, with: &mut Same) -> bool;

    /// The part that differs in what it became.
    fn changed(&self, _now: &Self) -> Part {
        Part::Whole
    }
}

/// A part of what a container holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// The value under a name.
    Named(String),
    /// The value at a position.
    At(usize),
    Whole,
}

/// A mutable value with an identity, owned in common.
pub struct Shared<T>(Rc<Inner<T>>);

struct Inner<T> {
    /// The epoch in which it was made or in which its value was last kept.
    mark: Cell<Epoch>,
    value: RefCell<T>,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared(self.0.clone())
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared::new(T::default())
    }
}

impl<T> Shared<T> {
    pub fn new(value: T) -> Shared<T> {
        Shared(Rc::new(Inner { mark: Cell::new(journal::epoch()), value: RefCell::new(value) }))
    }

    pub fn borrow(&self) -> Ref<'_, T> {
        self.0.value.borrow()
    }

    pub fn is(&self, other: &Shared<T>) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Identity as a number.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as *const () as usize
    }

    /// The epoch in which it was made or first written.
    pub fn mark(&self) -> Epoch {
        self.0.mark.get()
    }
}

impl<T: Content> Shared<T> {
    /// The value, to be changed; a journal that is open and younger than the container keeps what it held.
    pub fn borrow_mut(&self) -> RefMut<'_, T> {
        if self.0.mark.get() < journal::epoch() {
            self.keep();
        }
        self.0.value.borrow_mut()
    }

    pub fn set(&self, value: T) {
        *self.borrow_mut() = value;
    }

    #[cold]
    fn keep(&self) {
        let mark = self.0.mark.replace(journal::epoch());
        journal::record(Kept { of: self.clone(), before: RefCell::new(self.0.value.borrow().clone()), mark });
    }
}

impl<T: Content + Default> Shared<T> {
    pub fn take(&self) -> T {
        std::mem::take(&mut *self.borrow_mut())
    }
}

/// What a container held before its first write in an epoch.
struct Kept<T> {
    of: Shared<T>,
    before: RefCell<T>,
    mark: Epoch,
}

impl<T: Content> journal::Entry for Kept<T> {
    fn address(&self) -> usize {
        self.of.address()
    }

    fn restore(&self) {
        self.of.0.value.swap(&self.before);
        self.of.0.mark.set(self.mark);
    }

    fn held_the_same(&self, with: &mut Same) -> bool {
        self.before.borrow().same(&self.of.borrow(), with)
    }

    fn changed(&self) -> Part {
        self.before.borrow().changed(&self.of.borrow())
    }

    fn holds_the_same(&self, with: &mut Same) -> bool {
        self.of.borrow().same(&self.of.borrow(), with)
    }
}
