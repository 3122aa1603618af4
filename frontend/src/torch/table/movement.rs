//! Shapes: views of the same storage where PyTorch gives views, new tensors where it copies.

use super::Body::Fn;
use super::{F, I, M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::Cx;
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use crate::torch::tensor::Tensor;
use crate::torch::view::{View, ints};
use cresset_ir::op::{creation, movement as op};
use cresset_ir::types::Sizes;
use cresset_ir::{Attr, Dim, Rel};
use std::rc::Rc;

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("reshape(input, *shape)",                        T | M, Fn(reshape)),
    Row("view(input, *shape)",                           M,     Fn(view)),
    Row("reshape_as|view_as(input, other)",              M,     Fn(reshape_as)),
    Row("flatten(input, start_dim=0, end_dim=-1)",       T | M, Fn(flatten)),
    Row("ravel(input)",                                  T | M, Fn(ravel)),
    Row("unflatten(input, dim, *sizes)",                 T | M, Fn(unflatten)),
    Row("permute(input, *dims)",                         T | M, Fn(permute)),
    Row("transpose|swapaxes|swapdims(input, dim0, dim1)", T | M, Fn(transpose)),
    Row("movedim|moveaxis(input, source, destination)",  T | M, Fn(movedim)),
    Row("t(input)",                                      T | M, Fn(t)),
    Row("adjoint(input)",                                T | M, Fn(adjoint)),
    Row("squeeze(input, *dim)",                          T | M, Fn(squeeze)),
    Row("unsqueeze(input, dim)",                         T | M, Fn(unsqueeze)),
    Row("expand(input, *size)",                          M,     Fn(expand)),
    Row("broadcast_to(input, *size)",                    T | M, Fn(expand)),
    Row("expand_as(input, other)",                       M,     Fn(expand_as)),
    Row("broadcast_tensors(*tensors)",                   T,     Fn(broadcast_tensors)),
    Row("repeat(input, *repeats)",                       M,     Fn(repeat)),
    Row("tile(input, *dims)",                            T | M, Fn(repeat_tile)),
    Row("repeat_interleave(input, repeats, dim=None, *, output_size=None)", T | M, Fn(repeat_interleave)),
    Row("cat|concat|concatenate(tensors, dim=0)",        T,     Fn(cat)),
    Row("stack(tensors, dim=0)",                         T,     Fn(stack)),
    Row("hstack(tensors)",                               T,     Fn(hstack)),
    Row("split|split_with_sizes(tensor, split_size, dim=0)", T | M, Fn(split)),
    Row("chunk(input, chunks, dim=0)",                   T | M, Fn(chunk)),
    Row("tensor_split(input, indices_or_sections, dim=0)", T | M, Fn(tensor_split)),
    Row("unbind(input, dim=0)",                          T | M, Fn(unbind)),
    Row("narrow(input, dim, start, length)",             T | M, Fn(narrow)),
    Row("select(input, dim, index)",                     T | M, Fn(select)),
    Row("flip(input, *dims)",                            T | M, Fn(flip)),
    Row("fliplr(input)",                                 T | M, Fn(fliplr)),
    Row("flipud(input)",                                 T | M, Fn(flipud)),
    Row("roll(input, shifts, dims=None)",                T | M, Fn(roll)),
    Row("contiguous(input)",                             M,     Fn(contiguous)),
    Row("clone(input)",                                  T | M, Fn(clone)),
    Row("detach(input)",                                 T | M | I, Fn(detach)),
    Row("meshgrid(*tensors, indexing='ij')",             T,     Fn(meshgrid)),
    Row("pixel_shuffle(input, upscale_factor)",          T | F, Fn(pixel_shuffle)),
    Row("pixel_unshuffle(input, downscale_factor)",      T | F, Fn(pixel_unshuffle)),
    Row("tril(input, diagonal=0)",                       T | M | I, Fn(tril)),
    Row("triu(input, diagonal=0)",                       T | M | I, Fn(triu)),
    Row("atleast_1d(input)",                             T,     Fn(atleast_1d)),
];

/// The tensor argument as an object that views can be taken of.
fn input<'b>(cx: &Cx, a: &'b Bound) -> Eval<&'b Tensor> {
    let name = if a.has("input") { "input" } else { "tensor" };
    a.tensor(cx, name)
}

fn object(tensor: Rc<Tensor>) -> Value {
    Value::Foreign(tensor)
}

