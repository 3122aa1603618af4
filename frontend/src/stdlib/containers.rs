//! `dict`, `set` and `frozenset`.

use super::methods;
use super::numbers::of_class;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::value::{Part, Set, View};
use crate::eval::{Dict, Interp, Row, Shared, Value};
use crate::lang::ast::{BinaryOp, CompareOp};
use std::rc::Rc;

pub fn install(it: &mut Interp) {
    methods(&it.types.dict, DICT);
    for class in [&it.types.dict, &it.types.set, &it.types.frozenset] {
        methods(class, super::sequences::SIZED);
    }
    methods(&it.types.set, SETS);
    methods(&it.types.frozenset, SETS);
    methods(&it.types.set, SET);
    methods(
        &it.types.frozenset,
        &[("__new__", "class iterable?", |it, a| {
            let own = it.types.frozenset.clone();
            let items = a.get(1).map_or(Ok(vec![]), |v| it.collect(v))?;
            let set = it.set_of(items, true)?;
            Ok(of_class(a.at(0), &own, set))
        })],
    );
    let from_keys = crate::eval::Native::method(&("fromkeys", "class keys value?", from_keys));
    it.types.dict.set("fromkeys", Value::ClassMethod(Rc::new(from_keys)));
}

fn dict(it: &Interp, a: &Bound) -> Eval<Shared<Dict>> {
    match a.at(0).primitive() {
        Value::Dict(dict) => Ok(dict.clone()),
        other => Err(it.type_error(format!("a dict is needed, not '{}'", it.type_name(other)))),
    }
}

fn view(it: &Interp, a: &Bound, part: Part) -> Eval {
    Ok(Value::View(Rc::new(View { dict: dict(it, a)?, part })))
}

const DICT: &[Row] = &[
    ("__new__", "class *args **named", |it, a| {
        let own = it.types.dict.clone();
        Ok(of_class(a.at(0), &own, Value::dict(Dict::new())))
    }),
    ("__init__", "self from? / **named", update),
    ("clear", "self", |it, a| {
        dict(it, a)?.borrow_mut().clear();
        Ok(Value::None)
    }),
    ("copy", "self", |it, a| {
        let entries = Value::dict(dict(it, a)?.borrow().clone());
        match a.at(0) {
            Value::Instance(instance) => it.call(&Value::Class(instance.class()), crate::eval::Args::of([entries])),
            _ => Ok(entries),
        }
    }),
    ("get", "self key default?", |it, a| {
        let dict = dict(it, a)?;
        let key = it.key_in(&dict, a.at(1))?;
        let value = dict.borrow().get(&key).cloned();
        Ok(value.unwrap_or_else(|| a.at(2).clone()))
    }),
    ("items", "self", |it, a| view(it, a, Part::Items)),
    ("keys", "self", |it, a| view(it, a, Part::Keys)),
    ("values", "self", |it, a| view(it, a, Part::Values)),
    ("pop", "self key default?", |it, a| {
        let dict = dict(it, a)?;
        let key = it.key_in(&dict, a.at(1))?;
        let removed = dict.borrow_mut().remove(&key);
        removed.or_else(|| a.get(2).cloned()).ok_or_else(|| it.missing_key(a.at(1)))
    }),
    ("popitem", "self last?", |it, a| {
        let dict = dict(it, a)?;
        let last = a.get(1).map_or(Ok(true), |v| it.truth(v))?;
        let at = if last { dict.borrow().len().wrapping_sub(1) } else { 0 };
        let removed = dict.borrow_mut().remove_at(at);
        match removed {
            Some((key, value)) => Ok(Value::tuple([key.value, value])),
            None => Err(it.error("KeyError", "popitem(): dictionary is empty")),
        }
    }),
    ("move_to_end", "self key last?", |it, a| {
        let dict = dict(it, a)?;
        let (key, last) = (it.key_in(&dict, a.at(1))?, a.get(2).map_or(Ok(true), |v| it.truth(v))?);
        let moved = dict.borrow_mut().move_entry(&key, last);
        if moved { Ok(Value::None) } else { Err(it.missing_key(a.at(1))) }
    }),
    ("setdefault", "self key default?", |it, a| {
        let dict = dict(it, a)?;
        let key = it.key_in(&dict, a.at(1))?;
        let known = dict.borrow().get(&key).cloned();
        Ok(known.unwrap_or_else(|| {
            dict.borrow_mut().insert(key, a.at(2).clone());
            a.at(2).clone()
        }))
    }),
    ("update", "self from? / **named", update),
    // What a subclass reaches by `super()`.
    ("__getitem__", "self key", |it, a| {
        let dict = dict(it, a)?;
        it.dict_item(a.at(0), &dict, a.at(1))
    }),
    ("__setitem__", "self key value", |it, a| {
        it.setitem(&a.at(0).primitive().clone(), a.at(1), a.at(2).clone()).map(|()| Value::None)
    }),
    ("__delitem__", "self key", |it, a| it.delitem(&a.at(0).primitive().clone(), a.at(1)).map(|()| Value::None)),
];

