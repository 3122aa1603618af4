//! Operators: built-in arithmetic, then the operands' own methods.

use super::dict::Dict;
use super::foreign::Truth;
use super::interp::Interp;
use super::raise::Eval;
use super::shared::Shared;
use super::value::{Set, Value};
use crate::lang::ast::{BinaryOp, UnaryOp};
use std::rc::Rc;

/// Names of the methods of an operator: plain, reflected, in place.
fn methods(op: BinaryOp) -> [&'static str; 3] {
    match op {
        BinaryOp::Add => ["__add__", "__radd__", "__iadd__"],
        BinaryOp::Sub => ["__sub__", "__rsub__", "__isub__"],
        BinaryOp::Mul => ["__mul__", "__rmul__", "__imul__"],
        BinaryOp::Div => ["__truediv__", "__rtruediv__", "__itruediv__"],
        BinaryOp::FloorDiv => ["__floordiv__", "__rfloordiv__", "__ifloordiv__"],
        BinaryOp::Mod => ["__mod__", "__rmod__", "__imod__"],
        BinaryOp::Pow => ["__pow__", "__rpow__", "__ipow__"],
        BinaryOp::MatMul => ["__matmul__", "__rmatmul__", "__imatmul__"],
        BinaryOp::Shl => ["__lshift__", "__rlshift__", "__ilshift__"],
        BinaryOp::Shr => ["__rshift__", "__rrshift__", "__irshift__"],
        BinaryOp::BitAnd => ["__and__", "__rand__", "__iand__"],
        BinaryOp::BitOr => ["__or__", "__ror__", "__ior__"],
        BinaryOp::BitXor => ["__xor__", "__rxor__", "__ixor__"],
    }
}

impl Interp {
    pub fn binary(&mut self, op: BinaryOp, a: &Value, b: &Value) -> Eval {
        let result = match (a, b) {
            (Value::Instance(_) | Value::Foreign(_), _) | (_, Value::Instance(_) | Value::Foreign(_)) => {
                self.binary_objects(op, a, b)?
            }
            _ => None,
        };
        let result = match result {
            Some(value) => Some(value),
            None => self.binary_builtin(op, a.primitive(), b.primitive())?,
        };
        result.ok_or_else(|| {
            let (left, right) = (self.type_name(a), self.type_name(b));
            let symbol = if op == BinaryOp::Pow { "** or pow()" } else { op.symbol() };
            self.type_error(format!("unsupported operand type(s) for {symbol}: '{left}' and '{right}'"))
        })
    }

    /// The methods of the operands: a subclass on the right goes first, as in Python.
    fn binary_objects(&mut self, op: BinaryOp, a: &Value, b: &Value) -> Eval<Option<Value>> {
        let [plain, reflected, _] = methods(op);
        let right_first = match (a, b) {
            (Value::Instance(x), Value::Instance(y)) => !Rc::ptr_eq(&x.class(), &y.class()) && y.class().is_subclass(&x.class()),
            _ => false,
        };
        if right_first && let Some(value) = self.operand_method(b, reflected, a)? {
            return Ok(Some(value));
        }
        if let Some(value) = self.operand_method(a, plain, b)? {
            return Ok(Some(value));
        }
        if let Value::Foreign(f) = a
            && let Some(value) = f.clone().binary(self, a, op, b, false).map_err(|r| self.located(r))?
        {
            return Ok(Some(value));
        }
        if let Value::Foreign(f) = b
            && let Some(value) = f.clone().binary(self, b, op, a, true).map_err(|r| self.located(r))?
        {
            return Ok(Some(value));
        }
        if right_first { Ok(None) } else { self.operand_method(b, reflected, a) }
    }

    /// An operator method of an instance; none where it is missing or answers `NotImplemented`.
    fn operand_method(&mut self, this: &Value, name: &str, other: &Value) -> Eval<Option<Value>> {
        if !matches!(this, Value::Instance(_)) {
            return Ok(None);
        }
        let result = self.call_special(this, name, [other.clone()])?;
        Ok(result.filter(|v| !matches!(v, Value::NotImplemented)))
    }

