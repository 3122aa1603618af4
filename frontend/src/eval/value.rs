//! Values of the language: what a name can be bound to.
//!
//! Cloning a value is cheap: containers and objects are shared, as in Python. Values belong to one thread.

use super::dict::Dict;
use super::foreign::Foreign;
use super::iter::Iter;
use super::native::Native;
use super::object::{Class, Function, Instance, Method, Property, Super};
use super::shared::Shared;
use crate::import::Module;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone)]
pub enum Value {
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    /// Integers beyond 64 bits are an `OverflowError`.
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Tuple(Rc<[Value]>),
    List(Shared<Vec<Value>>),
    Dict(Shared<Dict>),
    View(Rc<View>),
    Set(Rc<Set>),
    Slice(Rc<Slice>),
    Range(Range),
    Function(Rc<Function>),
    Method(Rc<Method>),
    Native(Rc<Native>),
    Class(Rc<Class>),
    Instance(Rc<Instance>),
    Module(Rc<Module>),
    Iter(Rc<Iter>),
    Property(Rc<Property>),
    StaticMethod(Rc<Value>),
    ClassMethod(Rc<Value>),
    Super(Rc<Super>),
    /// A value of another layer: a tensor, a dtype, a symbolic size.
    Foreign(Rc<dyn Foreign>),
}

/// A set; its elements are the keys of a dict.
pub struct Set {
    pub items: Shared<Dict>,
    pub frozen: bool,
}

pub struct Slice {
    pub lower: Value,
    pub upper: Value,
    pub step: Value,
}

/// `range(start, stop, step)`; the step is not zero.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Range {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
}

impl Range {
    pub fn len(self) -> i64 {
        let (start, stop, step) = (self.start as i128, self.stop as i128, self.step as i128);
        let span = if step > 0 { stop - start } else { start - stop };
        ((span + step.abs() - 1) / step.abs()).clamp(0, i64::MAX as i128) as i64
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at a position in `0..len`.
    pub fn at(self, index: i64) -> i64 {
        self.start.wrapping_add(index.wrapping_mul(self.step))
    }

    pub fn position(self, value: i64) -> Option<i64> {
        let offset = value as i128 - self.start as i128;
        let index = offset / self.step as i128;
        (offset % self.step as i128 == 0 && (0..self.len() as i128).contains(&index)).then_some(index as i64)
    }
}

/// What `dict.keys()`, `.values()` and `.items()` give: a live look at the dict.
pub struct View {
    pub dict: Shared<Dict>,
    pub part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Keys,
    Values,
    Items,
}

impl Part {
    pub fn of(self, key: &Value, value: &Value) -> Value {
        match self {
            Part::Keys => key.clone(),
            Part::Values => value.clone(),
            Part::Items => Value::tuple([key.clone(), value.clone()]),
        }
    }
}

impl Value {
    pub fn str(text: impl Into<Arc<str>>) -> Value {
        Value::Str(text.into())
    }

    pub fn tuple(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Tuple(items.into_iter().collect())
    }

    pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::List(Shared::new(items.into_iter().collect()))
    }

    pub fn dict(dict: Dict) -> Value {
        Value::Dict(Shared::new(dict))
    }

    pub fn set(items: Dict, frozen: bool) -> Value {
        Value::Set(Rc::new(Set { items: Shared::new(items), frozen }))
    }

    pub fn foreign(value: impl Foreign) -> Value {
        Value::Foreign(Rc::new(value))
    }

    pub fn as_str(&self) -> Option<&str> {
        match self.primitive() {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// Integers, and what counts as one: booleans and members of an `IntEnum`.
    pub fn as_int(&self) -> Option<i64> {
        match self.primitive() {
            Value::Int(i) => Some(*i),
            Value::Bool(b) => Some(*b as i64),
            _ => None,
        }
    }

    /// Any real number.
    pub fn as_float(&self) -> Option<f64> {
        match self.primitive() {
            Value::Float(f) => Some(*f),
            other => other.as_int().map(|i| i as f64),
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// The built-in value that an instance of a subclass (`class Names(dict)`) extends; the value itself otherwise.
    pub fn primitive(&self) -> &Value {
        match self {
            Value::Instance(instance) => instance.base.as_ref().unwrap_or(self),
            other => other,
        }
    }

    /// The foreign value behind this one, when it is of type `T`.
    pub fn downcast<T: Foreign>(&self) -> Option<&T> {
        match self.primitive() {
            Value::Foreign(f) => (f.as_ref() as &dyn std::any::Any).downcast_ref(),
            _ => None,
        }
    }

    /// Identity, as `is` and `id` see it.
    pub fn address(&self) -> usize {
        fn of<T: ?Sized>(rc: &Rc<T>) -> usize {
            Rc::as_ptr(rc) as *const () as usize
        }
        match self {
            Value::None => 1,
            Value::Ellipsis => 2,
            Value::NotImplemented => 3,
            Value::Bool(b) => 4 + *b as usize,
            Value::Int(i) => (*i as usize).wrapping_mul(32).wrapping_add(6),
            Value::Float(f) => f.to_bits() as usize ^ 7,
            Value::Str(s) => s.as_ptr() as usize,
            Value::Bytes(b) => b.as_ptr() as usize,
            Value::Tuple(t) => of(t),
            Value::List(l) => l.address(),
            Value::Dict(d) => d.address(),
            Value::View(v) => of(v),
            Value::Set(s) => of(s),
            Value::Slice(s) => of(s),
            Value::Range(r) => (r.start as usize) ^ (r.stop as usize).rotate_left(20) ^ (r.step as usize).rotate_left(40),
            Value::Function(f) => of(f),
            Value::Method(m) => of(m),
            Value::Native(n) => of(n),
            Value::Class(c) => of(c),
            Value::Instance(i) => of(i),
            Value::Module(m) => of(m),
            Value::Iter(i) => of(i),
            Value::Property(p) => of(p),
            Value::StaticMethod(f) | Value::ClassMethod(f) => of(f),
            Value::Super(s) => of(s),
            Value::Foreign(f) => of(f),
        }
    }

    /// The `is` operator. Equal numbers and strings are identical, as small ones and literals are in CPython.
    pub fn is(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Tuple(a), Value::Tuple(b)) if a.is_empty() && b.is_empty() => true,
            (Value::Range(a), Value::Range(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && self.address() == other.address(),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Value {
        Value::Int(i)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Value {
        Value::Float(f)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Value {
        Value::Str(s.into())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Value {
        Value::Str(s.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Value {
        v.map_or(Value::None, Into::into)
    }
}
