//! Handles: the immutable value that a tensor has at one moment, recorded or traced; and the storage that several tensors see.

use super::lazy::Lazy;
use crate::eval::shared::Shared;
use cresset_ir::{Type, Value};
use std::cell::Cell;
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

/// What tensors that alias each other share: a current value, and its version.
pub struct Storage {
    current: Shared<Version>,
}

/// A value that a storage had at a time. No two have one number, in whatever order they come and go.
#[derive(Clone)]
pub struct Version {
    pub value: Handle,
    number: u64,
}

impl Version {
    fn new(value: Handle) -> Version {
        thread_local! { static LAST: Cell<u64> = const { Cell::new(0) }; }
        LAST.set(LAST.get() + 1);
        Version { value, number: LAST.get() }
    }
}

impl Storage {
    pub fn new(value: Handle) -> Rc<Storage> {
        Rc::new(Storage { current: Shared::new(Version::new(value)) })
    }

    pub fn current(&self) -> Handle {
        self.current.borrow().value.clone()
    }

    pub fn set(&self, value: Handle) {
        self.current.set(Version::new(value));
    }

    pub fn version(&self) -> u64 {
        self.current.borrow().number
    }

    /// The container of its value.
    pub fn shared(&self) -> &Shared<Version> {
        &self.current
    }
}
