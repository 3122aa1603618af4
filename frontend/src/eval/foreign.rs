//! The extension point: values of other layers (tensors, dtypes, symbolic sizes) behave as Python objects by this trait.
//!
//! Each operation may answer `None` for "not defined here": the evaluator then tries the class's attributes, the other operand, and at last
//! raises Python's own `TypeError`.

use super::interp::Interp;
use super::native::Args;
use super::object::Class;
use super::raise::Eval;
use super::same::Same;
use super::value::Value;
use crate::lang::ast::{BinaryOp, CompareOp, UnaryOp};
use cresset_ir::Diagnostic;
use std::any::Any;
use std::rc::Rc;

/// Whether a value counts as true.
pub enum Truth {
    Known(bool),
    /// Decided when the program runs; the diagnostic says so where a known value is needed.
    Unknown(Diagnostic),
}

#[allow(unused_variables)]
pub trait Foreign: Any {
    /// The class that `type()` gives, where `isinstance` starts and methods are looked up.
    fn class(&self, it: &Interp) -> Rc<Class>;

    /// An attribute, before those of the class.
    fn getattr(&self, it: &mut Interp, this: &Value, name: &str) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// Sets an attribute; false where there is none to set.
    fn setattr(&self, it: &mut Interp, this: &Value, name: &str, value: Value) -> Eval<bool> {
        Ok(false)
    }

    fn call(&self, it: &mut Interp, this: &Value, args: Args) -> Eval<Option<Value>> {
        Ok(None)
    }

    fn unary(&self, it: &mut Interp, this: &Value, op: UnaryOp) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// `this op other`, or `other op this` when `reflected`.
    fn binary(&self, it: &mut Interp, this: &Value, op: BinaryOp, other: &Value, reflected: bool) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// `this op= other`: the value to rebind. Without an answer, [`Foreign::binary`] is asked.
    fn inplace(&self, it: &mut Interp, this: &Value, op: BinaryOp, other: &Value) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// `this op other` for the six orderings; the evaluator mirrors the operator when the foreign value stands on the right.
    fn compare(&self, it: &mut Interp, this: &Value, op: CompareOp, other: &Value) -> Eval<Option<Value>> {
        Ok(None)
    }

    fn contains(&self, it: &mut Interp, this: &Value, item: &Value) -> Eval<Option<bool>> {
        Ok(None)
    }

    fn getitem(&self, it: &mut Interp, this: &Value, index: &Value) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// Stores an item; false where items cannot be stored.
    fn setitem(&self, it: &mut Interp, this: &Value, index: &Value, value: Value) -> Eval<bool> {
        Ok(false)
    }

    /// Deletes an item; false where items cannot be deleted.
    fn delitem(&self, it: &mut Interp, this: &Value, index: &Value) -> Eval<bool> {
        Ok(false)
    }

    fn len(&self, it: &mut Interp) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// An iterator.
    fn iter(&self, it: &mut Interp, this: &Value) -> Eval<Option<Value>> {
        Ok(None)
    }

    fn truth(&self, it: &mut Interp, this: &Value) -> Eval<Truth> {
        Ok(Truth::Known(true))
    }

    /// A value that is hashed and compared in place of this one; identity without an answer.
    fn hash_key(&self) -> Option<Value> {
        None
    }

    fn repr(&self, it: &mut Interp) -> Eval<String>;

    fn str(&self, it: &mut Interp) -> Eval<String> {
        self.repr(it)
    }

    fn format(&self, it: &mut Interp, spec: &str) -> Eval<Option<String>> {
        Ok(None)
    }

    /// The integer that this value is, where an index or a size is needed.
    fn index(&self, it: &mut Interp) -> Eval<Option<i64>> {
        Ok(None)
    }

    /// `int(this)` (`bool`, `float`): the name of the built-in type is given.
    fn convert(&self, it: &mut Interp, this: &Value, to: &str) -> Eval<Option<Value>> {
        Ok(None)
    }

    /// Whether another call left the same in the place of this value.
    fn same(&self, this: &Value, other: &Value, with: &mut Same) -> bool {
        let keys = |a: &Value, b: &Value| match (a, b) {
            (Value::Foreign(a), Value::Foreign(b)) => a.hash_key().zip(b.hash_key()),
            _ => None,
        };
        this.is(other) || keys(this, other).is_some_and(|(a, b)| with.value(&a, &b))
    }

    /// The containers that hold what may change of it.
    fn containers(&self) -> Vec<usize> {
        vec![]
    }

    fn deepcopy(&self, it: &mut Interp, this: &Value, memo: &Value) -> Eval<Option<Value>> {
        Ok(None)
    }
}