/// The shape with `-1` replaced by what is left.
fn inferred(cx: &Cx, x: &Tensor, mut shape: Vec<Dim>) -> Eval<Vec<Dim>> {
    let total: Dim = x.shape().into_iter().product();
    let invalid =
        |cx: &Cx, shape: &[Dim]| cx.runtime_error(format!("shape '[{}]' is invalid for input of size {total}", Sizes(shape)));
    let asked = shape.clone();
    if let Some(open) = shape.iter().position(|d| d.is(-1)) {
        let others: Dim = shape.iter().enumerate().filter(|(i, _)| *i != open).map(|(_, d)| d.clone()).product();
        if others.is(0) || shape.iter().skip(open + 1).any(|d| d.is(-1)) {
            return Err(cx.runtime_error(if others.is(0) {
                format!("cannot reshape tensor of 0 elements into shape [{}] because the unspecified dimension size -1 can be any value and is ambiguous", Sizes(&asked))
            } else {
                "only one dimension can be inferred".to_owned()
            }));
        }
        shape[open] = total.floor_div(&others, &cx.facts());
    }
    let now: Dim = shape.iter().cloned().product();
    let differs = now != total && cx.facts().decide(&now, Rel::Eq, &total) == Some(false);
    let negative = shape.iter().any(|d| d.known().is_some_and(|d| d < 0));
    if differs || negative { Err(invalid(cx, &asked)) } else { Ok(shape) }
}

/// A view where the elements lie right for it, a copy elsewhere.
fn reshaped(cx: &mut Cx, x: &Tensor, shape: Vec<Dim>) -> Eval {
    let from = x.shape();
    if x.place().layout.reshape(&shape, &cx.facts()).is_some() || x.is_contiguous() {
        return x.view(cx, View::Reshape { from, to: shape }).map(object);
    }
    let value = x.read(cx)?;
    let copy = cx.reshape(&value, shape)?;
    Ok(cx.wrap(copy))
}

fn reshape(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = a.dims(cx, "shape")?;
    let shape = inferred(cx, x, shape)?;
    reshaped(cx, x, shape)
}

/// `view(shape)`, or `view(dtype)` of the same dtype.
fn view(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    if let Value::Tuple(items) = a.value("shape")
        && let [one] = &items[..]
        && let Some(dtype) = crate::torch::dtype::dtype_of(cx, one)?
    {
        return match dtype == x.dtype() {
            true => Ok(a.first().clone()),
            false => Err(cx.unsupported("reinterpreting the bytes of a tensor as another dtype")),
        };
    }
    let shape = a.dims(cx, "shape")?;
    let shape = inferred(cx, x, shape)?;
    let known = x.place().layout.shape.iter().chain(&shape).all(|d| d.known().is_some());
    if known && !x.is_contiguous() && x.place().layout.reshape(&shape, &cx.facts()).is_none() {
        let text = "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous \
                    subspaces). Use .reshape(...) instead.";
        return Err(cx.runtime_error(text));
    }
    x.view(cx, View::Reshape { from: x.shape(), to: shape }).map(object)
}

fn reshape_as(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, other) = (input(cx, a)?, a.tensor(cx, "other")?);
    let shape = inferred(cx, x, other.shape())?;
    reshaped(cx, x, shape)
}

fn flatten(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let mut shape = x.shape();
    let (start, end) = (a.axis(cx, "start_dim", shape.len())?, a.axis(cx, "end_dim", shape.len())?);
    if shape.is_empty() {
        return reshaped(cx, x, vec![1i64.into()]);
    }
    if start > end {
        return Err(cx.runtime_error("flatten() has invalid args: start_dim cannot come after end_dim"));
    }
    if start == end {
        return Ok(a.first().clone());
    }
    let merged: Dim = shape[start..=end].iter().cloned().product();
    shape.splice(start..=end, [merged]);
    reshaped(cx, x, shape)
}

fn ravel(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    reshaped(cx, x, vec![x.shape().into_iter().product()])
}

fn unflatten(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let mut shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let mut sizes = a.dims(cx, "sizes")?;
    if let Some(open) = sizes.iter().position(|d| d.is(-1)) {
        let others: Dim = sizes.iter().enumerate().filter(|(i, _)| *i != open).map(|(_, d)| d.clone()).product();
        sizes[open] = shape[dim].floor_div(&others, &cx.facts());
    }
    let product: Dim = sizes.iter().cloned().product();
    if cx.facts().decide(&product, Rel::Eq, &shape[dim]) == Some(false) {
        let text = format!(
            "unflatten: Provided sizes [{}] don't multiply up to the size of dim {dim} ({}) in the input tensor",
            Sizes(&sizes),
            shape[dim]
        );
        return Err(cx.runtime_error(text));
    }
    shape.splice(dim..=dim, sizes);
    reshaped(cx, x, shape)
}

