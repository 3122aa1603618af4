//! How a module is printed: its own facts, then its children, nested.

use super::Row;
use super::member::{self, MODULES};
use crate::eval::native::{Args, Bound};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::Cx;

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("__repr__",   "self", repr),
    ("extra_repr", "self", nothing),
];

fn nothing(_: &mut Cx, _: &Bound) -> Eval {
    Ok("".into())
}

fn repr(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let extra = cx.it.call_method(this, "extra_repr", Args::default())?;
    let extra = cx.it.str(&extra)?;
    let mut lines: Vec<String> = extra.split('\n').filter(|_| !extra.is_empty()).map(str::to_owned).collect();
    let facts = lines.len();
    for (name, child) in all_children(this) {
        let child = cx.it.repr(&child)?;
        lines.push(format!("({name}): {}", indented(&child)));
    }
    let name = cx.it.call_method(this, "_get_name", Args::default())?;
    let name = cx.it.str(&name)?;
    let body = match &lines[..] {
        [] => String::new(),
        [fact] if facts == 1 => fact.clone(),
        lines => format!("\n  {}\n", lines.join("\n  ")),
    };
    Ok(format!("{name}({body})").into())
}

/// The children, with those that are `None`.
fn all_children(this: &Value) -> Vec<(String, Value)> {
    let Some(members) = member::members(this, MODULES) else { return vec![] };
    let members = members.borrow();
    members.iter().filter_map(|(key, child)| Some((key.value.as_str()?.to_owned(), child.clone()))).collect()
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}
