//! The context of an operation: the interpreter and torch's state, and the small vocabulary that the table's functions are written in.

use super::Torch;
use super::handle::Handle;
use super::lazy::Lazy;
use super::promote::{Weight, result_type};
use super::tensor::Tensor;
use crate::eval::interp::Interp;
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use cresset_ir::builder::NamedAttrs;
use cresset_ir::op::{creation, logic, movement};
use cresset_ir::{DType, Diagnostic, Dim, Facts, OpDef, Rel, Scalar, codes};
use std::rc::Rc;

pub struct Cx<'a> {
    pub it: &'a mut Interp,
    pub torch: &'a Rc<Torch>,
}

/// An argument that may be a tensor or a Python number.
#[derive(Clone)]
pub enum Operand {
    Tensor(Handle),
    Number(Number),
}

/// A number that is no tensor.
#[derive(Clone, PartialEq, Debug)]
pub enum Number {
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A size that is known when the program runs.
    Size(Dim),
}

impl Number {
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Number::Bool(b) => Some(*b as i64 as f64),
            Number::Int(i) => Some(*i as f64),
            Number::Float(f) => Some(*f),
            Number::Size(_) => None,
        }
    }

    /// The constant of a dtype; none for a symbolic size.
    pub fn scalar(&self, dtype: DType) -> Option<Scalar> {
        match self {
            Number::Bool(b) => Some(Scalar::int(dtype, *b as i64)),
            Number::Int(i) => Some(Scalar::int(dtype, *i)),
            Number::Float(f) => Some(Scalar::float(dtype, *f)),
            Number::Size(_) => None,
        }
    }

    /// A size that is known as the integer that it is.
    pub fn reduced(self) -> Number {
        match self {
            Number::Size(dim) => dim.known().map_or(Number::Size(dim), Number::Int),
            number => number,
        }
    }

    /// The dtype of a tensor made of this number alone.
    pub fn dtype(&self, default: DType) -> DType {
        match self {
            Number::Bool(_) => DType::Bool,
            Number::Float(_) => default,
            Number::Int(_) | Number::Size(_) => DType::I64,
        }
    }
}

