//! Iterators: a closure that gives the next value, or a suspended generator.

use super::dict::Dict;
use super::generator::Generator;
use super::interp::Interp;
use super::journal::{self, Epoch};
use super::object::Instance;
use super::raise::{Eval, Raise};
use super::shared::Shared;
use super::value::{Part, Value};
use cresset_ir::{Diagnostic, codes};
use std::cell::RefCell;
use std::rc::Rc;

pub type Next = Box<dyn FnMut(&mut Interp) -> Eval<Option<Value>>>;

pub struct Iter {
    pub name: &'static str,
    /// The epoch in which it was made.
    pub born: Epoch,
    /// Taken while it runs: an iterator that asks itself is an error.
    source: RefCell<Option<Source>>,
}

pub enum Source {
    Next(Next),
    Generator(Box<Generator>),
    Done,
}

impl Source {
    fn has_ended(&self) -> bool {
        match self {
            Source::Next(_) => false,
            Source::Generator(generator) => generator.has_ended(),
            Source::Done => true,
        }
    }
}

impl Iter {
    fn of(name: &'static str, source: Source) -> Rc<Iter> {
        Rc::new(Iter { name, born: journal::epoch(), source: RefCell::new(Some(source)) })
    }

    pub fn new(name: &'static str, next: impl FnMut(&mut Interp) -> Eval<Option<Value>> + 'static) -> Rc<Iter> {
        Iter::of(name, Source::Next(Box::new(next)))
    }

    pub fn generator(generator: Generator) -> Rc<Iter> {
        Iter::of("generator", Source::Generator(Box::new(generator)))
    }

    pub fn next(&self, it: &mut Interp) -> Eval<Option<Value>> {
        self.resume(it, Ok(Value::None))
    }

    /// Goes on: `send(value)` into a generator, or `throw` of an exception.
    pub fn resume(&self, it: &mut Interp, input: Eval) -> Eval<Option<Value>> {
        let taken = self.source.borrow_mut().take();
        let Some(mut source) = taken else { return Err(it.value_error(format!("{} already executing", self.name))) };
        if self.born < journal::epoch() && !source.has_ended() {
            *self.source.borrow_mut() = Some(source);
            return Err(it.advances(self.name));
        }
        let result = match &mut source {
            Source::Next(next) => input.and_then(|_| next(it)),
            Source::Generator(generator) => generator.resume(it, input),
            Source::Done => input.map(|_| None),
        };
        let source = if matches!(result, Ok(Some(_))) { source } else { self.finish(source) };
        *self.source.borrow_mut() = Some(source);
        result
    }

    /// A generator's result outlives its end.
    fn finish(&self, source: Source) -> Source {
        match source {
            Source::Generator(generator) => Source::Generator(generator),
            _ => Source::Done,
        }
    }

    /// What a generator that has ended returned: the value of `yield from`.
    pub fn returned(&self) -> Value {
        match &*self.source.borrow() {
            Some(Source::Generator(generator)) => generator.returned(),
            _ => Value::None,
        }
    }

    /// Ends it: later calls of `next` give nothing.
    pub fn close(&self) {
        *self.source.borrow_mut() = Some(Source::Done);
    }
}

/// Gives the items of a snapshot.
pub fn over(name: &'static str, items: Vec<Value>) -> Rc<Iter> {
    let mut items = items.into_iter();
    Iter::new(name, move |_| Ok(items.next()))
}

