//! Control flow on what is not known while tracing: assertions and guarded raises on sizes become conditions of calling the graph;
//! everything else is refused.

use super::item;
use super::size::SymBool;
use crate::eval::Flow;
use crate::eval::control::{Code, Control, Item};
use crate::eval::foreign::Truth;
use crate::eval::frame::Frame;
use crate::eval::interp::Interp;
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use std::rc::Rc;

pub(super) struct Tracing;

impl Tracing {
    /// The error of a condition that cannot be decided.
    fn refuse(&self, it: &mut Interp, test: &Value) -> Box<Raise> {
        let reason = match test {
            Value::Foreign(foreign) => match foreign.clone().truth(it, test) {
                Ok(Truth::Unknown(reason)) => reason,
                Ok(Truth::Known(_)) => item::undecided(it),
                Err(raise) => return raise,
            },
            _ => item::undecided(it),
        };
        it.fatal(reason)
    }
}

impl Control for Tracing {
    /// `if relation: raise Error(message)`: the opposite of the relation is a condition of the call, with the error's message.
    fn branch(&self, it: &mut Interp, _: &Rc<Frame>, test: &Value, then: Code<Flow>, otherwise: Code<Flow>) -> Eval<Flow> {
        let Some(relation) = test.downcast::<SymBool>() else { return Err(self.refuse(it, test)) };
        let place = it.span;
        let message = raised(it, then);
        it.span = place;
        match message {
            Some(message) => {
                relation.guard(it, false, message);
                otherwise(it)
            }
            None => Err(self.refuse(it, test)),
        }
    }

    fn select(&self, it: &mut Interp, test: &Value, _: Code<Value>, _: Code<Value>) -> Eval {
        Err(self.refuse(it, test))
    }

    fn repeat(&self, it: &mut Interp, _: &Rc<Frame>, first: &Value, _: Code<Value>, _: Code<Flow>) -> Eval<Flow> {
        Err(self.refuse(it, first))
    }

    fn each(&self, _: &mut Interp, _: &Rc<Frame>, _: &Value, _: Item) -> Eval<Option<Flow>> {
        Ok(None)
    }

    fn assume(&self, it: &mut Interp, test: &Value, message: Code<Value>) -> Eval<()> {
        let Some(relation) = test.downcast::<SymBool>() else { return Err(self.refuse(it, test)) };
        let place = it.span;
        let message = message(it)?;
        it.span = place;
        let message = if message.is_none() { String::new() } else { it.str(&message)? };
        relation.guard(it, true, message);
        Ok(())
    }
}

/// The message of the exception that a branch raises; none where it does anything else.
fn raised(it: &mut Interp, branch: Code<Flow>) -> Option<String> {
    match *branch(it).err()? {
        Raise::Exception(thrown) => it.str(&Value::Instance(thrown.value)).ok(),
        Raise::Fatal(_) => None,
    }
}
