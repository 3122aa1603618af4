//! `state_dict`: parameters, persistent buffers and extra state by path; the tensors are aliases, not copies.

use super::Row;
use super::member::{self, BUFFERS, MODULES, PARAMETERS};
use crate::eval::native::{Args, Bound};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::{Cx, Tensor};

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("state_dict",          "self destination? prefix? keep_vars?", state_dict),
    ("_save_to_state_dict", "self destination prefix keep_vars",    save),
];

pub const EXTRA_STATE: &str = "_extra_state";

fn state_dict(cx: &mut Cx, a: &Bound) -> Eval {
    cx.it.deeper()?;
    let this = a.at(0);
    let prefix = a.at(2).as_str().unwrap_or("");
    let keep_vars = a.get(3).cloned().unwrap_or(Value::Bool(false));
    let destination = match a.at(1) {
        Value::None => new_destination(cx)?,
        given => given.clone(),
    };
    let metadata = note_version(cx, this, &destination, prefix)?;
    for hook in hooks(this, "_state_dict_pre_hooks") {
        cx.it.call(&hook, Args::of([this.clone(), prefix.into(), keep_vars.clone()]))?;
    }
    let saved = Args::of([destination.clone(), prefix.into(), keep_vars.clone()]);
    cx.it.call_method(this, "_save_to_state_dict", saved)?;
    for (name, child) in member::entries(this, MODULES) {
        let path = Value::from(format!("{prefix}{name}."));
        let named =
            vec![("destination".into(), destination.clone()), ("prefix".into(), path), ("keep_vars".into(), keep_vars.clone())];
        cx.it.call_method(&child, "state_dict", Args { pos: vec![], named })?;
    }
    let mut destination = destination;
    for hook in hooks(this, "_state_dict_hooks") {
        let result = cx.it.call(&hook, Args::of([this.clone(), destination.clone(), prefix.into(), metadata.clone()]))?;
        if !result.is_none() {
            destination = result;
        }
    }
    Ok(destination)
}

pub fn hooks(this: &Value, dict: &str) -> Vec<Value> {
    member::members(this, dict).map_or(vec![], |hooks| hooks.borrow().values().cloned().collect())
}

fn new_destination(cx: &mut Cx) -> Eval {
    let class = cx.library("collections", "OrderedDict")?;
    let destination = cx.it.call(&class, Args::default())?;
    let metadata = cx.it.call(&class, Args::default())?;
    cx.it.setattr(&destination, "_metadata", metadata)?;
    Ok(destination)
}

/// Writes the version of the module's class into the metadata of a state dict that has some.
fn note_version(cx: &mut Cx, this: &Value, destination: &Value, prefix: &str) -> Eval {
    let local = Value::dict(Default::default());
    let version = cx.it.getattr(this, "_version")?;
    cx.it.setitem(&local, &"version".into(), version)?;
    if let Some(metadata) = cx.it.getattr_opt(destination, "_metadata")? {
        cx.it.setitem(&metadata, &prefix.strip_suffix('.').unwrap_or(prefix).into(), local.clone())?;
    }
    Ok(local)
}

fn save(cx: &mut Cx, a: &Bound) -> Eval {
    let (this, destination) = (a.at(0), a.at(1));
    let prefix = a.at(2).as_str().unwrap_or("");
    let keep_vars = cx.it.truth(a.at(3))?;
    for (name, tensor) in state(this) {
        let value = match tensor.downcast::<Tensor>() {
            Some(t) if !keep_vars => Value::Foreign(t.retyped(&cx.torch.classes.tensor.clone())),
            _ => tensor,
        };
        cx.it.setitem(destination, &format!("{prefix}{name}").into(), value)?;
    }
    if cx.overrides(this, "get_extra_state") {
        let extra = cx.it.call_method(this, "get_extra_state", Args::default())?;
        cx.it.setitem(destination, &format!("{prefix}{EXTRA_STATE}").into(), extra)?;
    }
    Ok(Value::None)
}

/// The tensors of one module that checkpoints hold.
pub fn state(this: &Value) -> Vec<(crate::lang::ast::Name, Value)> {
    let buffers = member::entries(this, BUFFERS).into_iter().filter(|(name, _)| !member::is_transient(this, name));
    member::entries(this, PARAMETERS).into_iter().chain(buffers).collect()
}
