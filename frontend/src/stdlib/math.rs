//! `math`.

use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::{Interp, Row, Value};
use crate::import::Module;
use std::f64::consts;
use std::rc::Rc;

pub fn build(_: &mut Interp, module: &Rc<Module>) {
    module.define(FUNCTIONS);
    for (name, value) in [("pi", consts::PI), ("e", consts::E), ("tau", consts::TAU), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        module.set(name, value);
    }
}

/// A function of one real number.
macro_rules! real {
    ($name:literal, $function:expr) => {
        ($name, "x /", |it, a| {
            let x = number(it, a.at(0))?;
            let function: fn(f64) -> f64 = $function;
            domain(it, x, function(x))
        })
    };
}

const FUNCTIONS: &[Row] = &[
    real!("acos", f64::acos),
    real!("acosh", f64::acosh),
    real!("asin", f64::asin),
    real!("asinh", f64::asinh),
    real!("atan", f64::atan),
    real!("atanh", f64::atanh),
    real!("cbrt", f64::cbrt),
    real!("cos", f64::cos),
    real!("cosh", f64::cosh),
    real!("degrees", f64::to_degrees),
    real!("erf", libm::erf),
    real!("erfc", libm::erfc),
    real!("exp", f64::exp),
    real!("exp2", f64::exp2),
    real!("expm1", f64::exp_m1),
    real!("fabs", f64::abs),
    real!("gamma", libm::tgamma),
    real!("lgamma", libm::lgamma),
    real!("log10", f64::log10),
    real!("log1p", f64::ln_1p),
    real!("log2", f64::log2),
    real!("radians", f64::to_radians),
    real!("sin", f64::sin),
    real!("sinh", f64::sinh),
    real!("sqrt", f64::sqrt),
    real!("tan", f64::tan),
    real!("tanh", f64::tanh),
    ("atan2", "y x /", |it, a| Ok(Value::Float(number(it, a.at(0))?.atan2(number(it, a.at(1))?)))),
    ("ceil", "x /", |it, a| whole(it, a.at(0), "__ceil__", f64::ceil)),
    ("comb", "n k /", comb),
    ("copysign", "x y /", |it, a| Ok(Value::Float(number(it, a.at(0))?.copysign(number(it, a.at(1))?)))),
    ("factorial", "n /", |it, a| {
        let n = it.int(a.at(0))?;
        match n < 0 {
            true => Err(it.value_error("factorial() not defined for negative values")),
            false => (1..=n).try_fold(1i64, i64::checked_mul).map(Value::Int).ok_or_else(|| it.overflow()),
        }
    }),
    ("floor", "x /", |it, a| whole(it, a.at(0), "__floor__", f64::floor)),
    ("fmod", "x y /", |it, a| Ok(Value::Float(number(it, a.at(0))? % number(it, a.at(1))?))),
    ("fsum", "iterable /", |it, a| {
        let items = it.collect(a.at(0))?;
        let numbers = items.iter().map(|v| number(it, v)).collect::<Eval<Vec<_>>>()?;
        Ok(Value::Float(numbers.iter().sum()))
    }),
    ("gcd", "*values", |it, a| {
        let values = a.rest.iter().map(|v| it.int(v)).collect::<Eval<Vec<_>>>()?;
        Ok(Value::Int(values.iter().fold(0u64, |x, y| gcd(x, y.unsigned_abs())) as i64))
    }),
    ("hypot", "*values", |it, a| {
        let values = a.rest.iter().map(|v| number(it, v)).collect::<Eval<Vec<_>>>()?;
        Ok(Value::Float(values.iter().fold(0.0f64, |x, y| x.hypot(*y))))
    }),
    ("isclose", "a b * rel_tol? abs_tol?", |it, a| {
        let (x, y) = (number(it, a.at(0))?, number(it, a.at(1))?);
        let tolerance = |v: Option<&Value>, default: f64| v.and_then(Value::as_float).unwrap_or(default);
        let (relative, absolute) = (tolerance(a.get(2), 1e-9), tolerance(a.get(3), 0.0));
        Ok(Value::Bool(
            x == y || x.is_finite() && y.is_finite() && (x - y).abs() <= (relative * x.abs().max(y.abs())).max(absolute),
        ))
    }),
    ("isfinite", "x /", |it, a| Ok(Value::Bool(number(it, a.at(0))?.is_finite()))),
    ("isinf", "x /", |it, a| Ok(Value::Bool(number(it, a.at(0))?.is_infinite()))),
    ("isnan", "x /", |it, a| Ok(Value::Bool(number(it, a.at(0))?.is_nan()))),
    ("isqrt", "n /", |it, a| match u64::try_from(it.int(a.at(0))?) {
        Ok(n) => Ok(Value::Int(n.isqrt() as i64)),
        Err(_) => Err(it.value_error("isqrt() argument must be nonnegative")),
    }),
    ("lcm", "*values", |it, a| {
        let values = a.rest.iter().map(|v| it.int(v)).collect::<Eval<Vec<_>>>()?;
        let lcm = values.iter().map(|v| v.unsigned_abs()).try_fold(1u64, |x, y| match gcd(x, y) {
            0 => Some(0),
            d => (x / d).checked_mul(y),
        });
        lcm.and_then(|l| i64::try_from(l).ok()).map(Value::Int).ok_or_else(|| it.overflow())
    }),
    ("log", "x base? /", |it, a| {
        let x = number(it, a.at(0))?;
        let Some(base) = a.get(1) else { return domain(it, x, x.ln()) };
        let base = number(it, base)?;
        domain(it, x, x.ln() / base.ln())
    }),
    ("pow", "x y /", |it, a| Ok(Value::Float(number(it, a.at(0))?.powf(number(it, a.at(1))?)))),
    ("prod", "iterable / * start?", |it, a| {
        let start = a.get(1).cloned().unwrap_or(Value::Int(1));
        let items = it.collect(a.at(0))?;
        items.iter().try_fold(start, |total, item| it.binary(crate::lang::ast::BinaryOp::Mul, &total, item))
    }),
    ("trunc", "x /", |it, a| whole(it, a.at(0), "__trunc__", f64::trunc)),
];

