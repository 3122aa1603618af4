//! Items: `x[i]`, `x[i] = v`, `del x[i]`, and `len`.

use super::dict::Dict;
use super::interp::Interp;
use super::native::Args;
use super::object::Instance;
use super::raise::{Eval, Raise};
use super::shared::Shared;
use super::value::{Range, Slice, Value};

/// The positions that a slice selects in a sequence: `start`, `stop` and `step` as `slice.indices` gives them.
#[derive(Clone, Copy)]
pub struct Indices {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
}

impl Indices {
    pub fn positions(self) -> impl Iterator<Item = usize> {
        let range = Range { start: self.start, stop: self.stop, step: self.step };
        (0..range.len()).map(move |i| range.at(i) as usize)
    }
}

impl Interp {
    /// The integer that a value is, for an index or a size.
    pub fn index(&mut self, value: &Value) -> Eval<Option<i64>> {
        if let Some(i) = value.as_int() {
            return Ok(Some(i));
        }
        match value {
            Value::Foreign(foreign) => foreign.clone().index(self).map_err(|r| self.located(r)),
            Value::Instance(_) => Ok(self.call_special(value, "__index__", [])?.and_then(|v| v.as_int())),
            _ => Ok(None),
        }
    }

    /// An integer argument.
    ///
    /// # Errors
    /// `TypeError` for what is none.
    pub fn int(&mut self, value: &Value) -> Eval<i64> {
        match self.index(value)? {
            Some(i) => Ok(i),
            None => Err(self.type_error(format!("'{}' object cannot be interpreted as an integer", self.type_name(value)))),
        }
    }

    /// `slice.indices(len)`
    pub fn indices(&mut self, slice: &Slice, len: usize) -> Eval<Indices> {
        let len = len as i64;
        let step = if slice.step.is_none() { 1 } else { self.slice_part(&slice.step)? };
        if step == 0 {
            return Err(self.value_error("slice step cannot be zero"));
        }
        let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
        let mut bound = |v: &Value, default: i64| -> Eval<i64> {
            if v.is_none() {
                return Ok(default);
            }
            let i = self.slice_part(v)?;
            Ok((if i < 0 { i.saturating_add(len) } else { i }).clamp(low, high))
        };
        let start = bound(&slice.lower, if step > 0 { low } else { high })?;
        let stop = bound(&slice.upper, if step > 0 { high } else { low })?;
        Ok(Indices { start, stop, step })
    }

    fn slice_part(&mut self, value: &Value) -> Eval<i64> {
        match self.index(value)? {
            Some(i) => Ok(i),
            None => Err(self.type_error("slice indices must be integers or None or have an __index__ method")),
        }
    }

    /// A position in a sequence of a length, negative ones counted from the end.
    fn position(&mut self, kind: &str, index: &Value, len: usize) -> Eval<usize> {
        let Some(i) = self.index(index)? else {
            return Err(self.type_error(format!("{kind} indices must be integers or slices, not {}", self.type_name(index))));
        };
        let at = if i < 0 { i.saturating_add(len as i64) } else { i };
        match usize::try_from(at).ok().filter(|&at| at < len) {
            Some(at) => Ok(at),
            None => Err(self.error("IndexError", format!("{kind} index out of range"))),
        }
    }

    fn pick<T: Clone>(&mut self, kind: &str, items: &[T], index: &Value) -> Eval<Result<T, Vec<T>>> {
        if let Value::Slice(slice) = index {
            let indices = self.indices(slice, items.len())?;
            return Ok(Err(indices.positions().filter_map(|i| items.get(i).cloned()).collect()));
        }
        let at = self.position(kind, index, items.len())?;
        Ok(Ok(items[at].clone()))
    }

