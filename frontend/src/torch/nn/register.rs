//! Registration by name: parameters, buffers and children.

use super::Row;
use super::attr::insert;
use super::member::{self, BUFFERS, MODULES, PARAMETERS};
use crate::eval::dict::Key;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::{Cx, Tensor};

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("register_parameter", "self name param",               parameter),
    ("register_buffer",    "self name tensor persistent?",  buffer),
    ("register_module",    "self name module",              module),
    ("add_module",         "self name module",              module),
];

fn parameter(cx: &mut Cx, a: &Bound) -> Eval {
    let name = require(cx, a, "parameter", PARAMETERS)?;
    cx.register_parameter(a.at(0), name, a.at(2)).map(|()| Value::None)
}

fn buffer(cx: &mut Cx, a: &Bound) -> Eval {
    let name = require(cx, a, "buffer", BUFFERS)?;
    let persistent = a.get(3).cloned().unwrap_or(Value::Bool(true));
    cx.register_buffer(a.at(0), name, a.at(2), &persistent).map(|()| Value::None)
}

fn module(cx: &mut Cx, a: &Bound) -> Eval {
    let (this, child) = (a.at(0), a.at(2));
    if !child.is_none() && !cx.is_module(child) {
        return Err(cx.it.type_error(format!("{} is not a Module subclass", cx.typename(child))));
    }
    let name = require(cx, a, "module", MODULES)?;
    refuse_taken(cx, this, MODULES, name)?;
    match name {
        "" => return Err(cx.it.error("KeyError", "module name can't be empty string \"\"")),
        _ if name.contains('.') => return Err(cx.it.error("KeyError", format!("module name can't contain \".\", got: {name}"))),
        _ => insert(this, MODULES, name, child),
    }
    Ok(Value::None)
}

/// The name argument, of a module that has been initialised.
fn require<'a>(cx: &Cx, a: &'a Bound, role: &str, dict: &str) -> Eval<&'a str> {
    if member::members(a.at(0), dict).is_none() {
        return Err(cx.attribute_error(format!("cannot assign {role} before Module.__init__() call")));
    }
    cx.text(a.at(1), &format!("{role} name"))
}

fn refuse_taken(cx: &mut Cx, this: &Value, dict: &str, name: &str) -> Eval<()> {
    let is_own = member::members(this, dict).is_some_and(|members| members.borrow().get_str(name).is_some());
    match !is_own && cx.it.getattr_opt(this, name)?.is_some() {
        true => Err(cx.it.error("KeyError", format!("attribute '{name}' already exists"))),
        false => Ok(()),
    }
}

fn check_name(cx: &mut Cx, this: &Value, role: &str, dict: &str, name: &str) -> Eval<()> {
    match name {
        "" => Err(cx.it.error("KeyError", format!("{role} name can't be empty string \"\""))),
        _ if name.contains('.') => Err(cx.it.error("KeyError", format!("{role} name can't contain \".\""))),
        _ => refuse_taken(cx, this, dict, name),
    }
}

impl Cx<'_> {
    pub fn register_parameter(&mut self, this: &Value, name: &str, value: &Value) -> Eval<()> {
        check_name(self, this, "parameter", PARAMETERS, name)?;
        if !value.is_none() && !member::is_parameter(value) {
            let text = format!(
                "cannot assign '{}' object to parameter '{name}' (torch.nn.Parameter or None required)",
                self.typename(value)
            );
            return Err(self.it.type_error(text));
        }
        insert(this, PARAMETERS, name, value);
        Ok(())
    }

    pub fn register_buffer(&mut self, this: &Value, name: &str, value: &Value, persistent: &Value) -> Eval<()> {
        if member::members(this, BUFFERS).is_none() {
            return Err(self.attribute_error("cannot assign buffer before Module.__init__() call"));
        }
        check_name(self, this, "buffer", BUFFERS, name)?;
        if !value.is_none() && value.downcast::<Tensor>().is_none() {
            let text =
                format!("cannot assign '{}' object to buffer '{name}' (torch Tensor or None required)", self.typename(value));
            return Err(self.it.type_error(text));
        }
        let persistent = self.it.truth(persistent)?;
        insert(this, BUFFERS, name, value);
        if let Some(transient) = member::transient(this) {
            match persistent {
                true => drop(transient.items.borrow_mut().remove_str(name)),
                false => drop(transient.items.borrow_mut().insert(Key::from(name), Value::None)),
            }
        }
        Ok(())
    }
}
