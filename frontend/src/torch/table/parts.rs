//! Parts of tensors and tensors of parts: slices, splits, joins.

use super::Body::Fn;
use super::movement::{input, object};
use super::{M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::args::dim as dim_of;
use crate::torch::cx::{Cx, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use crate::torch::size::unknown_size;
use crate::torch::tensor::Tensor;
use crate::torch::view::View;
use cresset_ir::op::movement as op;
use cresset_ir::types::Sizes;
use cresset_ir::{Dim, Rel};
use std::rc::Rc;

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("cat|concat|concatenate(tensors, dim=0)",        T,     Fn(cat)),
    Row("stack(tensors, dim=0)",                         T,     Fn(stack)),
    Row("hstack(tensors)",                               T,     Fn(hstack)),
    Row("split|split_with_sizes(tensor, split_size, dim=0)", T | M, Fn(split)),
    Row("chunk(input, chunks, dim=0)",                   T | M, Fn(chunk)),
    Row("tensor_split(input, indices_or_sections, dim=0)", T | M, Fn(tensor_split)),
    Row("unbind(input, dim=0)",                          T | M, Fn(unbind)),
    Row("narrow(input, dim, start, length)",             T | M, Fn(narrow)),
    Row("select(input, dim, index)",                     T | M, Fn(select)),
];

/// Joins tensors in their common dtype. Empty 1-d tensors are left out, as PyTorch does.
fn joined(cx: &mut Cx, parts: Vec<Handle>, dim: i64) -> Eval {
    let rank = parts.iter().map(Handle::rank).max().unwrap_or(0);
    let legacy = |h: &Handle| h.rank() == 1 && rank > 1 && h.ty().shape[0].is(0);
    let parts: Vec<Handle> = parts.into_iter().filter(|h| !legacy(h)).collect();
    let operands: Vec<Operand> = parts.into_iter().map(Operand::Tensor).collect();
    let dtype = cx.result_type(&operands.iter().collect::<Vec<_>>());
    let parts = operands.iter().map(|o| cx.converted(o, dtype)).collect::<Eval<Vec<_>>>()?;
    if parts.is_empty() {
        return Err(cx.it.value_error("torch.cat(): expected a non-empty list of Tensors"));
    }
    if rank == 0 {
        return Err(cx.runtime_error("zero-dimensional tensor (at position 0) cannot be concatenated"));
    }
    let dim = cx.dim(dim, rank)? as i64;
    let result = cx.emit(&op::CAT, &parts.iter().collect::<Vec<_>>(), &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn cat(cx: &mut Cx, a: &Bound) -> Eval {
    let (parts, dim) = (a.handles(cx, "tensors")?, a.int(cx, "dim")?);
    joined(cx, parts, dim)
}

fn hstack(cx: &mut Cx, a: &Bound) -> Eval {
    let parts = a.handles(cx, "tensors")?;
    let dim = if parts.first().is_some_and(|p| p.rank() <= 1) { 0 } else { 1 };
    joined(cx, parts, dim)
}

fn stack(cx: &mut Cx, a: &Bound) -> Eval {
    let parts = a.handles(cx, "tensors")?;
    let Some(first) = parts.first() else { return Err(cx.runtime_error("stack expects a non-empty TensorList")) };
    let shape = first.ty().shape.clone();
    let dim = a.axis(cx, "dim", shape.len() + 1)?;
    let mut raised = vec![];
    for part in &parts {
        if part.rank() != shape.len() {
            return Err(cx.runtime_error("stack expects each tensor to be equal size"));
        }
        let mut shape = part.ty().shape.clone();
        shape.insert(dim, 1i64.into());
        raised.push(cx.reshape(part, shape)?);
    }
    joined(cx, raised, dim as i64)
}

/// The part of a tensor from `start` to `end` along a dimension.
pub fn sliced(cx: &mut Cx, x: &Tensor, dim: usize, start: Dim, end: Dim, step: i64) -> Eval<Rc<Tensor>> {
    let size = x.shape()[dim].clone();
    x.view(cx, View::Slice { dim, start, end, step, size })
}

/// Consecutive parts of the given sizes.
fn parts(cx: &mut Cx, x: &Tensor, dim: usize, sizes: Vec<Dim>) -> Eval {
    let mut start = Dim::from(0i64);
    let mut out = vec![];
    for size in sizes {
        let end = start.clone() + size;
        out.push(object(sliced(cx, x, dim, start, end.clone(), 1)?));
        start = end;
    }
    Ok(Value::tuple(out))
}

/// Parts of one size, the last one smaller.
fn even(cx: &mut Cx, size: &Dim, part: &Dim) -> Eval<Vec<Dim>> {
    let facts = cx.facts();
    let count = (size.clone() + part.clone() - Dim::from(1i64)).floor_div(part, &facts);
    let Some(count) = count.known() else {
        return Err(unknown_size(cx.it, size, &format!("it is split into parts of {part}")));
    };
    let rest = size.clone() - part.clone() * Dim::from((count - 1).max(0));
    Ok((0..count).map(|i| if i + 1 == count { rest.clone() } else { part.clone() }).collect())
}

fn split(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let sizes = match dim_of(cx, a.value("split_size"))? {
        Some(part) if part.known().is_some_and(|p| p <= 0) => {
            return Err(cx.runtime_error(format!("split expects split_size be non-negative, but got split_size={part}")));
        }
        Some(part) => even(cx, &shape[dim], &part)?,
        None => {
            let sizes = a.dims(cx, "split_size")?;
            let total = sizes.iter().cloned().fold(Dim::from(0i64), |s, d| s + d);
            if cx.facts().decide(&total, Rel::Eq, &shape[dim]) == Some(false) {
                let text = format!(
                    "split_with_sizes expects split_sizes to sum exactly to {} (input tensor's size at dimension {dim}), but got split_sizes=[{}]",
                    shape[dim],
                    Sizes(&sizes)
                );
                return Err(cx.runtime_error(text));
            }
            sizes
        }
    };
    parts(cx, x, dim, sizes)
}

fn chunk(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let chunks = a.int(cx, "chunks")?;
    if chunks <= 0 {
        return Err(cx.runtime_error(format!("chunk expects `chunks` to be greater than 0, got: {chunks}")));
    }
    let part = (shape[dim].clone() + Dim::from(chunks - 1)).floor_div(&chunks.into(), &cx.facts());
    if part.is(0) {
        return parts(cx, x, dim, vec![0i64.into(); chunks as usize]);
    }
    let sizes = even(cx, &shape[dim], &part)?;
    parts(cx, x, dim, sizes)
}

fn tensor_split(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let Some(size) = shape[dim].known() else {
        return Err(unknown_size(cx.it, &shape[dim], "tensor_split needs its value"));
    };
    let sizes: Vec<Dim> = match dim_of(cx, a.value("indices_or_sections"))?.and_then(|d| d.known()) {
        Some(n) if n > 0 => (0..n).map(|i| Dim::from(size / n + (i < size % n) as i64)).collect(),
        _ => {
            let mut ends: Vec<i64> = a.ints(cx, "indices_or_sections")?.into_iter().map(|e| e.clamp(0, size)).collect();
            ends.push(size);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            starts.zip(&ends).map(|(s, e)| Dim::from((e - s).max(0))).collect()
        }
    };
    parts(cx, x, dim, sizes)
}

fn unbind(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let Some(count) = shape.get(dim).and_then(Dim::known) else {
        let size = shape.get(dim).cloned().unwrap_or(0i64.into());
        return Err(unknown_size(cx.it, &size, "unbind gives that many tensors"));
    };
    let items = (0..count).map(|i| selected(cx, x, dim, &i.into()).map(object)).collect::<Eval<Vec<_>>>()?;
    Ok(Value::tuple(items))
}

/// The slice at one index of a dimension, without the dimension.
pub fn selected(cx: &mut Cx, x: &Tensor, dim: usize, index: &Dim) -> Eval<Rc<Tensor>> {
    let row = sliced(cx, x, dim, index.clone(), index.clone() + Dim::from(1i64), 1)?;
    let from = row.shape();
    let mut to = from.clone();
    to.remove(dim);
    row.view(cx, View::Reshape { from, to })
}

fn narrow(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let (mut start, length) = (a.dim(cx, "start")?, a.dim(cx, "length")?);
    if start.known().is_some_and(|s| s < 0) {
        start = start + shape[dim].clone();
    }
    let end = start.clone() + length;
    if cx.facts().decide(&end, Rel::Le, &shape[dim]) == Some(false) {
        return Err(cx.runtime_error(format!("start ({start}) + length exceeds dimension size ({}).", shape[dim])));
    }
    sliced(cx, x, dim, start, end, 1).map(object)
}

fn select(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let dim = a.axis(cx, "dim", x.shape().len())?;
    let index = a.dim(cx, "index")?;
    at(cx, x, dim, index).map(object)
}

/// The slice at an index that may count from the end.
pub fn at(cx: &mut Cx, x: &Tensor, dim: usize, index: Dim) -> Eval<Rc<Tensor>> {
    let size = x.shape()[dim].clone();
    let inside = |i: i64, n: i64| (-n..n).contains(&i);
    if let (Some(i), Some(n)) = (index.known(), size.known())
        && !inside(i, n)
    {
        return Err(cx.it.error("IndexError", format!("index {i} is out of bounds for dimension {dim} with size {n}")));
    }
    let index = if index.known().is_some_and(|i| i < 0) { index + size } else { index };
    selected(cx, x, dim, &index)
}
