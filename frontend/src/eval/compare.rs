//! Equality, ordering, membership and hashing.

use super::dict::{Dict, FxHasher, Key, hash_float, hash_int, hash_str, same};
use super::interp::Interp;
use super::raise::Eval;
use super::shared::Shared;
use super::value::Value;
use crate::import::Poison;
use crate::lang::ast::CompareOp;
use std::cmp::Ordering;
use std::hash::Hasher;

/// The method of an ordering.
fn method(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "__eq__",
        CompareOp::Ne => "__ne__",
        CompareOp::Lt => "__lt__",
        CompareOp::Le => "__le__",
        CompareOp::Gt => "__gt__",
        _ => "__ge__",
    }
}

/// The operator with its operands exchanged.
fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        other => other,
    }
}

impl Interp {
    pub fn compare(&mut self, op: CompareOp, a: &Value, b: &Value) -> Eval {
        match op {
            CompareOp::Is => Ok(Value::Bool(a.is(b))),
            CompareOp::IsNot => Ok(Value::Bool(!a.is(b))),
            CompareOp::In => self.contains(b, a).map(Value::Bool),
            CompareOp::NotIn => self.contains(b, a).map(|found| Value::Bool(!found)),
            _ => match self.compare_objects(op, a, b)? {
                Some(value) => Ok(value),
                None => self.compare_builtin(op, a.primitive(), b.primitive(), a, b).map(Value::Bool),
            },
        }
    }

    fn compare_objects(&mut self, op: CompareOp, a: &Value, b: &Value) -> Eval<Option<Value>> {
        for (this, other, op) in [(a, b, op), (b, a, mirrored(op))] {
            let result = match this {
                Value::Instance(_) => self.compare_method(this, other, op)?,
                Value::Foreign(f) => f.clone().compare(self, this, op, other).map_err(|r| self.located(r))?,
                _ => None,
            };
            if result.is_some() {
                return Ok(result);
            }
        }
        Ok(None)
    }

    fn compare_method(&mut self, this: &Value, other: &Value, op: CompareOp) -> Eval<Option<Value>> {
        let answer = |v: Option<Value>| v.filter(|v| !matches!(v, Value::NotImplemented));
        if let Some(value) = answer(self.call_special(this, method(op), [other.clone()])?) {
            return Ok(Some(value));
        }
        if op != CompareOp::Ne {
            return Ok(None);
        }
        match answer(self.call_special(this, "__eq__", [other.clone()])?) {
            Some(equal) => Ok(Some(Value::Bool(!self.truth(&equal)?))),
            None => Ok(None),
        }
    }

    fn compare_builtin(&mut self, op: CompareOp, a: &Value, b: &Value, left: &Value, right: &Value) -> Eval<bool> {
        match op {
            CompareOp::Eq => return self.equal_builtin(a, b),
            CompareOp::Ne => return self.equal_builtin(a, b).map(|equal| !equal),
            _ => {}
        }
        if let (Value::Set(x), Value::Set(y)) = (a, b) {
            let (x, y) = (x.items.borrow(), y.items.borrow());
            let (small, large, strict) = match op {
                CompareOp::Lt => (&x, &y, true),
                CompareOp::Le => (&x, &y, false),
                CompareOp::Gt => (&y, &x, true),
                _ => (&y, &x, false),
            };
            return Ok(small.keys().all(|k| large.contains(k)) && (!strict || small.len() < large.len()));
        }
        let holds = |o: Ordering| match op {
            CompareOp::Lt => o.is_lt(),
            CompareOp::Le => o.is_le(),
            CompareOp::Gt => o.is_gt(),
            _ => o.is_ge(),
        };
        match (a, b) {
            (Value::Int(x), Value::Int(y)) => Ok(holds(x.cmp(y))),
            (Value::Str(x), Value::Str(y)) => Ok(holds(x.cmp(y))),
            (Value::Bytes(x), Value::Bytes(y)) => Ok(holds(x.cmp(y))),
            (Value::Tuple(x), Value::Tuple(y)) => self.compare_items(op, x, y),
            (Value::List(x), Value::List(y)) => {
                let (x, y) = (x.borrow().clone(), y.borrow().clone());
                self.compare_items(op, &x, &y)
            }
            _ => match (a.as_float(), b.as_float()) {
                (Some(x), Some(y)) => Ok(x.partial_cmp(&y).is_some_and(holds)),
                _ => {
                    let (x, y) = (self.type_name(left), self.type_name(right));
                    Err(self.type_error(format!("'{}' not supported between instances of '{x}' and '{y}'", op.symbol())))
                }
            },
        }
    }