    /// `a op= b`: the value to bind.
    pub fn inplace(&mut self, op: BinaryOp, a: &Value, b: &Value) -> Eval {
        match (a, op) {
            (Value::Instance(_), _) => {
                if let Some(value) = self.operand_method(a, methods(op)[2], b)? {
                    return Ok(value);
                }
                if a.primitive().is(a) {
                    return self.binary(op, a, b);
                }
                let class = self.class_of(a);
                let defined = class.lookup(methods(op)[0]).is_some();
                match (a.primitive().clone(), defined) {
                    (base @ (Value::List(_) | Value::Dict(_) | Value::Set(_)), false) => {
                        self.inplace(op, &base, b)?;
                        Ok(a.clone())
                    }
                    _ => self.binary(op, a, b),
                }
            }
            (Value::Foreign(f), _) => match f.clone().inplace(self, a, op, b).map_err(|r| self.located(r))? {
                Some(value) => Ok(value),
                None => self.binary(op, a, b),
            },
            (Value::List(list), BinaryOp::Add) => {
                let mut items = self.collect(b)?;
                self.check_length(list.borrow().len() + items.len())?;
                list.borrow_mut().append(&mut items);
                Ok(a.clone())
            }
            (Value::Dict(dict), BinaryOp::BitOr) => {
                self.update(&dict.clone(), b)?;
                Ok(a.clone())
            }
            (Value::Set(set), _) if !set.frozen => {
                if let Value::Set(result) = self.binary(op, a, b)? {
                    let items = result.items.borrow().clone();
                    *set.items.borrow_mut() = items;
                }
                Ok(a.clone())
            }
            _ => self.binary(op, a, b),
        }
    }

    fn binary_builtin(&mut self, op: BinaryOp, a: &Value, b: &Value) -> Eval<Option<Value>> {
        if let (Some(x), Some(y)) = (number(a), number(b)) {
            return self.arithmetic(op, a, b, x, y);
        }
        Ok(Some(match (op, a, b) {
            (BinaryOp::Add, Value::Str(a), Value::Str(b)) => {
                self.check_length(a.len() + b.len())?;
                Value::from([&**a, &**b].concat())
            }
            (BinaryOp::Add, Value::List(a), Value::List(b)) => {
                self.check_length(a.borrow().len() + b.borrow().len())?;
                let items = a.borrow().iter().chain(b.borrow().iter()).cloned().collect::<Vec<_>>();
                Value::list(items)
            }
            (BinaryOp::Add, Value::Tuple(a), Value::Tuple(b)) => {
                self.check_length(a.len() + b.len())?;
                Value::tuple(a.iter().chain(b.iter()).cloned())
            }
            (BinaryOp::Add, Value::Bytes(a), Value::Bytes(b)) => Value::Bytes([&**a, &**b].concat().into()),
            (BinaryOp::Mul, sequence @ (Value::Str(_) | Value::List(_) | Value::Tuple(_)), count)
            | (BinaryOp::Mul, count, sequence @ (Value::Str(_) | Value::List(_) | Value::Tuple(_))) => {
                let Some(count) = count.as_int() else {
                    let name = self.type_name(count);
                    return Err(self.type_error(format!("can't multiply sequence by non-int of type '{name}'")));
                };
                return self.repeat(sequence, count.max(0) as usize).map(Some);
            }
            (BinaryOp::Mod, Value::Str(template), _) => Value::from(self.percent(&template.clone(), b)?),
            (BinaryOp::BitOr, Value::Dict(a), Value::Dict(_)) => {
                let dict = Shared::new(a.borrow().clone());
                self.update(&dict, b)?;
                Value::Dict(dict)
            }
            (
                BinaryOp::BitOr,
                Value::Class(_) | Value::None | Value::Tuple(_),
                Value::Class(_) | Value::None | Value::Tuple(_),
            ) => {
                let parts = [a, b].into_iter().flat_map(|v| match v {
                    Value::Tuple(items) => items.to_vec(),
                    other => vec![other.clone()],
                });
                Value::tuple(parts)
            }
            (_, Value::Set(_) | Value::View(_), Value::Set(_) | Value::View(_)) => return self.set_op(op, a, b),
            _ => return Ok(None),
        }))
    }

    fn repeat(&mut self, sequence: &Value, count: usize) -> Eval {
        let times = |len: usize| self.check_length(len.saturating_mul(count)).map(|_| count);
        Ok(match sequence {
            Value::Str(s) => Value::from(s.repeat(times(s.len())?)),
            Value::List(items) => {
                let items = items.borrow();
                let total = items.len() * times(items.len())?;
                Value::list(items.iter().cycle().take(total).cloned())
            }
            Value::Tuple(items) => {
                let total = items.len() * times(items.len())?;
                Value::tuple(items.iter().cycle().take(total).cloned())
            }
            other => other.clone(),
        })
    }

