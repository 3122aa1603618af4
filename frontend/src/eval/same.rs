//! Whether two calls left the same behind: values are compared by structure, since what each call makes is new.
//!
//! Objects of the first call correspond to objects of the second one to one. What neither call has touched is the same without a look.

use super::dict::{Dict, Key};
use super::frame::{Frame, Names};
use super::journal::Epoch;
use super::object::{Class, Function, Instance};
use super::shared::{Content, Part, Shared};
use super::value::Value;
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// A comparison that is going on.
pub struct Same<'a> {
    /// When the first of all calls began: what is older and was not written is the same.
    since: Epoch,
    /// When the second of the two calls began: what it has written is compared by its own entry in the journal.
    latest: Epoch,
    /// Which object of the second call stands for one of the first, and back.
    partners: HashMap<usize, usize>,
    owners: HashMap<usize, usize>,
    /// Pairs of tuples that were compared: their identity says nothing.
    tuples: HashSet<(usize, usize)>,
    /// What other layers need to compare their values.
    pub layer: &'a mut dyn Any,
}

impl<'a> Same<'a> {
    pub fn new(since: Epoch, latest: Epoch, layer: &'a mut dyn Any) -> Same<'a> {
        Same { since, latest, partners: HashMap::new(), owners: HashMap::new(), tuples: HashSet::new(), layer }
    }

    /// Whether two objects are partners already; if not, they are from now on, and their contents are to be compared. None where
    /// one has another partner.
    fn partners(&mut self, a: usize, b: usize) -> Option<bool> {
        match (self.partners.get(&a), self.owners.get(&b)) {
            (None, None) => {
                self.partners.insert(a, b);
                self.owners.insert(b, a);
                Some(false)
            }
            (Some(&partner), Some(&owner)) => (partner == b && owner == a).then_some(true),
            _ => None,
        }
    }

    fn contents(&mut self, a: usize, b: usize, compare: impl FnOnce(&mut Self) -> bool) -> bool {
        match self.partners(a, b) {
            Some(true) => true,
            Some(false) => compare(self),
            None => false,
        }
    }

    pub fn shared<T: Content>(&mut self, a: &Shared<T>, b: &Shared<T>) -> bool {
        let elsewhere = a.is(b) && (a.mark() < self.since || a.mark() >= self.latest);
        elsewhere || self.contents(a.address(), b.address(), |with| a.borrow().same(&b.borrow(), with))
    }

    pub fn values<'v>(&mut self, a: impl IntoIterator<Item = &'v Value>, b: impl IntoIterator<Item = &'v Value>) -> bool {
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        loop {
            match (a.next(), b.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if self.value(a, b) => {}
                _ => return false,
            }
        }
    }

