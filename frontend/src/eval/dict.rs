//! The dict: insertion order, Python's equality of keys (`1 == 1.0 == True`), the same type for namespaces.
//!
//! A key is hashed when it is made ([`Interp::key`](super::interp::Interp)), so that objects with `__hash__` and `__eq__` of their own
//! work too: their hash is computed by the program, and equal keys are looked up before they come here.

use super::value::Value;
use indexmap::{Equivalent, IndexMap};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

pub type Map = IndexMap<Key, Value, BuildHasherDefault<FxHasher>>;

/// A hashable value with its hash.
#[derive(Clone)]
pub struct Key {
    pub value: Value,
    pub hash: u64,
}

#[derive(Clone, Default)]
pub struct Dict {
    map: Map,
}

/// Multiply-rotate hashing: short keys, no adversary.
#[derive(Default)]
pub struct FxHasher(u64);

impl FxHasher {
    pub fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for FxHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }
}

/// The hash of a string, the same whether it is a key or looked up by reference.
pub fn hash_str(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.add(text.len() as u64);
    hasher.finish()
}

/// The hash of a number: equal numbers of different types hash alike.
pub fn hash_float(f: f64) -> u64 {
    let mut hasher = FxHasher::default();
    match f as i64 as f64 == f {
        true => hasher.add(f as i64 as u64),
        false => hasher.add(f.to_bits()),
    }
    hasher.finish()
}

pub fn hash_int(i: i64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.add(i as u64);
    hasher.finish()
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.hash == other.hash && same(&self.value, &other.value)
    }
}

impl Eq for Key {}

/// Equality of keys, without running the program.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Set(a), Value::Set(b)) => {
            let (a, b) = (a.items.borrow(), b.items.borrow());
            a.len() == b.len() && a.keys().all(|k| b.contains(k))
        }
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Instance(x), Value::Instance(y)) => {
            std::rc::Rc::ptr_eq(x, y) || matches!((&x.base, &y.base), (Some(a), Some(b)) if same(a, b))
        }
        (Value::Instance(x), other) | (other, Value::Instance(x)) => x.base.as_ref().is_some_and(|base| same(base, other)),
        (Value::Method(a), Value::Method(b)) => a.this.is(&b.this) && a.func.is(&b.func),
        _ => match (a.as_float(), b.as_float()) {
            (Some(a), Some(b)) => a == b,
            _ => a.is(b),
        },
    }
}

/// Looks a string up without making a key of it.
struct Text<'a>(&'a str);

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(hash_str(self.0));
    }
}

impl Equivalent<Key> for Text<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        matches!(&key.value, Value::Str(s) if **s == *self.0)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key { hash: hash_str(text), value: text.into() }
    }
}

impl From<&Arc<str>> for Key {
    fn from(text: &Arc<str>) -> Key {
        Key { hash: hash_str(text), value: Value::Str(text.clone()) }
    }
}

impl From<Arc<str>> for Key {
    fn from(text: Arc<str>) -> Key {
        Key { hash: hash_str(&text), value: Value::Str(text) }
    }
}

impl Dict {
    pub fn new() -> Dict {
        Dict::default()
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.map.get(key)
    }

    pub fn get_str(&self, name: &str) -> Option<&Value> {
        self.map.get(&Text(name))
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.map.contains_key(key)
    }

    /// Sets a value; a key that is there keeps its place and its own identity.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<Value>) -> Option<Value> {
        self.map.insert(key.into(), value.into())
    }

    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        self.map.shift_remove(key)
    }

    pub fn remove_str(&mut self, name: &str) -> Option<Value> {
        self.map.shift_remove(&Text(name))
    }

    pub fn at(&self, index: usize) -> Option<(&Key, &Value)> {
        self.map.get_index(index)
    }

    pub fn remove_at(&mut self, index: usize) -> Option<(Key, Value)> {
        self.map.shift_remove_index(index)
    }

    pub fn clear(&mut self) {
        self.map.clear();
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> {
        self.map.keys()
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.map.values()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Value)> {
        self.map.iter()
    }

    /// Moves an entry to the end, or to the front.
    pub fn move_entry(&mut self, key: &Key, last: bool) -> bool {
        let Some(from) = self.map.get_index_of(key) else { return false };
        self.map.move_index(from, if last { self.map.len() - 1 } else { 0 });
        true
    }
}

impl FromIterator<(Key, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (Key, Value)>>(entries: I) -> Dict {
        Dict { map: entries.into_iter().collect() }
    }
}