fn update(it: &mut Interp, a: &Bound) -> Eval {
    let dict = dict(it, a)?;
    if let Some(from) = a.get(1) {
        it.update(&dict, from)?;
    }
    for (name, value) in &a.named {
        dict.borrow_mut().insert(name, value.clone());
    }
    Ok(Value::None)
}

fn from_keys(it: &mut Interp, a: &Bound) -> Eval {
    let dict = Shared::new(Dict::new());
    for key in it.collect(a.at(1))? {
        it.insert(&dict, key, a.at(2).clone())?;
    }
    Ok(Value::Dict(dict))
}

fn set(it: &Interp, value: &Value) -> Eval<Rc<Set>> {
    match value.primitive() {
        Value::Set(set) => Ok(set.clone()),
        other => Err(it.type_error(format!("a set is needed, not '{}'", it.type_name(other)))),
    }
}

/// Any iterables as sets, joined with the set by an operator.
fn combine(it: &mut Interp, a: &Bound, op: BinaryOp) -> Eval {
    let mut result = Value::Set(set(it, a.at(0))?);
    if a.rest.is_empty() {
        let items = it.collect(&result)?;
        return it.set_of(items, false);
    }
    for other in &a.rest {
        let items = it.collect(other)?;
        let other = it.set_of(items, false)?;
        result = it.binary(op, &result, &other)?;
    }
    Ok(result)
}

fn order(it: &mut Interp, a: &Bound, op: CompareOp) -> Eval {
    let items = it.collect(a.at(1))?;
    let other = it.set_of(items, false)?;
    let this = Value::Set(set(it, a.at(0))?);
    it.compare(op, &this, &other)
}

/// Methods that do not change the set.
const SETS: &[Row] = &[
    ("copy", "self *others", |it, a| combine(it, a, BinaryOp::BitOr)),
    ("difference", "self *others", |it, a| combine(it, a, BinaryOp::Sub)),
    ("intersection", "self *others", |it, a| combine(it, a, BinaryOp::BitAnd)),
    ("isdisjoint", "self other", |it, a| {
        let this = set(it, a.at(0))?;
        for item in it.collect(a.at(1))? {
            let key = it.key(&item)?;
            if this.items.borrow().contains(&key) {
                return Ok(Value::Bool(false));
            }
        }
        Ok(Value::Bool(true))
    }),
    ("issubset", "self other", |it, a| order(it, a, CompareOp::Le)),
    ("issuperset", "self other", |it, a| order(it, a, CompareOp::Ge)),
    ("symmetric_difference", "self *others", |it, a| combine(it, a, BinaryOp::BitXor)),
    ("union", "self *others", |it, a| combine(it, a, BinaryOp::BitOr)),
];

fn replace(it: &mut Interp, a: &Bound, op: BinaryOp) -> Eval {
    let this = set(it, a.at(0))?;
    if let Value::Set(result) = combine(it, a, op)? {
        let items = result.items.borrow().clone();
        *this.items.borrow_mut() = items;
    }
    Ok(Value::None)
}

const SET: &[Row] = &[
    ("__new__", "class *args **named", |it, a| {
        let own = it.types.set.clone();
        let empty = it.set_of(vec![], false)?;
        Ok(of_class(a.at(0), &own, empty))
    }),
    ("__init__", "self iterable?", |it, a| {
        let this = set(it, a.at(0))?;
        for item in a.get(1).map_or(Ok(vec![]), |v| it.collect(v))? {
            it.insert(&this.items, item, Value::None)?;
        }
        Ok(Value::None)
    }),
    ("add", "self item", |it, a| {
        let this = set(it, a.at(0))?;
        it.insert(&this.items, a.at(1).clone(), Value::None).map(|()| Value::None)
    }),
    ("clear", "self", |it, a| {
        set(it, a.at(0))?.items.borrow_mut().clear();
        Ok(Value::None)
    }),
    ("difference_update", "self *others", |it, a| replace(it, a, BinaryOp::Sub)),
    ("discard", "self item", |it, a| {
        let (this, key) = (set(it, a.at(0))?, it.key(a.at(1))?);
        this.items.borrow_mut().remove(&key);
        Ok(Value::None)
    }),
    ("intersection_update", "self *others", |it, a| replace(it, a, BinaryOp::BitAnd)),
    ("pop", "self", |it, a| {
        let removed = set(it, a.at(0))?.items.borrow_mut().remove_at(0);
        removed.map(|(key, _)| key.value).ok_or_else(|| it.error("KeyError", "pop from an empty set"))
    }),
    ("remove", "self item", |it, a| {
        let (this, key) = (set(it, a.at(0))?, it.key(a.at(1))?);
        let removed = this.items.borrow_mut().remove(&key);
        removed.ok_or_else(|| it.missing_key(a.at(1)))
    }),
    ("update", "self *others", |it, a| replace(it, a, BinaryOp::BitOr)),
];
