//! Tensors from sizes, numbers and lists.

use super::Body::Fn;
use super::{M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::{Cx, Number, Operand};
use crate::torch::handle::Handle;
use crate::torch::lazy::Lazy;
use crate::torch::signature::Bound;
use crate::torch::size::{SymInt, unknown_size};
use crate::torch::tensor::Tensor;
use cresset_ir::op::{creation as op, movement};
use cresset_ir::{DType, Dim, Scalar};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("zeros(*size, dtype=None)",                                T, Fn(zeros)),
    Row("ones(*size, dtype=None)",                                 T, Fn(ones)),
    Row("empty(*size, dtype=None)",                                T, Fn(zeros)),
    Row("full(size, fill_value, *, dtype=None)",                   T, Fn(full)),
    Row("zeros_like(input, *, dtype=None)",                        T, Fn(zeros_like)),
    Row("ones_like(input, *, dtype=None)",                         T, Fn(ones_like)),
    Row("empty_like(input, *, dtype=None)",                        T, Fn(zeros_like)),
    Row("full_like(input, fill_value, *, dtype=None)",             T, Fn(full_like)),
    Row("new_zeros(input, *size, dtype=None)",                     M, Fn(new_zeros)),
    Row("new_ones(input, *size, dtype=None)",                      M, Fn(new_ones)),
    Row("new_empty(input, *size, dtype=None)",                     M, Fn(new_zeros)),
    Row("new_full(input, size, fill_value, *, dtype=None)",        M, Fn(new_full)),
    Row("new_tensor(input, data, *, dtype=None)",                  M, Fn(new_tensor)),
    Row("arange(start=0, end=None, step=1, *, dtype=None)",        T, Fn(arange)),
    Row("linspace(start, end, steps, *, dtype=None)",              T, Fn(linspace)),
    Row("logspace(start, end, steps, base=10.0, *, dtype=None)",   T, Fn(logspace)),
    Row("eye(n, m=None, *, dtype=None)",                           T, Fn(eye)),
    Row("tensor(data, *, dtype=None)",                             T, Fn(tensor)),
    Row("as_tensor|asarray|from_numpy(data, dtype=None)",          T, Fn(as_tensor)),
    Row("scalar_tensor(data, *, dtype=None)",                      T, Fn(tensor)),
];

/// The largest finite value of a float dtype.
pub fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 65504.0,
        DType::BF16 => 3.3895313892515355e38,
        DType::F64 => f64::MAX,
        _ => f32::MAX as f64,
    }
}

fn dtype_or(cx: &Cx, a: &Bound, default: DType) -> Eval<DType> {
    Ok(a.dtype(cx, "dtype")?.unwrap_or(default))
}

/// A tensor of one number.
fn filled(cx: &mut Cx, number: &Number, shape: &[Dim], dtype: DType) -> Eval {
    if let Some(bad) = shape.iter().find(|d| d.known().is_some_and(|d| d < 0)) {
        return Err(cx.runtime_error(format!(
            "Trying to create tensor with negative dimension {bad}: [{}]",
            cresset_ir::types::Sizes(shape)
        )));
    }
    let result = match number.scalar(dtype) {
        Some(value) => cx.full(value, shape, dtype)?,
        None => {
            let value = cx.number(number, dtype)?;
            cx.expand(&value, shape)?
        }
    };
    Ok(cx.wrap(result))
}

fn zeros(cx: &mut Cx, a: &Bound) -> Eval {
    let (shape, dtype) = (a.dims(cx, "size")?, dtype_or(cx, a, cx.default_dtype())?);
    filled(cx, &Number::Int(0), &shape, dtype)
}

fn ones(cx: &mut Cx, a: &Bound) -> Eval {
    let (shape, dtype) = (a.dims(cx, "size")?, dtype_or(cx, a, cx.default_dtype())?);
    filled(cx, &Number::Int(1), &shape, dtype)
}

