//! Arithmetic and functions of reals.

use super::Body::{Fn, Pair, Real, Rounding, Same};
use super::{F, I, M, Row, T, pair, real};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::{Cx, Number, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use cresset_ir::op::{arithmetic as op, function, logic};
use cresset_ir::{DType, Scalar};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("add(input, other, *, alpha=1)",                                T | M | I, Fn(add)),
    Row("sub|subtract(input, other, *, alpha=1)",                       T | M | I, Fn(sub)),
    Row("rsub(input, other, *, alpha=1)",                               T,         Fn(rsub)),
    Row("mul|multiply(input, other)",                                   T | M | I, Fn(mul)),
    Row("div|divide(input, other, *, rounding_mode=None)",              T | M | I, Fn(div)),
    Row("true_divide(input, other)",                                    T | M | I, Fn(true_divide)),
    Row("floor_divide(input, other)",                                   T | M | I, Pair(&op::FLOOR_DIVIDE)),
    Row("remainder(input, other)",                                      T | M | I, Pair(&op::REMAINDER)),
    Row("pow(input, other)",                                            T | M | I, Fn(pow)),
    Row("maximum(input, other)",                                        T | M,     Pair(&op::MAXIMUM)),
    Row("minimum(input, other)",                                        T | M,     Pair(&op::MINIMUM)),
    Row("neg|negative(input)",                                          T | M | I, Same(&op::NEG)),
    Row("abs|absolute(input)",                                          T | M | I, Same(&op::ABS)),
    Row("sign|sgn(input)",                                              T | M | I, Same(&op::SIGN)),
    Row("floor(input)",                                                 T | M | I, Rounding(&op::FLOOR)),
    Row("ceil(input)",                                                  T | M | I, Rounding(&op::CEIL)),
    Row("round(input)",                                                 T | M | I, Rounding(&op::ROUND)),
    Row("trunc|fix(input)",                                             T | M | I, Rounding(&op::TRUNC)),
    Row("frac(input)",                                                  T | M | I, Fn(frac)),
    Row("clamp|clip(input, min=None, max=None)",                        T | M | I, Fn(clamp)),
    Row("clamp_min(input, min)",                                        T | M | I, Fn(clamp_min)),
    Row("clamp_max(input, max)",                                        T | M | I, Fn(clamp_max)),
    Row("square(input)",                                                T | M | I, Fn(square)),
    Row("lerp(input, end, weight)",                                     T | M | I, Fn(lerp)),
    Row("addcmul(input, tensor1, tensor2, *, value=1)",                 T | M | I, Fn(addcmul)),
    Row("exp(input)",                                                   T | M | I, Real(&function::EXP)),
    Row("expm1(input)",                                                 T | M | I, Real(&function::EXPM1)),
    Row("log(input)",                                                   T | M | I, Real(&function::LOG)),
    Row("log1p(input)",                                                 T | M | I, Real(&function::LOG1P)),
    Row("log2(input)",                                                  T | M | I, Fn(log2)),
    Row("log10(input)",                                                 T | M | I, Fn(log10)),
    Row("exp2(input)",                                                  T | M | I, Fn(exp2)),
    Row("sqrt(input)",                                                  T | M | I, Real(&function::SQRT)),
    Row("rsqrt(input)",                                                 T | M | I, Real(&function::RSQRT)),
    Row("reciprocal(input)",                                            T | M | I, Real(&function::RECIPROCAL)),
    Row("sin(input)",                                                   T | M | I, Real(&function::SIN)),
    Row("cos(input)",                                                   T | M | I, Real(&function::COS)),
    Row("tan(input)",                                                   T | M | I, Fn(tan)),
    Row("erf(input)",                                                   T | M | I, Real(&function::ERF)),
    Row("tanh(input)",                                                  T | F | M | I, Real(&function::TANH)),
    Row("sigmoid|expit(input)",                                         T | F | M | I, Real(&function::SIGMOID)),
    Row("logit(input, eps=None)",                                       T | M | I, Fn(logit)),
    Row("sinh(input)",                                                  T | M | I, Fn(sinh)),
    Row("cosh(input)",                                                  T | M | I, Fn(cosh)),
];

/// `x + alpha * y`; the sum of bools is their disjunction.
fn add(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = scaled(cx, a)?;
    let bools = cx.result_type(&[&x, &y]) == DType::Bool;
    let sum = pair(cx, if bools { &logic::LOGICAL_OR } else { &op::ADD }, &x, &y)?;
    Ok(cx.wrap(sum))
}

fn sub(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = scaled(cx, a)?;
    difference(cx, &x, &y)
}

fn rsub(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    difference(cx, &y, &x)
}

