//! Symbolic sizes as Python sees them: an int whose value the program learns when it runs, and comparisons of such ints.

use super::Torch;
use super::same::same_size;
use crate::eval::foreign::{Foreign, Truth};
use crate::eval::interp::Interp;
use crate::eval::object::{Class, Instance};
use crate::eval::raise::{Eval, Raise};
use crate::eval::same::Same;
use crate::eval::value::Value;
use crate::lang::ast::{BinaryOp, CompareOp, UnaryOp};
use cresset_ir::{Diagnostic, Dim, Rel, codes};
use std::rc::Rc;

/// A size that is not known; known ones are Python ints.
pub struct SymInt {
    torch: Rc<Torch>,
    pub dim: Dim,
}

/// A relation of sizes that could not be decided.
pub struct SymBool {
    torch: Rc<Torch>,
    pub left: Dim,
    pub rel: Rel,
    pub right: Dim,
}

impl Torch {
    /// A size as a Python value.
    pub fn size(self: &Rc<Torch>, dim: &Dim) -> Value {
        match dim.known() {
            Some(known) => Value::Int(known),
            None => Value::foreign(SymInt { torch: self.clone(), dim: dim.clone() }),
        }
    }

    /// `torch.Size`
    pub fn shape(self: &Rc<Torch>, dims: &[Dim]) -> Value {
        let items = Value::tuple(dims.iter().map(|d| self.size(d)));
        Value::Instance(Instance::new(self.classes.size.clone(), Some(items)))
    }

    /// A relation, decided where what is known of the sizes decides it.
    pub fn relation(self: &Rc<Torch>, left: Dim, rel: Rel, right: Dim) -> Value {
        let decided = match (left.known(), right.known()) {
            (Some(a), Some(b)) => Some(rel.holds(a, b)),
            _ => self.facts().decide(&left, rel, &right),
        };
        match decided.or_else(|| self.differ_between_calls(&left, rel, &right)) {
            Some(decided) => Value::Bool(decided),
            None => Value::foreign(SymBool { torch: self.clone(), left, rel, right }),
        }
    }
}

/// The size that a Python value is.
pub fn dim_of(value: &Value) -> Option<Dim> {
    match value.downcast::<SymInt>() {
        Some(size) => Some(size.dim.clone()),
        None => value.as_int().map(Dim::from),
    }
}

/// A size is needed as a known number.
pub fn unknown_size(it: &Interp, dim: &Dim, purpose: &str) -> Box<Raise> {
    let text = format!("the size {dim} is not known while tracing, and {purpose}");
    let hint = "declare the dimension with a fixed size, or write the computation with tensor operations";
    it.fatal(Diagnostic::error(codes::TRACED_VALUE, text).hint(hint))
}

impl SymInt {
    fn of(&self, dim: Dim) -> Option<Value> {
        Some(self.torch.size(&dim))
    }
}