    fn set_op(&mut self, op: BinaryOp, a: &Value, b: &Value) -> Eval<Option<Value>> {
        let keys = |it: &mut Interp, v: &Value| -> Eval<Dict> {
            match v {
                Value::Set(s) => Ok(s.items.borrow().clone()),
                other => {
                    let items = it.collect(other)?;
                    match it.set_of(items, false)? {
                        Value::Set(s) => Ok(s.items.borrow().clone()),
                        _ => Ok(Dict::new()),
                    }
                }
            }
        };
        let (x, y) = (keys(self, a)?, keys(self, b)?);
        let pick = |from: &Dict, test: &dyn Fn(&super::dict::Key) -> bool| -> Dict {
            from.iter().filter(|(k, _)| test(k)).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let items = match op {
            BinaryOp::BitAnd => pick(&x, &|k| y.contains(k)),
            BinaryOp::Sub => pick(&x, &|k| !y.contains(k)),
            BinaryOp::BitOr => x.iter().chain(y.iter()).map(|(k, v)| (k.clone(), v.clone())).collect(),
            BinaryOp::BitXor => {
                let (left, right) = (pick(&x, &|k| !y.contains(k)), pick(&y, &|k| !x.contains(k)));
                left.iter().chain(right.iter()).map(|(k, v)| (k.clone(), v.clone())).collect()
            }
            _ => return Ok(None),
        };
        let frozen = matches!(a, Value::Set(s) if s.frozen);
        Ok(Some(Value::Set(Rc::new(Set { items: Shared::new(items), frozen }))))
    }

    fn arithmetic(&mut self, op: BinaryOp, a: &Value, b: &Value, x: Num, y: Num) -> Eval<Option<Value>> {
        if let (Value::Bool(a), Value::Bool(b)) = (a, b) {
            match op {
                BinaryOp::BitAnd => return Ok(Some(Value::Bool(a & b))),
                BinaryOp::BitOr => return Ok(Some(Value::Bool(a | b))),
                BinaryOp::BitXor => return Ok(Some(Value::Bool(a ^ b))),
                _ => {}
            }
        }
        match (x, y) {
            (Num::Int(x), Num::Int(y)) if !(op == BinaryOp::Div || op == BinaryOp::Pow && y < 0) => self.integers(op, x, y),
            (x, y) => self.floats(op, x.float(), y.float()),
        }
    }

    fn integers(&mut self, op: BinaryOp, x: i64, y: i64) -> Eval<Option<Value>> {
        if y == 0 && matches!(op, BinaryOp::FloorDiv | BinaryOp::Mod) {
            return Err(self.error("ZeroDivisionError", "integer division or modulo by zero"));
        }
        let result = match op {
            BinaryOp::Add => x.checked_add(y),
            BinaryOp::Sub => x.checked_sub(y),
            BinaryOp::Mul => x.checked_mul(y),
            BinaryOp::FloorDiv => x.checked_div(y).map(|q| q - ((x % y != 0) && ((x < 0) != (y < 0))) as i64),
            BinaryOp::Mod => Some(x.checked_rem(y).map_or(0, |r| if r != 0 && (r < 0) != (y < 0) { r + y } else { r })),
            BinaryOp::Pow => power(x, y),
            BinaryOp::Shl | BinaryOp::Shr if y < 0 => return Err(self.value_error("negative shift count")),
            BinaryOp::Shl => match y {
                _ if x == 0 => Some(0),
                0..=62 => (x << y >> y == x).then(|| x << y),
                _ => None,
            },
            BinaryOp::Shr => Some(x >> y.min(63)),
            BinaryOp::BitAnd => Some(x & y),
            BinaryOp::BitOr => Some(x | y),
            BinaryOp::BitXor => Some(x ^ y),
            BinaryOp::Div | BinaryOp::MatMul => return Ok(None),
        };
        result.map(|i| Some(Value::Int(i))).ok_or_else(|| self.overflow())
    }

    fn floats(&mut self, op: BinaryOp, x: f64, y: f64) -> Eval<Option<Value>> {
        if y == 0.0 && matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod) {
            let what = ["division by zero", "float floor division by zero"][(op != BinaryOp::Div) as usize];
            return Err(self.error("ZeroDivisionError", what));
        }
        Ok(Some(Value::Float(match op {
            BinaryOp::Add => x + y,
            BinaryOp::Sub => x - y,
            BinaryOp::Mul => x * y,
            BinaryOp::Div => x / y,
            BinaryOp::FloorDiv => ((x - modulo(x, y)) / y).round(),
            BinaryOp::Mod => modulo(x, y),
            BinaryOp::Pow if x == 0.0 && y < 0.0 => {
                return Err(self.error("ZeroDivisionError", "0.0 cannot be raised to a negative power"));
            }
            BinaryOp::Pow if x < 0.0 && y.fract() != 0.0 => return Err(self.unsupported("a complex number")),
            BinaryOp::Pow => x.powf(y),
            _ => return Ok(None),
        })))
    }

