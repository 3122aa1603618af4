//! Assignment: targets, unpacking, augmented and annotated assignment, deletion.

use super::frame::{Frame, Names};
use super::interp::Interp;
use super::raise::Eval;
use super::value::Value;
use crate::lang::ast::*;
use std::rc::Rc;

impl Interp {
    pub(super) fn assign_all(&mut self, frame: &Rc<Frame>, targets: &[Expr], value: &Expr) -> Eval<()> {
        let value = self.eval(frame, value)?;
        targets.iter().try_for_each(|target| self.assign(frame, target, value.clone()))
    }

    pub fn assign(&mut self, frame: &Rc<Frame>, target: &Expr, value: Value) -> Eval<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.store(frame, name, value);
                Ok(())
            }
            ExprKind::Attribute(object, name) => {
                let object = self.eval(frame, object)?;
                self.span = Some(target.span);
                self.setattr(&object, &name.kind, value)
            }
            ExprKind::Subscript(object, index) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                self.span = Some(target.span);
                self.setitem(&object, &index, value)
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                self.span = Some(target.span);
                self.unpack(frame, targets, &value)
            }
            ExprKind::Starred(inner) => self.assign(frame, inner, value),
            _ => Err(self.unsupported("this assignment target")),
        }
    }

    fn unpack(&mut self, frame: &Rc<Frame>, targets: &[Expr], value: &Value) -> Eval<()> {
        let star = targets.iter().position(|t| matches!(t.kind, ExprKind::Starred(_)));
        let items = self.unpacked(value, targets.len(), star.is_some())?;
        match star {
            None => targets.iter().zip(items).try_for_each(|(target, item)| self.assign(frame, target, item)),
            Some(star) => {
                let after = targets.len() - star - 1;
                let mut items = items;
                let tail = items.split_off(items.len() - after);
                let middle = Value::list(items.split_off(star));
                let all = items.into_iter().chain([middle]).chain(tail);
                targets.iter().zip(all).try_for_each(|(target, item)| self.assign(frame, target, item))
            }
        }
    }

    /// The items of a value that is unpacked into `count` targets.
    fn unpacked(&mut self, value: &Value, count: usize, starred: bool) -> Eval<Vec<Value>> {
        let iter = match value {
            Value::Tuple(items) if !starred && items.len() == count => return Ok(items.to_vec()),
            _ if self.is_iterable(value) => self.iter(value)?,
            _ => return Err(self.type_error(format!("cannot unpack non-iterable {} object", self.type_name(value)))),
        };
        let mut items = vec![];
        while let Some(item) = iter.next(self)? {
            self.step()?;
            if !starred && items.len() == count {
                return Err(self.value_error(format!("too many values to unpack (expected {count})")));
            }
            items.push(item);
        }
        let needed = count - starred as usize;
        match items.len() < needed {
            true => {
                let at_least = if starred { "at least " } else { "" };
                Err(self.value_error(format!("not enough values to unpack (expected {at_least}{needed}, got {})", items.len())))
            }
            false => Ok(items),
        }
    }

    /// `target op= value`; the parts of the target are evaluated once.
    pub(super) fn aug_assign(&mut self, frame: &Rc<Frame>, target: &Expr, op: BinaryOp, value: &Expr) -> Eval<()> {
        let place = self.span;
        match &target.kind {
            ExprKind::Attribute(object, name) => {
                let object = self.eval(frame, object)?;
                self.span = Some(target.span);
                let old = self.getattr(&object, &name.kind)?;
                let value = self.eval(frame, value)?;
                self.span = place;
                let new = self.inplace(op, &old, &value)?;
                self.setattr(&object, &name.kind, new)
            }
            ExprKind::Subscript(object, index) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                self.span = Some(target.span);
                let old = self.getitem(&object, &index)?;
                let value = self.eval(frame, value)?;
                self.span = place;
                let new = self.inplace(op, &old, &value)?;
                self.setitem(&object, &index, new)
            }
            _ => {
                let old = self.eval(frame, target)?;
                let value = self.eval(frame, value)?;
                self.span = place;
                let new = self.inplace(op, &old, &value)?;
                self.assign(frame, target, new)
            }
        }
    }

    /// `target: annotation = value`. Annotations are not evaluated: `__annotations__` of a class holds their text.
    pub(super) fn ann_assign(&mut self, frame: &Rc<Frame>, target: &Expr, annotation: &Expr, value: Option<&Expr>) -> Eval<()> {
        if let (ExprKind::Name(name), Names::Class(dict, _)) = (&target.kind, &frame.names) {
            let known = dict.borrow().get_str("__annotations__").cloned();
            let annotations = known.unwrap_or_else(|| Value::dict(Default::default()));
            if let Value::Dict(annotations) = &annotations {
                annotations.borrow_mut().insert(name, annotation.span.text());
            }
            dict.borrow_mut().insert("__annotations__", annotations);
        }
        match value {
            Some(value) => {
                let value = self.eval(frame, value)?;
                self.assign(frame, target, value)
            }
            None => Ok(()),
        }
    }

    pub(super) fn delete(&mut self, frame: &Rc<Frame>, target: &Expr) -> Eval<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.span = Some(target.span);
                self.unbind(frame, name)
            }
            ExprKind::Attribute(object, name) => {
                let object = self.eval(frame, object)?;
                self.span = Some(target.span);
                self.delattr(&object, &name.kind)
            }
            ExprKind::Subscript(object, index) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                self.span = Some(target.span);
                self.delitem(&object, &index)
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => targets.iter().try_for_each(|t| self.delete(frame, t)),
            _ => Err(self.unsupported("this deletion target")),
        }
    }
}
