//! The built-in functions.

use crate::eval::frame::Names;
use crate::eval::iter::{Iter, over};
use crate::eval::native::Bound;
use crate::eval::object::Super;
use crate::eval::raise::{Eval, Raise};
use crate::eval::{Args, Dict, Interp, Row, Value};
use crate::lang::ast::{BinaryOp, CompareOp};
use std::rc::Rc;

pub fn install(it: &mut Interp) {
    super::functions(it, FUNCTIONS);
    for (name, value) in
        [("NotImplemented", Value::NotImplemented), ("Ellipsis", Value::Ellipsis), ("__debug__", Value::Bool(true))]
    {
        it.builtins.borrow_mut().insert(name, value);
    }
}

const FUNCTIONS: &[Row] = &[
    ("abs", "x /", |it, a| abs(it, a.at(0))),
    ("all", "iterable /", |it, a| search(it, a.at(0), false)),
    ("any", "iterable /", |it, a| search(it, a.at(0), true)),
    ("bin", "x /", |it, a| radix(it, a.at(0), "#b")),
    ("callable", "x /", |it, a| Ok(Value::Bool(callable(it, a.at(0))))),
    ("chr", "code /", chr),
    ("compile", "*args **named", |it, _| Err(it.unsupported("'compile'"))),
    ("delattr", "object name /", |it, a| {
        let name = text(it, a.at(1))?;
        it.delattr(a.at(0), &name).map(|()| Value::None)
    }),
    ("dir", "object? /", dir),
    ("divmod", "x y /", |it, a| {
        let (q, r) = (it.binary(BinaryOp::FloorDiv, a.at(0), a.at(1))?, it.binary(BinaryOp::Mod, a.at(0), a.at(1))?);
        Ok(Value::tuple([q, r]))
    }),
    ("enumerate", "iterable start?", enumerate),
    ("eval", "*args **named", |it, _| Err(it.unsupported("'eval'"))),
    ("exec", "*args **named", |it, _| Err(it.unsupported("'exec'"))),
    ("filter", "function iterable /", filter),
    ("format", "value spec? /", |it, a| {
        let spec = a.at(1).as_str().unwrap_or_default().to_owned();
        it.format(a.at(0), &spec).map(Value::from)
    }),
    ("getattr", "object name default? /", getattr),
    ("globals", "", |it, _| match it.calls.last().map(|call| call.frame.module.clone()) {
        Some(module) => {
            it.finish_module(&module)?;
            Ok(Value::Dict(module.globals.clone()))
        }
        None => Ok(Value::dict(Dict::new())),
    }),
    ("hasattr", "object name /", |it, a| {
        let name = text(it, a.at(1))?;
        Ok(Value::Bool(it.getattr_opt(a.at(0), &name)?.is_some()))
    }),
    ("hash", "x /", |it, a| Ok(Value::Int((it.key(a.at(0))?.hash >> 3) as i64))),
    ("hex", "x /", |it, a| radix(it, a.at(0), "#x")),
    ("id", "x /", |_, a| Ok(Value::Int((a.at(0).address() as u64 >> 1) as i64))),
    ("input", "*args", |it, _| Err(it.unsupported("'input'"))),
    ("isinstance", "object class /", |it, a| it.isinstance(a.at(0), a.at(1)).map(Value::Bool)),
    ("issubclass", "class of /", |it, a| issubclass(it, a.at(0), a.at(1)).map(Value::Bool)),
    ("iter", "object sentinel? /", iter),
    ("len", "object /", |it, a| it.len(a.at(0))),
    ("locals", "", |it, _| {
        let locals = it.calls.last().map(|call| call.frame.locals()).unwrap_or_default();
        Ok(Value::dict(locals.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }),
    ("map", "function *iterables", map),
    ("max", "*args * key? default?", |it, a| extreme(it, a, CompareOp::Gt, "max")),
    ("min", "*args * key? default?", |it, a| extreme(it, a, CompareOp::Lt, "min")),
    ("next", "iterator default? /", next),
    ("oct", "x /", |it, a| radix(it, a.at(0), "#o")),
    ("open", "*args **named", |it, _| Err(it.unsupported("'open'"))),
    ("ord", "c /", ord),
    ("pow", "base exp mod?", pow),
    ("print", "*args * sep? end? file? flush?", print),
    ("repr", "object /", |it, a| it.repr(a.at(0)).map(Value::from)),
    ("reversed", "sequence /", reversed),
    ("round", "number ndigits?", round),
    ("setattr", "object name value /", |it, a| {
        let name = text(it, a.at(1))?;
        it.setattr(a.at(0), &name, a.at(2).clone()).map(|()| Value::None)
    }),
    ("sorted", "iterable / * key? reverse?", |it, a| {
        let items = it.collect(a.at(0))?;
        sort(it, items, a.at(1), a.at(2)).map(Value::list)
    }),
    ("sum", "iterable / start?", sum),
    ("vars", "object? /", vars),
    ("zip", "*iterables * strict?", zip),
    ("__import__", "name", |it, a| {
        let name = text(it, a.at(0))?;
        let found = it.find_module(&name)?;
        found.map(Value::Module).ok_or_else(|| it.error("ModuleNotFoundError", format!("No module named '{name}'")))
    }),
];

/// A string argument.
pub fn text(it: &Interp, value: &Value) -> Eval<String> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(it.type_error(format!("expected a string, not '{}'", it.type_name(value)))),
    }
}

