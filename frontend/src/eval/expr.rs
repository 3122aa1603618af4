//! Expressions.

use super::foreign::Truth;
use super::frame::Frame;
use super::interp::Interp;
use super::native::Args;
use super::object::Def;
use super::raise::Eval;
use super::shared::Shared;
use super::value::{Set, Slice as SliceValue, Value};
use crate::eval::dict::Dict;
use crate::lang::ast::*;
use std::rc::Rc;

impl Interp {
    pub fn eval(&mut self, frame: &Rc<Frame>, e: &Expr) -> Eval {
        match &e.kind {
            ExprKind::Name(name) => {
                self.span = Some(e.span);
                self.load(frame, name)
            }
            ExprKind::Constant(constant) => self.constant(constant, e),
            _ => {
                self.deeper()?;
                self.compound(frame, e)
            }
        }
    }

    fn constant(&mut self, constant: &Constant, e: &Expr) -> Eval {
        Ok(match constant {
            Constant::None => Value::None,
            Constant::Ellipsis => Value::Ellipsis,
            Constant::Bool(b) => Value::Bool(*b),
            Constant::Int(i) => Value::Int(*i),
            Constant::Float(f) => Value::Float(*f),
            Constant::Str(s) => Value::Str(s.clone()),
            Constant::Bytes(b) => Value::Bytes(b.clone()),
            Constant::BigInt(_) | Constant::Imaginary(_) | Constant::Opaque(_) => {
                self.span = Some(e.span);
                return match constant {
                    Constant::BigInt(_) => Err(self.overflow()),
                    Constant::Imaginary(_) => Err(self.unsupported("a complex number")),
                    _ => Err(self.unsupported("a string with characters that have no value")),
                };
            }
        })
    }