fn difference(cx: &mut Cx, x: &Operand, y: &Operand) -> Eval {
    if cx.result_type(&[x, y]) == DType::Bool {
        let text = "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.";
        return Err(cx.runtime_error(text));
    }
    let result = pair(cx, &op::SUB, x, y)?;
    Ok(cx.wrap(result))
}

/// The operands, the second times alpha.
fn scaled(cx: &mut Cx, a: &Bound) -> Eval<(Operand, Operand)> {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    match a.number(cx, "alpha")? {
        Number::Int(1) => Ok((x, y)),
        alpha => {
            let y = pair(cx, &op::MUL, &y, &Operand::Number(alpha))?;
            Ok((x, Operand::Tensor(y)))
        }
    }
}

fn mul(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    let bools = cx.result_type(&[&x, &y]) == DType::Bool;
    let product = pair(cx, if bools { &logic::LOGICAL_AND } else { &op::MUL }, &x, &y)?;
    Ok(cx.wrap(product))
}

fn true_divide(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    let result = quotient(cx, &x, &y)?;
    Ok(cx.wrap(result))
}

/// `x / y`, integers as floats.
pub fn quotient(cx: &mut Cx, x: &Operand, y: &Operand) -> Eval<Handle> {
    let dtype = crate::torch::promote::to_float(cx.result_type(&[x, y]), cx.default_dtype());
    let (x, y) = (cx.converted(x, dtype)?, cx.converted(y, dtype)?);
    cx.emit(&op::DIV, &[&x, &y], &[])
}

fn div(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    let mode = if a.value("rounding_mode").is_none() { "" } else { a.str(cx, "rounding_mode")? };
    let common = cx.result_type(&[&x, &y]);
    let result = match mode {
        "" => quotient(cx, &x, &y)?,
        "floor" => pair(cx, &op::FLOOR_DIVIDE, &x, &y)?,
        "trunc" => {
            // Exact for integers below 2^53; PyTorch divides them as integers.
            let dtype = if common.is_float() { common } else { DType::F64 };
            let (x, y) = (cx.converted(&x, dtype)?, cx.converted(&y, dtype)?);
            let q = cx.emit(&op::DIV, &[&x, &y], &[])?;
            let q = cx.emit(&op::TRUNC, &[&q], &[])?;
            cx.cast(&q, common)?
        }
        other => {
            let text = format!("div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{other}'");
            return Err(cx.runtime_error(text));
        }
    };
    Ok(cx.wrap(result))
}

fn pow(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    let negative = matches!(&y, Operand::Number(Number::Int(n)) if *n < 0);
    if negative && !cx.result_type(&[&x, &y]).is_float() {
        return Err(cx.runtime_error("Integers to negative integer powers are not allowed."));
    }
    let result = pair(cx, &op::POW, &x, &y)?;
    Ok(cx.wrap(result))
}

fn square(cx: &mut Cx, a: &Bound) -> Eval {
    let x = Operand::Tensor(a.handle(cx, "input")?);
    let result = pair(cx, &op::POW, &x, &Operand::Number(Number::Int(2)))?;
    Ok(cx.wrap(result))
}

fn frac(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let whole = cx.emit(&op::TRUNC, &[&x], &[])?;
    let result = cx.emit(&op::SUB, &[&x, &whole], &[])?;
    Ok(cx.wrap(result))
}

fn clamp(cx: &mut Cx, a: &Bound) -> Eval {
    if a.value("min").is_none() && a.value("max").is_none() {
        return Err(cx.runtime_error("torch.clamp: At least one of 'min' or 'max' must not be None"));
    }
    bounded(cx, a, &["min", "max"])
}

fn clamp_min(cx: &mut Cx, a: &Bound) -> Eval {
    bounded(cx, a, &["min"])
}

fn clamp_max(cx: &mut Cx, a: &Bound) -> Eval {
    bounded(cx, a, &["max"])
}

/// Bounds that are numbers become attributes of one op; tensors are compared with.
fn bounded(cx: &mut Cx, a: &Bound, bounds: &[&str]) -> Eval {
    let x = Operand::Tensor(a.handle(cx, "input")?);
    let mut given = vec![];
    for name in bounds.iter().filter(|name| !a.value(name).is_none()) {
        given.push((*name, a.operand(cx, name)?));
    }
    let all: Vec<&Operand> = std::iter::once(&x).chain(given.iter().map(|(_, o)| o)).collect();
    let dtype = cx.result_type(&all);
    let mut result = cx.converted(&x, dtype)?;
    let mut attrs = vec![];
    for (name, bound) in &given {
        match bound {
            Operand::Number(n) if n.as_f64().is_some() => {
                let scalar = n.scalar(DType::F64).unwrap_or(Scalar::zero(DType::F64));
                attrs.push((if *name == "min" { "min" } else { "max" }, scalar.into()));
            }
            bound => {
                let bound = cx.converted(bound, dtype)?;
                result = cx.emit(if *name == "min" { &op::MAXIMUM } else { &op::MINIMUM }, &[&result, &bound], &[])?;
            }
        }
    }
    if !attrs.is_empty() {
        result = cx.emit(&op::CLAMP, &[&result], &attrs)?;
    }
    Ok(cx.wrap(result))
}