    pub fn getitem(&mut self, object: &Value, index: &Value) -> Eval {
        if let Value::Instance(instance) = object {
            if let Some(value) = self.call_special(object, "__getitem__", [index.clone()])? {
                return Ok(value);
            }
            return match &instance.base {
                Some(Value::Dict(dict)) => self.dict_item(object, &dict.clone(), index),
                Some(base) => self.getitem(&base.clone(), index),
                None => Err(self.not_subscriptable(object)),
            };
        }
        match object {
            Value::List(items) => {
                let items = items.borrow();
                if let Value::Int(i) = index
                    && let Some(item) = usize::try_from(*i).ok().and_then(|i| items.get(i))
                {
                    return Ok(item.clone());
                }
                let items = items.clone();
                Ok(self.pick("list", &items, index)?.unwrap_or_else(Value::list))
            }
            Value::Tuple(items) => Ok(self.pick("tuple", items, index)?.unwrap_or_else(|items| Value::Tuple(items.into()))),
            Value::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                Ok(match self.pick("string", &chars, index)? {
                    Ok(c) => Value::from(c.to_string()),
                    Err(chars) => Value::from(chars.into_iter().collect::<String>()),
                })
            }
            Value::Bytes(bytes) => Ok(match self.pick("index", bytes, index)? {
                Ok(b) => Value::Int(b as i64),
                Err(bytes) => Value::Bytes(bytes.into()),
            }),
            Value::Range(range) => match index {
                Value::Slice(slice) => {
                    let i = self.indices(slice, range.len() as usize)?;
                    let step = range.step.saturating_mul(i.step);
                    Ok(Value::Range(Range { start: range.at(i.start), stop: range.at(i.stop), step }))
                }
                _ => {
                    let at = self.position("range object", index, range.len() as usize)?;
                    Ok(Value::Int(range.at(at as i64)))
                }
            },
            Value::Dict(dict) => self.dict_item(object, &dict.clone(), index),
            Value::Foreign(foreign) => match foreign.clone().getitem(self, object, index).map_err(|r| self.located(r))? {
                Some(value) => Ok(value),
                None => self.call_special(object, "__getitem__", [index.clone()])?.ok_or_else(|| self.not_subscriptable(object)),
            },
            Value::Class(class) => match class.lookup("__class_getitem__") {
                Some(hook) => {
                    let hook = if let Value::ClassMethod(inner) = hook { (*inner).clone() } else { hook };
                    self.call(&hook, Args::of([object.clone(), index.clone()]))
                }
                None if class.builtin => Ok(object.clone()),
                None => Err(self.type_error(format!("type '{}' is not subscriptable", class.name))),
            },
            _ => Err(self.not_subscriptable(object)),
        }
    }

    fn not_subscriptable(&self, object: &Value) -> Box<Raise> {
        self.type_error(format!("'{}' object is not subscriptable", self.type_name(object)))
    }

    /// An entry of a dict, by `__missing__` where a subclass has one.
    pub(crate) fn dict_item(&mut self, object: &Value, dict: &Shared<Dict>, index: &Value) -> Eval {
        let key = self.key_in(dict, index)?;
        if let Some(value) = dict.borrow().get(&key) {
            return Ok(value.clone());
        }
        if let Value::Instance(_) = object
            && let Some(value) = self.call_special(object, "__missing__", [index.clone()])?
        {
            return Ok(value);
        }
        Err(self.missing_key(index))
    }

    pub fn missing_key(&self, key: &Value) -> Box<Raise> {
        let error = Instance::new(self.types.exception("KeyError"), None);
        error.set("args", Value::tuple([key.clone()]));
        self.throw(error)
    }

    pub fn setitem(&mut self, object: &Value, index: &Value, value: Value) -> Eval<()> {
        if let Value::Instance(instance) = object {
            if self.call_special(object, "__setitem__", [index.clone(), value.clone()])?.is_some() {
                return Ok(());
            }
            if let Some(base) = &instance.base {
                return self.setitem(&base.clone(), index, value);
            }
        }
        match object {
            Value::List(items) => match index {
                Value::Slice(slice) => self.set_slice(items, slice, &value),
                _ => {
                    let at = self.position("list assignment", index, items.borrow().len())?;
                    items.borrow_mut()[at] = value;
                    Ok(())
                }
            },
            Value::Dict(dict) => self.insert(dict, index.clone(), value),
            Value::Foreign(foreign) => {
                let stored = foreign.clone().setitem(self, object, index, value.clone()).map_err(|r| self.located(r))?;
                match stored || self.call_special(object, "__setitem__", [index.clone(), value])?.is_some() {
                    true => Ok(()),
                    false => Err(self.no_items(object, "assignment")),
                }
            }
            _ => Err(self.no_items(object, "assignment")),
        }
    }

    fn no_items(&self, object: &Value, what: &str) -> Box<Raise> {
        self.type_error(format!("'{}' object does not support item {what}", self.type_name(object)))
    }

    fn set_slice(&mut self, items: &Shared<Vec<Value>>, slice: &Slice, value: &Value) -> Eval<()> {
        let new = self.collect(value)?;
        let indices = self.indices(slice, items.borrow().len())?;
        if indices.step == 1 {
            let (start, stop) = (indices.start as usize, indices.stop.max(indices.start) as usize);
            items.borrow_mut().splice(start..stop, new);
            return Ok(());
        }
        let positions: Vec<usize> = indices.positions().collect();
        if positions.len() != new.len() {
            let (new, old) = (new.len(), positions.len());
            return Err(self.value_error(format!("attempt to assign sequence of size {new} to extended slice of size {old}")));
        }
        let mut items = items.borrow_mut();
        positions.into_iter().zip(new).for_each(|(at, value)| items[at] = value);
        Ok(())
    }

    pub fn delitem(&mut self, object: &Value, index: &Value) -> Eval<()> {
        if let Value::Instance(instance) = object {
            if self.call_special(object, "__delitem__", [index.clone()])?.is_some() {
                return Ok(());
            }
            if let Some(base) = &instance.base {
                return self.delitem(&base.clone(), index);
            }
        }
        match object {
            Value::List(items) => {
                let len = items.borrow().len();
                let mut positions: Vec<usize> = match index {
                    Value::Slice(slice) => self.indices(slice, len)?.positions().collect(),
                    _ => vec![self.position("list assignment", index, len)?],
                };
                positions.sort_unstable();
                positions.into_iter().rev().for_each(|at| drop(items.borrow_mut().remove(at)));
                Ok(())
            }
            Value::Dict(dict) => {
                let key = self.key_in(dict, index)?;
                let removed = dict.borrow_mut().remove(&key);
                removed.map(drop).ok_or_else(|| self.missing_key(index))
            }
            Value::Foreign(foreign) if foreign.clone().delitem(self, object, index)? => Ok(()),
            _ => Err(self.no_items(object, "deletion")),
        }
    }

    /// `len(value)`; a value of its own for what has a length that is not a known integer.
    pub fn len(&mut self, value: &Value) -> Eval {
        if let Value::Instance(_) | Value::Foreign(_) = value
            && let Some(len) = self.call_special(value, "__len__", [])?
        {
            return Ok(len);
        }
        Ok(Value::Int(match value.primitive() {
            Value::Str(s) => s.chars().count() as i64,
            Value::Bytes(b) => b.len() as i64,
            Value::Tuple(items) => items.len() as i64,
            Value::List(items) => items.borrow().len() as i64,
            Value::Dict(dict) => dict.borrow().len() as i64,
            Value::View(view) => view.dict.borrow().len() as i64,
            Value::Set(set) => set.items.borrow().len() as i64,
            Value::Range(range) => range.len(),
            Value::Foreign(foreign) => match foreign.clone().len(self).map_err(|r| self.located(r))? {
                Some(len) => return Ok(len),
                None => return Err(self.no_len(value)),
            },
            Value::Class(class) => match self.call_class_hook(class, "__class_len__", [])? {
                Some(len) => return Ok(len),
                None => return Err(self.no_len(value)),
            },
            _ => return Err(self.no_len(value)),
        }))
    }

    fn no_len(&self, value: &Value) -> Box<Raise> {
        self.type_error(format!("object of type '{}' has no len()", self.type_name(value)))
    }

    /// The entries of a mapping: a dict, or an object with `keys` and items.
    pub fn pairs(&mut self, mapping: &Value) -> Eval<Vec<(Value, Value)>> {
        if let Value::Dict(dict) = mapping.primitive() {
            return Ok(dict.borrow().iter().map(|(k, v)| (k.value.clone(), v.clone())).collect());
        }
        let Some(keys) = self.getattr_opt(mapping, "keys")? else {
            return Err(self.type_error(format!("'{}' object is not a mapping", self.type_name(mapping))));
        };
        let keys = self.call(&keys, Args::default())?;
        let keys = self.collect(&keys)?;
        keys.into_iter().map(|key| Ok((key.clone(), self.getitem(mapping, &key)?))).collect()
    }

    /// `dict.update(mapping)`, from a mapping or from pairs.
    pub fn update(&mut self, dict: &Shared<Dict>, from: &Value) -> Eval<()> {
        let pairs = match from.primitive() {
            Value::Dict(_) => self.pairs(from)?,
            Value::Instance(i) if i.class().lookup("keys").is_some() => self.pairs(from)?,
            _ => {
                let mut pairs = vec![];
                for (i, item) in self.collect(from)?.into_iter().enumerate() {
                    let pair = self.collect(&item)?;
                    let [key, value] = pair.as_slice() else {
                        let len = pair.len();
                        return Err(
                            self.value_error(format!("dictionary update sequence element #{i} has length {len}; 2 is required"))
                        );
                    };
                    pairs.push((key.clone(), value.clone()));
                }
                pairs
            }
        };
        pairs.into_iter().try_for_each(|(key, value)| self.insert(dict, key, value))
    }
}
