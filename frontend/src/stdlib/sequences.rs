//! `list`, `tuple`, `range` and `slice`.

use super::builtins::sort;
use super::methods;
use super::numbers::of_class;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::value::{Range, Slice};
use crate::eval::{Interp, Row, Shared, Value};
use std::rc::Rc;

pub fn install(it: &mut Interp) {
    for class in [&it.types.list, &it.types.tuple, &it.types.str_, &it.types.bytes, &it.types.range] {
        methods(class, SIZED);
        methods(class, INDEXED);
    }
    methods(&it.types.list, LIST);
    methods(&it.types.tuple, TUPLE);
    methods(&it.types.range, RANGE);
    methods(
        &it.types.slice,
        &[
            ("__new__", "class a b? c?", |_, a| {
                let (lower, upper) = if a.get(2).is_some() { (a.at(1), a.at(2)) } else { (&Value::None, a.at(1)) };
                Ok(Value::Slice(Rc::new(Slice { lower: lower.clone(), upper: upper.clone(), step: a.at(3).clone() })))
            }),
            ("indices", "self length", |it, a| {
                let len = it.int(a.at(1))?.max(0) as usize;
                let Value::Slice(slice) = a.at(0) else { return Err(it.type_error("a slice is needed")) };
                let i = it.indices(slice, len)?;
                Ok(Value::tuple([i.start, i.stop, i.step].map(Value::Int)))
            }),
        ],
    );
}

/// What a subclass reaches by `super()`, of everything that has a length.
pub const SIZED: &[Row] = &[
    ("__contains__", "self item", |it, a| it.contains(&a.at(0).primitive().clone(), a.at(1)).map(Value::Bool)),
    ("__len__", "self", |it, a| it.len(&a.at(0).primitive().clone())),
    ("__iter__", "self", |it, a| it.iter(&a.at(0).primitive().clone()).map(Value::Iter)),
];

/// And of everything that has positions.
const INDEXED: &[Row] = &[("__getitem__", "self index", |it, a| it.getitem(&a.at(0).primitive().clone(), a.at(1)))];

const LIST: &[Row] = &[
    ("__setitem__", "self index value", |it, a| {
        it.setitem(&a.at(0).primitive().clone(), a.at(1), a.at(2).clone()).map(|()| Value::None)
    }),
    ("__delitem__", "self index", |it, a| it.delitem(&a.at(0).primitive().clone(), a.at(1)).map(|()| Value::None)),
    ("__new__", "class *args **named", |it, a| {
        let own = it.types.list.clone();
        Ok(of_class(a.at(0), &own, Value::list([])))
    }),
    ("__init__", "self iterable?", |it, a| {
        let items = a.get(1).map_or(Ok(vec![]), |v| it.collect(v))?;
        *this(it, a)?.borrow_mut() = items;
        Ok(Value::None)
    }),
    ("append", "self item", |it, a| {
        this(it, a)?.borrow_mut().push(a.at(1).clone());
        Ok(Value::None)
    }),
    ("clear", "self", |it, a| {
        this(it, a)?.borrow_mut().clear();
        Ok(Value::None)
    }),
    ("copy", "self", |it, a| Ok(Value::list(this(it, a)?.borrow().clone()))),
    ("count", "self item", |it, a| {
        let items = this(it, a)?.borrow().clone();
        count(it, &items, a.at(1))
    }),
    ("extend", "self iterable", |it, a| {
        let mut items = it.collect(a.at(1))?;
        let list = this(it, a)?;
        it.check_length(list.borrow().len() + items.len())?;
        list.borrow_mut().append(&mut items);
        Ok(Value::None)
    }),
    ("index", "self item start? end?", |it, a| {
        let items = this(it, a)?.borrow().clone();
        index(it, &items, a, "list")
    }),
    ("insert", "self position item", |it, a| {
        let (list, at) = (this(it, a)?, it.int(a.at(1))?);
        let len = list.borrow().len() as i64;
        let at = (if at < 0 { at.saturating_add(len) } else { at }).clamp(0, len) as usize;
        list.borrow_mut().insert(at, a.at(2).clone());
        Ok(Value::None)
    }),
    ("pop", "self position?", |it, a| {
        let (list, at) = (this(it, a)?, a.get(1).map_or(Ok(-1), |v| it.int(v))?);
        let len = list.borrow().len() as i64;
        if len == 0 {
            return Err(it.error("IndexError", "pop from empty list"));
        }
        let at = if at < 0 { at.saturating_add(len) } else { at };
        match (0..len).contains(&at) {
            true => Ok(list.borrow_mut().remove(at as usize)),
            false => Err(it.error("IndexError", "pop index out of range")),
        }
    }),
    ("remove", "self item", |it, a| {
        let list = this(it, a)?;
        let items = list.borrow().clone();
        match position(it, &items, a.at(1))? {
            Some(at) => drop(list.borrow_mut().remove(at)),
            None => return Err(it.value_error("list.remove(x): x not in list")),
        }
        Ok(Value::None)
    }),
    ("reverse", "self", |it, a| {
        this(it, a)?.borrow_mut().reverse();
        Ok(Value::None)
    }),
    ("sort", "self * key? reverse?", |it, a| {
        let list = this(it, a)?;
        let items = list.borrow().clone();
        let sorted = sort(it, items, a.at(1), a.at(2))?;
        *list.borrow_mut() = sorted;
        Ok(Value::None)
    }),
];