/// `x + weight * (end - x)`
fn lerp(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, end, weight) = (a.operand(cx, "input")?, a.operand(cx, "end")?, a.operand(cx, "weight")?);
    let span = pair(cx, &op::SUB, &end, &x)?;
    let part = pair(cx, &op::MUL, &weight, &Operand::Tensor(span))?;
    let result = pair(cx, &op::ADD, &x, &Operand::Tensor(part))?;
    Ok(cx.wrap(result))
}

fn addcmul(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y, z) = (a.operand(cx, "input")?, a.operand(cx, "tensor1")?, a.operand(cx, "tensor2")?);
    let value = a.number(cx, "value")?;
    let mut product = pair(cx, &op::MUL, &y, &z)?;
    if value != Number::Int(1) {
        product = pair(cx, &op::MUL, &Operand::Tensor(product), &Operand::Number(value))?;
    }
    let result = pair(cx, &op::ADD, &x, &Operand::Tensor(product))?;
    Ok(cx.wrap(result))
}

/// A constant beside a tensor, in its dtype.
pub fn scaled_by(cx: &mut Cx, x: &Handle, factor: f64) -> Eval<Handle> {
    pair(cx, &op::MUL, &Operand::Tensor(x.clone()), &Operand::Number(Number::Float(factor)))
}

fn log2(cx: &mut Cx, a: &Bound) -> Eval {
    logarithm(cx, a, std::f64::consts::LN_2)
}

fn log10(cx: &mut Cx, a: &Bound) -> Eval {
    logarithm(cx, a, std::f64::consts::LN_10)
}

fn logarithm(cx: &mut Cx, a: &Bound, base: f64) -> Eval {
    let x = a.handle(cx, "input")?;
    let x = real(cx, &x)?;
    let log = cx.emit(&function::LOG, &[&x], &[])?;
    let result = quotient(cx, &Operand::Tensor(log), &Operand::Number(Number::Float(base)))?;
    Ok(cx.wrap(result))
}

fn exp2(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let x = real(cx, &x)?;
    let result = pair(cx, &op::POW, &Operand::Number(Number::Int(2)), &Operand::Tensor(x))?;
    Ok(cx.wrap(result))
}

fn tan(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let x = real(cx, &x)?;
    let (sin, cos) = (cx.emit(&function::SIN, &[&x], &[])?, cx.emit(&function::COS, &[&x], &[])?);
    let result = cx.emit(&op::DIV, &[&sin, &cos], &[])?;
    Ok(cx.wrap(result))
}

fn logit(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let mut x = real(cx, &x)?;
    if let Some(eps) = a.opt_float(cx, "eps")? {
        x = cx.emit(&op::CLAMP, &[&x], &[("min", eps.into()), ("max", (1.0 - eps).into())])?;
    }
    let rest = pair(cx, &op::SUB, &Operand::Number(Number::Int(1)), &Operand::Tensor(x.clone()))?;
    let odds = cx.emit(&op::DIV, &[&x, &rest], &[])?;
    let result = cx.emit(&function::LOG, &[&odds], &[])?;
    Ok(cx.wrap(result))
}

fn sinh(cx: &mut Cx, a: &Bound) -> Eval {
    hyperbolic(cx, a, &op::SUB)
}

fn cosh(cx: &mut Cx, a: &Bound) -> Eval {
    hyperbolic(cx, a, &op::ADD)
}

/// `(exp(x) ± exp(-x)) / 2`
fn hyperbolic(cx: &mut Cx, a: &Bound, combine: &'static cresset_ir::OpDef) -> Eval<Value> {
    let x = a.handle(cx, "input")?;
    let x = real(cx, &x)?;
    let minus = cx.emit(&op::NEG, &[&x], &[])?;
    let (up, down) = (cx.emit(&function::EXP, &[&x], &[])?, cx.emit(&function::EXP, &[&minus], &[])?);
    let both = cx.emit(combine, &[&up, &down], &[])?;
    let result = scaled_by(cx, &both, 0.5)?;
    Ok(cx.wrap(result))
}