impl Cx<'_> {
    /// Adds an op to the trace, or records it.
    pub fn emit(&mut self, op: &'static OpDef, operands: &[&Handle], attrs: NamedAttrs) -> Eval<Handle> {
        if self.torch.tracing() {
            return self.trace_op(op, operands, attrs);
        }
        let lazies = operands.iter().map(|h| self.lazy(h)).collect::<Eval<Vec<_>>>()?;
        match Lazy::op(op, &lazies, attrs, &*self.torch.evaluate) {
            Ok(lazy) => Ok(Handle::Lazy(lazy)),
            Err(diagnostic) => Err(self.refuse(diagnostic)),
        }
    }

    /// A type error of an op, with the place.
    pub fn refuse(&self, diagnostic: Diagnostic) -> Box<Raise> {
        self.it.fatal(diagnostic)
    }

    fn lazy(&self, handle: &Handle) -> Eval<Rc<Lazy>> {
        match handle {
            Handle::Lazy(lazy) => Ok(lazy.clone()),
            Handle::Traced(_) => Err(self.stale()),
        }
    }

    /// A traced tensor outlived its trace.
    pub fn stale(&self) -> Box<Raise> {
        let text = "a tensor of an earlier trace is used: it has no value outside of it";
        self.refuse(
            Diagnostic::error(codes::TRACED_VALUE, text)
                .hint("a forward that keeps tensors on self must not use them in a later call"),
        )
    }

    /// What is known of symbolic sizes.
    pub fn facts(&self) -> Facts {
        self.torch.facts()
    }

    /// A new tensor object.
    pub fn wrap(&self, handle: Handle) -> Value {
        Value::Foreign(Tensor::new(self.torch, handle))
    }

    pub fn reshape(&mut self, x: &Handle, shape: Vec<Dim>) -> Eval<Handle> {
        if x.ty().shape == shape {
            return Ok(x.clone());
        }
        self.emit(&movement::RESHAPE, &[x], &[("shape", shape.into())])
    }

    pub fn cast(&mut self, x: &Handle, dtype: DType) -> Eval<Handle> {
        if x.ty().dtype == dtype {
            return Ok(x.clone());
        }
        self.emit(&logic::CAST, &[x], &[("dtype", dtype.into())])
    }

    pub fn full(&mut self, value: Scalar, shape: &[Dim], dtype: DType) -> Eval<Handle> {
        let attrs = [("shape", shape.to_vec().into()), ("value", value.into()), ("dtype", dtype.into())];
        self.emit(&creation::FULL, &[], &attrs)
    }

    pub fn expand(&mut self, x: &Handle, shape: &[Dim]) -> Eval<Handle> {
        if x.ty().shape == shape {
            return Ok(x.clone());
        }
        self.emit(&movement::EXPAND, &[x], &[("shape", shape.to_vec().into())])
    }

    pub fn permute(&mut self, x: &Handle, dims: &[usize]) -> Eval<Handle> {
        if dims.iter().enumerate().all(|(i, &d)| i == d) {
            return Ok(x.clone());
        }
        self.emit(&movement::PERMUTE, &[x], &[("dims", super::view::ints(dims))])
    }

    /// A 0-d constant.
    pub fn constant(&mut self, value: Scalar) -> Eval<Handle> {
        if let Some(handle) = self.torch.trace_constant(value) {
            return Ok(handle);
        }
        match cresset_ir::Tensor::from_scalars(value.dtype(), &[], &[value]) {
            Ok(tensor) => Ok(Handle::Lazy(Lazy::known(tensor))),
            Err(diagnostic) => Err(self.refuse(diagnostic)),
        }
    }

    /// A number as a 0-d tensor.
    pub fn number(&mut self, number: &Number, dtype: DType) -> Eval<Handle> {
        match (number.scalar(dtype), number) {
            (None, Number::Size(dim)) => {
                let size = self.emit(&creation::SIZE, &[], &[("size", dim.clone().into())])?;
                self.cast(&size, dtype)
            }
            (scalar, _) => self.constant(scalar.unwrap_or(Scalar::zero(dtype))),
        }
    }

    pub fn default_dtype(&self) -> DType {
        *self.torch.default_dtype.borrow()
    }

    pub fn operand_dtype(&self, operand: &Operand) -> DType {
        match operand {
            Operand::Tensor(h) => h.ty().dtype,
            Operand::Number(n) => n.dtype(self.default_dtype()),
        }
    }

    /// The dtype in which operands meet.
    pub fn result_type(&self, operands: &[&Operand]) -> DType {
        let weigh = |o: &&Operand| {
            let weight = match o {
                Operand::Tensor(h) if h.rank() > 0 => Weight::Tensor,
                Operand::Tensor(_) => Weight::ZeroDim,
                Operand::Number(_) => Weight::Number,
            };
            (self.operand_dtype(o), weight)
        };
        result_type(operands.iter().map(weigh)).unwrap_or(self.default_dtype())
    }

    /// The operand as a tensor of a dtype.
    pub fn converted(&mut self, operand: &Operand, dtype: DType) -> Eval<Handle> {
        match operand {
            Operand::Tensor(h) => self.cast(h, dtype),
            Operand::Number(n) => self.number(n, dtype),
        }
    }

    /// A dimension in `-rank..rank` as one in `0..rank`.
    ///
    /// # Errors
    /// `IndexError`, as PyTorch words it.
    pub fn dim(&self, dim: i64, rank: usize) -> Eval<usize> {
        let r = rank.max(1) as i64;
        if (-r..r).contains(&dim) {
            return Ok(dim.rem_euclid(r) as usize);
        }
        let text = format!("Dimension out of range (expected to be in range of [{}, {}], but got {dim})", -r, r - 1);
        Err(self.it.error("IndexError", text))
    }

    /// A relation of sizes without which PyTorch raises an exception of a class: refused where it does not hold, a condition of calls where
    /// that is not known.
    pub fn require(&mut self, left: &Dim, rel: Rel, right: &Dim, class: &str, text: impl Into<String>) -> Eval<()> {
        let decided = match (left.known(), right.known()) {
            (Some(a), Some(b)) => Some(rel.holds(a, b)),
            _ => self.facts().decide(left, rel, right),
        };
        match decided {
            Some(true) => Ok(()),
            Some(false) => Err(self.it.error(class, text)),
            None => {
                self.torch.guard(self.it, left.clone(), rel, right.clone(), text.into());
                Ok(())
            }
        }
    }

    pub fn runtime_error(&self, text: impl Into<String>) -> Box<Raise> {
        self.it.error("RuntimeError", text)
    }

    /// A feature of torch that is not built.
    pub fn unsupported(&self, what: impl std::fmt::Display) -> Box<Raise> {
        self.refuse(Diagnostic::error(codes::UNSUPPORTED, format!("{what} is not supported")))
    }
}