fn full(cx: &mut Cx, a: &Bound) -> Eval {
    let shape = a.dims(cx, "size")?;
    if let Operand::Tensor(value) = a.operand(cx, "fill_value")? {
        let value = match a.dtype(cx, "dtype")? {
            Some(dtype) => cx.cast(&value, dtype)?,
            None => value,
        };
        let result = cx.expand(&value, &shape)?;
        return Ok(cx.wrap(result));
    }
    let number = a.number(cx, "fill_value")?;
    let dtype = dtype_or(cx, a, number.dtype(cx.default_dtype()))?;
    filled(cx, &number, &shape, dtype)
}

/// The shape and dtype of the input, or the asked dtype.
fn like(cx: &mut Cx, a: &Bound) -> Eval<(Vec<Dim>, DType)> {
    let x = a.tensor(cx, "input")?;
    Ok((x.shape(), dtype_or(cx, a, x.dtype())?))
}

fn zeros_like(cx: &mut Cx, a: &Bound) -> Eval {
    let (shape, dtype) = like(cx, a)?;
    filled(cx, &Number::Int(0), &shape, dtype)
}

fn ones_like(cx: &mut Cx, a: &Bound) -> Eval {
    let (shape, dtype) = like(cx, a)?;
    filled(cx, &Number::Int(1), &shape, dtype)
}

fn full_like(cx: &mut Cx, a: &Bound) -> Eval {
    let (shape, dtype) = like(cx, a)?;
    let value = a.number(cx, "fill_value")?;
    filled(cx, &value, &shape, dtype)
}

fn new_zeros(cx: &mut Cx, a: &Bound) -> Eval {
    let ((_, dtype), shape) = (like(cx, a)?, a.dims(cx, "size")?);
    filled(cx, &Number::Int(0), &shape, dtype)
}

fn new_ones(cx: &mut Cx, a: &Bound) -> Eval {
    let ((_, dtype), shape) = (like(cx, a)?, a.dims(cx, "size")?);
    filled(cx, &Number::Int(1), &shape, dtype)
}

fn new_full(cx: &mut Cx, a: &Bound) -> Eval {
    let ((_, dtype), shape) = (like(cx, a)?, a.dims(cx, "size")?);
    let value = a.number(cx, "fill_value")?;
    filled(cx, &value, &shape, dtype)
}

fn new_tensor(cx: &mut Cx, a: &Bound) -> Eval {
    let (_, dtype) = like(cx, a)?;
    tensor_of(cx, a.value("data"), Some(dtype))
}

/// Integer sequences of integers stay symbolic; with a float among the numbers the values are computed here, in f64 as PyTorch does.
fn arange(cx: &mut Cx, a: &Bound) -> Eval {
    let one = a.value("end").is_none();
    let (start, end) = match one {
        true => (Number::Int(0), a.number(cx, "start")?),
        false => (a.number(cx, "start")?, a.number(cx, "end")?),
    };
    let step = a.number(cx, "step")?;
    let floats = [&start, &end, &step].iter().any(|n| matches!(n, Number::Float(_)));
    let dtype = dtype_or(cx, a, if floats { cx.default_dtype() } else { DType::I64 })?;
    if let (false, Some(from), Some(to), Number::Int(step)) = (floats, as_dim(&start), as_dim(&end), &step) {
        if *step == 0 {
            return Err(cx.runtime_error("step must be nonzero"));
        }
        if let (Some(from), Some(to)) = (from.known(), to.known())
            && (to - from) * step.signum() < 0
        {
            return Err(cx.runtime_error("upper bound and lower bound inconsistent with step sign"));
        }
        let attrs = [("start", from.into()), ("end", to.into()), ("step", (*step).into()), ("dtype", dtype.into())];
        let result = cx.emit(&op::ARANGE, &[], &attrs)?;
        return Ok(cx.wrap(result));
    }
    let (Some(from), Some(to), Some(step)) = (start.as_f64(), end.as_f64(), step.as_f64()) else {
        let size = [start, end, step].into_iter().find_map(|n| if let Number::Size(d) = n { Some(d) } else { None });
        return Err(unknown_size(cx.it, &size.unwrap_or(0i64.into()), "arange with floats needs its value"));
    };
    let count = ((to - from) / step).ceil();
    if !(0.0..=(crate::eval::interp::MAX_LENGTH as f64)).contains(&count) {
        return Err(cx.runtime_error("upper bound and lower bound inconsistent with step sign"));
    }
    let values: Vec<f64> = (0..count as usize).map(|i| from + i as f64 * step).collect();
    known(cx, &values, dtype)
}

