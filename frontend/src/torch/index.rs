//! `x[...]` and `x[...] = v`.
//!
//! Integers, slices, None and Ellipsis give views. Tensors and lists of integers gather; masks need to be known, except that a write under
//! a mask needs not.

use super::cx::{Cx, Number, Operand};
use super::handle::Handle;
use super::table::{assign, at, creation_of, indexing, sliced, unsqueezed};
use super::tensor::Tensor;
use super::{args, size};
use crate::eval::raise::Eval;
use crate::eval::value::{Slice, Value};
use cresset_ir::op::{arithmetic, index as op, logic};
use cresset_ir::{DType, Dim, Interval, Rel};
use std::rc::Rc;

/// One item of an index.
enum Item {
    At(Dim),
    Slice(Rc<Slice>),
    NewAxis,
    Ellipsis,
    /// A tensor of integers or bools.
    Gather(Value),
}

/// A view of the basic part, and the gathers that are left: the dimension of the view and the index.
struct Selection {
    view: Rc<Tensor>,
    gathers: Vec<(usize, Value)>,
}

pub fn get(cx: &mut Cx, this: &Value, index: &Value) -> Eval {
    let selection = select(cx, this, index)?;
    if selection.gathers.is_empty() {
        return Ok(Value::Foreign(selection.view));
    }
    let value = selection.view.read(cx)?;
    let result = gather(cx, &value, &selection.gathers)?;
    Ok(cx.wrap(result))
}

pub fn set(cx: &mut Cx, this: &Value, index: &Value, value: &Value) -> Eval<()> {
    let Some(operand) = args::operand(cx, value)? else {
        let name = cx.it.type_name(value);
        return Err(cx.it.type_error(format!("can't assign a {name} to a torch tensor")));
    };
    let selection = select(cx, this, index)?;
    match &selection.gathers[..] {
        [] => assign(cx, &selection.view, &operand),
        [(0, mask)] if is_mask(mask) => write_masked(cx, &selection.view, mask, &operand),
        [(dim, index)] => write_rows(cx, &selection.view, *dim, index, &operand),
        _ => Err(cx.unsupported("a write through several index tensors")),
    }
}

/// The view that the basic items select.
fn select(cx: &mut Cx, this: &Value, index: &Value) -> Eval<Selection> {
    let items = items(cx, index)?;
    let Some(tensor) = this.downcast::<Tensor>() else { return Err(cx.it.type_error("not a tensor")) };
    let mut view = tensor.retyped(&cx.torch.classes.tensor);
    let rank = tensor.shape().len();
    let used: usize = items.iter().map(consumed).sum();
    if used > rank {
        return Err(cx.it.error("IndexError", format!("too many indices for tensor of dimension {rank}")));
    }
    let mut dim = 0;
    let mut gathers = vec![];
    for item in items {
        match item {
            Item::NewAxis => {
                view = unsqueezed(cx, &view, dim)?;
                dim += 1;
            }
            Item::Ellipsis => dim += rank - used,
            Item::At(i) => view = at(cx, &view, dim, i)?,
            Item::Slice(slice) => {
                view = cut(cx, &view, dim, &slice)?;
                dim += 1;
            }
            Item::Gather(index) => {
                let width = consumed(&Item::Gather(index.clone()));
                gathers.push((dim, index));
                dim += width;
            }
        }
    }
    Ok(Selection { view, gathers })
}

/// How many dimensions an item stands for.
fn consumed(item: &Item) -> usize {
    match item {
        Item::At(_) | Item::Slice(_) => 1,
        Item::NewAxis | Item::Ellipsis => 0,
        Item::Gather(index) if is_mask(index) => index.downcast::<Tensor>().map_or(1, |t| t.shape().len()),
        Item::Gather(_) => 1,
    }
}

fn is_mask(index: &Value) -> bool {
    index.downcast::<Tensor>().is_some_and(|t| t.dtype() == DType::Bool)
}

