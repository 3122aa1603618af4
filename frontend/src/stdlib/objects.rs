//! `object` and `type`, properties, and the iterator protocol of built-in iterators.

use super::builtins::super_of;
use super::methods;
use crate::eval::native::{Bound, Native};
use crate::eval::object::Property;
use crate::eval::raise::Eval;
use crate::eval::{Args, Interp, Row, Shared, Value};
use std::rc::Rc;

pub fn install(it: &mut Interp) {
    methods(&it.types.object, OBJECT);
    methods(&it.types.type_, TYPE);
    methods(&it.types.property, PROPERTY);
    methods(&it.types.staticmethod, &[("__new__", "class function", |_, a| Ok(Value::StaticMethod(Rc::new(a.at(1).clone()))))]);
    methods(&it.types.classmethod, &[("__new__", "class function", |_, a| Ok(Value::ClassMethod(Rc::new(a.at(1).clone()))))]);
    methods(
        &it.types.super_,
        &[("__new__", "class start? this?", |it, a| {
            let rest = Args::of([a.get(1).cloned(), a.get(2).cloned()].into_iter().flatten());
            let bound = crate::eval::native::bind(it, "super", "start? this?", rest)?;
            super_of(it, &bound)
        })],
    );
    methods(&it.types.iterator, ITERATOR);
    methods(&it.types.generator, ITERATOR);
    methods(&it.types.generator, GENERATOR);
}

const OBJECT: &[Row] = &[
    ("__new__", "class *args **named", |it, a| match a.at(0) {
        Value::Class(class) => it.plain_instance(class, &a.args()),
        other => Err(it.type_error(format!("object.__new__(X): X is not a type object ({})", it.type_name(other)))),
    }),
    ("__init__", "self *args **named", |_, _| Ok(Value::None)),
    ("__init_subclass__", "class **named", |it, a| match a.named.is_empty() {
        true => Ok(Value::None),
        false => {
            let name = it.callee(a.at(0));
            Err(it.type_error(format!("{name}.__init_subclass__() takes no keyword arguments")))
        }
    }),
    ("__setattr__", "self name value", |it, a| {
        let name = super::builtins::text(it, a.at(1))?;
        it.plain_setattr(a.at(0), &name, a.at(2).clone()).map(|()| Value::None)
    }),
    ("__delattr__", "self name", |it, a| {
        let name = super::builtins::text(it, a.at(1))?;
        it.plain_delattr(a.at(0), &name).map(|()| Value::None)
    }),
    ("__getattribute__", "self name", |it, a| {
        let name = super::builtins::text(it, a.at(1))?;
        match it.plain_getattr(a.at(0), &name)? {
            Some(value) => Ok(value),
            None => Err(it.no_attribute(a.at(0), &name)),
        }
    }),
];

/// Methods that every object has and that operators do not look for: what `super()` and explicit calls reach.
const DEFAULTS: &[Row] = &[
    ("__eq__", "self other", |it, a| {
        let (this, other) = (a.at(0).primitive().clone(), a.at(1).primitive().clone());
        match this.is(a.at(0)) && matches!(this, Value::Instance(_)) {
            true => Ok(if this.is(&other) { Value::Bool(true) } else { Value::NotImplemented }),
            false => it.equal(&this, &other).map(Value::Bool),
        }
    }),
    ("__ne__", "self other", |it, a| it.equal(a.at(0), a.at(1)).map(|equal| Value::Bool(!equal))),
    ("__hash__", "self", |it, a| {
        let this = a.at(0).primitive().clone();
        let hash = if let Value::Instance(_) = this { this.address() as u64 } else { it.key(&this)?.hash };
        Ok(Value::Int((hash >> 3) as i64))
    }),
    ("__repr__", "self", |it, a| it.default_repr(a.at(0)).map(Value::from)),
    ("__str__", "self", |it, a| it.default_str(a.at(0)).map(Value::from)),
    ("__format__", "self spec", |it, a| {
        let text = it.str(a.at(0))?;
        let spec = a.at(1).as_str().unwrap_or_default().to_owned();
        it.format(&Value::from(text), &spec).map(Value::from)
    }),
    ("__dir__", "self", |it, a| Ok(Value::list(it.own_names(a.at(0)).into_iter().map(Value::Str)))),
];

/// A method that every object has, unless its class overrides it.
pub(crate) fn default_method(name: &str) -> Option<Value> {
    DEFAULTS.iter().find(|row| row.0 == name).map(Native::method)
}

const TYPE: &[Row] = &[("__new__", "class name bases dict", new_type)];

/// `type(name, bases, dict)`
fn new_type(it: &mut Interp, a: &Bound) -> Eval {
    let name = super::builtins::text(it, a.at(1))?;
    let mut bases = vec![];
    for base in it.collect(a.at(2))? {
        match base {
            Value::Class(class) => bases.push(class),
            other => return Err(it.type_error(format!("a base must be a class, not '{}'", it.type_name(&other)))),
        }
    }
    let dict = Shared::default();
    it.update(&dict, a.at(3))?;
    let (span, cell) = (it.span(), Rc::default());
    let class = it.make_class(name.as_str().into(), name.as_str().into(), bases, dict, span, &cell, Args::default())?;
    Ok(Value::Class(class))
}

const PROPERTY: &[Row] = &[
    ("__new__", "class fget? fset? fdel? doc?", |_, a| {
        let part = |i: usize| a.get(i).filter(|v| !v.is_none()).cloned();
        Ok(Value::Property(Rc::new(Property { get: part(1), set: part(2), delete: part(3) })))
    }),
    ("getter", "self function", |_, a| changed(a, |p, f| p.get = Some(f))),
    ("setter", "self function", |_, a| changed(a, |p, f| p.set = Some(f))),
    ("deleter", "self function", |_, a| changed(a, |p, f| p.delete = Some(f))),
];

fn changed(a: &Bound, change: fn(&mut Property, Value)) -> Eval {
    let mut property = match a.at(0) {
        Value::Property(property) => (**property).clone(),
        _ => Property::default(),
    };
    change(&mut property, a.at(1).clone());
    Ok(Value::Property(Rc::new(property)))
}

const ITERATOR: &[Row] =
    &[("__iter__", "self", |_, a| Ok(a.at(0).clone())), ("__next__", "self", |it, a| advance(it, a.at(0), Ok(Value::None)))];

const GENERATOR: &[Row] = &[
    ("send", "self value", |it, a| advance(it, a.at(0), Ok(a.at(1).clone()))),
    ("throw", "self error value? traceback?", |it, a| {
        // The old form passes the class and the object.
        let error = a.get(2).filter(|v| matches!(v, Value::Instance(_))).unwrap_or(a.at(1));
        let error = it.exception_of(error.clone())?;
        let raise = it.throw(error);
        advance(it, a.at(0), Err(raise))
    }),
    ("close", "self", |_, a| {
        if let Value::Iter(iter) = a.at(0) {
            iter.close();
        }
        Ok(Value::None)
    }),
];

fn advance(it: &mut Interp, value: &Value, input: Eval) -> Eval {
    let Value::Iter(iter) = value else { return Err(it.type_error("not an iterator")) };
    match iter.resume(it, input)? {
        Some(item) => Ok(item),
        None => Err(it.stop(iter.returned())),
    }
}
