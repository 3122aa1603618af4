//! `_inspect`: what `inspect` needs to know of a function's definition.

use crate::eval::{Interp, Row, Value};
use crate::import::Module;
use crate::lang::ast::Param;
use std::rc::Rc;

pub fn build(_: &mut Interp, module: &Rc<Module>) {
    module.define(FUNCTIONS);
}

const FUNCTIONS: &[Row] = &[
    // (name, kind as in `inspect.Parameter`, the default in a tuple, or an empty one) for each parameter of a function.
    ("parameters", "function /", |it, a| {
        let Value::Function(function) = a.at(0) else {
            return Err(it.error("TypeError", "a function written in the language is needed"));
        };
        let params = function.def.params();
        let mut defaults = function.defaults.iter();
        let mut single = |p: &Param, kind| describe(p, kind, defaults.next().and_then(Option::as_ref));
        let mut out: Vec<Value> = params.positional_only.iter().map(|p| single(p, 0)).collect();
        out.extend(params.args.iter().map(|p| single(p, 1)));
        out.extend(params.vararg.iter().map(|p| describe(p, 2, None)));
        out.extend(params.keyword_only.iter().map(|p| single(p, 3)));
        out.extend(params.kwarg.iter().map(|p| describe(p, 4, None)));
        Ok(Value::list(out))
    }),
];

fn describe(p: &Param, kind: i64, default: Option<&Value>) -> Value {
    Value::tuple([Value::Str(p.name.kind.clone()), Value::Int(kind), Value::tuple(default.cloned())])
}
