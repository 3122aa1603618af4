//! `load_state_dict`: every tensor that fits is copied, everything that does not is reported at once, in PyTorch's words.

use super::Row;
use super::member::{self, MODULES};
use super::save::{EXTRA_STATE, hooks, state};
use crate::eval::native::{Args, Bound, Native};
use crate::eval::object::{Class, Instance};
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use crate::eval::{Dict, Interp, builtin};
use crate::lang::ast::Name;
use crate::torch::{Cx, Handle, Tensor};
use std::rc::Rc;

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("load_state_dict",       "self state_dict strict? assign?", load_state_dict),
    ("_load_from_state_dict", "self state_dict prefix local_metadata strict missing_keys unexpected_keys error_msgs", load),
];

/// What did not fit: lists of strings that the methods of the modules add to.
pub struct Report {
    missing: Value,
    unexpected: Value,
    errors: Value,
}

impl Report {
    pub fn new() -> Report {
        let list = || Value::list([]);
        Report { missing: list(), unexpected: list(), errors: list() }
    }

    pub fn missing(&self) -> Vec<Name> {
        texts(&self.missing)
    }

    pub fn unexpected(&self) -> Vec<Name> {
        texts(&self.unexpected)
    }

    /// PyTorch's text; none where all is well. Sizes that disagree are an error even where keys need not match.
    pub fn text(&self, class: &str, strict: bool) -> Option<String> {
        let mut lines = vec![];
        let quoted = |names: Vec<Name>| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        for (what, names) in [("Missing", self.missing()), ("Unexpected", self.unexpected())] {
            if strict && !names.is_empty() {
                lines.push(format!("{what} key(s) in state_dict: {}. ", quoted(names)));
            }
        }
        lines.extend(texts(&self.errors).iter().map(|e| e.to_string()));
        (!lines.is_empty()).then(|| format!("Error(s) in loading state_dict for {class}:\n\t{}", lines.join("\n\t")))
    }
}

fn texts(list: &Value) -> Vec<Name> {
    match list {
        Value::List(items) => items.borrow().iter().filter_map(|item| item.as_str().map(Name::from)).collect(),
        _ => vec![],
    }
}

fn push(list: &Value, text: impl Into<Value>) {
    if let Value::List(items) = list {
        items.borrow_mut().push(text.into());
    }
}

fn load_state_dict(cx: &mut Cx, a: &Bound) -> Eval {
    let (this, given) = (a.at(0), a.at(1));
    let Value::Dict(_) = given.primitive() else {
        let class = cx.it.class_of(given);
        let class = cx.it.repr(&Value::Class(class))?;
        return Err(cx.it.type_error(format!("Expected state_dict to be dict-like, got {class}.")));
    };
    let strict = a.get(2).map_or(Ok(true), |flag| cx.it.truth(flag))?;
    let assign = a.get(3).map_or(Ok(false), |flag| cx.it.truth(flag))?;
    let metadata = cx.it.getattr_opt(given, "_metadata")?;
    let entries = cx.it.pairs(given)?;
    let report = cx.load(this, entries, metadata, assign)?;
    match report.text(&cx.it.type_name(this), strict) {
        Some(text) => Err(cx.runtime_error(text)),
        None => cx.incompatible(&report),
    }
}

impl Cx<'_> {
    /// Loads named tensors into a module and all below it.
    pub fn load(&mut self, this: &Value, entries: Vec<(Value, Value)>, metadata: Option<Value>, assign: bool) -> Eval<Report> {
        let report = Report::new();
        let loading = Loading { metadata, assign, report: &report };
        let dict = entries.into_iter().map(|(key, value)| Ok((self.it.key(&key)?, value))).collect::<Eval<Dict>>()?;
        loading.module(self, this, dict, "")?;
        Ok(report)
    }

    fn incompatible(&mut self, report: &Report) -> Eval {
        let class = self.library("torch.nn.modules.module", "_IncompatibleKeys")?;
        let Value::Class(class) = class else { return Ok(Value::None) };
        let pair = Value::tuple([report.missing.clone(), report.unexpected.clone()]);
        let keys = Instance::new(class, Some(pair));
        keys.set("missing_keys", report.missing.clone());
        keys.set("unexpected_keys", report.unexpected.clone());
        Ok(Value::Instance(keys))
    }
}

