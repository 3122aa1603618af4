//! The same elements elsewhere or more often: copies, flips, rolls, grids, triangles.

use super::Body::Fn;
use super::movement::{expanded, input, object, swapped};
use super::{F, I, M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::Cx;
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use crate::torch::tensor::Tensor;
use crate::torch::view::{View, ints};
use cresset_ir::op::{creation, movement as op};
use cresset_ir::{Attr, Dim, OpDef};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("broadcast_tensors(*tensors)",                   T,     Fn(broadcast_tensors)),
    Row("repeat(input, *repeats)",                       M,     Fn(repeat)),
    Row("tile(input, *dims)",                            T | M, Fn(repeat_tile)),
    Row("repeat_interleave(input, repeats, dim=None, *, output_size=None)", T | M, Fn(repeat_interleave)),
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
];

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

fn triangle(cx: &mut Cx, a: &Bound, op: &'static OpDef) -> Eval {
    let (x, diagonal) = (a.handle(cx, "input")?, a.int(cx, "diagonal")?);
    let result = cx.emit(op, &[&x], &[("diagonal", diagonal.into())])?;
    Ok(cx.wrap(result))
}
