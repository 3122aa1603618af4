//! What exceptions can do.

use super::methods;
use crate::eval::{Instance, Interp, Row, Value};

pub fn install(it: &mut Interp) {
    methods(&it.types.exception("BaseException"), METHODS);
    methods(
        &it.types.exception("StopIteration"),
        &[("__init__", "self *args", |_, a| {
            if let Value::Instance(error) = a.at(0) {
                error.set("args", Value::tuple(a.rest.clone()));
                error.set("value", a.rest.first().cloned().unwrap_or(Value::None));
            }
            Ok(Value::None)
        })],
    );
    for (alias, name) in [("IOError", "OSError"), ("EnvironmentError", "OSError")] {
        let class = Value::Class(it.types.exception(name));
        it.builtins.borrow_mut().insert(alias, class);
    }
}

const METHODS: &[Row] = &[
    ("__new__", "class *args **named", |it, a| match a.at(0) {
        Value::Class(class) => {
            let error = Instance::new(class.clone(), None);
            error.set("args", Value::tuple(a.rest.clone()));
            Ok(Value::Instance(error))
        }
        _ => Err(it.type_error("an exception class is needed")),
    }),
    ("__init__", "self *args", |_, a| {
        if let Value::Instance(error) = a.at(0) {
            error.set("args", Value::tuple(a.rest.clone()));
        }
        Ok(Value::None)
    }),
    ("with_traceback", "self traceback", |_, a| Ok(a.at(0).clone())),
    ("add_note", "self note", |_, _| Ok(Value::None)),
];