struct Loading<'a> {
    metadata: Option<Value>,
    assign: bool,
    report: &'a Report,
}

impl Loading<'_> {
    fn module(&self, cx: &mut Cx, this: &Value, entries: Dict, prefix: &str) -> Eval<()> {
        cx.it.deeper()?;
        let local = self.local_metadata(cx, prefix)?;
        let dict = Value::dict(entries);
        let Report { missing, unexpected, errors } = self.report;
        let lists = [missing.clone(), unexpected.clone(), errors.clone()];
        let args = [dict.clone(), prefix.into(), local, Value::Bool(true)];
        cx.it.call_method(this, "_load_from_state_dict", Args::of(args.into_iter().chain(lists)))?;
        for (name, child) in member::entries(this, MODULES) {
            let path = format!("{prefix}{name}.");
            self.module(cx, &child, below(&dict, &path), &path)?;
        }
        for hook in hooks(this, "_load_state_dict_post_hooks") {
            let keys = cx.incompatible(self.report)?;
            if !cx.it.call(&hook, Args::of([this.clone(), keys]))?.is_none() {
                let text = "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, if \
                            incompatible_keys need to be modified, it should be done inplace.";
                return Err(cx.it.error("AssertionError", text));
            }
        }
        Ok(())
    }

    fn local_metadata(&self, cx: &mut Cx, prefix: &str) -> Eval {
        let mut local = Dict::new();
        if let Some(metadata) = &self.metadata
            && let Value::Dict(all) = metadata.primitive()
            && let Some(known) = all.borrow().get_str(prefix.strip_suffix('.').unwrap_or(prefix))
        {
            let pairs = cx.it.pairs(known)?;
            local = pairs.into_iter().map(|(key, value)| Ok((cx.it.key(&key)?, value))).collect::<Eval<Dict>>()?;
        }
        if self.assign {
            local.insert("assign_to_params_buffers", true);
        }
        Ok(Value::dict(local))
    }
}

