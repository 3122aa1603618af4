//! Shapes: views of the same storage where PyTorch gives views, new tensors where it copies.

use super::Body::Fn;
use super::{M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::Cx;
use crate::torch::signature::Bound;
use crate::torch::tensor::Tensor;
use crate::torch::view::View;
use cresset_ir::types::Sizes;
use cresset_ir::{Dim, Rel};
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
    Row("atleast_1d(input)",                             T,     Fn(atleast_1d)),
];

/// The tensor argument as an object that views can be taken of.
pub fn input<'b>(cx: &Cx, a: &'b Bound) -> Eval<&'b Tensor> {
    let name = if a.has("input") { "input" } else { "tensor" };
    a.tensor(cx, name)
}

pub fn object(tensor: Rc<Tensor>) -> Value {
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

pub fn swapped(cx: &mut Cx, x: &Tensor, i: usize, j: usize) -> Eval {
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

pub fn expanded(cx: &mut Cx, x: &Tensor, mut to: Vec<Dim>) -> Eval {
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

fn atleast_1d(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    if x.shape().is_empty() { unsqueezed(cx, x, 0).map(object) } else { Ok(a.first().clone()) }
}