fn permuted(cx: &mut Cx, x: &Tensor, dims: Vec<usize>) -> Eval {
    x.view(cx, View::Permute(dims)).map(object)
}

fn permute(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let rank = x.shape().len();
    let dims = a.axes(cx, "dims", rank)?.unwrap_or_default();
    let mut sorted = dims.clone();
    sorted.sort();
    if sorted != (0..rank).collect::<Vec<_>>() {
        let text = format!(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {}",
            dims.len()
        );
        return Err(cx.runtime_error(text));
    }
    permuted(cx, x, dims)
}

fn swapped(cx: &mut Cx, x: &Tensor, i: usize, j: usize) -> Eval {
    let mut dims: Vec<usize> = (0..x.shape().len()).collect();
    if !dims.is_empty() {
        dims.swap(i, j);
    }
    permuted(cx, x, dims)
}

fn transpose(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let rank = x.shape().len();
    let (i, j) = (a.axis(cx, "dim0", rank)?, a.axis(cx, "dim1", rank)?);
    swapped(cx, x, i, j)
}

fn movedim(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let rank = x.shape().len();
    let from = a.axes(cx, "source", rank)?.unwrap_or_default();
    let to = a.axes(cx, "destination", rank)?.unwrap_or_default();
    let mut rest = (0..rank).filter(|d| !from.contains(d));
    let pick = |d: usize| to.iter().position(|&t| t == d).and_then(|i| from.get(i).copied());
    let dims: Vec<usize> = (0..rank).filter_map(|d| pick(d).or_else(|| rest.next())).collect();
    if dims.len() != rank || from.len() != to.len() {
        return Err(cx.runtime_error("movedim: Invalid source or destination dims"));
    }
    permuted(cx, x, dims)
}

fn t(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    match x.shape().len() {
        0 | 1 => Ok(a.first().clone()),
        2 => swapped(cx, x, 0, 1),
        rank => Err(cx.runtime_error(format!("t() expects a tensor with <= 2 dimensions, but self is {rank}D"))),
    }
}

fn adjoint(cx: &mut Cx, a: &Bound) -> Eval {
    transposed(cx, a.first(), true)
}

/// `x.mT` swaps the last two dimensions, `x.T` reverses all.
pub fn transposed(cx: &mut Cx, this: &Value, last_two: bool) -> Eval {
    let Some(x) = this.downcast::<Tensor>() else { return Ok(this.clone()) };
    let rank = x.shape().len();
    match last_two {
        true if rank < 2 => Err(cx.runtime_error("tensor.mT is only supported on matrices or batches of matrices")),
        true => swapped(cx, x, rank - 2, rank - 1),
        false => permuted(cx, x, (0..rank).rev().collect()),
    }
}

fn squeeze(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dims = match a.given("dim") {
        true => a.axes(cx, "dim", shape.len())?.unwrap_or_default(),
        false => (0..shape.len()).collect(),
    };
    let keep = |(d, n): (usize, &Dim)| !(dims.contains(&d) && n.is(1));
    let to: Vec<Dim> = shape.iter().enumerate().filter(|(d, n)| keep((*d, n))).map(|(_, n)| n.clone()).collect();
    x.view(cx, View::Reshape { from: shape, to }).map(object)
}

fn unsqueeze(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len() + 1)?;
    unsqueezed(cx, x, dim).map(object)
}

/// A view with one more dimension of size 1.
pub fn unsqueezed(cx: &mut Cx, x: &Tensor, dim: usize) -> Eval<Rc<Tensor>> {
    let from = x.shape();
    let mut to = from.clone();
    to.insert(dim, 1i64.into());
    x.view(cx, View::Reshape { from, to })
}