    fn compound(&mut self, frame: &Rc<Frame>, e: &Expr) -> Eval {
        match &e.kind {
            ExprKind::Name(_) | ExprKind::Constant(_) => self.eval(frame, e),
            ExprKind::Attribute(object, name) => {
                let object = self.eval(frame, object)?;
                self.span = Some(e.span);
                self.getattr(&object, &name.kind)
            }
            ExprKind::Call(call) => self.call_expr(frame, call, e),
            ExprKind::Subscript(object, index) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                self.span = Some(e.span);
                self.getitem(&object, &index)
            }
            ExprKind::Unary(op, operand) => {
                let operand = self.eval(frame, operand)?;
                self.span = Some(e.span);
                self.unary(*op, &operand)
            }
            ExprKind::Binary(op, left, right) => {
                let left = self.eval(frame, left)?;
                let right = self.eval(frame, right)?;
                self.span = Some(e.span);
                self.binary(*op, &left, &right)
            }
            ExprKind::Bool(op, operands) => self.bool_op(frame, *op, operands),
            ExprKind::Compare(left, rest) => self.comparison(frame, left, rest, e),
            ExprKind::Conditional(c) => self.conditional(frame, c),
            ExprKind::Tuple(items) => Ok(Value::Tuple(self.items(frame, items)?.into())),
            ExprKind::List(items) => Ok(Value::list(self.items(frame, items)?)),
            ExprKind::Set(items) => {
                let items = self.items(frame, items)?;
                self.set_of(items, false)
            }
            ExprKind::Dict(items) => self.dict_display(frame, items),
            ExprKind::JoinedStr(parts) => Ok(Value::from(self.joined(frame, parts)?)),
            ExprKind::Lambda(lambda) => self.closure(frame, Def::Lambda(lambda.clone())),
            ExprKind::Comprehension(c) => self.comprehension(frame, c),
            ExprKind::Named(name, value) => {
                let value = self.eval(frame, value)?;
                self.store(frame, &name.kind, value.clone());
                Ok(value)
            }
            ExprKind::Slice(s) => self.slice(frame, s),
            ExprKind::Starred(_) => Err(self.unsupported("a starred expression here")),
            ExprKind::Await(_) => Err(self.unsupported("'await'")),
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => {
                self.span = Some(e.span);
                Err(self.unsupported("'yield' inside of a larger expression"))
            }
        }
    }

    fn slice(&mut self, frame: &Rc<Frame>, s: &Slice) -> Eval {
        let mut part = |e: &Option<Expr>| e.as_ref().map_or(Ok(Value::None), |e| self.eval(frame, e));
        let (lower, upper, step) = (part(&s.lower)?, part(&s.upper)?, part(&s.step)?);
        Ok(Value::Slice(Rc::new(SliceValue { lower, upper, step })))
    }

    /// The items of a display or of arguments, with `*iterable` spread.
    pub(super) fn items(&mut self, frame: &Rc<Frame>, items: &[Expr]) -> Eval<Vec<Value>> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match &item.kind {
                ExprKind::Starred(inner) => {
                    let inner = self.eval(frame, inner)?;
                    self.span = Some(item.span);
                    values.append(&mut self.collect(&inner)?);
                }
                _ => values.push(self.eval(frame, item)?),
            }
        }
        Ok(values)
    }

    pub fn set_of(&mut self, items: Vec<Value>, frozen: bool) -> Eval {
        let set = Rc::new(Set { items: Shared::default(), frozen });
        for item in items {
            self.insert(&set.items, item, Value::None)?;
        }
        Ok(Value::Set(set))
    }

    fn dict_display(&mut self, frame: &Rc<Frame>, items: &[DictItem]) -> Eval {
        let dict = Shared::new(Dict::new());
        for item in items {
            match item {
                DictItem::Pair(key, value) => {
                    let place = key.span;
                    let key = self.eval(frame, key)?;
                    let value = self.eval(frame, value)?;
                    self.span = Some(place);
                    self.insert(&dict, key, value)?;
                }
                DictItem::Spread(mapping) => {
                    let place = mapping.span;
                    let mapping = self.eval(frame, mapping)?;
                    self.span = Some(place);
                    self.update(&dict, &mapping)?;
                }
            }
        }
        Ok(Value::Dict(dict))
    }

    /// The text of an f-string.
    pub(super) fn joined(&mut self, frame: &Rc<Frame>, parts: &[StrPart]) -> Eval<String> {
        let mut text = String::new();
        for part in parts {
            match part {
                StrPart::Text(t) => text.push_str(t),
                StrPart::Field(field) => {
                    let mut value = self.eval(frame, &field.value)?;
                    let spec = self.joined(frame, &field.spec)?;
                    self.span = Some(field.value.span);
                    if let Some(conversion) = field.conversion {
                        value = Value::from(match conversion {
                            Conversion::Str => self.str(&value)?,
                            Conversion::Repr => self.repr(&value)?,
                            Conversion::Ascii => self.repr(&value)?.escape_default().to_string(),
                        });
                    }
                    text.push_str(&self.format(&value, &spec)?);
                }
            }
        }
        Ok(text)
    }

    fn bool_op(&mut self, frame: &Rc<Frame>, op: BoolOp, operands: &[Expr]) -> Eval {
        let Some((first, rest)) = operands.split_first() else { return Ok(Value::None) };
        let value = self.eval(frame, first)?;
        if rest.is_empty() {
            return Ok(value);
        }
        self.span = Some(first.span);
        match (self.truth_of(&value)?, self.control.clone()) {
            (Truth::Known(known), _) if known == (op == BoolOp::Or) => Ok(value),
            (Truth::Known(_), _) => self.bool_op(frame, op, rest),
            (Truth::Unknown(reason), None) => Err(self.fatal(reason)),
            (Truth::Unknown(_), Some(control)) => {
                let (same, next) = (&mut |_: &mut Interp| Ok(value.clone()), &mut |it: &mut Interp| it.bool_op(frame, op, rest));
                match op {
                    BoolOp::And => control.select(self, &value, next, same),
                    BoolOp::Or => control.select(self, &value, same, next),
                }
            }
        }
    }

    fn conditional(&mut self, frame: &Rc<Frame>, c: &Conditional) -> Eval {
        let test = self.eval(frame, &c.test)?;
        self.span = Some(c.test.span);
        match (self.truth_of(&test)?, self.control.clone()) {
            (Truth::Known(true), _) => self.eval(frame, &c.then),
            (Truth::Known(false), _) => self.eval(frame, &c.otherwise),
            (Truth::Unknown(reason), None) => Err(self.fatal(reason)),
            (Truth::Unknown(_), Some(control)) => {
                let (then, otherwise) =
                    (&mut |it: &mut Interp| it.eval(frame, &c.then), &mut |it: &mut Interp| it.eval(frame, &c.otherwise));
                control.select(self, &test, then, otherwise)
            }
        }
    }

    /// `a < b < c`: the middle operands are evaluated once.
    fn comparison(&mut self, frame: &Rc<Frame>, left: &Expr, rest: &[(CompareOp, Expr)], e: &Expr) -> Eval {
        let mut left = self.eval(frame, left)?;
        let mut result = Value::Bool(true);
        for (i, (op, right)) in rest.iter().enumerate() {
            let right = self.eval(frame, right)?;
            self.span = Some(e.span);
            result = self.compare(*op, &left, &right)?;
            if i + 1 < rest.len() && !self.truth(&result)? {
                break;
            }
            left = right;
        }
        Ok(result)
    }

    fn call_expr(&mut self, frame: &Rc<Frame>, call: &Call, e: &Expr) -> Eval {
        let func = self.eval(frame, &call.func)?;
        let pos = self.items(frame, &call.args)?;
        let mut named = Vec::with_capacity(call.keywords.len());
        for keyword in &call.keywords {
            let value = self.eval(frame, &keyword.value)?;
            match &keyword.name {
                Some(name) => named.push((name.kind.clone(), value)),
                None => {
                    self.span = Some(keyword.value.span);
                    self.spread(&func, &value, &mut named)?;
                }
            }
        }
        self.span = Some(e.span);
        self.call(&func, Args { pos, named })
    }

    /// The entries of `**mapping` as keyword arguments.
    fn spread(&mut self, func: &Value, mapping: &Value, named: &mut Vec<(Name, Value)>) -> Eval<()> {
        for (key, value) in self.pairs(mapping)? {
            let Some(key) = key.as_str() else { return Err(self.type_error("keywords must be strings")) };
            if named.iter().any(|(name, _)| **name == *key) {
                let func = self.callee(func);
                return Err(self.type_error(format!("{func}() got multiple values for keyword argument '{key}'")));
            }
            named.push((key.into(), value));
        }
        Ok(())
    }
}
