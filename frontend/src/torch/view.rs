//! Views: how a tensor that shares the storage of another reads it, and how a write goes back.

use super::cx::Cx;
use super::handle::Handle;
use super::stride::Layout;
use crate::eval::raise::Eval;
use cresset_ir::op::{Attr, logic, movement};
use cresset_ir::{DType, Diagnostic, Dim, Scalar, codes};

/// One step from a storage to what a tensor shows of it.
#[derive(Clone, PartialEq, Debug)]
pub enum View {
    Reshape { from: Vec<Dim>, to: Vec<Dim> },
    Permute(Vec<usize>),
    Slice { dim: usize, start: Dim, end: Dim, step: i64, size: Dim },
    Expand { from: Vec<Dim>, to: Vec<Dim> },
}

impl View {
    /// What the view shows of a value.
    pub fn read(&self, cx: &mut Cx, x: &Handle) -> Eval<Handle> {
        match self {
            View::Reshape { to, .. } => cx.emit(&movement::RESHAPE, &[x], &[("shape", to.clone().into())]),
            View::Permute(dims) => cx.emit(&movement::PERMUTE, &[x], &[("dims", ints(dims))]),
            View::Slice { dim, start, end, step, .. } => slice(cx, x, *dim, start, end, *step),
            View::Expand { to, .. } => cx.emit(&movement::EXPAND, &[x], &[("shape", to.clone().into())]),
        }
    }

    /// The value `base` after the part that the view shows became `part`.
    pub fn write(&self, cx: &mut Cx, base: &Handle, part: &Handle) -> Eval<Handle> {
        match self {
            View::Reshape { from, .. } => cx.emit(&movement::RESHAPE, &[part], &[("shape", from.clone().into())]),
            View::Permute(dims) => {
                let mut inverse = vec![0; dims.len()];
                dims.iter().enumerate().for_each(|(i, &d)| inverse[d] = i);
                cx.emit(&movement::PERMUTE, &[part], &[("dims", ints(&inverse))])
            }
            View::Slice { dim, start, end, step: 1, size } => {
                let mut parts = vec![];
                if !start.is(0) {
                    parts.push(slice(cx, base, *dim, &0i64.into(), start, 1)?);
                }
                parts.push(part.clone());
                if end != size {
                    parts.push(slice(cx, base, *dim, end, size, 1)?);
                }
                match &parts[..] {
                    [whole] => Ok(whole.clone()),
                    _ => cx.emit(&movement::CAT, &parts.iter().collect::<Vec<_>>(), &[("dim", (*dim as i64).into())]),
                }
            }
            View::Slice { dim, start, step, size, .. } => strided(cx, base, part, *dim, start, *step, size),
            View::Expand { .. } => Err(cx.it.error(
                "RuntimeError",
                "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please \
                 clone() the tensor before performing the operation.",
            )),
        }
    }

    /// The view with other names of sizes.
    pub fn renamed(&self, rename: &dyn Fn(&Dim) -> Dim) -> View {
        let all = |dims: &[Dim]| dims.iter().map(rename).collect();
        match self {
            View::Reshape { from, to } => View::Reshape { from: all(from), to: all(to) },
            View::Permute(dims) => View::Permute(dims.clone()),
            View::Slice { dim, start, end, step, size } => {
                View::Slice { dim: *dim, start: rename(start), end: rename(end), step: *step, size: rename(size) }
            }
            View::Expand { from, to } => View::Expand { from: all(from), to: all(to) },
        }
    }

    /// Whether the view shows everything as it is.
    pub fn is_identity(&self) -> bool {
        match self {
            View::Reshape { from, to } | View::Expand { from, to } => from == to,
            View::Permute(dims) => dims.iter().enumerate().all(|(i, &d)| i == d),
            View::Slice { start, end, step, size, .. } => start.is(0) && end == size && *step == 1,
        }
    }

    /// Whether two elements that the view shows may be one element of the storage.
    pub fn overlaps(&self) -> bool {
        matches!(self, View::Expand { from, to } if from != to)
    }

    pub fn layout(&self, of: &Layout, facts: &cresset_ir::Facts) -> Layout {
        match self {
            View::Reshape { to, .. } => of.reshape(to, facts).unwrap_or_else(|| Layout::contiguous(to)),
            View::Permute(dims) => of.permute(dims),
            View::Slice { dim, start, end, step, .. } => of.slice(*dim, sliced(start, end, *step, facts), *step),
            View::Expand { to, .. } => of.expand(to),
        }
    }
}

/// How many elements a slice keeps.
fn sliced(start: &Dim, end: &Dim, step: i64, facts: &cresset_ir::Facts) -> Dim {
    (end.clone() - start.clone() + Dim::from(step - 1)).floor_div(&step.into(), facts)
}

pub fn ints(dims: &[usize]) -> Attr {
    Attr::Ints(dims.iter().map(|&d| d as i64).collect())
}

fn slice(cx: &mut Cx, x: &Handle, dim: usize, start: &Dim, end: &Dim, step: i64) -> Eval<Handle> {
    let attrs =
        [("dim", Attr::Int(dim as i64)), ("start", start.clone().into()), ("end", end.clone().into()), ("step", step.into())];
    cx.emit(&movement::SLICE, &[x], &attrs)
}

/// Writes every step-th place of a dimension: the part is spread out with gaps, and chosen where it has an element.
fn strided(cx: &mut Cx, base: &Handle, part: &Handle, dim: usize, start: &Dim, step: i64, size: &Dim) -> Eval<Handle> {
    let (Some(start), Some(size), Some(count)) = (start.known(), size.known(), part.ty().shape[dim].known()) else {
        let text = "a write to every other element of a dimension whose size is not known";
        return Err(cx.it.fatal(Diagnostic::error(codes::UNSUPPORTED, text).hint("give the dimension a fixed size")));
    };
    let mark = cx.full(Scalar::bool(true), &[count.into()], DType::Bool)?;
    let mut line = vec![Dim::from(1i64); part.ty().rank()];
    line[dim] = count.into();
    let mark = cx.reshape(&mark, line)?;
    let mut spread = |x: &Handle| -> Eval<Handle> {
        let mut shape = x.ty().shape.clone();
        shape.insert(dim + 1, 1i64.into());
        let split = cx.reshape(x, shape.clone())?;
        let mut pads = vec![0; 2 * shape.len()];
        pads[2 * (dim + 1) + 1] = step - 1;
        let gaps = cx.emit(&movement::PAD, &[&split], &[("pads", pads.into())])?;
        shape.remove(dim + 1);
        shape[dim] = (count * step).into();
        let flat = cx.reshape(&gaps, shape.clone())?;
        let mut pads = vec![0; 2 * shape.len()];
        (pads[2 * dim], pads[2 * dim + 1]) = (start, size - start - count * step);
        cx.emit(&movement::PAD, &[&flat], &[("pads", pads.into())])
    };
    let (value, chosen) = (spread(part)?, spread(&mark)?);
    cx.emit(&logic::WHERE, &[&chosen, &value, base], &[])
}
