//! Handles: the immutable value that a tensor has at one moment, recorded or traced; and the storage that several tensors see.

use super::lazy::Lazy;
use cresset_ir::{Type, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[derive(Clone)]
pub enum Handle {
    /// Stage 1: recorded, computed on demand.
    Lazy(Rc<Lazy>),
    /// Stage 2: a value of the graph of a trace.
    Traced(Rc<Traced>),
}

pub struct Traced {
    pub value: Value,
    pub ty: Type,
    /// The number of the trace that it belongs to.
    pub trace: u64,
}

impl Handle {
    pub fn ty(&self) -> &Type {
        match self {
            Handle::Lazy(lazy) => &lazy.ty,
            Handle::Traced(traced) => &traced.ty,
        }
    }

    pub fn rank(&self) -> usize {
        self.ty().rank()
    }
}

/// What tensors that alias each other share: a current value, and how often it was replaced.
pub struct Storage {
    current: RefCell<Handle>,
    version: Cell<u64>,
    /// The trace in which it was made; 0 outside of one.
    pub born: u64,
}

impl Storage {
    pub fn new(value: Handle, born: u64) -> Rc<Storage> {
        Rc::new(Storage { current: RefCell::new(value), version: Cell::new(0), born })
    }

    pub fn current(&self) -> Handle {
        self.current.borrow().clone()
    }

    pub fn set(&self, value: Handle) {
        self.version.set(self.version.get() + 1);
        *self.current.borrow_mut() = value;
    }

    pub fn version(&self) -> u64 {
        self.version.get()
    }
}
