//! What is told to a module and all below it: training or evaluation, gradients, a function to apply.

use super::Row;
use super::member::PARAMETERS;
use crate::eval::native::{Args, Bound};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::{Cx, Tensor};

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("train",           "self mode?",          train),
    ("eval",            "self",                eval),
    ("requires_grad_",  "self requires_grad?", requires_grad),
    ("zero_grad",       "self set_to_none?",   zero_grad),
    ("apply",           "self fn",             apply),
    ("get_extra_state", "self",                no_extra_state),
    ("set_extra_state", "self state",          no_extra_state),
    ("_get_name",       "self",                name),
];

fn train(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let mode = a.get(1).cloned().unwrap_or(Value::Bool(true));
    if !matches!(mode, Value::Bool(_)) {
        return Err(cx.it.value_error("training mode is expected to be boolean"));
    }
    cx.it.setattr(this, "training", mode.clone())?;
    for (_, child) in cx.children(this) {
        cx.it.deeper()?;
        cx.it.call_method(&child, "train", Args::of([mode.clone()]))?;
    }
    Ok(this.clone())
}

fn eval(cx: &mut Cx, a: &Bound) -> Eval {
    cx.it.call_method(a.at(0), "train", Args::of([Value::Bool(false)]))
}

fn requires_grad(cx: &mut Cx, a: &Bound) -> Eval {
    let flag = a.get(1).map_or(Ok(true), |flag| cx.it.truth(flag))?;
    for (_, parameter) in cx.tensors(a.at(0), PARAMETERS, "", true, true)? {
        if let Some(tensor) = parameter.downcast::<Tensor>() {
            tensor.set_requires_grad(flag);
        }
    }
    Ok(a.at(0).clone())
}

/// There are no gradients to clear.
fn zero_grad(_: &mut Cx, _: &Bound) -> Eval {
    Ok(Value::None)
}

/// Children first, then the module itself.
fn apply(cx: &mut Cx, a: &Bound) -> Eval {
    cx.it.deeper()?;
    let (this, function) = (a.at(0), a.at(1));
    for (_, child) in cx.children(this) {
        cx.it.call_method(&child, "apply", Args::of([function.clone()]))?;
    }
    cx.it.call(function, Args::of([this.clone()]))?;
    Ok(this.clone())
}

fn no_extra_state(cx: &mut Cx, _: &Bound) -> Eval {
    let text = "Reached a code path in Module.get_extra_state() that should never be called. Please file an issue at \
                https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this bug.";
    Err(cx.runtime_error(text))
}

fn name(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(Value::Str(cx.it.type_name(a.at(0))))
}