fn expanded(cx: &mut Cx, x: &Tensor, mut to: Vec<Dim>) -> Eval {
    let from = x.shape();
    let sizes = |s: &[Dim]| format!("[{}]", Sizes(s));
    let Some(skip) = to.len().checked_sub(from.len()) else {
        let text = format!(
            "expand(torch.FloatTensor{{{}}}, size={}): the number of sizes provided ({}) must be greater or equal to the number of dimensions in the tensor ({})",
            sizes(&from),
            sizes(&to),
            to.len(),
            from.len()
        );
        return Err(cx.runtime_error(text));
    };
    for (want, have) in to[skip..].iter_mut().zip(&from) {
        if want.is(-1) {
            *want = have.clone();
        }
    }
    for (d, (want, have)) in to[skip..].iter().zip(&from).enumerate() {
        if !have.is(1) && cx.facts().decide(want, Rel::Eq, have) == Some(false) {
            let text = format!(
                "The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton dimension {}.  Target sizes: {}.  Tensor sizes: {}",
                d + skip,
                sizes(&to),
                sizes(&from)
            );
            return Err(cx.runtime_error(text));
        }
    }
    x.view(cx, View::Expand { from, to }).map(object)
}

fn expand(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let to = a.dims(cx, "size")?;
    expanded(cx, x, to)
}

fn expand_as(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, other) = (input(cx, a)?, a.tensor(cx, "other")?);
    expanded(cx, x, other.shape())
}

/// The common shape of tensors.
pub fn broadcast(cx: &Cx, shapes: &[Vec<Dim>]) -> Eval<Vec<Dim>> {
    let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = vec![Dim::from(1i64); rank];
    for shape in shapes {
        let skip = rank - shape.len();
        for (have, want) in out[skip..].iter_mut().zip(shape) {
            match (have.is(1), want.is(1) || have == want) {
                (_, true) => {}
                (true, _) => *have = want.clone(),
                (false, false) => {
                    return Err(cx.runtime_error(format!(
                        "Shape mismatch: objects cannot be broadcast to a single shape ({have} and {want})"
                    )));
                }
            }
        }
    }
    Ok(out)
}

/// The tensors of a variadic parameter.
fn tensors(cx: &mut Cx, a: &Bound, name: &str) -> Eval<Vec<Value>> {
    let values = cx.it.collect(a.value(name))?;
    match values.iter().all(|v| v.downcast::<Tensor>().is_some()) {
        true => Ok(values),
        false => Err(a.wrong(cx, name, "tuple of Tensors")),
    }
}

fn broadcast_tensors(cx: &mut Cx, a: &Bound) -> Eval {
    let tensors = tensors(cx, a, "tensors")?;
    let shapes: Vec<_> = tensors.iter().filter_map(|t| t.downcast::<Tensor>()).map(Tensor::shape).collect();
    let shape = broadcast(cx, &shapes)?;
    let all = tensors
        .iter()
        .filter_map(|t| t.downcast::<Tensor>())
        .map(|t| expanded(cx, t, shape.clone()))
        .collect::<Eval<Vec<_>>>()?;
    Ok(Value::tuple(all))
}

/// Copies along dimensions: each dimension is split into copies and itself, and merged again.
fn repeated(cx: &mut Cx, x: &Handle, repeats: &[Dim]) -> Eval<Handle> {
    let skip = repeats.len() - x.rank();
    let mut own: Vec<Dim> = vec![1i64.into(); skip];
    own.extend(x.ty().shape.iter().cloned());
    let split: Vec<Dim> = own.iter().flat_map(|n| [1i64.into(), n.clone()]).collect();
    let spread: Vec<Dim> = own.iter().zip(repeats).flat_map(|(n, r)| [r.clone(), n.clone()]).collect();
    let x = cx.reshape(x, split)?;
    let x = cx.expand(&x, &spread)?;
    cx.reshape(&x, own.into_iter().zip(repeats).map(|(n, r)| n * r.clone()).collect())
}