const TUPLE: &[Row] = &[
    ("__new__", "class iterable?", |it, a| {
        let own = it.types.tuple.clone();
        let items = a.get(1).map_or(Ok(vec![]), |v| it.collect(v))?;
        Ok(of_class(a.at(0), &own, Value::tuple(items)))
    }),
    ("count", "self item", |it, a| {
        let items = it.collect(a.at(0).primitive())?;
        count(it, &items, a.at(1))
    }),
    ("index", "self item start? end?", |it, a| {
        let items = it.collect(a.at(0).primitive())?;
        index(it, &items, a, "tuple")
    }),
];

const RANGE: &[Row] = &[
    ("__new__", "class a b? c?", |it, a| {
        let first = it.int(a.at(1))?;
        let (start, stop) = a.get(2).map_or(Ok((0, first)), |v| it.int(v).map(|stop| (first, stop)))?;
        let step = a.get(3).map_or(Ok(1), |v| it.int(v))?;
        match step {
            0 => Err(it.value_error("range() arg 3 must not be zero")),
            _ => Ok(Value::Range(Range { start, stop, step })),
        }
    }),
    ("index", "self item", |it, a| match (a.at(0), a.at(1).as_int()) {
        (Value::Range(range), Some(i)) if range.position(i).is_some() => Ok(range.position(i).into()),
        _ => Err(it.value_error("the value is not in range")),
    }),
    ("count", "self item", |it, a| Ok(Value::Int(it.contains(a.at(0), a.at(1))? as i64))),
];

fn this(it: &Interp, a: &Bound) -> Eval<Shared<Vec<Value>>> {
    match a.at(0).primitive() {
        Value::List(items) => Ok(items.clone()),
        other => Err(it.type_error(format!("a list is needed, not '{}'", it.type_name(other)))),
    }
}

fn position(it: &mut Interp, items: &[Value], item: &Value) -> Eval<Option<usize>> {
    for (i, other) in items.iter().enumerate() {
        if it.equal(other, item)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn count(it: &mut Interp, items: &[Value], item: &Value) -> Eval {
    let mut count = 0;
    for other in items {
        count += it.equal(other, item)? as i64;
    }
    Ok(Value::Int(count))
}

fn index(it: &mut Interp, items: &[Value], a: &Bound, kind: &str) -> Eval {
    let len = items.len() as i64;
    let mut bound = |i: usize, default: i64| -> Eval<usize> {
        let at = a.get(i).map_or(Ok(default), |v| it.int(v))?;
        Ok((if at < 0 { at.saturating_add(len) } else { at }).clamp(0, len) as usize)
    };
    let (start, end) = (bound(2, 0)?, bound(3, len)?);
    match position(it, items.get(start..end).unwrap_or_default(), a.at(1))? {
        Some(at) => Ok(Value::Int((start + at) as i64)),
        None => {
            let text = it.repr(a.at(1))?;
            Err(it.value_error(format!("{text} is not in {kind}")))
        }
    }
}
