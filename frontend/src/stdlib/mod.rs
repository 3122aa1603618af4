//! The built-in names, and the modules that come with the evaluator.
//!
//! What needs the machine is written in Rust, the rest in the language itself: `frontend/stdlib/*.py`, parsed when it is first imported.

mod builtins;
mod containers;
mod exceptions;
mod inspect;
mod math;
mod numbers;
mod objects;
mod sequences;
mod strings;
mod system;

pub(crate) use objects::default_method;

use crate::eval::native::Native;
use crate::eval::{Interp, Row, Value};
use std::rc::Rc;

/// Modules written in the language.
const SOURCES: &[(&str, &str)] = &[
    ("abc", include_str!("../../stdlib/abc.py")),
    ("collections", include_str!("../../stdlib/collections.py")),
    ("collections.abc", include_str!("../../stdlib/collections_abc.py")),
    ("contextlib", include_str!("../../stdlib/contextlib.py")),
    ("copy", include_str!("../../stdlib/copy.py")),
    ("dataclasses", include_str!("../../stdlib/dataclasses.py")),
    ("enum", include_str!("../../stdlib/enum.py")),
    ("functools", include_str!("../../stdlib/functools.py")),
    ("inspect", include_str!("../../stdlib/inspect.py")),
    ("itertools", include_str!("../../stdlib/itertools.py")),
    ("logging", include_str!("../../stdlib/logging.py")),
    ("numbers", include_str!("../../stdlib/numbers.py")),
    ("operator", include_str!("../../stdlib/operator.py")),
    ("types", include_str!("../../stdlib/types.py")),
    ("typing", include_str!("../../stdlib/typing.py")),
    ("typing_extensions", include_str!("../../stdlib/typing.py")),
    ("warnings", include_str!("../../stdlib/warnings.py")),
];

/// Fills the built-in namespace and registers the modules.
pub fn install(it: &mut Interp) {
    for class in it.types.each() {
        it.builtins.borrow_mut().insert(&class.name, Value::Class(class.clone()));
    }
    builtins::install(it);
    objects::install(it);
    exceptions::install(it);
    numbers::install(it);
    strings::install(it);
    sequences::install(it);
    containers::install(it);
    SOURCES.iter().for_each(|(name, text)| it.register_source_module(name, text));
    it.register_native_module("_inspect", inspect::build);
    it.register_native_module("math", math::build);
    system::install(it);
}

/// Puts functions into a namespace.
fn functions(it: &mut Interp, rows: &'static [Row]) {
    rows.iter().for_each(|row| drop(it.builtins.borrow_mut().insert(row.0, Native::function(row))));
}

/// Gives a class its methods. `__new__` takes the class and is not bound.
pub fn methods(class: &crate::eval::Class, rows: &'static [Row]) {
    for row in rows {
        let value = match row.0 {
            "__new__" => Value::StaticMethod(Rc::new(Native::function(row))),
            _ => Native::method(row),
        };
        class.set(row.0, value);
    }
}
