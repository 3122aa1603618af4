//! Typed arguments: what a parameter of the table may hold, and the error where it holds something else.

use super::cx::{Cx, Number, Operand};
use super::dtype::dtype_of;
use super::handle::Handle;
use super::signature::Bound;
use super::size::{SymInt, dim_of, unknown_size};
use super::tensor::Tensor;
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use cresset_ir::{DType, Dim};

impl Bound<'_> {
    pub fn wrong(&self, cx: &Cx, name: &str, wanted: &str) -> Box<Raise> {
        let got = cx.it.type_name(self.value(name));
        cx.it.type_error(format!("{}(): argument '{name}' must be {wanted}, not {got}", self.name()))
    }

    pub fn tensor(&self, cx: &Cx, name: &str) -> Eval<&Tensor> {
        self.value(name).downcast::<Tensor>().ok_or_else(|| self.wrong(cx, name, "Tensor"))
    }

    /// The value of a tensor argument.
    pub fn handle(&self, cx: &mut Cx, name: &str) -> Eval<Handle> {
        self.tensor(cx, name)?.read(cx)
    }

    pub fn opt_handle(&self, cx: &mut Cx, name: &str) -> Eval<Option<Handle>> {
        if self.value(name).is_none() { Ok(None) } else { self.handle(cx, name).map(Some) }
    }

    /// A list of tensors.
    pub fn handles(&self, cx: &mut Cx, name: &str) -> Eval<Vec<Handle>> {
        let mut out = vec![];
        for value in cx.it.collect(self.value(name))? {
            let tensor = value.downcast::<Tensor>().ok_or_else(|| self.wrong(cx, name, "tuple of Tensors"))?;
            out.push(tensor.read(cx)?);
        }
        Ok(out)
    }

    pub fn operand(&self, cx: &mut Cx, name: &str) -> Eval<Operand> {
        operand(cx, self.value(name))?.ok_or_else(|| self.wrong(cx, name, "Tensor or Number"))
    }

    pub fn number(&self, cx: &mut Cx, name: &str) -> Eval<Number> {
        match self.operand(cx, name)? {
            Operand::Number(n) => Ok(n),
            Operand::Tensor(_) => match super::item::item(cx, self.tensor(cx, name)?)? {
                Value::Float(f) => Ok(Number::Float(f)),
                Value::Bool(b) => Ok(Number::Bool(b)),
                value => Ok(Number::Int(value.as_int().unwrap_or(0))),
            },
        }
    }

    pub fn float(&self, cx: &mut Cx, name: &str) -> Eval<f64> {
        match self.number(cx, name)? {
            Number::Size(dim) => Err(unknown_size(cx.it, &dim, &format!("the argument '{name}' needs its value"))),
            number => Ok(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    pub fn opt_float(&self, cx: &mut Cx, name: &str) -> Eval<Option<f64>> {
        if self.value(name).is_none() { Ok(None) } else { self.float(cx, name).map(Some) }
    }

    pub fn int(&self, cx: &mut Cx, name: &str) -> Eval<i64> {
        int(cx, self.value(name))?.ok_or_else(|| self.wrong(cx, name, "int"))
    }

    pub fn opt_int(&self, cx: &mut Cx, name: &str) -> Eval<Option<i64>> {
        if self.value(name).is_none() { Ok(None) } else { self.int(cx, name).map(Some) }
    }

    pub fn flag(&self, cx: &mut Cx, name: &str) -> Eval<bool> {
        cx.it.truth(self.value(name))
    }

    pub fn str(&self, cx: &Cx, name: &str) -> Eval<&str> {
        self.value(name).as_str().ok_or_else(|| self.wrong(cx, name, "str"))
    }

    pub fn dtype(&self, cx: &Cx, name: &str) -> Eval<Option<DType>> {
        match (self.value(name).is_none(), dtype_of(cx, self.value(name))?) {
            (false, None) => Err(self.wrong(cx, name, "torch.dtype")),
            (_, dtype) => Ok(dtype),
        }
    }

    /// A size, or a number that is one.
    pub fn dim(&self, cx: &mut Cx, name: &str) -> Eval<Dim> {
        dim(cx, self.value(name))?.ok_or_else(|| self.wrong(cx, name, "int"))
    }

    /// Sizes: one or a sequence.
    pub fn dims(&self, cx: &mut Cx, name: &str) -> Eval<Vec<Dim>> {
        if let Some(one) = dim(cx, self.value(name))? {
            return Ok(vec![one]);
        }
        let mut out = vec![];
        for value in cx.it.collect(self.value(name))? {
            out.push(dim(cx, &value)?.ok_or_else(|| self.wrong(cx, name, "tuple of ints"))?);
        }
        Ok(out)
    }

    /// Known numbers: one or a sequence.
    pub fn ints(&self, cx: &mut Cx, name: &str) -> Eval<Vec<i64>> {
        let mut out = vec![];
        for dim in self.dims(cx, name)? {
            out.push(dim.known().ok_or_else(|| unknown_size(cx.it, &dim, &format!("the argument '{name}' needs its value")))?);
        }
        Ok(out)
    }

    /// `n` known numbers; one stands for all.
    pub fn ints_of(&self, cx: &mut Cx, name: &str, n: usize) -> Eval<Vec<i64>> {
        let ints = self.ints(cx, name)?;
        match ints[..] {
            [one] => Ok(vec![one; n]),
            _ if ints.len() == n => Ok(ints),
            _ => Err(cx.runtime_error(format!(
                "expected {name} to be a single integer value or a list of {n} values, but got {name}={ints:?}"
            ))),
        }
    }

    /// Dimensions of a tensor of a rank; none given means none.
    pub fn axes(&self, cx: &mut Cx, name: &str, rank: usize) -> Eval<Option<Vec<usize>>> {
        if self.value(name).is_none() {
            return Ok(None);
        }
        let dims = self.ints(cx, name)?;
        dims.into_iter().map(|d| cx.dim(d, rank)).collect::<Eval<_>>().map(Some)
    }

    pub fn axis(&self, cx: &mut Cx, name: &str, rank: usize) -> Eval<usize> {
        let dim = self.int(cx, name)?;
        cx.dim(dim, rank)
    }
}

/// A tensor or a number; none for anything else.
pub fn operand(cx: &mut Cx, value: &Value) -> Eval<Option<Operand>> {
    if let Some(tensor) = value.downcast::<Tensor>() {
        return tensor.read(cx).map(|h| Some(Operand::Tensor(h)));
    }
    if let Some(size) = value.downcast::<SymInt>() {
        return Ok(Some(Operand::Number(Number::Size(size.dim.clone()))));
    }
    Ok(match value.primitive() {
        Value::Bool(b) => Some(Operand::Number(Number::Bool(*b))),
        Value::Int(i) => Some(Operand::Number(Number::Int(*i))),
        Value::Float(f) => Some(Operand::Number(Number::Float(*f))),
        _ => None,
    })
}

/// A size, also from a 0-d integer tensor whose value is known.
pub fn dim(cx: &mut Cx, value: &Value) -> Eval<Option<Dim>> {
    match value.downcast::<Tensor>() {
        Some(tensor) if !tensor.dtype().is_float() && tensor.shape().is_empty() => {
            Ok(super::item::item(cx, tensor)?.as_int().map(Dim::from))
        }
        _ => Ok(dim_of(value)),
    }
}

fn int(cx: &mut Cx, value: &Value) -> Eval<Option<i64>> {
    match dim(cx, value)? {
        Some(dim) => dim.known().map(Some).ok_or_else(|| unknown_size(cx.it, &dim, "a known number is needed here")),
        None => Ok(None),
    }
}
