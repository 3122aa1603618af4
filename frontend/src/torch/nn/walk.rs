//! Walks over the tree of modules: pre-order, registration order, shared modules and tensors once.

use super::Row;
use super::member::{self, BUFFERS, MODULES, PARAMETERS};
use crate::eval::iter::over;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::lang::ast::Name;
use crate::torch::Cx;
use std::collections::HashSet;

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("named_modules",    "self memo? prefix? remove_duplicate?",    named_modules),
    ("modules",          "self remove_duplicate?",                  modules),
    ("named_children",   "self",                                    named_children),
    ("children",         "self",                                    children),
    ("named_parameters", "self prefix? recurse? remove_duplicate?", named_parameters),
    ("parameters",       "self recurse?",                           parameters),
    ("named_buffers",    "self prefix? recurse? remove_duplicate?", named_buffers),
    ("buffers",          "self recurse?",                           buffers),
    ("get_submodule",    "self target",                             get_submodule),
    ("set_submodule",    "self target module strict?",              set_submodule),
    ("get_parameter",    "self target",                             get_parameter),
    ("get_buffer",       "self target",                             get_buffer),
];

fn named_modules(cx: &mut Cx, a: &Bound) -> Eval {
    let mut seen: HashSet<usize> = HashSet::new();
    if !a.at(1).is_none() {
        seen.extend(cx.it.collect(a.at(1))?.iter().map(Value::address));
    }
    let unique = flag(cx, a.get(3), true)?;
    let mut out = vec![];
    visit(cx, a.at(0), a.at(2).as_str().unwrap_or(""), unique, &mut seen, &mut out)?;
    Ok(pairs(out))
}

fn modules(cx: &mut Cx, a: &Bound) -> Eval {
    let unique = flag(cx, a.get(1), true)?;
    Ok(values(cx.tree(a.at(0), "", unique)?))
}

fn named_children(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(pairs(cx.children(a.at(0))))
}

fn children(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(values(cx.children(a.at(0))))
}

fn named_parameters(cx: &mut Cx, a: &Bound) -> Eval {
    tensors(cx, a, PARAMETERS).map(pairs)
}

fn parameters(cx: &mut Cx, a: &Bound) -> Eval {
    let recurse = flag(cx, a.get(1), true)?;
    cx.tensors(a.at(0), PARAMETERS, "", recurse, true).map(values)
}

fn named_buffers(cx: &mut Cx, a: &Bound) -> Eval {
    tensors(cx, a, BUFFERS).map(pairs)
}

fn buffers(cx: &mut Cx, a: &Bound) -> Eval {
    let recurse = flag(cx, a.get(1), true)?;
    cx.tensors(a.at(0), BUFFERS, "", recurse, true).map(values)
}

fn tensors(cx: &mut Cx, a: &Bound, dict: &str) -> Eval<Vec<(Name, Value)>> {
    let (recurse, unique) = (flag(cx, a.get(2), true)?, flag(cx, a.get(3), true)?);
    cx.tensors(a.at(0), dict, a.at(1).as_str().unwrap_or(""), recurse, unique)
}

fn flag(cx: &mut Cx, value: Option<&Value>, default: bool) -> Eval<bool> {
    value.map_or(Ok(default), |value| cx.it.truth(value))
}

fn pairs(items: Vec<(Name, Value)>) -> Value {
    Value::Iter(over("generator", items.into_iter().map(|(name, value)| Value::tuple([Value::Str(name), value])).collect()))
}

fn values(items: Vec<(Name, Value)>) -> Value {
    Value::Iter(over("generator", items.into_iter().map(|(_, value)| value).collect()))
}

/// `prefix.name`
pub fn join(prefix: &str, name: &str) -> Name {
    match prefix {
        "" => name.into(),
        _ => format!("{prefix}.{name}").into(),
    }
}

fn visit(
    cx: &mut Cx,
    this: &Value,
    path: &str,
    unique: bool,
    seen: &mut HashSet<usize>,
    out: &mut Vec<(Name, Value)>,
) -> Eval<()> {
    cx.it.deeper()?;
    if unique && !seen.insert(this.address()) {
        return Ok(());
    }
    cx.it.check_length(out.len())?;
    out.push((path.into(), this.clone()));
    for (name, child) in member::entries(this, MODULES) {
        visit(cx, &child, &join(path, &name), unique, seen, out)?;
    }
    Ok(())
}

