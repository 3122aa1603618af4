//! Attributes of modules: what is assigned is registered by its kind, and found again under its name.

use super::Row;
use super::member::{self, BUFFERS, MODULES, PARAMETERS};
use crate::eval::Dict;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::{Cx, Tensor};

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("__init__",    "self / *args **kwargs", init),
    ("__setattr__", "self name value",       set),
    ("__getattr__", "self name",             get),
    ("__delattr__", "self name",             delete),
    ("__dir__",     "self",                  dir),
];

/// The dicts of hooks, in PyTorch's order.
const HOOKS: &[&str] = &[
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
];

fn init(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let class = cx.it.type_name(this);
    if let Some((name, _)) = a.named.first() {
        return Err(cx.it.type_error(format!("{class}.__init__() got an unexpected keyword argument '{name}'")));
    }
    if !a.rest.is_empty() {
        let given = a.rest.len() + 1;
        return Err(cx.it.type_error(format!("{class}.__init__() takes 1 positional argument but {given} were given")));
    }
    let Some(instance) = member::instance(this) else { return Ok(Value::None) };
    instance.set("training", true);
    instance.set(PARAMETERS, Value::dict(Dict::new()));
    instance.set(BUFFERS, Value::dict(Dict::new()));
    instance.set(member::TRANSIENT, Value::set(Dict::new(), false));
    for hooks in HOOKS {
        instance.set(hooks, Value::dict(Dict::new()));
    }
    instance.set(MODULES, Value::dict(Dict::new()));
    Ok(Value::None)
}

fn set(cx: &mut Cx, a: &Bound) -> Eval {
    let (this, value) = (a.at(0), a.at(2));
    let name = cx.text(a.at(1), "attribute name")?;
    if member::is_parameter(value) {
        set_parameter(cx, this, name, value)?;
    } else if holds(this, PARAMETERS, name) {
        if !value.is_none() {
            return Err(refused(cx, value, "parameter", name, "torch.nn.Parameter or None"));
        }
        cx.register_parameter(this, name, value)?;
    } else if cx.is_module(value) {
        set_module(cx, this, name, value)?;
    } else if holds(this, MODULES, name) {
        if !value.is_none() {
            return Err(refused(cx, value, "child module", name, "torch.nn.Module or None"));
        }
        insert(this, MODULES, name, value);
    } else if cx.is_buffer(value) || holds(this, BUFFERS, name) {
        set_buffer(cx, this, name, value)?;
    } else {
        cx.it.plain_setattr(this, name, value.clone())?;
    }
    Ok(Value::None)
}

fn set_parameter(cx: &mut Cx, this: &Value, name: &str, value: &Value) -> Eval<()> {
    if member::members(this, PARAMETERS).is_none() {
        return Err(cx.attribute_error("cannot assign parameters before Module.__init__() call"));
    }
    forget(this, name, &[BUFFERS, MODULES]);
    cx.register_parameter(this, name, value)
}

fn set_module(cx: &mut Cx, this: &Value, name: &str, value: &Value) -> Eval<()> {
    if member::members(this, MODULES).is_none() {
        return Err(cx.attribute_error("cannot assign module before Module.__init__() call"));
    }
    forget(this, name, &[PARAMETERS, BUFFERS]);
    insert(this, MODULES, name, value);
    Ok(())
}

fn set_buffer(cx: &mut Cx, this: &Value, name: &str, value: &Value) -> Eval<()> {
    if !value.is_none() && value.downcast::<Tensor>().is_none() {
        return Err(refused(cx, value, "buffer", name, "torch.nn.Buffer, torch.Tensor or None"));
    }
    let persistent = match cx.is_buffer(value) {
        true => cx.it.getattr_opt(value, "persistent")?.unwrap_or(Value::Bool(true)),
        false => Value::Bool(!member::is_transient(this, name)),
    };
    cx.register_buffer(this, name, value, &persistent)
}

fn refused(cx: &Cx, value: &Value, role: &str, name: &str, expected: &str) -> Box<crate::eval::Raise> {
    cx.it.type_error(format!("cannot assign '{}' as {role} '{name}' ({expected} expected)", cx.typename(value)))
}

fn holds(this: &Value, dict: &str, name: &str) -> bool {
    member::members(this, dict).is_some_and(|members| members.borrow().get_str(name).is_some())
}

pub fn insert(this: &Value, dict: &str, name: &str, value: &Value) {
    if let Some(members) = member::members(this, dict) {
        members.borrow_mut().insert(name, value.clone());
    }
}

/// Takes a name out of the instance's own dict and of these dicts: it is about to be registered as something else.
fn forget(this: &Value, name: &str, dicts: &[&str]) {
    if let Some(instance) = member::instance(this) {
        instance.dict.borrow_mut().remove_str(name);
    }
    for members in dicts.iter().filter_map(|dict| member::members(this, dict)) {
        members.borrow_mut().remove_str(name);
    }
    if let Some(transient) = member::transient(this) {
        transient.items.borrow_mut().remove_str(name);
    }
}

/// Runs only where the usual lookup finds nothing: attributes and properties of the class come first.
fn get(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let name = cx.text(a.at(1), "attribute name")?;
    let found = [PARAMETERS, BUFFERS, MODULES].iter().find_map(|dict| {
        let members = member::members(this, dict)?;
        members.borrow().get_str(name).cloned()
    });
    found.ok_or_else(|| cx.it.no_attribute(this, name))
}

fn delete(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let name = cx.text(a.at(1), "attribute name")?;
    match [PARAMETERS, BUFFERS, MODULES].into_iter().find(|dict| holds(this, dict, name)) {
        Some(dict) => {
            member::members(this, dict).map(|members| members.borrow_mut().remove_str(name));
            if dict == BUFFERS {
                member::transient(this).map(|set| set.items.borrow_mut().remove_str(name));
            }
        }
        None => cx.it.plain_delattr(this, name)?,
    }
    Ok(Value::None)
}

fn dir(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let class = cx.it.class_of(this);
    let mut names = cx.it.dir(&Value::Class(class))?;
    if let Some(instance) = member::instance(this) {
        names.extend(instance.dict.borrow().keys().filter_map(|k| k.value.as_str().map(Into::into)));
    }
    for dict in [PARAMETERS, MODULES, BUFFERS] {
        if let Some(members) = member::members(this, dict) {
            names.extend(members.borrow().keys().filter_map(|k| k.value.as_str().map(Into::into)));
        }
    }
    names.retain(|name| !name.starts_with(|c: char| c.is_ascii_digit()));
    names.sort();
    names.dedup();
    Ok(Value::list(names.into_iter().map(Value::Str)))
}