/// The entries whose names begin with a prefix.
fn below(dict: &Value, prefix: &str) -> Dict {
    let Value::Dict(dict) = dict else { return Dict::new() };
    let dict = dict.borrow();
    let inside = dict.iter().filter(|(key, _)| key.value.as_str().is_some_and(|name| name.starts_with(prefix)));
    inside.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The tensors of one module, without those of its children.
fn load(cx: &mut Cx, a: &Bound) -> Eval {
    let (this, dict, prefix) = (a.at(0), a.at(1), a.at(2).as_str().unwrap_or(""));
    let strict = cx.it.truth(a.at(4))?;
    let report = Report { missing: a.at(5).clone(), unexpected: a.at(6).clone(), errors: a.at(7).clone() };
    for hook in hooks(this, "_load_state_dict_pre_hooks") {
        cx.it.call(&hook, Args::of((1..8).map(|i| a.at(i).clone())))?;
    }
    let Value::Dict(entries) = dict.primitive().clone() else { return Ok(Value::None) };
    let assign = match a.at(3).primitive() {
        Value::Dict(local) => local.borrow().get_str("assign_to_params_buffers").is_some(),
        _ => false,
    };
    let local = state(this);
    for (name, tensor) in &local {
        let key = format!("{prefix}{name}");
        let given = entries.borrow().get_str(&key).cloned();
        match given {
            Some(given) => load_one(cx, this, name, tensor, &key, &given, assign, &report)?,
            None if strict => push(&report.missing, key),
            None => {}
        }
    }
    let extra = format!("{prefix}{EXTRA_STATE}");
    load_extra(cx, this, &entries.borrow().get_str(&extra).cloned(), &extra, strict, &report)?;
    if strict {
        let own: Vec<&str> = local.iter().map(|(name, _)| &**name).collect();
        note_unexpected(this, &entries.borrow(), prefix, &own, &extra, &report);
    }
    Ok(Value::None)
}

fn load_extra(cx: &mut Cx, this: &Value, given: &Option<Value>, key: &str, strict: bool, report: &Report) -> Eval<()> {
    match (cx.overrides(this, "set_extra_state"), given) {
        (true, Some(state)) => cx.it.call_method(this, "set_extra_state", Args::of([state.clone()])).map(drop)?,
        (true, None) if strict => push(&report.missing, key),
        (false, Some(_)) if strict => push(&report.unexpected, key),
        _ => {}
    }
    Ok(())
}

fn note_unexpected(this: &Value, entries: &Dict, prefix: &str, own: &[&str], extra: &str, report: &Report) {
    let children = member::members(this, MODULES);
    let is_child = |name: &str| children.as_ref().is_some_and(|children| children.borrow().get_str(name).is_some());
    for key in entries.keys().filter_map(|key| key.value.as_str()).filter(|key| *key != extra) {
        let Some(rest) = key.strip_prefix(prefix) else { continue };
        let known = match rest.split_once('.') {
            Some((child, _)) => is_child(child),
            None => own.contains(&rest),
        };
        if !known {
            push(&report.unexpected, key);
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn load_one(
    cx: &mut Cx,
    this: &Value,
    name: &str,
    own: &Value,
    key: &str,
    given: &Value,
    assign: bool,
    report: &Report,
) -> Eval<()> {
    let (Some(tensor), Some(source)) = (own.downcast::<Tensor>(), given.downcast::<Tensor>()) else {
        let class = cx.it.class_of(given);
        let class = cx.it.repr(&Value::Class(class))?;
        let text = format!("expected torch.Tensor or Tensor-like object from checkpoint but received {class}");
        push(&report.errors, format!("While copying the parameter named \"{key}\", {text}"));
        return Ok(());
    };
    let mut value = source.read(cx)?;
    let (shape, wanted) = (source.shape(), tensor.shape());
    let is_scalar = wanted.is_empty() && matches!(&shape[..], [one] if one.is(1));
    if shape != wanted && !is_scalar {
        let shown = |cx: &mut Cx, shape: &[cresset_ir::Dim]| {
            let size = cx.torch.shape(shape);
            cx.it.str(&size)
        };
        let (from, to) = (shown(cx, &shape)?, shown(cx, &wanted)?);
        let text = format!("copying a param with shape {from} from checkpoint, the shape in current model is {to}.");
        push(&report.errors, format!("size mismatch for {key}: {text}"));
        return Ok(());
    }
    if is_scalar {
        value = cx.reshape(&value, wanted)?;
    }
    match assign {
        true => assign_tensor(cx, this, name, tensor, source, value),
        false => copy(cx, tensor, value),
    }
}

/// Values are immutable: what is copied is the reference to the value, cast to the parameter's dtype.
fn copy(cx: &mut Cx, tensor: &Tensor, value: Handle) -> Eval<()> {
    let value = cx.cast(&value, tensor.dtype())?;
    tensor.write(cx, &value)
}

/// Puts the tensor of the checkpoint in place of the module's own.
fn assign_tensor(cx: &mut Cx, this: &Value, name: &str, own: &Tensor, source: &Tensor, value: Handle) -> Eval<()> {
    let classes = &cx.torch.classes;
    let class = if own.is_parameter() { &classes.parameter } else { &classes.tensor };
    let new = match source.shape() == own.shape() {
        true => source.retyped(class),
        false => Tensor::new(cx.torch, value).retyped(class),
    };
    new.set_requires_grad(own.requires_grad());
    cx.it.setattr(this, name, Value::Foreign(new))
}

/// The class of what `load_state_dict` returns: a pair of lists of names.
pub fn incompatible_keys(it: &Interp) -> Rc<Class> {
    let class = builtin("_IncompatibleKeys", &[&it.types.tuple]);
    let repr = Native::new("__repr__", "self", repr, true);
    class.set("__repr__", Value::Native(repr.clone()));
    class.set("__str__", Value::Native(repr));
    class
}

fn repr(it: &mut Interp, a: &Bound) -> Result<Value, Box<Raise>> {
    let Value::Instance(keys) = a.at(0) else { return Ok(Value::None) };
    let (missing, unexpected) =
        (keys.get("missing_keys").unwrap_or(Value::None), keys.get("unexpected_keys").unwrap_or(Value::None));
    if !it.truth(&missing)? && !it.truth(&unexpected)? {
        return Ok("<All keys matched successfully>".into());
    }
    let (missing, unexpected) = (it.repr(&missing)?, it.repr(&unexpected)?);
    Ok(format!("_IncompatibleKeys(missing_keys={missing}, unexpected_keys={unexpected})").into())
}