fn items(cx: &mut Cx, index: &Value) -> Eval<Vec<Item>> {
    let values = match index {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut out = vec![];
    for value in values {
        out.push(match &value {
            Value::None => Item::NewAxis,
            Value::Ellipsis => Item::Ellipsis,
            Value::Slice(slice) => Item::Slice(slice.clone()),
            Value::Bool(_) => return Err(cx.unsupported("indexing with a bool")),
            Value::List(_) | Value::Tuple(_) | Value::Range(_) => Item::Gather(creation_of(cx, &value, None)?),
            other => match other.downcast::<Tensor>() {
                Some(t) if t.shape().is_empty() && t.dtype() != DType::Bool => place(cx, t, other)?,
                Some(_) => Item::Gather(other.clone()),
                None => match size::dim_of(other) {
                    Some(i) => Item::At(i),
                    None => {
                        let text = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got ";
                        let name = cx.it.type_name(other);
                        return Err(cx.it.error("IndexError", format!("{text}{name})")));
                    }
                },
            },
        });
    }
    if out.iter().filter(|i| matches!(i, Item::Ellipsis)).count() > 1 {
        return Err(cx.it.error("IndexError", "an index can only have a single ellipsis ('...')"));
    }
    if !out.iter().any(|i| matches!(i, Item::Ellipsis)) {
        out.push(Item::Ellipsis);
    }
    Ok(out)
}

/// A 0-d index: a known integer where its value is known, a gather elsewhere.
fn place(cx: &mut Cx, tensor: &Tensor, value: &Value) -> Eval<Item> {
    match tensor.read(cx)? {
        Handle::Traced(_) => Ok(Item::Gather(value.clone())),
        Handle::Lazy(_) => {
            let i = super::item::item(cx, tensor)?.as_int().unwrap_or(0);
            Ok(Item::At(i.into()))
        }
    }
}

/// `start:stop:step`, with Python's clipping. A bound that is not known must lie inside, which the type rule guards.
fn cut(cx: &mut Cx, x: &Tensor, dim: usize, slice: &Slice) -> Eval<Rc<Tensor>> {
    let size = x.shape()[dim].clone();
    let step = match &slice.step {
        Value::None => 1,
        step => cx.it.int(step)?,
    };
    if step <= 0 {
        return Err(cx.it.value_error("step must be greater than zero"));
    }
    let start = bound(cx, &slice.lower, &size, 0i64.into())?;
    let end = bound(cx, &slice.upper, &size, size.clone())?;
    let empty = cx.facts().decide(&end, Rel::Lt, &start) == Some(true);
    let end = if empty { start.clone() } else { end };
    sliced(cx, x, dim, start, end, step)
}

fn bound(cx: &mut Cx, value: &Value, size: &Dim, default: Dim) -> Eval<Dim> {
    if value.is_none() {
        return Ok(default);
    }
    let Some(bound) = args::dim(cx, value)? else {
        return Err(cx.it.type_error("slice indices must be integers or None or have an __index__ method"));
    };
    let facts = cx.facts();
    let zero = Dim::from(0i64);
    let bound = match facts.decide(&bound, Rel::Lt, &zero) {
        Some(true) => bound + size.clone(),
        _ => bound,
    };
    let low = facts.decide(&bound, Rel::Lt, &zero) == Some(true);
    let high = facts.decide(size, Rel::Lt, &bound) == Some(true);
    // A known bound beside an unknown size clips; an unknown one is taken to lie inside.
    let clips = bound.known().is_some() && size.known().is_none() && facts.decide(&bound, Rel::Le, size).is_none();
    Ok(match (low, high, clips) {
        (true, ..) => zero,
        (_, true, _) => size.clone(),
        (_, _, true) => bound.min_of(size, &facts),
        _ => bound,
    })
}

/// Index tensors: one selects along its dimension; several next to each other select together.
fn gather(cx: &mut Cx, x: &Handle, gathers: &[(usize, Value)]) -> Eval<Handle> {
    let (first, _) = &gathers[0];
    if let [(dim, mask)] = gathers
        && is_mask(mask)
    {
        return select_masked(cx, x, *dim, mask);
    }
    if gathers.iter().any(|(_, index)| is_mask(index)) {
        return Err(cx.unsupported("a mask beside other index tensors"));
    }
    if gathers.iter().enumerate().any(|(i, (dim, _))| *dim != first + i) {
        return Err(cx.unsupported("index tensors on dimensions that are not next to each other"));
    }
    let sizes: Vec<Dim> = gathers.iter().map(|(dim, _)| x.ty().shape[*dim].clone()).collect();
    let mut flat: Option<Handle> = None;
    for ((_, index), size) in gathers.iter().zip(&sizes) {
        let index = integers(cx, index, size)?;
        flat = Some(match flat {
            None => index,
            // Row-major: the place so far times the size of this dimension, plus the place in it.
            Some(before) => {
                let size = cx.number(&Number::Size(size.clone()).reduced(), DType::I64)?;
                let scaled = super::table::pair(cx, &arithmetic::MUL, &Operand::Tensor(before), &Operand::Tensor(size))?;
                super::table::pair(cx, &arithmetic::ADD, &Operand::Tensor(scaled), &Operand::Tensor(index))?
            }
        });
    }
    let Some(index) = flat else { return Ok(x.clone()) };
    let shape = &x.ty().shape;
    let (outer, inner) = (&shape[..*first], &shape[first + gathers.len()..]);
    let merged = [outer, &[sizes.into_iter().product()], inner].concat();
    let result = [outer, &index.ty().shape[..], inner].concat();
    let x = cx.reshape(x, merged)?;
    let index = cx.reshape(&index, vec![index.ty().numel()])?;
    let rows = cx.emit(&op::INDEX_SELECT, &[&x, &index], &[("dim", (*first as i64).into())])?;
    cx.reshape(&rows, result)
}

fn integers(cx: &mut Cx, index: &Value, size: &Dim) -> Eval<Handle> {
    let Some(tensor) = index.downcast::<Tensor>() else { return Err(cx.it.type_error("not an index")) };
    if !tensor.dtype().is_int() {
        let text = "tensors used as indices must be long, int, byte or bool tensors";
        return Err(cx.it.error("IndexError", text));
    }
    // A known index without negative places stays as it is.
    let known = match tensor.place().storage.current() {
        Handle::Lazy(lazy) if tensor.place().views.is_empty() => lazy.peek(),
        _ => None,
    };
    let value = tensor.read(cx)?;
    match known.is_some_and(|t| t.values().all(|v| v >= 0.0)) {
        true => cx.bound(&value, &Interval::places(size.clone())).map(|()| value),
        false => indexing::normalised(cx, &value, size),
    }
}

/// The rows where a known mask holds.
fn select_masked(cx: &mut Cx, x: &Handle, dim: usize, mask: &Value) -> Eval<Handle> {
    let Some(mask) = mask.downcast::<Tensor>() else { return Err(cx.it.type_error("not a mask")) };
    let places = indexing::nonzero(cx, mask)?;
    let width = mask.shape().len();
    let shape = &x.ty().shape;
    let merged: Dim = shape[dim..dim + width].iter().cloned().product();
    let x = cx.reshape(x, [&shape[..dim], &[merged], &shape[dim + width..]].concat())?;
    cx.emit(&op::INDEX_SELECT, &[&x, &places], &[("dim", (dim as i64).into())])
}

/// `x[mask] = v`: chosen where the mask holds. The value must be one for all places.
fn write_masked(cx: &mut Cx, x: &Tensor, mask: &Value, value: &Operand) -> Eval<()> {
    let Some(mask) = mask.downcast::<Tensor>() else { return Err(cx.it.type_error("not a mask")) };
    let mut mask = mask.read(cx)?;
    let value = cx.converted(value, x.dtype())?;
    if !value.ty().numel().is(1) {
        return Err(cx.unsupported("a write of several values under a mask"));
    }
    let value = cx.reshape(&value, vec![])?;
    let mut shape = mask.ty().shape.clone();
    shape.resize(x.shape().len(), 1i64.into());
    mask = cx.reshape(&mask, shape)?;
    let current = x.read(cx)?;
    let result = cx.emit(&logic::MASKED_FILL, &[&current, &mask, &value], &[])?;
    x.write(cx, &result)
}

/// `x[.., index, ..] = v` along one dimension: the old rows are taken out by a mask and the new ones added. Indices must be known and
/// different, since PyTorch leaves open which of two equal ones wins.
fn write_rows(cx: &mut Cx, x: &Tensor, dim: usize, index: &Value, value: &Operand) -> Eval<()> {
    let Some(tensor) = index.downcast::<Tensor>() else { return Err(cx.it.type_error("not an index")) };
    let size = x.shape()[dim].clone();
    let Some(n) = size.known() else {
        return Err(size::unknown_size(cx.it, &size, "a write through an index tensor needs its value"));
    };
    let known = super::item::elements(cx, tensor)?;
    let mut places: Vec<i64> = known.values().map(|v| v as i64).map(|i| if i < 0 { i + n } else { i }).collect();
    if places.iter().any(|i| !(0..n).contains(i)) {
        return Err(cx.it.error("IndexError", format!("index out of range for dimension {dim} with size {n}")));
    }
    let mut target = x.shape();
    target.splice(dim..=dim, tensor.shape());
    let value = cx.converted(value, x.dtype())?;
    let value = cx.expand(&value, &target)?;
    let mut rows = x.shape();
    rows[dim] = places.len().into();
    let value = cx.reshape(&value, rows)?;
    let order: Vec<i64> = (0..n).map(|row| places.iter().rposition(|&p| p == row).map_or(-1, |i| i as i64)).collect();
    places.sort();
    if places.windows(2).any(|w| w[0] == w[1]) {
        return Err(cx.unsupported("a write to one place twice"));
    }
    // Each row comes from the old value or from its place among the new ones.
    let from: Vec<i64> = order.iter().enumerate().map(|(row, &i)| if i < 0 { row as i64 } else { n + i }).collect();
    let from = cresset_ir::Tensor::from_slice(&[from.len()], &from).map_err(|d| cx.refuse(d))?;
    let current = x.read(cx)?;
    let both = cx.emit(&cresset_ir::op::movement::CAT, &[&current, &value], &[("dim", (dim as i64).into())])?;
    let from = Handle::Lazy(super::Lazy::known(from));
    let result = cx.emit(&op::INDEX_SELECT, &[&both, &from], &[("dim", (dim as i64).into())])?;
    x.write(cx, &result)
}