impl Foreign for SymInt {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.torch.classes.sym_int.clone()
    }

    fn unary(&self, _: &mut Interp, this: &Value, op: UnaryOp) -> Eval<Option<Value>> {
        Ok(match op {
            UnaryOp::Neg => self.of(Dim::from(0i64) - self.dim.clone()),
            UnaryOp::Pos => Some(this.clone()),
            UnaryOp::Not | UnaryOp::Invert => None,
        })
    }

    fn binary(&self, it: &mut Interp, _: &Value, op: BinaryOp, other: &Value, reflected: bool) -> Eval<Option<Value>> {
        let Some(other) = dim_of(other) else {
            return match other.as_float() {
                Some(_) => Err(unknown_size(it, &self.dim, "a float is computed from it")),
                None => Ok(None),
            };
        };
        let (a, b) = if reflected { (other, self.dim.clone()) } else { (self.dim.clone(), other) };
        let facts = self.torch.facts();
        if b.is(0) && matches!(op, BinaryOp::FloorDiv | BinaryOp::Mod) {
            return Err(it.error("ZeroDivisionError", "integer division or modulo by zero"));
        }
        match op {
            BinaryOp::Add => Ok(self.of(a + b)),
            BinaryOp::Sub => Ok(self.of(a - b)),
            BinaryOp::Mul => Ok(self.of(a * b)),
            BinaryOp::FloorDiv => Ok(self.of(a.floor_div(&b, &facts))),
            BinaryOp::Mod => Ok(self.of(a.modulo(&b, &facts))),
            BinaryOp::Pow => match b.known() {
                Some(n @ 0..=8) => Ok(self.of((0..n).map(|_| a.clone()).product())),
                _ => Err(unknown_size(it, &self.dim, "a power is computed from it")),
            },
            BinaryOp::Div => Err(unknown_size(it, &self.dim, "a quotient is computed from it (`//` gives a size)")),
            _ => Err(unknown_size(it, &self.dim, "this operator needs its value")),
        }
    }

    fn compare(&self, _: &mut Interp, _: &Value, op: CompareOp, other: &Value) -> Eval<Option<Value>> {
        let Some(b) = dim_of(other) else { return Ok(None) };
        let a = self.dim.clone();
        Ok(match op {
            CompareOp::Eq => Some(self.torch.relation(a, Rel::Eq, b)),
            CompareOp::Ne => Some(self.torch.relation(a, Rel::Ne, b)),
            CompareOp::Lt => Some(self.torch.relation(a, Rel::Lt, b)),
            CompareOp::Le => Some(self.torch.relation(a, Rel::Le, b)),
            CompareOp::Gt => Some(self.torch.relation(b, Rel::Lt, a)),
            CompareOp::Ge => Some(self.torch.relation(b, Rel::Le, a)),
            _ => None,
        })
    }

    fn same(&self, _: &Value, other: &Value, with: &mut Same) -> bool {
        other.downcast::<SymInt>().is_some_and(|other| same_size(&self.dim, &other.dim, with))
    }

    fn truth(&self, it: &mut Interp, _: &Value) -> Eval<Truth> {
        match self.torch.relation(self.dim.clone(), Rel::Ne, 0i64.into()) {
            Value::Bool(known) => Ok(Truth::Known(known)),
            _ => Ok(Truth::Unknown(undecided(it, &format!("{} != 0", self.dim)))),
        }
    }

    fn repr(&self, _: &mut Interp) -> Eval<String> {
        Ok(format!("{{{}}}", self.dim))
    }

    fn format(&self, it: &mut Interp, _: &str) -> Eval<Option<String>> {
        self.repr(it).map(Some)
    }

    fn index(&self, it: &mut Interp) -> Eval<Option<i64>> {
        Err(unknown_size(it, &self.dim, "a known number is needed here"))
    }

    fn convert(&self, it: &mut Interp, this: &Value, to: &str) -> Eval<Option<Value>> {
        match to {
            "int" => Ok(Some(this.clone())),
            _ => Err(unknown_size(it, &self.dim, &format!("{to}() needs its value"))),
        }
    }
}

impl SymBool {
    /// Makes the relation (or its opposite) a condition of calling the graph.
    pub fn guard(&self, it: &Interp, holds: bool, message: String) {
        let (left, rel, right) = (self.left.clone(), self.rel, self.right.clone());
        let (left, rel, right) = match (holds, rel) {
            (true, _) => (left, rel, right),
            (false, Rel::Eq) => (left, Rel::Ne, right),
            (false, Rel::Ne) => (left, Rel::Eq, right),
            (false, Rel::Lt) => (right, Rel::Le, left),
            (false, Rel::Le) => (right, Rel::Lt, left),
        };
        self.torch.guard(it, left, rel, right, message);
    }
}

/// A condition that only the running program could decide.
pub fn undecided(it: &Interp, condition: &str) -> Diagnostic {
    let text = format!("`{condition}` is not known while tracing, and control flow depends on it");
    let hint = "assert the condition before, or declare the sizes so that it is decided: a narrower range or a fixed size. Branches \
                that depend on run-time values are not traced yet";
    Diagnostic::error(codes::TRACED_CONDITION, text).or_at(it.span()).hint(hint)
}

impl Foreign for SymBool {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.torch.classes.sym_bool.clone()
    }

    fn same(&self, _: &Value, other: &Value, with: &mut Same) -> bool {
        let Some(other) = other.downcast::<SymBool>() else { return false };
        self.rel == other.rel && same_size(&self.left, &other.left, with) && same_size(&self.right, &other.right, with)
    }

    fn truth(&self, it: &mut Interp, _: &Value) -> Eval<Truth> {
        // A guard may have decided it since.
        match self.torch.relation(self.left.clone(), self.rel, self.right.clone()) {
            Value::Bool(known) => Ok(Truth::Known(known)),
            _ => {
                let condition = self.repr(it)?;
                Ok(Truth::Unknown(undecided(it, &condition)))
            }
        }
    }

    fn repr(&self, _: &mut Interp) -> Eval<String> {
        Ok(format!("{} {} {}", self.left, self.rel.name(), self.right))
    }
}