fn repeat(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let repeats = a.dims(cx, "repeats")?;
    if repeats.len() < x.rank() {
        return Err(
            cx.runtime_error("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
        );
    }
    let result = repeated(cx, &x, &repeats)?;
    Ok(cx.wrap(result))
}

fn repeat_tile(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let mut repeats = a.dims(cx, "dims")?;
    while repeats.len() < x.rank() {
        repeats.insert(0, 1i64.into());
    }
    let result = repeated(cx, &x, &repeats)?;
    Ok(cx.wrap(result))
}

/// Each element as often as asked, next to itself.
fn repeat_interleave(cx: &mut Cx, a: &Bound) -> Eval {
    let mut x = a.handle(cx, "input")?;
    if a.value("repeats").downcast::<Tensor>().is_some_and(|t| !t.shape().is_empty()) {
        return Err(cx.unsupported("repeat_interleave with a different count for each element"));
    }
    let repeats = a.dim(cx, "repeats")?;
    let dim = match a.opt_int(cx, "dim")? {
        Some(dim) => cx.dim(dim, x.rank())?,
        None => {
            x = cx.reshape(&x, vec![x.ty().numel()])?;
            0
        }
    };
    let mut shape = x.ty().shape.clone();
    shape.insert(dim + 1, 1i64.into());
    let split = cx.reshape(&x, shape.clone())?;
    shape[dim + 1] = repeats.clone();
    let spread = cx.expand(&split, &shape)?;
    shape.remove(dim + 1);
    shape[dim] = shape[dim].clone() * repeats;
    let result = cx.reshape(&spread, shape)?;
    Ok(cx.wrap(result))
}

/// Joins tensors in their common dtype. Empty 1-d tensors are left out, as PyTorch does.
fn joined(cx: &mut Cx, parts: Vec<Handle>, dim: i64) -> Eval {
    let rank = parts.iter().map(Handle::rank).max().unwrap_or(0);
    let legacy = |h: &Handle| h.rank() == 1 && rank > 1 && h.ty().shape[0].is(0);
    let parts: Vec<Handle> = parts.into_iter().filter(|h| !legacy(h)).collect();
    let operands: Vec<crate::torch::cx::Operand> = parts.into_iter().map(crate::torch::cx::Operand::Tensor).collect();
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
        return Err(crate::torch::size::unknown_size(cx.it, size, &format!("it is split into parts of {part}")));
    };
    let rest = size.clone() - part.clone() * Dim::from((count - 1).max(0));
    Ok((0..count).map(|i| if i + 1 == count { rest.clone() } else { part.clone() }).collect())
}