fn as_dim(number: &Number) -> Option<Dim> {
    match number {
        Number::Int(i) => Some((*i).into()),
        Number::Bool(b) => Some((*b as i64).into()),
        Number::Size(dim) => Some(dim.clone()),
        Number::Float(_) => None,
    }
}

/// A 1-d tensor of known numbers.
fn known(cx: &mut Cx, values: &[f64], dtype: DType) -> Eval {
    let tensor = cresset_ir::Tensor::from_slice(&[values.len()], values).and_then(|t| t.cast(dtype));
    let tensor = tensor.map_err(|d| cx.refuse(d))?;
    Ok(cx.wrap(Handle::Lazy(Lazy::known(tensor))))
}

/// `steps` numbers from start to end. From both ends towards the middle, in the result's precision, as PyTorch computes them.
fn line(start: f64, end: f64, steps: usize, dtype: DType) -> Vec<f64> {
    let narrow = |v: f64| if dtype == DType::F64 { v } else { v as f32 as f64 };
    let step = narrow(narrow(narrow(end) - narrow(start)) / (steps.max(2) - 1) as f64);
    let at = |i: usize| match i < steps / 2 {
        true => narrow(narrow(start) + narrow(step * i as f64)),
        false => narrow(narrow(end) - narrow(step * (steps - i - 1) as f64)),
    };
    if steps == 1 { vec![start] } else { (0..steps).map(at).collect() }
}

fn steps(cx: &mut Cx, a: &Bound) -> Eval<usize> {
    let steps = a.int(cx, "steps")?;
    match usize::try_from(steps) {
        Ok(steps) => cx.it.check_length(steps),
        Err(_) => Err(cx.runtime_error("number of steps must be non-negative")),
    }
}

fn linspace(cx: &mut Cx, a: &Bound) -> Eval {
    let (start, end, steps) = (a.float(cx, "start")?, a.float(cx, "end")?, steps(cx, a)?);
    let dtype = dtype_or(cx, a, cx.default_dtype())?;
    known(cx, &line(start, end, steps, dtype), dtype)
}

fn logspace(cx: &mut Cx, a: &Bound) -> Eval {
    let (start, end, steps, base) = (a.float(cx, "start")?, a.float(cx, "end")?, steps(cx, a)?, a.float(cx, "base")?);
    let dtype = dtype_or(cx, a, cx.default_dtype())?;
    let values: Vec<f64> = line(start, end, steps, dtype).into_iter().map(|e| base.powf(e)).collect();
    known(cx, &values, dtype)
}

fn eye(cx: &mut Cx, a: &Bound) -> Eval {
    let n = a.dim(cx, "n")?;
    let m = if a.value("m").is_none() { n.clone() } else { a.dim(cx, "m")? };
    let dtype = dtype_or(cx, a, cx.default_dtype())?;
    let result = cx.emit(&op::EYE, &[], &[("n", n.into()), ("m", m.into()), ("dtype", dtype.into())])?;
    Ok(cx.wrap(result))
}

fn tensor(cx: &mut Cx, a: &Bound) -> Eval {
    let dtype = a.dtype(cx, "dtype")?;
    tensor_of(cx, a.value("data"), dtype)
}

/// A tensor is given back as it is, where its dtype is right.
fn as_tensor(cx: &mut Cx, a: &Bound) -> Eval {
    let dtype = a.dtype(cx, "dtype")?;
    match a.value("data").downcast::<Tensor>() {
        Some(t) if dtype.is_none_or(|d| d == t.dtype()) => Ok(a.value("data").clone()),
        _ => tensor_of(cx, a.value("data"), dtype),
    }
}

