//! `torch.nn`: the machinery of `nn.Module`, written here; the layers, written in the language under `torch/nn`.
//!
//! A module is an ordinary instance. Its parameters, buffers, children and hooks are dicts in its own `__dict__`, under PyTorch's names, so
//! that code which reaches into them works. Children are always asked through their own methods (`train`, `_apply`, `state_dict`): an
//! override of the program is seen.

mod attr;
mod call;
mod convert;
mod hook;
mod load;
mod member;
mod mode;
mod orthonormal;
mod parameter;
mod register;
mod repr;
mod save;
mod sources;
pub mod state;
mod walk;

use super::{Cx, Torch};
use crate::eval::interp::Interp;
use crate::eval::native::{Bound, Native};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::import::Module;
use std::rc::Rc;

/// A line of a table of methods: name, parameters, body.
type Row = (&'static str, &'static str, fn(&mut Cx, &Bound) -> Eval);

const METHODS: &[&[Row]] = &[
    attr::METHODS,
    register::METHODS,
    call::METHODS,
    hook::METHODS,
    walk::METHODS,
    mode::METHODS,
    convert::METHODS,
    save::METHODS,
    load::METHODS,
    repr::METHODS,
];

/// Fills the class `Module`, and makes `torch.nn` importable. Nothing of it is parsed before one of its names is asked for.
pub fn install(it: &mut Interp, torch: &Rc<Torch>) {
    let module = &torch.classes.module;
    module.set("__module__", "torch.nn.modules.module");
    module.set("_version", 1i64);
    module.set("call_super_init", false);
    module.set("dump_patches", false);
    for &(name, params, run) in METHODS.iter().copied().flatten() {
        module.set(name, method(torch, name, params, run));
    }
    let namespace = Module::native("torch.nn.modules.module");
    namespace.set("Module", Value::Class(module.clone()));
    namespace.set("_IncompatibleKeys", Value::Class(load::incompatible_keys(it)));
    let parameter = parameter::install(torch);
    parameter.set("_orthonormal", function(torch, "_orthonormal", "matrix", orthonormal::orthonormal));
    it.remember(&namespace);
    it.remember(&parameter);
    sources::install(it);
    if let Ok(Some(root)) = it.find_module("torch") {
        root.set("typename", function(torch, "typename", "obj", |cx, a| Ok(cx.typename(a.at(0)).into())));
    }
}

fn method(torch: &Rc<Torch>, name: &str, params: &str, run: fn(&mut Cx, &Bound) -> Eval) -> Value {
    let torch = torch.clone();
    Value::Native(Native::new(name, params, move |it, bound| run(&mut Cx { it, torch: &torch }, bound), true))
}

fn function(torch: &Rc<Torch>, name: &str, params: &str, run: fn(&mut Cx, &Bound) -> Eval) -> Value {
    let torch = torch.clone();
    Native::closure(name, params, move |it, bound| run(&mut Cx { it, torch: &torch }, bound))
}