    pub fn unary(&mut self, op: UnaryOp, value: &Value) -> Eval {
        if op == UnaryOp::Not {
            if let Value::Foreign(f) = value
                && let Some(result) = f.clone().unary(self, value, op).map_err(|r| self.located(r))?
            {
                return Ok(result);
            }
            return Ok(Value::Bool(!self.truth(value)?));
        }
        if let Value::Foreign(f) = value
            && let Some(result) = f.clone().unary(self, value, op).map_err(|r| self.located(r))?
        {
            return Ok(result);
        }
        let name = ["__neg__", "__pos__", "__invert__"][(op as usize).saturating_sub(1).min(2)];
        if let Value::Instance(_) = value
            && let Some(result) = self.call_special(value, name, [])?
        {
            return Ok(result);
        }
        match (op, number(value.primitive())) {
            (UnaryOp::Neg, Some(Num::Int(i))) => i.checked_neg().map(Value::Int).ok_or_else(|| self.overflow()),
            (UnaryOp::Neg, Some(Num::Float(f))) => Ok(Value::Float(-f)),
            (UnaryOp::Pos, Some(Num::Int(i))) => Ok(Value::Int(i)),
            (UnaryOp::Pos, Some(Num::Float(f))) => Ok(Value::Float(f)),
            (UnaryOp::Invert, Some(Num::Int(i))) => Ok(Value::Int(!i)),
            _ => Err(self.type_error(format!("bad operand type for unary {}: '{}'", op.symbol().trim(), self.type_name(value)))),
        }
    }

    /// Whether a value counts as true, or that this is not known yet.
    pub fn truth_of(&mut self, value: &Value) -> Eval<Truth> {
        Ok(Truth::Known(match value {
            Value::None => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::Float(f) => *f != 0.0,
            Value::Str(s) => !s.is_empty(),
            Value::Bytes(b) => !b.is_empty(),
            Value::Tuple(items) => !items.is_empty(),
            Value::List(items) => !items.borrow().is_empty(),
            Value::Dict(dict) => !dict.borrow().is_empty(),
            Value::View(view) => !view.dict.borrow().is_empty(),
            Value::Set(set) => !set.items.borrow().is_empty(),
            Value::Range(range) => !range.is_empty(),
            Value::Foreign(foreign) => return foreign.clone().truth(self, value).map_err(|r| self.located(r)),
            Value::Instance(_) => {
                if let Some(result) = self.call_special(value, "__bool__", [])? {
                    return self.truth_of(&result);
                }
                match value.primitive() {
                    Value::Instance(_) => match self.call_special(value, "__len__", [])? {
                        Some(len) => return self.truth_of(&len),
                        None => true,
                    },
                    base => return self.truth_of(&base.clone()),
                }
            }
            _ => true,
        }))
    }

    /// Whether a value counts as true.
    ///
    /// # Errors
    /// The reason where that is not known.
    pub fn truth(&mut self, value: &Value) -> Eval<bool> {
        match self.truth_of(value)? {
            Truth::Known(known) => Ok(known),
            Truth::Unknown(reason) => Err(self.fatal(reason)),
        }
    }
}

#[derive(Clone, Copy)]
enum Num {
    Int(i64),
    Float(f64),
}

impl Num {
    fn float(self) -> f64 {
        match self {
            Num::Int(i) => i as f64,
            Num::Float(f) => f,
        }
    }
}

fn number(value: &Value) -> Option<Num> {
    match value {
        Value::Int(i) => Some(Num::Int(*i)),
        Value::Bool(b) => Some(Num::Int(*b as i64)),
        Value::Float(f) => Some(Num::Float(*f)),
        _ => None,
    }
}

/// Python's `%`: the sign of the divisor.
fn modulo(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r != 0.0 && (r < 0.0) != (y < 0.0) { r + y } else { r.abs().copysign(if r == 0.0 { y } else { r }) }
}

fn power(x: i64, y: i64) -> Option<i64> {
    match (x, y) {
        (0 | 1, _) => Some(if y == 0 { 1 } else { x }),
        (-1, _) => Some(if y % 2 == 0 { 1 } else { -1 }),
        _ => x.checked_pow(u32::try_from(y).ok()?),
    }
}
