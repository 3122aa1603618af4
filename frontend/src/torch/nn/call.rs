//! Calling a module: pre-hooks, `forward`, hooks; nodes traced meanwhile carry the module's path.

use super::Row;
use super::member::{self, Members};
use crate::eval::dict::{Dict, Key};
use crate::eval::native::{Args, Bound};
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use crate::torch::Cx;

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("__call__",   "self / *args **kwargs", call),
    ("_call_impl", "self / *args **kwargs", call),
    ("forward",    "self / *args **kwargs", missing),
];

fn missing(cx: &mut Cx, a: &Bound) -> Eval {
    let class = cx.it.type_name(a.at(0));
    Err(cx.it.error("NotImplementedError", format!("Module [{class}] is missing the required \"forward\" function")))
}

fn call(cx: &mut Cx, a: &Bound) -> Eval {
    let this = a.at(0);
    let torch = cx.torch;
    torch.in_module(cx.it, this, |it| {
        let mut cx = Cx { it, torch };
        match (hooks(this, "_forward_pre_hooks"), hooks(this, "_forward_hooks")) {
            (None, None) => forward(&mut cx, this, a.args()),
            (before, after) => hooked(&mut cx, this, a.args(), before, after),
        }
    })
}

fn forward(cx: &mut Cx, this: &Value, args: Args) -> Eval {
    cx.it.call_method(this, "forward", args)
}

/// A dict of hooks that holds some.
fn hooks(this: &Value, dict: &str) -> Option<Members> {
    member::members(this, dict).filter(|hooks| !hooks.borrow().is_empty())
}

/// The hooks of a dict as they are now, each with whether it is also listed in another dict.
fn listed(this: &Value, hooks: Option<Members>, option: &str) -> Vec<(Key, Value, bool)> {
    let Some(hooks) = hooks else { return vec![] };
    let option = member::members(this, option);
    let has = |key: &Key| option.as_ref().is_some_and(|option| option.borrow().contains(key));
    hooks.borrow().iter().map(|(key, hook)| (key.clone(), hook.clone(), has(key))).collect()
}

fn hooked(cx: &mut Cx, this: &Value, args: Args, before: Option<Members>, after: Option<Members>) -> Eval {
    let mut done: Vec<Key> = vec![];
    let mut args = args;
    let result = run(cx, this, &mut args, before, after.clone(), &mut done);
    match result {
        Err(raise) if matches!(*raise, Raise::Exception(_)) => {
            always(cx, this, &args, after, &done);
            Err(raise)
        }
        result => result,
    }
}

fn run(cx: &mut Cx, this: &Value, args: &mut Args, before: Option<Members>, after: Option<Members>, done: &mut Vec<Key>) -> Eval {
    for (_, hook, with_kwargs) in listed(this, before, "_forward_pre_hooks_with_kwargs") {
        pre_hook(cx, this, args, &hook, with_kwargs)?;
    }
    let mut result = forward(cx, this, args.clone())?;
    for (key, hook, with_kwargs) in listed(this, after, "_forward_hooks_with_kwargs") {
        done.push(key);
        let replaced = post_hook(cx, this, args, &hook, with_kwargs, &result)?;
        if !replaced.is_none() {
            result = replaced;
        }
    }
    Ok(result)
}

fn pre_hook(cx: &mut Cx, this: &Value, args: &mut Args, hook: &Value, with_kwargs: bool) -> Eval<()> {
    let positional = Value::tuple(args.pos.clone());
    if !with_kwargs {
        match cx.it.call(hook, Args::of([this.clone(), positional]))? {
            Value::None => {}
            Value::Tuple(items) => args.pos = items.to_vec(),
            single => args.pos = vec![single],
        }
        return Ok(());
    }
    let result = cx.it.call(hook, Args::of([this.clone(), positional, kwargs(args)]))?;
    match &result {
        Value::None => Ok(()),
        Value::Tuple(pair) if pair.len() == 2 => {
            args.pos = cx.it.collect(&pair[0])?;
            args.named = cx.it.pairs(&pair[1])?.into_iter().filter_map(|(k, v)| Some((k.as_str()?.into(), v))).collect();
            Ok(())
        }
        _ => {
            let got = cx.it.str(&result)?;
            Err(cx
                .runtime_error(format!("forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {got}.")))
        }
    }
}

fn post_hook(cx: &mut Cx, this: &Value, args: &Args, hook: &Value, with_kwargs: bool, result: &Value) -> Eval {
    let positional = Value::tuple(args.pos.clone());
    let call = match with_kwargs {
        true => Args::of([this.clone(), positional, kwargs(args), result.clone()]),
        false => Args::of([this.clone(), positional, result.clone()]),
    };
    cx.it.call(hook, call)
}

fn kwargs(args: &Args) -> Value {
    Value::dict(args.named.iter().map(|(name, value)| (Key::from(name), value.clone())).collect::<Dict>())
}

/// The hooks that run even if `forward` raised. Their own exceptions are dropped: another one is on its way.
fn always(cx: &mut Cx, this: &Value, args: &Args, after: Option<Members>, done: &[Key]) {
    let with_kwargs = member::members(this, "_forward_hooks_with_kwargs");
    for (key, hook, always) in listed(this, after, "_forward_hooks_always_called") {
        if always && !done.contains(&key) {
            let with_kwargs = with_kwargs.as_ref().is_some_and(|dict| dict.borrow().contains(&key));
            let _ = post_hook(cx, this, args, &hook, with_kwargs, &Value::None);
        }
    }
}