    pub fn value(&mut self, a: &Value, b: &Value) -> bool {
        if !super::stack::has_room() {
            return false;
        }
        match (a, b) {
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Range(a), Value::Range(b)) => a == b,
            (Value::Tuple(x), Value::Tuple(y)) => !self.tuples.insert((a.address(), b.address())) || self.values(&x[..], &y[..]),
            (Value::List(a), Value::List(b)) => self.shared(a, b),
            (Value::Dict(a), Value::Dict(b)) => self.shared(a, b),
            (Value::View(a), Value::View(b)) => a.part == b.part && self.shared(&a.dict, &b.dict),
            (Value::Set(a), Value::Set(b)) => a.frozen == b.frozen && self.shared(&a.items, &b.items),
            (Value::Slice(a), Value::Slice(b)) => self.values([&a.lower, &a.upper, &a.step], [&b.lower, &b.upper, &b.step]),
            (Value::Function(a), Value::Function(b)) => self.function(a, b),
            (Value::Method(a), Value::Method(b)) => self.values([&a.this, &a.func], [&b.this, &b.func]),
            (Value::Class(a), Value::Class(b)) => self.class(a, b),
            (Value::Instance(a), Value::Instance(b)) => self.instance(a, b),
            (Value::Iter(a), Value::Iter(b)) => Rc::ptr_eq(a, b) && a.born < self.since,
            (Value::Property(a), Value::Property(b)) => {
                self.values([&a.get, &a.set, &a.delete].into_iter().flatten(), [&b.get, &b.set, &b.delete].into_iter().flatten())
            }
            (Value::StaticMethod(a), Value::StaticMethod(b)) | (Value::ClassMethod(a), Value::ClassMethod(b)) => self.value(a, b),
            (Value::Super(a), Value::Super(b)) => {
                self.class(&a.start, &b.start) && self.class(&a.class, &b.class) && self.value(&a.this, &b.this)
            }
            (Value::Foreign(f), Value::Foreign(_)) => f.same(a, b, self),
            _ => std::mem::discriminant(a) == std::mem::discriminant(b) && a.address() == b.address(),
        }
    }

    fn function(&mut self, a: &Rc<Function>, b: &Rc<Function>) -> bool {
        let same_code = match (&a.def, &b.def) {
            (super::object::Def::Function(a), super::object::Def::Function(b)) => Arc::ptr_eq(a, b),
            (super::object::Def::Lambda(a), super::object::Def::Lambda(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        let older = Rc::ptr_eq(a, b) && a.dict.mark() < self.since;
        same_code
            && (older
                || self.shared(&a.dict, &b.dict)
                    && self.values(a.defaults.iter().flatten(), b.defaults.iter().flatten())
                    && self.frames(a.closure.as_ref(), b.closure.as_ref()))
    }

    fn frames(&mut self, a: Option<&Rc<Frame>>, b: Option<&Rc<Frame>>) -> bool {
        match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                let same_names = match (&a.names, &b.names) {
                    (Names::Class(a, _), Names::Class(b, _)) => self.shared(a, b),
                    (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
                };
                same_names && self.shared(&a.slots, &b.slots) && self.frames(a.parent.as_ref(), b.parent.as_ref())
            }
            _ => false,
        }
    }

    fn class(&mut self, a: &Rc<Class>, b: &Rc<Class>) -> bool {
        let older = Rc::ptr_eq(a, b) && a.dict.mark() < self.since;
        let same_bases =
            |with: &mut Self| a.bases.len() == b.bases.len() && a.bases.iter().zip(&b.bases).all(|(a, b)| with.class(a, b));
        older || (a.name == b.name && a.builtin == b.builtin && self.shared(&a.dict, &b.dict) && same_bases(self))
    }

    fn instance(&mut self, a: &Rc<Instance>, b: &Rc<Instance>) -> bool {
        let same_base = |with: &mut Self| match (&a.base, &b.base) {
            (None, None) => true,
            (Some(a), Some(b)) => with.value(a, b),
            _ => false,
        };
        self.class(&a.class(), &b.class()) && self.shared(&a.dict, &b.dict) && same_base(self)
    }
}

impl Content for Vec<Value> {
    fn same(&self, other: &Self, with: &mut Same) -> bool {
        with.values(self, other)
    }
}

/// Variables.
impl Content for Vec<Option<Value>> {
    fn same(&self, other: &Self, with: &mut Same) -> bool {
        let same_one = |(a, b): (&Option<Value>, &Option<Value>)| match (a, b) {
            (Some(a), Some(b)) => with.value(a, b),
            (a, b) => a.is_none() == b.is_none(),
        };
        self.len() == other.len() && self.iter().zip(other).all(same_one)
    }

    fn changed(&self, now: &Self) -> Part {
        let differs = |(a, b): (&Option<Value>, &Option<Value>)| match (a, b) {
            (Some(a), Some(b)) => !a.is(b),
            (a, b) => a.is_some() != b.is_some(),
        };
        self.iter().zip(now).position(differs).map_or(Part::Whole, Part::At)
    }
}

impl Content for Dict {
    fn same(&self, other: &Self, with: &mut Same) -> bool {
        let keys = |dict: &'_ Dict| dict.keys().map(|k| k.value.clone()).collect::<Vec<_>>();
        self.len() == other.len() && with.values(&keys(self), &keys(other)) && with.values(self.values(), other.values())
    }

    fn changed(&self, now: &Self) -> Part {
        let name = |key: &Key| key.value.as_str().map(str::to_owned);
        let new = now.iter().find(|(key, value)| self.get(key).is_none_or(|before| !before.is(value)));
        let gone = || self.keys().find(|key| !now.contains(key));
        new.map(|(key, _)| key).or_else(gone).and_then(name).map_or(Part::Whole, Part::Named)
    }
}
