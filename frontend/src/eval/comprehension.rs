//! Comprehensions, and generator expressions that give their items when asked.

use super::dict::Dict;
use super::frame::{Frame, Names};
use super::interp::Interp;
use super::iter::Iter;
use super::raise::Eval;
use super::shared::Shared;
use super::value::{Set, Value};
use crate::lang::ast::{Comprehension, Element, Expr};
use std::rc::Rc;

/// The running loops of a comprehension, outermost first.
struct Loops {
    frame: Rc<Frame>,
    iters: Vec<Rc<Iter>>,
}

impl Loops {
    /// Goes on to the next combination of items that passes the conditions.
    fn advance(&mut self, it: &mut Interp, c: &Comprehension) -> Eval<bool> {
        while let Some(iter) = self.iters.last().cloned() {
            it.step()?;
            let depth = self.iters.len();
            let clause = &c.clauses[depth - 1];
            it.span = Some(clause.iter.span);
            let Some(item) = iter.next(it)? else {
                self.iters.pop();
                continue;
            };
            it.assign(&self.frame, &clause.target, item)?;
            if !self.passes(it, &clause.conditions)? {
                continue;
            }
            match c.clauses.get(depth) {
                None => return Ok(true),
                Some(inner) => {
                    let iterable = it.eval(&self.frame, &inner.iter)?;
                    it.span = Some(inner.iter.span);
                    self.iters.push(it.iter(&iterable)?);
                }
            }
        }
        Ok(false)
    }

    fn passes(&self, it: &mut Interp, conditions: &[Expr]) -> Eval<bool> {
        for condition in conditions {
            let value = it.eval(&self.frame, condition)?;
            it.span = Some(condition.span);
            if !it.truth(&value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Interp {
    pub(super) fn comprehension(&mut self, frame: &Rc<Frame>, c: &Comprehension) -> Eval {
        let Some(first) = c.clauses.first() else { return Ok(Value::None) };
        self.reject_async(c.clauses.iter().any(|clause| clause.is_async))?;
        let iterable = self.eval(frame, &first.iter)?;
        self.span = Some(first.iter.span);
        let iters = vec![self.iter(&iterable)?];
        let inner = Frame::inside(frame, Names::Targets(c.locals.clone().into()), None, frame.path.clone());
        let mut loops = Loops { frame: inner, iters };
        let frame = loops.frame.clone();
        match &c.element {
            Element::List(element) => {
                let mut items = vec![];
                while loops.advance(self, c)? {
                    items.push(self.eval(&frame, element)?);
                }
                Ok(Value::list(items))
            }
            Element::Set(element) => {
                let items = Shared::new(Dict::new());
                while loops.advance(self, c)? {
                    let item = self.eval(&frame, element)?;
                    self.insert(&items, item, Value::None)?;
                }
                Ok(Value::Set(Rc::new(Set { items, frozen: false })))
            }
            Element::Dict(key, value) => {
                let dict = Shared::new(Dict::new());
                while loops.advance(self, c)? {
                    let key = self.eval(&frame, key)?;
                    let value = self.eval(&frame, value)?;
                    self.insert(&dict, key, value)?;
                }
                Ok(Value::Dict(dict))
            }
            Element::Generator(_) => {
                // The expression outlives this evaluation of it.
                let c = c.clone();
                Ok(Value::Iter(Iter::new("generator", move |it| match (loops.advance(it, &c)?, &c.element) {
                    (true, Element::Generator(element)) => it.eval(&frame, element).map(Some),
                    _ => Ok(None),
                })))
            }
        }
    }
}