fn abs(it: &mut Interp, value: &Value) -> Eval {
    match value {
        Value::Float(f) => Ok(Value::Float(f.abs())),
        _ => match value.as_int() {
            Some(i) => i.checked_abs().map(Value::Int).ok_or_else(|| it.overflow()),
            None => match it.call_special(value, "__abs__", [])? {
                Some(result) => Ok(result),
                None => Err(it.type_error(format!("bad operand type for abs(): '{}'", it.type_name(value)))),
            },
        },
    }
}

/// Whether the truth of some item is the one that is sought.
fn search(it: &mut Interp, iterable: &Value, sought: bool) -> Eval {
    let iter = it.iter(iterable)?;
    while let Some(item) = iter.next(it)? {
        it.step()?;
        if it.truth(&item)? == sought {
            return Ok(Value::Bool(sought));
        }
    }
    Ok(Value::Bool(!sought))
}

fn radix(it: &mut Interp, value: &Value, spec: &str) -> Eval {
    let i = it.int(value)?;
    it.format(&Value::Int(i), spec).map(Value::from)
}

fn callable(it: &Interp, value: &Value) -> bool {
    match value {
        Value::Function(_) | Value::Method(_) | Value::Native(_) | Value::Class(_) | Value::StaticMethod(_) => true,
        Value::Instance(_) | Value::Foreign(_) => it.class_of(value).lookup("__call__").is_some(),
        _ => false,
    }
}

