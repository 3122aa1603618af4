//! Indexing by tensors, as functions.

use super::Body::Fn;
use super::{F, I, M, Row, T, pair};
use crate::eval::raise::Eval;
use crate::torch::cx::{Cx, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use cresset_ir::op::{arithmetic, index as op, logic};
use cresset_ir::{DType, Dim, Interval, Scalar};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("gather(input, dim, index)",                    T | M,     Fn(gather)),
    Row("take_along_dim(input, indices, dim)",          T | M,     Fn(take_along_dim)),
    Row("index_select(input, dim, index)",              T | M,     Fn(index_select)),
    Row("scatter_add(input, dim, index, src)",          T | M | I, Fn(scatter_add)),
    Row("index_add(input, dim, index, source, *, alpha=1)", T | M | I, Fn(index_add)),
    Row("embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)", F, Fn(embedding)),
    Row("one_hot(input, num_classes=-1)",               F,         Fn(one_hot)),
    Row("masked_select(input, mask)",                   T | M,     Fn(masked_select)),
];

fn indices(cx: &mut Cx, a: &Bound, name: &str) -> Eval<Handle> {
    let index = a.handle(cx, name)?;
    match index.ty().dtype.is_int() {
        true => Ok(index),
        false => {
            let text = format!("{}(): Expected dtype int32/int64 for index, got {}", a.name(), index.ty().dtype.torch_name());
            Err(cx.runtime_error(text))
        }
    }
}

fn gather(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, index) = (a.handle(cx, "input")?, indices(cx, a, "index")?);
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let result = cx.emit(&op::GATHER, &[&x, &index], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn take_along_dim(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, index) = (a.handle(cx, "input")?, indices(cx, a, "indices")?);
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let result = cx.emit(&op::GATHER, &[&x, &index], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn index_select(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, index) = (a.handle(cx, "input")?, indices(cx, a, "index")?);
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let result = cx.emit(&op::INDEX_SELECT, &[&x, &index], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn scatter_add(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, index, src) = (a.handle(cx, "input")?, indices(cx, a, "index")?, a.handle(cx, "src")?);
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let result = cx.emit(&op::SCATTER_ADD, &[&x, &index, &src], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn index_add(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, index) = (a.handle(cx, "input")?, indices(cx, a, "index")?);
    let dim = a.axis(cx, "dim", x.rank())? as i64;
    let (source, alpha) = (a.operand(cx, "source")?, a.number(cx, "alpha")?);
    let source = match alpha {
        crate::torch::cx::Number::Int(1) => cx.converted(&source, x.ty().dtype)?,
        alpha => pair(cx, &arithmetic::MUL, &source, &Operand::Number(alpha))?,
    };
    let result = cx.emit(&op::INDEX_ADD, &[&x, &index, &source], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn embedding(cx: &mut Cx, a: &Bound) -> Eval {
    if !a.value("max_norm").is_none() {
        return Err(cx.unsupported("an embedding that renormalises its weight in place (max_norm)"));
    }
    let (index, weight) = (indices(cx, a, "input")?, a.handle(cx, "weight")?);
    let result = cx.emit(&op::EMBEDDING, &[&weight, &index], &[])?;
    Ok(cx.wrap(result))
}

fn one_hot(cx: &mut Cx, a: &Bound) -> Eval {
    let (index, mut classes) = (indices(cx, a, "input")?, a.int(cx, "num_classes")?);
    if classes < 0 {
        let values = crate::torch::item::elements(cx, a.tensor(cx, "input")?)?;
        classes = values.values().fold(-1.0, f64::max) as i64 + 1;
    }
    let result = cx.emit(&op::ONE_HOT, &[&index], &[("num_classes", classes.into())])?;
    Ok(cx.wrap(result))
}

/// The elements where the mask holds: their number is a value, so it must be known.
fn masked_select(cx: &mut Cx, a: &Bound) -> Eval {
    let places = nonzero(cx, a.tensor(cx, "mask")?)?;
    let x = a.handle(cx, "input")?;
    let mask = a.handle(cx, "mask")?;
    let x = cx.expand(&x, &mask.ty().shape.clone())?;
    let flat = cx.reshape(&x, vec![x.ty().numel()])?;
    let result = cx.emit(&op::INDEX_SELECT, &[&flat, &places], &[("dim", 0i64.into())])?;
    Ok(cx.wrap(result))
}

/// The flat places where a known mask holds.
pub fn nonzero(cx: &mut Cx, mask: &crate::torch::Tensor) -> Eval<Handle> {
    let values = crate::torch::item::elements(cx, mask)?;
    let places: Vec<i64> = values.values().zip(0..).filter(|(v, _)| *v != 0.0).map(|(_, i)| i).collect();
    let tensor = cresset_ir::Tensor::from_slice(&[places.len()], &places).map_err(|d| cx.refuse(d))?;
    Ok(Handle::Lazy(crate::torch::Lazy::known(tensor)))
}

/// Indices that may count from the end, as ones that do not. Known indices without negative ones stay as they are.
pub fn normalised(cx: &mut Cx, index: &Handle, size: &Dim) -> Eval<Handle> {
    cx.bound(index, &Interval::places_from_either_end(size.clone()))?;
    let index = if index.ty().dtype == DType::U8 { cx.cast(index, DType::I64)? } else { index.clone() };
    if let Handle::Lazy(lazy) = &index
        && let Some(known) = lazy.peek()
        && known.values().all(|v| v >= 0.0)
    {
        return Ok(index);
    }
    let dtype = index.ty().dtype;
    let zero = cx.constant(Scalar::int(dtype, 0))?;
    let size = cx.number(&crate::torch::cx::Number::Size(size.clone()).reduced(), dtype)?;
    let negative = cx.emit(&logic::LT, &[&index, &zero], &[])?;
    let from_end = cx.emit(&arithmetic::ADD, &[&index, &size], &[])?;
    cx.emit(&logic::WHERE, &[&negative, &from_end, &index], &[])
}