    /// Lexicographic order: the first items that differ decide.
    fn compare_items(&mut self, op: CompareOp, x: &[Value], y: &[Value]) -> Eval<bool> {
        self.deeper()?;
        for (a, b) in x.iter().zip(y) {
            if !self.equal(a, b)? {
                let result = self.compare(op, a, b)?;
                return self.truth(&result);
            }
        }
        let (x, y) = (Value::Int(x.len() as i64), Value::Int(y.len() as i64));
        self.compare_builtin(op, &x, &y, &x, &y)
    }

    /// `a == b` as a truth; identical values are equal.
    pub fn equal(&mut self, a: &Value, b: &Value) -> Eval<bool> {
        if a.is(b) && !matches!(a, Value::Float(_)) {
            return Ok(true);
        }
        match self.compare_objects(CompareOp::Eq, a, b)? {
            Some(value) => self.truth(&value),
            None => self.equal_builtin(a.primitive(), b.primitive()),
        }
    }

    fn equal_builtin(&mut self, a: &Value, b: &Value) -> Eval<bool> {
        self.deeper()?;
        match (a, b) {
            (Value::Tuple(x), Value::Tuple(y)) => self.equal_items(x, y),
            (Value::List(x), Value::List(y)) => {
                let (x, y) = (x.borrow().clone(), y.borrow().clone());
                self.equal_items(&x, &y)
            }
            (Value::Dict(x), Value::Dict(y)) => {
                let (x, y) = (x.borrow().clone(), y.borrow().clone());
                if x.len() != y.len() {
                    return Ok(false);
                }
                for (key, value) in x.iter() {
                    match y.get(key) {
                        Some(other) if self.equal(value, other)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            (Value::View(x), Value::View(y)) => {
                let x: Vec<Value> = x.dict.borrow().iter().map(|(k, v)| x.part.of(&k.value, v)).collect();
                let y: Vec<Value> = y.dict.borrow().iter().map(|(k, v)| y.part.of(&k.value, v)).collect();
                self.equal_items(&x, &y)
            }
            (Value::Range(x), Value::Range(y)) => {
                Ok(x.len() == y.len() && (x.is_empty() || x.start == y.start && (x.len() == 1 || x.step == y.step)))
            }
            (Value::Slice(x), Value::Slice(y)) => {
                Ok(self.equal(&x.lower, &y.lower)? && self.equal(&x.upper, &y.upper)? && self.equal(&x.step, &y.step)?)
            }
            (Value::Float(x), Value::Float(y)) => Ok(x == y),
            _ => Ok(same(a, b)),
        }
    }

    fn equal_items(&mut self, x: &[Value], y: &[Value]) -> Eval<bool> {
        if x.len() != y.len() {
            return Ok(false);
        }
        for (a, b) in x.iter().zip(y) {
            if !self.equal(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `item in container`
    pub fn contains(&mut self, container: &Value, item: &Value) -> Eval<bool> {
        if let Value::Instance(_) | Value::Foreign(_) = container
            && let Some(answer) = self.call_special(container, "__contains__", [item.clone()])?
        {
            return self.truth(&answer);
        }
        match container.primitive() {
            Value::Str(text) => match item.as_str() {
                Some(part) => Ok(text.contains(part)),
                None => {
                    let name = self.type_name(item);
                    Err(self.type_error(format!("'in <string>' requires string as left operand, not {name}")))
                }
            },
            Value::Dict(dict) => {
                let key = self.key_in(dict, item)?;
                Ok(dict.borrow().contains(&key))
            }
            Value::Set(set) => {
                let key = self.key_in(&set.items, item)?;
                Ok(set.items.borrow().contains(&key))
            }
            Value::View(view) if view.part == super::value::Part::Keys => {
                let key = self.key_in(&view.dict, item)?;
                Ok(view.dict.borrow().contains(&key))
            }
            Value::Range(range) => Ok(item.as_int().is_some_and(|i| range.position(i).is_some())),
            Value::Foreign(foreign) => match foreign.clone().contains(self, container, item)? {
                Some(found) => Ok(found),
                None => self.search(container, item),
            },
            Value::Class(class) => match self.call_class_hook(class, "__class_contains__", [item.clone()])? {
                Some(answer) => self.truth(&answer),
                None => self.search(container, item),
            },
            _ if !self.is_iterable(container) => {
                Err(self.type_error(format!("argument of type '{}' is not iterable", self.type_name(container))))
            }
            _ => self.search(container, item),
        }
    }

    fn search(&mut self, container: &Value, item: &Value) -> Eval<bool> {
        let iter = self.iter(container)?;
        while let Some(value) = iter.next(self)? {
            self.step()?;
            if self.equal(&value, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A value as the key of a dict or set.
    ///
    /// # Errors
    /// `TypeError` for what cannot be hashed.
    pub fn key(&mut self, value: &Value) -> Eval<Key> {
        let hash = match value {
            Value::Str(s) => hash_str(s),
            Value::Int(i) => hash_int(*i),
            Value::Bool(b) => hash_int(*b as i64),
            Value::Float(f) => hash_float(*f),
            Value::Tuple(items) => {
                self.deeper()?;
                let mut hasher = FxHasher::default();
                for item in items.iter() {
                    hasher.add(self.key(item)?.hash);
                }
                hasher.add(items.len() as u64);
                hasher.finish()
            }
            Value::Bytes(bytes) => {
                let mut hasher = FxHasher::default();
                hasher.write(bytes);
                hasher.finish()
            }
            Value::Set(set) if set.frozen => set.items.borrow().keys().fold(set.items.borrow().len() as u64, |h, k| h ^ k.hash),
            Value::List(_) | Value::Dict(_) | Value::Set(_) | Value::Slice(_) => return Err(self.unhashable(value)),
            Value::Instance(instance) => match (instance.class().lookup("__hash__"), &instance.base) {
                (Some(Value::None), _) => return Err(self.unhashable(value)),
                (Some(hash), _) => {
                    let hash = self.call_bound(&hash, value, [])?;
                    hash_int(hash.as_int().unwrap_or_default())
                }
                (None, Some(base)) => self.key(&base.clone())?.hash,
                (None, None) => value.address() as u64,
            },
            Value::Foreign(foreign) => match foreign.hash_key() {
                Some(key) => return self.key(&key),
                None => value.address() as u64,
            },
            Value::Method(method) => (method.this.address() ^ method.func.address()) as u64,
            other => other.address() as u64,
        };
        Ok(Key { value: value.clone(), hash })
    }

    fn unhashable(&self, value: &Value) -> Box<super::raise::Raise> {
        self.type_error(format!("unhashable type: '{}'", self.type_name(value)))
    }

    /// The key by which a dict holds a value: an object with an `__eq__` of its own is compared with the keys that are there.
    pub fn key_in(&mut self, dict: &Shared<Dict>, value: &Value) -> Eval<Key> {
        let key = self.key(value)?;
        let Value::Instance(instance) = value else { return Ok(key) };
        if instance.class().lookup("__eq__").is_none() {
            return Ok(key);
        }
        let candidates: Vec<Key> = dict.borrow().keys().filter(|k| k.hash == key.hash).cloned().collect();
        for candidate in candidates {
            if self.equal(&candidate.value, value)? {
                return Ok(candidate);
            }
        }
        Ok(key)
    }

    pub fn insert(&mut self, dict: &Shared<Dict>, key: Value, value: Value) -> Eval<()> {
        let key = self.key_in(dict, &key)?;
        dict.borrow_mut().insert(key, value);
        Ok(())
    }

    pub fn is_iterable(&self, value: &Value) -> bool {
        match value {
            Value::None | Value::Ellipsis | Value::NotImplemented | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
            Value::Slice(_) | Value::Function(_) | Value::Method(_) | Value::Native(_) | Value::Module(_) => false,
            Value::Class(class) => class.lookup("__class_iter__").is_some(),
            Value::Instance(i) => {
                let class = i.class();
                i.base.as_ref().is_some_and(|b| self.is_iterable(b))
                    || class.lookup("__iter__").is_some()
                    || class.lookup("__getitem__").is_some()
            }
            _ => true,
        }
    }

    /// `isinstance(value, class)`: a class, or a tuple of them.
    pub fn isinstance(&mut self, value: &Value, class: &Value) -> Eval<bool> {
        match class {
            Value::Class(class) => {
                // Of a class method: for objects that are told by what they can do. A plain one is for its instances.
                if let Some(Value::ClassMethod(_)) = class.lookup("__instancecheck__")
                    && let Some(answer) = self.call_class_hook(class, "__instancecheck__", [value.clone()])?
                {
                    return self.truth(&answer);
                }
                Ok(self.is_instance(value, class))
            }
            Value::None => Ok(value.is_none()),
            Value::Tuple(classes) => {
                self.deeper()?;
                for class in classes.iter() {
                    if self.isinstance(value, class)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            other => {
                if let Some(answer) = self.call_special(other, "__instancecheck__", [value.clone()])? {
                    return self.truth(&answer);
                }
                if other.downcast::<Poison>().is_some() {
                    // Nothing is an instance of a class that was never found.
                    return Ok(false);
                }
                Err(self.type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"))
            }
        }
    }
}