impl Interp {
    /// `iter(value)`
    ///
    /// # Errors
    /// `TypeError` for what is not iterable.
    pub fn iter(&mut self, value: &Value) -> Eval<Rc<Iter>> {
        let mut index = 0usize;
        Ok(match value {
            Value::Iter(iter) => iter.clone(),
            Value::List(list) => {
                let list = list.clone();
                Iter::new("list_iterator", move |_| {
                    index += 1;
                    Ok(list.borrow().get(index - 1).cloned())
                })
            }
            Value::Tuple(items) => {
                let items = items.clone();
                Iter::new("tuple_iterator", move |_| {
                    index += 1;
                    Ok(items.get(index - 1).cloned())
                })
            }
            Value::Range(range) => {
                let (range, len) = (*range, range.len());
                Iter::new("range_iterator", move |_| {
                    index += 1;
                    Ok((index as i64 <= len).then(|| Value::Int(range.at(index as i64 - 1))))
                })
            }
            Value::Str(text) => over("str_iterator", text.chars().map(|c| Value::from(c.to_string())).collect()),
            Value::Bytes(bytes) => over("bytes_iterator", bytes.iter().map(|b| Value::Int(*b as i64)).collect()),
            Value::Dict(dict) => self.iter_dict(dict.clone(), Part::Keys),
            Value::View(view) => self.iter_dict(view.dict.clone(), view.part),
            Value::Set(set) => over("set_iterator", set.items.borrow().keys().map(|k| k.value.clone()).collect()),
            Value::Instance(instance) => return self.iter_instance(value, instance),
            Value::Foreign(foreign) => match foreign.clone().iter(self, value)? {
                Some(iter) => return self.iter(&iter),
                None => return self.iter_class(value),
            },
            Value::Class(class) => match self.call_class_hook(class, "__class_iter__", [])? {
                Some(iterable) => return self.iter(&iterable),
                None => return Err(self.not_iterable(value)),
            },
            _ => return Err(self.not_iterable(value)),
        })
    }

    fn not_iterable(&self, value: &Value) -> Box<Raise> {
        self.type_error(format!("'{}' object is not iterable", self.type_name(value)))
    }

    fn iter_dict(&self, dict: Shared<Dict>, part: Part) -> Rc<Iter> {
        let (mut index, len) = (0, dict.borrow().len());
        Iter::new("dict_iterator", move |it| {
            let dict = dict.borrow();
            if dict.len() != len {
                return Err(it.error("RuntimeError", "dictionary changed size during iteration"));
            }
            index += 1;
            Ok(dict.at(index - 1).map(|(key, value)| part.of(&key.value, value)))
        })
    }

    fn iter_instance(&mut self, value: &Value, instance: &Rc<Instance>) -> Eval<Rc<Iter>> {
        match (&instance.base, instance.class().lookup("__iter__")) {
            (Some(base), Some(Value::Native(_)) | None) => self.iter(&base.clone()),
            (_, Some(_)) => self.iter_class(value),
            (None, None) if instance.class().lookup("__getitem__").is_some() => {
                let (this, mut index) = (value.clone(), 0);
                Ok(Iter::new("iterator", move |it| {
                    let item = it.getitem(&this, &Value::Int(index));
                    index += 1;
                    it.until(item, "IndexError")
                }))
            }
            (None, None) => Err(self.not_iterable(value)),
        }
    }

    /// By the class's `__iter__` and the result's `__next__`.
    fn iter_class(&mut self, value: &Value) -> Eval<Rc<Iter>> {
        let Some(result) = self.call_special(value, "__iter__", [])? else { return Err(self.not_iterable(value)) };
        if let Value::Iter(iter) = result {
            return Ok(iter);
        }
        if self.class_of(&result).lookup("__next__").is_none() {
            let name = self.type_name(&result);
            return Err(self.type_error(format!("iter() returned non-iterator of type '{name}'")));
        }
        Ok(Iter::new("iterator", move |it| {
            let item = it.call_special(&result, "__next__", []).map(|v| v.unwrap_or(Value::None));
            it.until(item, "StopIteration")
        }))
    }

    /// What an iterator has given cannot be taken back: one that is older than the journal stays where it is.
    fn advances(&self, name: &str) -> Box<Raise> {
        let text = format!(
            "forward advances a {name} that was made before the call: where it stands would be part of the module's state"
        );
        let hint = "make the iterator in forward, or keep a list and index it";
        self.fatal(Diagnostic::error(codes::TRACED_STATE, text).hint(hint))
    }

    /// The item, or the end where an exception of a class says so.
    pub fn until(&self, item: Eval, end: &str) -> Eval<Option<Value>> {
        match item {
            Ok(item) => Ok(Some(item)),
            Err(raise) if self.is_exception(&raise, end) => Ok(None),
            Err(raise) => Err(raise),
        }
    }

    /// All items of an iterable.
    pub fn collect(&mut self, value: &Value) -> Eval<Vec<Value>> {
        match value {
            Value::Tuple(items) => return Ok(items.to_vec()),
            Value::List(items) => return Ok(items.borrow().clone()),
            _ => {}
        }
        let iter = self.iter(value)?;
        let mut items = vec![];
        while let Some(item) = iter.next(self)? {
            self.step()?;
            items.push(item);
        }
        Ok(items)
    }
}