fn chr(it: &mut Interp, a: &Bound) -> Eval {
    let code = it.int(a.at(0))?;
    match u32::try_from(code).ok().and_then(char::from_u32) {
        Some(c) => Ok(Value::from(c.to_string())),
        None => Err(it.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(it: &mut Interp, a: &Bound) -> Eval {
    let text = text(it, a.at(0))?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(Value::Int(c as i64)),
        _ => Err(it.type_error(format!("ord() expected a character, but string of length {} found", text.chars().count()))),
    }
}

fn dir(it: &mut Interp, a: &Bound) -> Eval {
    let mut names = match (a.get(0), it.calls.last().map(|call| call.frame.clone())) {
        (Some(object), _) => it.dir(object)?,
        (None, Some(frame)) => match frame.names {
            Names::Module => frame.module.names(),
            _ => frame.locals().into_iter().map(|(name, _)| name).collect(),
        },
        (None, None) => vec![],
    };
    names.sort();
    Ok(Value::list(names.into_iter().map(Value::Str)))
}

fn enumerate(it: &mut Interp, a: &Bound) -> Eval {
    let iter = it.iter(a.at(0))?;
    let mut index = a.get(1).map_or(Ok(0), |start| it.int(start))?;
    Ok(Value::Iter(Iter::new("enumerate", move |it| {
        let item = iter.next(it)?;
        index += 1;
        Ok(item.map(|item| Value::tuple([Value::Int(index - 1), item])))
    })))
}

fn filter(it: &mut Interp, a: &Bound) -> Eval {
    let (function, iter) = (a.at(0).clone(), it.iter(a.at(1))?);
    Ok(Value::Iter(Iter::new("filter", move |it| {
        while let Some(item) = iter.next(it)? {
            it.step()?;
            let keep = if function.is_none() { item.clone() } else { it.call(&function, Args::of([item.clone()]))? };
            if it.truth(&keep)? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    })))
}

fn map(it: &mut Interp, a: &Bound) -> Eval {
    let function = a.at(0).clone();
    let iters = a.rest.iter().map(|v| it.iter(v)).collect::<Eval<Vec<_>>>()?;
    Ok(Value::Iter(Iter::new("map", move |it| match together(it, &iters)? {
        Some(items) => it.call(&function, Args::of(items)).map(Some),
        None => Ok(None),
    })))
}

/// The next item of each; none where one has ended.
fn together(it: &mut Interp, iters: &[Rc<Iter>]) -> Eval<Option<Vec<Value>>> {
    let mut items = Vec::with_capacity(iters.len());
    for iter in iters {
        match iter.next(it)? {
            Some(item) => items.push(item),
            None => return Ok(None),
        }
    }
    Ok((!items.is_empty()).then_some(items))
}

fn zip(it: &mut Interp, a: &Bound) -> Eval {
    let iters = a.rest.iter().map(|v| it.iter(v)).collect::<Eval<Vec<_>>>()?;
    let strict = it.truth(a.at(0))?;
    Ok(Value::Iter(Iter::new("zip", move |it| {
        if !strict {
            return Ok(together(it, &iters)?.map(Value::tuple));
        }
        let items = iters.iter().map(|iter| iter.next(it)).collect::<Eval<Vec<_>>>()?;
        match items.iter().position(|item| item.is_some() != items[0].is_some()) {
            Some(i) => {
                let length = if items[0].is_some() { "shorter" } else { "longer" };
                Err(it.value_error(format!("zip() argument {} is {length} than argument 1", i + 1)))
            }
            None => Ok(items.into_iter().collect::<Option<Vec<_>>>().filter(|items| !items.is_empty()).map(Value::tuple)),
        }
    })))
}

fn getattr(it: &mut Interp, a: &Bound) -> Eval {
    let name = text(it, a.at(1))?;
    match a.get(2) {
        Some(default) => Ok(it.getattr_opt(a.at(0), &name)?.unwrap_or_else(|| default.clone())),
        None => it.getattr(a.at(0), &name),
    }
}

pub fn issubclass(it: &mut Interp, class: &Value, of: &Value) -> Eval<bool> {
    match (class, of) {
        (Value::Class(class), Value::Class(of)) => Ok(class.is_subclass(of)),
        (Value::Class(_), Value::Tuple(classes)) => {
            for of in classes.iter() {
                if issubclass(it, class, of)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Value::Class(_), _) => Err(it.type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union")),
        _ => Err(it.type_error("issubclass() arg 1 must be a class")),
    }
}

fn iter(it: &mut Interp, a: &Bound) -> Eval {
    let Some(sentinel) = a.get(1).cloned() else { return it.iter(a.at(0)).map(Value::Iter) };
    let function = a.at(0).clone();
    Ok(Value::Iter(Iter::new("callable_iterator", move |it| {
        let value = it.call(&function, Args::default())?;
        Ok(if it.equal(&value, &sentinel)? { None } else { Some(value) })
    })))
}

fn next(it: &mut Interp, a: &Bound) -> Eval {
    let item = match a.at(0) {
        Value::Iter(iter) => {
            let item = iter.next(it)?;
            match (item, a.get(1)) {
                (Some(item), _) => return Ok(item),
                (None, Some(default)) => return Ok(default.clone()),
                (None, None) => return Err(it.stop(iter.returned())),
            }
        }
        other => match it.call_special(other, "__next__", []) {
            Ok(None) => return Err(it.type_error(format!("'{}' object is not an iterator", it.type_name(other)))),
            item => item,
        },
    };
    match (item, a.get(1)) {
        (Err(raise), Some(default)) if it.is_exception(&raise, "StopIteration") => Ok(default.clone()),
        (item, _) => item.map(|v| v.unwrap_or(Value::None)),
    }
}

impl Interp {
    /// `StopIteration` with what a generator returned.
    pub(crate) fn stop(&self, value: Value) -> Box<Raise> {
        let error = crate::eval::Instance::new(self.types.exception("StopIteration"), None);
        error.set("args", if value.is_none() { Value::tuple([]) } else { Value::tuple([value.clone()]) });
        error.set("value", value);
        self.throw(error)
    }
}

fn extreme(it: &mut Interp, a: &Bound, op: CompareOp, name: &str) -> Eval {
    let (key, default) = (a.at(0), a.get(1));
    let items = match &a.rest[..] {
        [] => return Err(it.type_error(format!("{name} expected at least 1 argument, got 0"))),
        [iterable] => it.collect(iterable)?,
        items => items.to_vec(),
    };
    let mut best: Option<(Value, Value)> = None;
    for item in items {
        it.step()?;
        let rank = if key.is_none() { item.clone() } else { it.call(key, Args::of([item.clone()]))? };
        let better = match &best {
            None => true,
            Some((_, best)) => {
                let result = it.compare(op, &rank, best)?;
                it.truth(&result)?
            }
        };
        if better {
            best = Some((item, rank));
        }
    }
    match (best, default) {
        (Some((item, _)), _) => Ok(item),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(it.value_error(format!("{name}() arg is an empty sequence"))),
    }
}

fn pow(it: &mut Interp, a: &Bound) -> Eval {
    let Some(modulus) = a.get(2).filter(|m| !m.is_none()) else { return it.binary(BinaryOp::Pow, a.at(0), a.at(1)) };
    let (base, exp, modulus) = (it.int(a.at(0))?, it.int(a.at(1))?, it.int(modulus)? as i128);
    let Ok(mut exp) = u64::try_from(exp) else { return Err(it.unsupported("pow() with a negative exponent and a modulus")) };
    if modulus == 0 {
        return Err(it.value_error("pow() 3rd argument cannot be 0"));
    }
    let (mut result, mut square) = (1i128.rem_euclid(modulus), (base as i128).rem_euclid(modulus));
    while exp > 0 {
        if exp & 1 == 1 {
            result = (result * square).rem_euclid(modulus);
        }
        square = (square * square).rem_euclid(modulus);
        exp >>= 1;
    }
    Ok(Value::Int(result as i64))
}

fn print(it: &mut Interp, a: &Bound) -> Eval {
    let separator = a.at(0).as_str().unwrap_or(" ").to_owned();
    let end = a.at(1).as_str().unwrap_or("\n").to_owned();
    it.print_line(a.args(), &separator, &end).map(|()| Value::None)
}

fn reversed(it: &mut Interp, a: &Bound) -> Eval {
    let value = a.at(0);
    if let Value::Instance(_) = value
        && let Some(result) = it.call_special(value, "__reversed__", [])?
    {
        return Ok(result);
    }
    let items = match value.primitive() {
        Value::List(_) | Value::Tuple(_) | Value::Range(_) | Value::Str(_) | Value::Dict(_) | Value::View(_) => {
            it.collect(value.primitive())?
        }
        Value::Instance(_) | Value::Foreign(_) if it.class_of(value).lookup("__getitem__").is_some() => {
            let len = it.len(value)?;
            let len = it.int(&len)?;
            (0..len).map(|i| it.getitem(value, &Value::Int(i))).collect::<Eval<Vec<_>>>()?
        }
        _ => return Err(it.type_error(format!("'{}' object is not reversible", it.type_name(value)))),
    };
    Ok(Value::Iter(over("reversed", items.into_iter().rev().collect())))
}

fn round(it: &mut Interp, a: &Bound) -> Eval {
    let digits = a.get(1).filter(|d| !d.is_none()).map(|d| it.int(d)).transpose()?;
    match (a.at(0).primitive(), digits) {
        (Value::Float(f), None) => super::numbers::float_to_int(it, f.round_ties_even()),
        // Rounding the decimal expansion is what Python does: 2.675 is below its half.
        (Value::Float(f), Some(digits @ 0..=300)) => Ok(Value::Float(format!("{f:.*}", digits as usize).parse().unwrap_or(*f))),
        (Value::Float(f), Some(digits)) => {
            let scale = 10f64.powi(digits.clamp(-400, 400).unsigned_abs() as i32);
            Ok(Value::Float(if digits < 0 { (f / scale).round_ties_even() * scale } else { *f }))
        }
        (value, None | Some(0..)) if value.as_int().is_some() => Ok(Value::Int(value.as_int().unwrap_or_default())),
        (value, Some(digits)) if value.as_int().is_some() => {
            let scale = 10f64.powi(digits.max(-18).unsigned_abs() as i32);
            Ok(Value::Int(((value.as_float().unwrap_or_default() / scale).round_ties_even() * scale) as i64))
        }
        (value, _) => match it.call_special(&value.clone(), "__round__", [])? {
            Some(result) => Ok(result),
            None => Err(it.type_error(format!("type {} doesn't define __round__ method", it.type_name(a.at(0))))),
        },
    }
}

/// A stable sort; keys are computed once.
pub fn sort(it: &mut Interp, items: Vec<Value>, key: &Value, reverse: &Value) -> Eval<Vec<Value>> {
    let mut ranked = items
        .into_iter()
        .map(|item| Ok((if key.is_none() { item.clone() } else { it.call(key, Args::of([item.clone()]))? }, item)))
        .collect::<Eval<Vec<_>>>()?;
    let reverse = it.truth(reverse)?;
    if reverse {
        ranked.reverse();
    }
    ranked = merge_sort(it, ranked)?;
    if reverse {
        ranked.reverse();
    }
    Ok(ranked.into_iter().map(|(_, item)| item).collect())
}

/// The standard sorts may panic on an order that is none, as the program's own comparisons can be.
fn merge_sort(it: &mut Interp, mut items: Vec<(Value, Value)>) -> Eval<Vec<(Value, Value)>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let (left, right) = (merge_sort(it, items)?, merge_sort(it, right)?);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        it.step()?;
        let less = it.compare(CompareOp::Lt, b, a)?;
        let from = if it.truth(&less)? { &mut right } else { &mut left };
        merged.extend(from.next());
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

fn sum(it: &mut Interp, a: &Bound) -> Eval {
    let iter = it.iter(a.at(0))?;
    let mut total = a.get(1).cloned().unwrap_or(Value::Int(0));
    if total.as_str().is_some() {
        return Err(it.type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    while let Some(item) = iter.next(it)? {
        it.step()?;
        total = it.binary(BinaryOp::Add, &total, &item)?;
    }
    Ok(total)
}

fn vars(it: &mut Interp, a: &Bound) -> Eval {
    match a.get(0) {
        Some(object) => match it.getattr_opt(object, "__dict__")? {
            Some(dict) => Ok(dict),
            None => Err(it.type_error("vars() argument must have __dict__ attribute")),
        },
        None => {
            let locals = it.calls.last().map(|call| call.frame.locals()).unwrap_or_default();
            Ok(Value::dict(locals.into_iter().map(|(name, value)| (name.into(), value)).collect()))
        }
    }
}

/// `super()` and `super(Class, object)`
pub fn super_of(it: &mut Interp, a: &Bound) -> Eval {
    let (start, this) = match (a.get(0), a.get(1)) {
        (Some(Value::Class(class)), Some(this)) => (class.clone(), this.clone()),
        (None, None) => {
            let frame = it.calls.last().map(|call| call.frame.clone());
            let function = frame.as_ref().and_then(|f| f.function());
            let first = function.and_then(|f| f.slots.borrow().first().cloned().flatten());
            let class = function.and_then(|f| f.class.as_ref()?.get().cloned());
            match (class, first) {
                (Some(class), Some(this)) => (class, this),
                _ => return Err(it.error("RuntimeError", "super(): no arguments")),
            }
        }
        _ => return Err(it.type_error("super() takes a class and an object")),
    };
    let class = match &this {
        Value::Class(class) if class.is_subclass(&start) => class.clone(),
        other => it.class_of(other),
    };
    match class.is_subclass(&start) {
        true => Ok(Value::Super(Rc::new(Super { start, this, class }))),
        false => Err(it.type_error("super(type, obj): obj must be an instance or subtype of type")),
    }
}
