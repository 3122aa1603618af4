//! The state of a module for the rest of the crate: its tensors by name, and loading a checkpoint into them.

use super::load::Report;
use super::member::{BUFFERS, PARAMETERS};
use super::save;
use crate::eval::raise::{Eval, nearest};
use crate::eval::value::Value;
use crate::eval::{Args, Dict};
use crate::torch::{Cx, Handle, Lazy, Tensor};
use cresset_ir::{Diagnostic, Result, codes};
use indexmap::IndexMap;

/// The parameters by their qualified names; tied ones once, under the first.
///
/// # Errors
/// A tree of modules that is nested without end.
pub fn parameters(cx: &mut Cx, module: &Value) -> Result<IndexMap<String, Value>> {
    tensors(cx, module, PARAMETERS)
}

/// The buffers by their qualified names, those that checkpoints do not hold included.
///
/// # Errors
/// A tree of modules that is nested without end.
pub fn buffers(cx: &mut Cx, module: &Value) -> Result<IndexMap<String, Value>> {
    tensors(cx, module, BUFFERS)
}

fn tensors(cx: &mut Cx, module: &Value, dict: &str) -> Result<IndexMap<String, Value>> {
    let torch = cx.torch;
    let tensors = cx.it.run(|it| Cx { it, torch }.tensors(module, dict, "", true, true))?;
    Ok(tensors.into_iter().map(|(name, tensor)| (name.to_string(), tensor)).collect())
}

/// Loads a checkpoint as `load_state_dict` does: nothing is copied, dtypes are converted to the module's, tied tensors stay tied.
///
/// # Errors
/// `CHECKPOINT_MISMATCH` with PyTorch's text: all names that are missing or unexpected (unless not `strict`) and all shapes that disagree.
pub fn load(cx: &mut Cx, module: &Value, tensors: &IndexMap<String, cresset_ir::Tensor>, strict: bool) -> Result<()> {
    let torch = cx.torch;
    let given = tensors.iter().map(|(name, tensor)| {
        let tensor = Tensor::new(torch, Handle::Lazy(Lazy::known(tensor.clone())));
        (Value::from(name.as_str()), Value::Foreign(tensor))
    });
    let given: Vec<(Value, Value)> = given.collect();
    if cx.overrides(module, "load_state_dict") {
        return own_method(cx, module, given, strict);
    }
    let report = cx.it.run(|it| Cx { it, torch }.load(module, given, None, false))?;
    let Some(text) = report.text(&cx.it.type_name(module), strict) else { return Ok(()) };
    let diagnostic = Diagnostic::error(codes::CHECKPOINT_MISMATCH, text);
    Err(match hint(cx, module, &report) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    })
}

/// Through the `load_state_dict` that the module's class defines itself.
fn own_method(cx: &mut Cx, module: &Value, given: Vec<(Value, Value)>, strict: bool) -> Result<()> {
    cx.it.run(|it| {
        let dict = given.into_iter().map(|(key, value)| Ok((it.key(&key)?, value))).collect::<Eval<Dict>>()?;
        let named = vec![("strict".into(), Value::Bool(strict))];
        it.call_method(module, "load_state_dict", Args { pos: vec![Value::dict(dict)], named }).map(drop)
    })
}

/// What the names that were found and those that were expected have in common.
fn hint(cx: &mut Cx, module: &Value, report: &Report) -> Option<String> {
    let (missing, unexpected) = (report.missing(), report.unexpected());
    let pairs = || missing.iter().flat_map(|m| unexpected.iter().map(move |u| (&**m, &**u)));
    if let Some(prefix) = pairs().find_map(|(m, u)| u.strip_suffix(m).filter(|p| p.ends_with('.'))) {
        return Some(format!(
            "the names in the checkpoint begin with `{prefix}`, those of the module do not: load it with that prefix taken off"
        ));
    }
    if let Some(prefix) = pairs().find_map(|(m, u)| m.strip_suffix(u).filter(|p| p.ends_with('.'))) {
        return Some(format!(
            "the names of the module begin with `{prefix}`, those in the checkpoint do not: it may be the checkpoint of `{}` alone",
            prefix.trim_end_matches('.')
        ));
    }
    let known: Vec<String> = names(cx, module);
    let near =
        |u: &str| nearest(u, known.iter().map(String::as_str).filter(|k| missing.iter().any(|m| **m == **k))).map(str::to_owned);
    unexpected.iter().find_map(|u| Some(format!("`{u}` is unexpected: did you mean `{}`?", near(u)?)))
}

/// The names that a checkpoint of the module has.
fn names(cx: &mut Cx, module: &Value) -> Vec<String> {
    let torch = cx.torch;
    let tree = cx.it.run(|it| Cx { it, torch }.tree(module, "", false)).unwrap_or_default();
    let named = tree
        .iter()
        .flat_map(|(path, module)| save::state(module).into_iter().map(move |(name, _)| super::walk::join(path, &name)));
    named.map(|name| name.to_string()).collect()
}