fn number(it: &mut Interp, value: &Value) -> Eval<f64> {
    if let Some(f) = value.as_float() {
        return Ok(f);
    }
    if let Some(f) = it.call_special(value, "__float__", [])?.and_then(|v| v.as_float()) {
        return Ok(f);
    }
    if let Value::Foreign(f) = value
        && let Some(f) = f.clone().convert(it, value, "float")?.and_then(|v| v.as_float())
    {
        return Ok(f);
    }
    Err(it.type_error(format!("must be real number, not {}", it.type_name(value))))
}

/// A result, unless a finite argument has none.
fn domain(it: &Interp, x: f64, result: f64) -> Eval {
    match result {
        _ if x.is_finite() && (result.is_nan() || result == f64::NEG_INFINITY) => Err(it.value_error("math domain error")),
        _ if x.is_finite() && result.is_infinite() => Err(it.error("OverflowError", "math range error")),
        _ => Ok(Value::Float(result)),
    }
}

/// Rounding to an integer; integers stay as they are.
fn whole(it: &mut Interp, value: &Value, method: &str, round: fn(f64) -> f64) -> Eval {
    if let Value::Instance(_) | Value::Foreign(_) = value
        && let Some(result) = it.call_special(value, method, [])?
    {
        return Ok(result);
    }
    match value.as_int() {
        Some(i) => Ok(Value::Int(i)),
        None => {
            let x = number(it, value)?;
            super::numbers::float_to_int(it, round(x))
        }
    }
}

fn comb(it: &mut Interp, a: &Bound) -> Eval {
    let (n, k) = (it.int(a.at(0))?, it.int(a.at(1))?);
    if n < 0 || k < 0 {
        return Err(it.value_error("n and k must be non-negative integers"));
    }
    let k = k.min(n - k);
    let total = (0..k.max(0)).try_fold(1i128, |c, i| Some(c.checked_mul((n - i) as i128)? / (i as i128 + 1)));
    match total {
        _ if k < 0 => Ok(Value::Int(0)),
        Some(c) => i64::try_from(c).map(Value::Int).map_err(|_| it.overflow()),
        None => Err(it.overflow()),
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
