//! `torch.no_grad()` and its like: context managers that are decorators too. Gradients are not recorded here, so they only set the flag
//! that `torch.is_grad_enabled()` reads.

use super::Torch;
use crate::eval::foreign::Foreign;
use crate::eval::interp::Interp;
use crate::eval::native::{Args, Native};
use crate::eval::object::Class;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use std::cell::Cell;
use std::rc::Rc;

/// A running or reusable `with torch.no_grad():`.
pub struct GradMode {
    torch: Rc<Torch>,
    class: Rc<Class>,
    enable: bool,
    before: Cell<bool>,
}

impl GradMode {
    pub fn value(torch: &Rc<Torch>, class: Rc<Class>, enable: bool) -> Value {
        Value::foreign(GradMode { torch: torch.clone(), class, enable, before: Cell::new(*torch.grad.borrow()) })
    }
}

impl Foreign for GradMode {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.class.clone()
    }

    /// As a decorator it gives the function back: nothing that the function computes depends on the mode.
    fn call(&self, _: &mut Interp, _: &Value, args: Args) -> Eval<Option<Value>> {
        Ok(args.pos.into_iter().next())
    }

    fn repr(&self, _: &mut Interp) -> Eval<String> {
        Ok(format!("<torch.{}>", self.class.name))
    }
}

/// The methods of context managers, for the class.
pub fn install(class: &Rc<Class>) {
    class.set(
        "__enter__",
        Value::Native(Native::new(
            "__enter__",
            "self",
            |_, a| {
                if let Some(mode) = a.at(0).downcast::<GradMode>() {
                    mode.before.set(*mode.torch.grad.borrow());
                    mode.torch.grad.set(mode.enable);
                }
                Ok(a.at(0).clone())
            },
            true,
        )),
    );
    class.set(
        "__exit__",
        Value::Native(Native::new(
            "__exit__",
            "self *rest",
            |_, a| {
                if let Some(mode) = a.at(0).downcast::<GradMode>() {
                    mode.torch.grad.set(mode.before.get());
                }
                Ok(Value::Bool(false))
            },
            true,
        )),
    );
}