fn split(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let shape = x.shape();
    let dim = a.axis(cx, "dim", shape.len())?;
    let sizes = match crate::torch::args::dim(cx, a.value("split_size"))? {
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
        return Err(crate::torch::size::unknown_size(cx.it, &shape[dim], "tensor_split needs its value"));
    };
    let sizes: Vec<Dim> = match crate::torch::args::dim(cx, a.value("indices_or_sections"))?.and_then(|d| d.known()) {
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
        return Err(crate::torch::size::unknown_size(cx.it, &size, "unbind gives that many tensors"));
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

fn flipped(cx: &mut Cx, a: &Bound, dims: Vec<usize>) -> Eval {
    let x = a.handle(cx, "input")?;
    let result = cx.emit(&op::FLIP, &[&x], &[("dims", ints(&dims))])?;
    Ok(cx.wrap(result))
}

fn flip(cx: &mut Cx, a: &Bound) -> Eval {
    let rank = a.handle(cx, "input")?.rank();
    let dims = a.axes(cx, "dims", rank)?.unwrap_or_default();
    flipped(cx, a, dims)
}

fn fliplr(cx: &mut Cx, a: &Bound) -> Eval {
    flipped(cx, a, vec![1])
}

fn flipud(cx: &mut Cx, a: &Bound) -> Eval {
    flipped(cx, a, vec![0])
}

/// Each rolled dimension is cut in two parts that change places.
fn roll(cx: &mut Cx, a: &Bound) -> Eval {
    let mut x = a.handle(cx, "input")?;
    let shape = x.ty().shape.clone();
    let shifts = a.ints(cx, "shifts")?;
    let dims = a.axes(cx, "dims", shape.len())?;
    let flat = dims.is_none();
    if flat {
        x = cx.reshape(&x, vec![x.ty().numel()])?;
    }
    for (shift, dim) in shifts.into_iter().zip(dims.unwrap_or_else(|| vec![0])) {
        let size = x.ty().shape[dim].clone();
        let cut = (Dim::from(0i64) - Dim::from(shift)).modulo(&size, &cx.facts());
        if cut.is(0) || size.is(0) {
            continue;
        }
        let part = |cx: &mut Cx, start: Dim, end: Dim| {
            let attrs = [("dim", Attr::Int(dim as i64)), ("start", start.into()), ("end", end.into())];
            cx.emit(&op::SLICE, &[&x], &attrs)
        };
        let (front, back) = (part(cx, 0i64.into(), cut.clone())?, part(cx, cut, size)?);
        x = cx.emit(&op::CAT, &[&back, &front], &[("dim", (dim as i64).into())])?;
    }
    let result = if flat { cx.reshape(&x, shape)? } else { x };
    Ok(cx.wrap(result))
}

/// The tensor itself where its elements lie in order, a copy elsewhere.
fn contiguous(cx: &mut Cx, a: &Bound) -> Eval {
    if input(cx, a)?.is_contiguous() { Ok(a.first().clone()) } else { clone(cx, a) }
}

fn clone(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    Ok(cx.wrap(x))
}

/// Shares the storage; nothing records gradients.
fn detach(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    Ok(object(x.retyped(&cx.torch.classes.tensor)))
}

fn meshgrid(cx: &mut Cx, a: &Bound) -> Eval {
    let tensors = tensors(cx, a, "tensors")?;
    let mut lines: Vec<&Tensor> = tensors.iter().filter_map(|t| t.downcast::<Tensor>()).collect();
    let columns_first = match a.str(cx, "indexing")? {
        "ij" => false,
        "xy" => true,
        other => {
            let text = format!("torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {other}");
            return Err(cx.runtime_error(text));
        }
    };
    let swap = columns_first && lines.len() > 1;
    if swap {
        lines.swap(0, 1);
    }
    let shape: Vec<Dim> = lines.iter().map(|t| t.shape().into_iter().product()).collect();
    let mut grids = vec![];
    for (d, line) in lines.iter().enumerate() {
        let mut own = vec![Dim::from(1i64); shape.len()];
        own[d] = shape[d].clone();
        let line = line.view(cx, View::Reshape { from: line.shape(), to: own })?;
        let grid = line.view(cx, View::Expand { from: line.shape(), to: shape.clone() })?;
        grids.push(if swap { swapped(cx, &grid, 0, 1)? } else { object(grid) });
    }
    if swap {
        grids.swap(0, 1);
    }
    Ok(Value::tuple(grids))
}

/// `[.., C r², H, W]` to `[.., C, H r, W r]`.
fn pixel_shuffle(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, r) = (a.handle(cx, "input")?, Dim::from(a.int(cx, "upscale_factor")?.max(1)));
    let [outer @ .., c, h, w] = &x.ty().shape[..] else {
        return Err(cx.runtime_error("pixel_shuffle expects input to have at least 3 dimensions"));
    };
    let channels = c.floor_div(&(r.clone() * r.clone()), &cx.facts());
    let split = [outer, &[channels.clone(), r.clone(), r.clone(), h.clone(), w.clone()]].concat();
    let merged = [outer, &[channels, h.clone() * r.clone(), w.clone() * r.clone()]].concat();
    let n = outer.len();
    let order: Vec<usize> = (0..n).chain([n, n + 3, n + 1, n + 4, n + 2]).collect();
    shuffled(cx, &x, split, &order, merged)
}

/// The inverse of `pixel_shuffle`.
fn pixel_unshuffle(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, r) = (a.handle(cx, "input")?, Dim::from(a.int(cx, "downscale_factor")?.max(1)));
    let [outer @ .., c, h, w] = &x.ty().shape[..] else {
        return Err(cx.runtime_error("pixel_unshuffle expects input to have at least 3 dimensions"));
    };
    let facts = cx.facts();
    let (rows, columns) = (h.floor_div(&r, &facts), w.floor_div(&r, &facts));
    let split = [outer, &[c.clone(), rows.clone(), r.clone(), columns.clone(), r.clone()]].concat();
    let merged = [outer, &[c.clone() * r.clone() * r.clone(), rows, columns]].concat();
    let n = outer.len();
    let order: Vec<usize> = (0..n).chain([n, n + 2, n + 4, n + 1, n + 3]).collect();
    shuffled(cx, &x, split, &order, merged)
}

fn shuffled(cx: &mut Cx, x: &Handle, split: Vec<Dim>, order: &[usize], merged: Vec<Dim>) -> Eval {
    let x = cx.reshape(x, split)?;
    let x = cx.permute(&x, order)?;
    let x = cx.reshape(&x, merged)?;
    Ok(cx.wrap(x))
}

fn tril(cx: &mut Cx, a: &Bound) -> Eval {
    triangle(cx, a, &creation::TRIL)
}

fn triu(cx: &mut Cx, a: &Bound) -> Eval {
    triangle(cx, a, &creation::TRIU)
}

fn triangle(cx: &mut Cx, a: &Bound, op: &'static cresset_ir::OpDef) -> Eval {
    let (x, diagonal) = (a.handle(cx, "input")?, a.int(cx, "diagonal")?);
    let result = cx.emit(op, &[&x], &[("diagonal", diagonal.into())])?;
    Ok(cx.wrap(result))
}

fn atleast_1d(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    if x.shape().is_empty() { unsqueezed(cx, x, 0).map(object) } else { Ok(a.first().clone()) }
}
