//! Reductions. Without dimensions they reduce all.

use super::Body::Fn;
use super::{F, M, Row, T, pair, real};
use crate::eval::object::Instance;
use crate::eval::raise::Eval;
use crate::eval::types::builtin;
use crate::eval::value::Value;
use crate::torch::cx::{Cx, Number, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use crate::torch::tensor::Tensor;
use crate::torch::view::ints;
use cresset_ir::op::{arithmetic, function, logic, movement, reduction as op};
use cresset_ir::{Attr, DType, Dim, OpDef};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("sum(input, dim=None, keepdim=False, *, dtype=None)",   T | M, Fn(sum)),
    Row("prod(input, dim=None, keepdim=False, *, dtype=None)",  T | M, Fn(prod)),
    Row("mean(input, dim=None, keepdim=False, *, dtype=None)",  T | M, Fn(mean)),
    Row("amax(input, dim=(), keepdim=False)",                   T | M, Fn(amax)),
    Row("amin(input, dim=(), keepdim=False)",                   T | M, Fn(amin)),
    Row("max(input, dim=None, keepdim=False, *, other=None)",   T | M, Fn(max)),
    Row("min(input, dim=None, keepdim=False, *, other=None)",   T | M, Fn(min)),
    Row("argmax(input, dim=None, keepdim=False)",               T | M, Fn(argmax)),
    Row("argmin(input, dim=None, keepdim=False)",               T | M, Fn(argmin)),
    Row("any(input, dim=None, keepdim=False)",                  T | M, Fn(any)),
    Row("all(input, dim=None, keepdim=False)",                  T | M, Fn(all)),
    Row("var(input, dim=None, unbiased=None, keepdim=False, *, correction=None)", T | M, Fn(var)),
    Row("std(input, dim=None, unbiased=None, keepdim=False, *, correction=None)", T | M, Fn(std)),
    Row("var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None)", T, Fn(var_mean)),
    Row("std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None)", T, Fn(std_mean)),
    Row("cumsum(input, dim, *, dtype=None)",                    T | M, Fn(cumsum)),
    Row("diff(input, n=1, dim=-1, prepend=None, append=None)",  T | M, Fn(diff)),
    Row("logsumexp(input, dim, keepdim=False)",                 T | M, Fn(logsumexp)),
    Row("norm(input, p=2, dim=None, keepdim=False, *, dtype=None)", T | M, Fn(norm)),
    Row("normalize(input, p=2.0, dim=1, eps=1e-12)",            F,     Fn(normalize)),
    Row("cosine_similarity(x1, x2, dim=1, eps=1e-08)",          T | F, Fn(cosine_similarity)),
    Row("count_nonzero(input, dim=None)",                       T | M, Fn(count_nonzero)),
];