/// `torch.tensor(data)`: a copy of a tensor, or nested lists of numbers.
pub fn tensor_of(cx: &mut Cx, data: &Value, dtype: Option<DType>) -> Eval {
    if let Some(t) = data.downcast::<Tensor>() {
        let value = t.read(cx)?;
        let value = cx.cast(&value, dtype.unwrap_or(value.ty().dtype))?;
        return Ok(cx.wrap(value));
    }
    let mut leaves = vec![];
    let shape = leaves_of(cx, data, &mut leaves)?;
    let computed = leaves.iter().any(|leaf| leaf.downcast::<Tensor>().is_some() || leaf.downcast::<SymInt>().is_some());
    let result = match computed {
        true => stacked(cx, &leaves, &shape, dtype)?,
        false => constants(cx, &leaves, &shape, dtype)?,
    };
    Ok(cx.wrap(result))
}

/// The numbers of nested sequences in order; gives the shape.
fn leaves_of(cx: &mut Cx, data: &Value, out: &mut Vec<Value>) -> Eval<Vec<usize>> {
    cx.it.deeper()?;
    let nested = matches!(data.primitive(), Value::List(_) | Value::Tuple(_) | Value::Range(_));
    if !nested {
        if !super::is_operand(data) {
            let name = cx.it.type_name(data);
            return Err(cx.it.type_error(format!("new(): invalid data type '{name}'")));
        }
        out.push(data.clone());
        return Ok(vec![]);
    }
    let items = cx.it.collect(data)?;
    cx.it.check_length(out.len() + items.len())?;
    let mut inner: Option<Vec<usize>> = None;
    for item in &items {
        let shape = leaves_of(cx, item, out)?;
        if let Some(first) = &inner
            && *first != shape
        {
            let dim = first.len().max(shape.len());
            return Err(cx.it.value_error(format!(
                "expected sequence of length {} at dim {dim} (got {})",
                first.first().unwrap_or(&0),
                shape.first().unwrap_or(&0)
            )));
        }
        inner = Some(shape);
    }
    let mut shape = vec![items.len()];
    shape.extend(inner.unwrap_or_default());
    Ok(shape)
}

fn constants(cx: &mut Cx, leaves: &[Value], shape: &[usize], dtype: Option<DType>) -> Eval<Handle> {
    let rank = |v: &Value| match v.primitive() {
        Value::Bool(_) => 0,
        Value::Float(_) => 2,
        _ => 1,
    };
    let inferred = match leaves.iter().map(rank).max() {
        Some(0) => DType::Bool,
        Some(1) => DType::I64,
        _ => cx.default_dtype(),
    };
    let dtype = dtype.unwrap_or(inferred);
    let scalar = |v: &Value| match v.primitive() {
        Value::Float(f) => Scalar::float(dtype, *f),
        other => Scalar::int(dtype, other.as_int().unwrap_or(0)),
    };
    let scalars: Vec<Scalar> = leaves.iter().map(scalar).collect();
    let tensor = cresset_ir::Tensor::from_scalars(dtype, shape, &scalars).map_err(|d| cx.refuse(d))?;
    Ok(Handle::Lazy(Lazy::known(tensor)))
}

/// 0-d tensors and sizes among the numbers.
fn stacked(cx: &mut Cx, leaves: &[Value], shape: &[usize], dtype: Option<DType>) -> Eval<Handle> {
    let mut operands = vec![];
    for leaf in leaves {
        operands.extend(crate::torch::args::operand(cx, leaf)?);
    }
    let dtype = dtype.unwrap_or_else(|| cx.result_type(&operands.iter().collect::<Vec<_>>()));
    let mut parts = vec![];
    for operand in &operands {
        let part = cx.converted(operand, dtype)?;
        parts.push(cx.reshape(&part, vec![1i64.into()])?);
    }
    let flat = cx.emit(&movement::CAT, &parts.iter().collect::<Vec<_>>(), &[("dim", 0i64.into())])?;
    cx.reshape(&flat, shape.iter().map(|&d| d.into()).collect())
}
