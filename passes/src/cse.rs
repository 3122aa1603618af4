//! Common subexpressions: a call that was made before with the same operands and attributes is not made again.
//!
//! [`simplify`](crate::simplify) asks this rule in the same walk as its own: equal operands make calls equal, and equal calls make operands
//! equal.

use crate::rewrite::{Call, Rule};
use cresset_ir::{Attr, Builder, Result, Value};
use std::collections::HashMap;

/// The calls made so far in the open blocks, innermost last.
#[derive(Default)]
pub struct Seen {
    scopes: Vec<Scope>,
}

struct Scope {
    isolated: bool,
    calls: HashMap<Key, Vec<Value>>,
}

type Key = (&'static str, Vec<Value>, Vec<Attr>);

fn key(call: &Call) -> Key {
    (call.node.op.name, call.operands.to_vec(), call.node.attrs.clone())
}

impl Rule for Seen {
    fn rewrite(&mut self, _: &mut Builder, call: &Call) -> Result<Option<Vec<Value>>> {
        if !call.node.blocks.is_empty() {
            return Ok(None);
        }
        let key = key(call);
        let first = self.scopes.iter().rposition(|s| s.isolated).unwrap_or(0);
        Ok(self.scopes[first..].iter().rev().find_map(|s| s.calls.get(&key)).cloned())
    }

    fn kept(&mut self, call: &Call, results: &[Value]) {
        if let Some(scope) = self.scopes.last_mut().filter(|_| call.node.blocks.is_empty()) {
            scope.calls.insert(key(call), results.to_vec());
        }
    }

    fn enter(&mut self, isolated: bool) {
        self.scopes.push(Scope { isolated, calls: HashMap::new() });
    }

    fn leave(&mut self) {
        self.scopes.pop();
    }
}
