//! Registration of hooks. Each is kept in a dict under the number of its handle, which removes it again.

use super::Row;
use super::member::{self, Members};
use crate::eval::native::{Args, Bound};
use crate::eval::object::Method;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::Cx;
use std::rc::Rc;

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("register_forward_pre_hook",           "self hook * prepend? with_kwargs?",              forward_pre),
    ("register_forward_hook",               "self hook * prepend? with_kwargs? always_call?", forward),
    ("register_full_backward_pre_hook",     "self hook prepend?",                             backward_pre),
    ("register_full_backward_hook",         "self hook prepend?",                             backward),
    ("register_backward_hook",              "self hook",                                      backward),
    ("register_state_dict_pre_hook",        "self hook",                                      save_pre),
    ("register_state_dict_post_hook",       "self hook",                                      save),
    ("_register_state_dict_hook",           "self hook",                                      save),
    ("register_load_state_dict_pre_hook",   "self hook",                                      load_pre),
    ("_register_load_state_dict_pre_hook",  "self hook with_module?",                         load_pre_plain),
    ("register_load_state_dict_post_hook",  "self hook",                                      load_post),
];

fn forward_pre(cx: &mut Cx, a: &Bound) -> Eval {
    add(cx, a, "_forward_pre_hooks", a.at(1).clone(), a.at(2), &[("_forward_pre_hooks_with_kwargs", a.at(3))])
}

fn forward(cx: &mut Cx, a: &Bound) -> Eval {
    let options = [("_forward_hooks_with_kwargs", a.at(3)), ("_forward_hooks_always_called", a.at(4))];
    add(cx, a, "_forward_hooks", a.at(1).clone(), a.at(2), &options)
}

// Gradients are not computed here: hooks of the backward pass are kept and never called.
fn backward_pre(cx: &mut Cx, a: &Bound) -> Eval {
    add(cx, a, "_backward_pre_hooks", a.at(1).clone(), a.at(2), &[])
}

fn backward(cx: &mut Cx, a: &Bound) -> Eval {
    add(cx, a, "_backward_hooks", a.at(1).clone(), a.at(2), &[])
}

fn save_pre(cx: &mut Cx, a: &Bound) -> Eval {
    add(cx, a, "_state_dict_pre_hooks", a.at(1).clone(), &Value::None, &[])
}

fn save(cx: &mut Cx, a: &Bound) -> Eval {
    add(cx, a, "_state_dict_hooks", a.at(1).clone(), &Value::None, &[])
}

/// A hook whose first argument is the module.
fn load_pre(cx: &mut Cx, a: &Bound) -> Eval {
    let hook = Value::Method(Rc::new(Method { this: a.at(0).clone(), func: a.at(1).clone() }));
    add(cx, a, "_load_state_dict_pre_hooks", hook, &Value::None, &[])
}

fn load_pre_plain(cx: &mut Cx, a: &Bound) -> Eval {
    match cx.it.truth(a.at(2))? {
        true => load_pre(cx, a),
        false => add(cx, a, "_load_state_dict_pre_hooks", a.at(1).clone(), &Value::None, &[]),
    }
}

fn load_post(cx: &mut Cx, a: &Bound) -> Eval {
    add(cx, a, "_load_state_dict_post_hooks", a.at(1).clone(), &Value::None, &[])
}

/// Adds a hook to a dict, and its number to the dicts of the options that are set.
fn add(cx: &mut Cx, a: &Bound, dict: &str, hook: Value, prepend: &Value, options: &[(&str, &Value)]) -> Eval {
    let Some(hooks) = member::members(a.at(0), dict) else {
        return Err(cx.attribute_error("cannot register a hook before Module.__init__() call"));
    };
    let mut extra: Vec<Members> = vec![];
    for (option, flag) in options {
        if cx.it.truth(flag)?
            && let Some(listed) = member::members(a.at(0), option)
        {
            extra.push(listed);
        }
    }
    let handle = new_handle(cx, &hooks, &extra)?;
    let id = cx.it.getattr(&handle, "id")?;
    let key = cx.it.key(&id)?;
    hooks.borrow_mut().insert(key.clone(), hook);
    extra.iter().for_each(|listed| drop(listed.borrow_mut().insert(key.clone(), Value::Bool(true))));
    if cx.it.truth(prepend)? {
        hooks.borrow_mut().move_entry(&key, false);
    }
    Ok(handle)
}

fn new_handle(cx: &mut Cx, hooks: &Members, extra: &[Members]) -> Eval {
    let class = cx.library("torch.utils.hooks", "RemovableHandle")?;
    let extra = Value::list(extra.iter().cloned().map(Value::Dict));
    let named = vec![("extra_dict".into(), extra)];
    cx.it.call(&class, Args { pos: vec![Value::Dict(hooks.clone())], named })
}

impl Cx<'_> {
    /// A name of a module of the library.
    pub fn library(&mut self, module: &str, name: &str) -> Eval {
        let found = match self.it.find_module(module)? {
            Some(module) => self.it.module_attr(&module, name)?,
            None => None,
        };
        found.ok_or_else(|| self.unsupported(format!("{module}.{name}")))
    }
}