impl Cx<'_> {
    /// A module and all below it, with their paths.
    pub fn tree(&mut self, this: &Value, prefix: &str, unique: bool) -> Eval<Vec<(Name, Value)>> {
        let mut out = vec![];
        visit(self, this, prefix, unique, &mut HashSet::new(), &mut out)?;
        Ok(out)
    }

    /// The direct children, each once.
    pub fn children(&self, this: &Value) -> Vec<(Name, Value)> {
        let mut seen = HashSet::new();
        member::entries(this, MODULES).into_iter().filter(|(_, child)| seen.insert(child.address())).collect()
    }

    /// The tensors of one dict of every module, with their paths.
    pub fn tensors(&mut self, this: &Value, dict: &str, prefix: &str, recurse: bool, unique: bool) -> Eval<Vec<(Name, Value)>> {
        let modules = match recurse {
            true => self.tree(this, prefix, unique)?,
            false => vec![(prefix.into(), this.clone())],
        };
        let mut seen = HashSet::new();
        let mut out = vec![];
        for (path, module) in &modules {
            for (name, tensor) in member::entries(module, dict) {
                if !unique || seen.insert(tensor.address()) {
                    out.push((join(path, &name), tensor));
                }
            }
        }
        Ok(out)
    }

    fn attribute_of(&mut self, module: &Value, name: &str) -> Eval {
        match self.it.getattr_opt(module, name)? {
            Some(value) => Ok(value),
            None => Err(self.attribute_error(format!("{} has no attribute `{name}`", self.it.type_name(module)))),
        }
    }

    fn submodule(&mut self, this: &Value, path: &str) -> Eval {
        let mut module = this.clone();
        for name in path.split('.').filter(|_| !path.is_empty()) {
            module = self.attribute_of(&module, name)?;
            if !self.is_module(&module) {
                return Err(self.attribute_error(format!("`{name}` is not an nn.Module")));
            }
        }
        Ok(module)
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn get_submodule(cx: &mut Cx, a: &Bound) -> Eval {
    let path = cx.text(a.at(1), "target")?;
    cx.submodule(a.at(0), path)
}

fn set_submodule(cx: &mut Cx, a: &Bound) -> Eval {
    let path = cx.text(a.at(1), "target")?;
    if path.is_empty() {
        return Err(cx.it.value_error("Cannot set the submodule without a target name!"));
    }
    if !cx.is_module(a.at(2)) {
        let class = cx.it.class_of(a.at(2));
        let class = cx.it.repr(&Value::Class(class))?;
        return Err(cx.it.value_error(format!("`module` is not an nn.Module, found {class}")));
    }
    let (parent, name) = split(path);
    let parent = cx.submodule(a.at(0), parent)?;
    let before = match flag(cx, a.get(3), false)? {
        true => Some(cx.attribute_of(&parent, name)?),
        false => cx.it.getattr_opt(&parent, name)?,
    };
    if before.is_some_and(|before| !cx.is_module(&before)) {
        return Err(cx.attribute_error(format!("`{name}` is not an nn.Module")));
    }
    cx.it.setattr(&parent, name, a.at(2).clone())?;
    Ok(Value::None)
}

fn get_parameter(cx: &mut Cx, a: &Bound) -> Eval {
    let (parent, name) = split(cx.text(a.at(1), "target")?);
    let parent = cx.submodule(a.at(0), parent)?;
    let value = cx.attribute_of(&parent, name)?;
    match member::is_parameter(&value) {
        true => Ok(value),
        false => Err(cx.attribute_error(format!("`{name}` is not an nn.Parameter"))),
    }
}

fn get_buffer(cx: &mut Cx, a: &Bound) -> Eval {
    let (parent, name) = split(cx.text(a.at(1), "target")?);
    let parent = cx.submodule(a.at(0), parent)?;
    let value = cx.attribute_of(&parent, name)?;
    let is_buffer = member::members(&parent, BUFFERS).is_some_and(|buffers| buffers.borrow().get_str(name).is_some());
    match is_buffer {
        true => Ok(value),
        false => Err(cx.attribute_error(format!("`{name}` is not a buffer"))),
    }
}