/// `dims` and `keepdim` as attributes.
fn over(cx: &mut Cx, a: &Bound, rank: usize) -> Eval<[(&'static str, Attr); 2]> {
    let dims = a.axes(cx, "dim", rank)?.unwrap_or_default();
    let dims = if rank == 0 { vec![] } else { dims };
    let keep = a.has("keepdim") && a.flag(cx, "keepdim")?;
    Ok([("dims", ints(&dims)), ("keepdim", keep.into())])
}

fn input(cx: &mut Cx, a: &Bound) -> Eval<Handle> {
    let x = a.handle(cx, "input")?;
    match a.has("dtype") {
        true => match a.dtype(cx, "dtype")? {
            Some(dtype) => cx.cast(&x, dtype),
            None => Ok(x),
        },
        false => Ok(x),
    }
}

fn reduce(cx: &mut Cx, a: &Bound, op: &'static OpDef) -> Eval {
    let x = input(cx, a)?;
    let attrs = over(cx, a, x.rank())?;
    let result = cx.emit(op, &[&x], &attrs)?;
    Ok(cx.wrap(result))
}

fn sum(cx: &mut Cx, a: &Bound) -> Eval {
    reduce(cx, a, &op::SUM)
}

fn prod(cx: &mut Cx, a: &Bound) -> Eval {
    reduce(cx, a, &op::PROD)
}

fn amax(cx: &mut Cx, a: &Bound) -> Eval {
    reduce(cx, a, &op::AMAX)
}

fn amin(cx: &mut Cx, a: &Bound) -> Eval {
    reduce(cx, a, &op::AMIN)
}

fn any(cx: &mut Cx, a: &Bound) -> Eval {
    reduce(cx, a, &op::ANY)
}

fn all(cx: &mut Cx, a: &Bound) -> Eval {
    reduce(cx, a, &op::ALL)
}

fn mean(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    if !x.ty().dtype.is_float() {
        let text = "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ";
        return Err(cx.runtime_error(format!("{text}{}", super::capitalised(x.ty().dtype))));
    }
    reduce(cx, a, &op::MEAN)
}

fn max(cx: &mut Cx, a: &Bound) -> Eval {
    extreme(cx, a, "torch.return_types.max", [&op::AMAX, &op::ARGMAX, &arithmetic::MAXIMUM])
}

fn min(cx: &mut Cx, a: &Bound) -> Eval {
    extreme(cx, a, "torch.return_types.min", [&op::AMIN, &op::ARGMIN, &arithmetic::MINIMUM])
}

/// Of all elements, along a dimension with the indices, or of two tensors.
fn extreme(cx: &mut Cx, a: &Bound, name: &str, [values, indices, binary]: [&'static OpDef; 3]) -> Eval {
    let second = ["other", "dim"].into_iter().find(|n| a.value(n).downcast::<Tensor>().is_some());
    if let Some(second) = second {
        let (x, y) = (a.operand(cx, "input")?, a.operand(cx, second)?);
        let result = pair(cx, binary, &x, &y)?;
        return Ok(cx.wrap(result));
    }
    let x = a.handle(cx, "input")?;
    if a.value("dim").is_none() {
        return reduce(cx, a, values);
    }
    let attrs = over(cx, a, x.rank())?;
    let largest = cx.emit(values, &[&x], &attrs)?;
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let place = cx.emit(indices, &[&x], &[("dim", dim.into()), attrs[1].clone()])?;
    let (largest, place) = (cx.wrap(largest), cx.wrap(place));
    Ok(named_pair(cx, name, [("values", largest), ("indices", place)]))
}

/// A tuple whose items have names.
pub fn named_pair(cx: &Cx, name: &str, items: [(&str, Value); 2]) -> Value {
    let class = builtin(name, &[&cx.it.types.tuple]);
    let instance = Instance::new(class, Some(Value::tuple(items.iter().map(|(_, v)| v.clone()))));
    items.into_iter().for_each(|(name, value)| instance.set(name, value));
    Value::Instance(instance)
}

fn argmax(cx: &mut Cx, a: &Bound) -> Eval {
    position(cx, a, &op::ARGMAX)
}

fn argmin(cx: &mut Cx, a: &Bound) -> Eval {
    position(cx, a, &op::ARGMIN)
}

/// The index along a dimension, or in the flattened tensor.
fn position(cx: &mut Cx, a: &Bound, op: &'static OpDef) -> Eval {
    let x = a.handle(cx, "input")?;
    let keep = a.flag(cx, "keepdim")?;
    if a.value("dim").is_none() || x.rank() == 0 {
        let shape = if keep { vec![1i64.into(); x.rank()] } else { vec![] };
        let flat = cx.reshape(&x, vec![x.ty().numel()])?;
        let result = cx.emit(op, &[&flat], &[("dim", 0i64.into())])?;
        let result = cx.reshape(&result, shape)?;
        return Ok(cx.wrap(result));
    }
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let result = cx.emit(op, &[&x], &[("dim", dim.into()), ("keepdim", keep.into())])?;
    Ok(cx.wrap(result))
}

fn variance(cx: &mut Cx, a: &Bound) -> Eval<(Handle, Handle)> {
    let x = a.handle(cx, "input")?;
    // `var(x, False)`: a bool in the place of the dimension is `unbiased`.
    let misplaced = matches!(a.value("dim"), Value::Bool(_));
    let unbiased = if misplaced { "dim" } else { "unbiased" };
    let biased = !a.value(unbiased).is_none() && !a.flag(cx, unbiased)?;
    let correction = a.opt_int(cx, "correction")?.unwrap_or(!biased as i64);
    let [dims, keep] = if misplaced { [("dims", Attr::Ints(vec![])), ("keepdim", false.into())] } else { over(cx, a, x.rank())? };
    let var = cx.emit(&op::VAR, &[&x], &[dims.clone(), ("correction", correction.into()), keep.clone()])?;
    let mean = cx.emit(&op::MEAN, &[&x], &[dims, keep])?;
    Ok((var, mean))
}

fn var(cx: &mut Cx, a: &Bound) -> Eval {
    let (var, _) = variance(cx, a)?;
    Ok(cx.wrap(var))
}

fn std(cx: &mut Cx, a: &Bound) -> Eval {
    let (var, _) = variance(cx, a)?;
    let std = cx.emit(&function::SQRT, &[&var], &[])?;
    Ok(cx.wrap(std))
}

fn var_mean(cx: &mut Cx, a: &Bound) -> Eval {
    let (var, mean) = variance(cx, a)?;
    Ok(Value::tuple([cx.wrap(var), cx.wrap(mean)]))
}

fn std_mean(cx: &mut Cx, a: &Bound) -> Eval {
    let (var, mean) = variance(cx, a)?;
    let std = cx.emit(&function::SQRT, &[&var], &[])?;
    Ok(Value::tuple([cx.wrap(std), cx.wrap(mean)]))
}

fn cumsum(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    if x.rank() == 0 {
        return Ok(cx.wrap(x));
    }
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let result = cx.emit(&op::CUMSUM, &[&x], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

/// Differences that are taken of differences where nothing else ends them.
const MOST_DIFFERENCES: i64 = 64;

/// Differences of neighbours, `n` times over: none are left after as many as there are elements.
fn diff(cx: &mut Cx, a: &Bound) -> Eval {
    let mut x = a.handle(cx, "input")?;
    let dim = a.axis(cx, "dim", x.rank())?;
    let along = || ("dim", Attr::Int(dim as i64));
    for (name, first) in [("prepend", true), ("append", false)] {
        if let Some(more) = a.opt_handle(cx, name)? {
            let (left, right) = if first { (&more, &x) } else { (&x, &more) };
            x = cx.emit(&movement::CAT, &[left, right], &[along()])?;
        }
    }
    let times = a.int(cx, "n")?;
    let times = match x.ty().shape[dim].known() {
        Some(size) => times.min(size),
        None if times <= MOST_DIFFERENCES => times,
        None => return Err(cx.runtime_error(format!("diff: n={times} over a dimension whose size is not known"))),
    };
    for _ in 0..times {
        let size = x.ty().shape[dim].clone();
        let part = |cx: &mut Cx, start: i64, end: Dim| {
            cx.emit(&movement::SLICE, &[&x], &[along(), ("start", Dim::from(start).into()), ("end", end.into())])
        };
        let (later, sooner) = (part(cx, 1, size.clone())?, part(cx, 0, size - 1i64.into())?);
        let op: &'static OpDef = if later.ty().dtype == DType::Bool { &logic::LOGICAL_XOR } else { &arithmetic::SUB };
        x = cx.emit(op, &[&later, &sooner], &[])?;
    }
    Ok(cx.wrap(x))
}

fn logsumexp(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let x = real(cx, &x)?;
    let attrs = over(cx, a, x.rank())?;
    let result = cx.emit(&op::LOGSUMEXP, &[&x], &attrs)?;
    Ok(cx.wrap(result))
}

/// The p-norm over dimensions.
fn p_norm(cx: &mut Cx, x: &Handle, p: f64, attrs: &[(&str, Attr)]) -> Eval<Handle> {
    let size = cx.emit(&arithmetic::ABS, &[x], &[])?;
    if p.is_infinite() {
        return cx.emit(if p > 0.0 { &op::AMAX } else { &op::AMIN }, &[&size], attrs);
    }
    if p == 1.0 {
        return cx.emit(&op::SUM, &[&size], attrs);
    }
    if p == 2.0 {
        let square = cx.emit(&arithmetic::MUL, &[x, x], &[])?;
        let sum = cx.emit(&op::SUM, &[&square], attrs)?;
        return cx.emit(&function::SQRT, &[&sum], &[]);
    }
    let power = pair(cx, &arithmetic::POW, &Operand::Tensor(size), &Operand::Number(Number::Float(p)))?;
    let sum = cx.emit(&op::SUM, &[&power], attrs)?;
    pair(cx, &arithmetic::POW, &Operand::Tensor(sum), &Operand::Number(Number::Float(1.0 / p)))
}

fn norm(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let p = match a.value("p") {
        Value::None => 2.0,
        text if text.as_str() == Some("fro") => 2.0,
        _ => a.float(cx, "p")?,
    };
    if p == 0.0 {
        return Err(cx.unsupported("the norm of order 0"));
    }
    let attrs = over(cx, a, x.rank())?;
    let result = p_norm(cx, &x, p, &attrs)?;
    Ok(cx.wrap(result))
}

/// `x / max(norm(x), eps)`
fn normalize(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, p, eps) = (a.handle(cx, "input")?, a.float(cx, "p")?, a.float(cx, "eps")?);
    let dims = a.axes(cx, "dim", x.rank())?.unwrap_or_default();
    let norm = p_norm(cx, &x, p, &[("dims", ints(&dims)), ("keepdim", true.into())])?;
    let norm = cx.emit(&arithmetic::CLAMP, &[&norm], &[("min", eps.into())])?;
    let result = cx.emit(&arithmetic::DIV, &[&x, &norm], &[])?;
    Ok(cx.wrap(result))
}

/// `(x1 / max(|x1|, eps)) · (x2 / max(|x2|, eps))`
fn cosine_similarity(cx: &mut Cx, a: &Bound) -> Eval {
    let eps = a.float(cx, "eps")?;
    let (x, y) = (a.operand(cx, "x1")?, a.operand(cx, "x2")?);
    let dtype = cx.result_type(&[&x, &y]);
    let mut units = vec![];
    for x in [x, y] {
        let x = cx.converted(&x, dtype)?;
        let dim = a.axis(cx, "dim", x.rank())?;
        let norm = p_norm(cx, &x, 2.0, &[("dims", ints(&[dim])), ("keepdim", true.into())])?;
        let norm = cx.emit(&arithmetic::CLAMP, &[&norm], &[("min", eps.into())])?;
        units.push(cx.emit(&arithmetic::DIV, &[&x, &norm], &[])?);
    }
    let product = cx.emit(&arithmetic::MUL, &[&units[0], &units[1]], &[])?;
    let dim = a.axis(cx, "dim", product.rank())?;
    let result = cx.emit(&op::SUM, &[&product], &[("dims", ints(&[dim]))])?;
    Ok(cx.wrap(result))
}

fn count_nonzero(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let nonzero = cx.cast(&x, cresset_ir::DType::Bool)?;
    let attrs = over(cx, a, x.rank())?;
    let result = cx.emit(&op::SUM, &[&nonzero], &attrs)?;
    Ok(cx.wrap(result))
}
