//! `int`, `float` and `bool`.

use super::methods;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::{Class, Instance, Interp, Row, Value};
use std::rc::Rc;

pub fn install(it: &mut Interp) {
    methods(&it.types.int, INT);
    methods(&it.types.float, FLOAT);
    methods(
        &it.types.bool_,
        &[("__new__", "class x?", |it, a| {
            let value = a.at(1).clone();
            if let Some(converted) = foreign(it, &value, "bool")? {
                return Ok(converted);
            }
            it.truth(&value).map(Value::Bool)
        })],
    );
}

/// A built-in value as one of a class: itself, or wrapped for a subclass.
pub fn of_class(class: &Value, own: &Rc<Class>, value: Value) -> Value {
    match class {
        Value::Class(class) if !Rc::ptr_eq(class, own) => Value::Instance(Instance::new(class.clone(), Some(value))),
        _ => value,
    }
}

fn foreign(it: &mut Interp, value: &Value, to: &str) -> Eval<Option<Value>> {
    match value {
        Value::Foreign(f) => f.clone().convert(it, value, to).map_err(|r| it.located(r)),
        _ => Ok(None),
    }
}

const INT: &[Row] = &[
    ("__new__", "class x? base? **named", int),
    ("bit_length", "self", |_, a| Ok(Value::Int(64 - a.at(0).as_int().unwrap_or(0).unsigned_abs().leading_zeros() as i64))),
    ("is_integer", "self", |_, _| Ok(Value::Bool(true))),
    ("conjugate", "self", |_, a| Ok(a.at(0).clone())),
];

fn int(it: &mut Interp, a: &Bound) -> Eval {
    let own = it.types.int.clone();
    let value = a.at(1).clone();
    if let Some(converted) = foreign(it, &value, "int")? {
        return Ok(converted);
    }
    let base = a.get(2).map_or(Ok(10), |b| it.int(b))?;
    let result = match value.primitive() {
        Value::None if a.get(1).is_none() => Value::Int(0),
        Value::Float(f) => float_to_int(it, f.trunc())?,
        Value::Str(text) => match parse_int(text, base) {
            Some(i) => Value::Int(i),
            None => {
                let text = crate::eval::repr::quoted(text);
                return Err(it.value_error(format!("invalid literal for int() with base {base}: {text}")));
            }
        },
        other => match (other.as_int(), it.call_special(&value, "__int__", [])?) {
            (Some(i), None) => Value::Int(i),
            (_, Some(result)) => result,
            (None, None) => match it.index(&value)? {
                Some(i) => Value::Int(i),
                None => {
                    let name = it.type_name(&value);
                    return Err(it.type_error(format!(
                        "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
                    )));
                }
            },
        },
    };
    Ok(of_class(a.at(0), &own, result))
}

fn parse_int(text: &str, base: i64) -> Option<i64> {
    let text = text.trim().replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let lower = digits.to_lowercase();
    let prefixed = |prefix: &str| lower.strip_prefix(prefix).map(str::to_owned);
    let (digits, base) = match base {
        0 => match [("0x", 16), ("0o", 8), ("0b", 2)].iter().find_map(|(p, b)| Some((prefixed(p)?, *b))) {
            Some(found) => found,
            None => (lower, 10),
        },
        16 => (prefixed("0x").unwrap_or(lower), 16),
        8 => (prefixed("0o").unwrap_or(lower), 8),
        2 => (prefixed("0b").unwrap_or(lower), 2),
        3..=36 => (lower, base as u32),
        _ => return None,
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    let signed = if negative { format!("-{digits}") } else { digits };
    i64::from_str_radix(&signed, base).ok()
}

/// A whole float as an integer.
pub fn float_to_int(it: &Interp, f: f64) -> Eval {
    match f {
        _ if f.is_nan() => Err(it.value_error("cannot convert float NaN to integer")),
        _ if f.is_infinite() => Err(it.error("OverflowError", "cannot convert float infinity to integer")),
        _ if f.abs() >= 9.3e18 => Err(it.overflow()),
        _ => Ok(Value::Int(f as i64)),
    }
}

const FLOAT: &[Row] = &[
    ("__new__", "class x?", float),
    ("is_integer", "self", |_, a| Ok(Value::Bool(a.at(0).as_float().is_some_and(|f| f.is_finite() && f.fract() == 0.0)))),
    ("conjugate", "self", |_, a| Ok(a.at(0).clone())),
];

fn float(it: &mut Interp, a: &Bound) -> Eval {
    let own = it.types.float.clone();
    let value = a.at(1).clone();
    if let Some(converted) = foreign(it, &value, "float")? {
        return Ok(converted);
    }
    let result = match value.primitive() {
        Value::None if a.get(1).is_none() => 0.0,
        Value::Str(text) => match parse_float(text) {
            Some(f) => f,
            None => {
                let text = crate::eval::repr::quoted(text);
                return Err(it.value_error(format!("could not convert string to float: {text}")));
            }
        },
        other => match (other.as_float(), it.call_special(&value, "__float__", [])?) {
            (_, Some(result)) => return Ok(result),
            (Some(f), None) => f,
            (None, None) => {
                let name = it.type_name(&value);
                return Err(it.type_error(format!("float() argument must be a string or a real number, not '{name}'")));
            }
        },
    };
    Ok(of_class(a.at(0), &own, Value::Float(result)))
}

fn parse_float(text: &str) -> Option<f64> {
    text.trim().replace('_', "").parse().ok()
}
