//! `interpolate`: resizing is separable, so each dimension is gathered from (nearest) or multiplied with a known matrix of weights.

use super::Body::Fn;
use super::{F, Row};
use crate::eval::raise::Eval;
use crate::torch::cx::Cx;
use crate::torch::handle::Handle;
use crate::torch::lazy::Lazy;
use crate::torch::signature::Bound;
use crate::torch::size::unknown_size;
use cresset_ir::Tensor;
use cresset_ir::op::{index, matmul, pool};

pub const ROWS: &[Row] = &[Row(
    "interpolate|upsample(input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, antialias=False)",
    F,
    Fn(interpolate),
)];

/// One dimension's sizes, and the step in the input per element of the output.
#[derive(Clone, Copy)]
struct Axis {
    dim: usize,
    from: usize,
    to: usize,
    step: f64,
}

fn interpolate(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let mode = a.str(cx, "mode")?.to_owned();
    let corners = !a.value("align_corners").is_none() && a.flag(cx, "align_corners")?;
    if a.flag(cx, "antialias")? {
        return Err(cx.unsupported("interpolate with antialiasing"));
    }
    let axes = axes(cx, a, &x)?;
    let result = match mode.as_str() {
        "nearest" => resized(cx, &x, &axes, |cx, x, axis| nearest(cx, x, axis, 0.0))?,
        "nearest-exact" => resized(cx, &x, &axes, |cx, x, axis| nearest(cx, x, axis, 0.5))?,
        "linear" | "bilinear" | "trilinear" => {
            resized(cx, &x, &axes, |cx, x, axis| weighted(cx, x, axis, corners, &[0, 1], linear))?
        }
        "bicubic" => resized(cx, &x, &axes, |cx, x, axis| weighted(cx, x, axis, corners, &[-1, 0, 1, 2], cubic))?,
        "area" if axes.len() == 2 => {
            let size: Vec<i64> = axes.iter().map(|axis| axis.to as i64).collect();
            cx.emit(&pool::ADAPTIVE_AVG_POOL2D, &[&x], &[("output_size", size.into())])?
        }
        other => return Err(cx.unsupported(format!("interpolate with mode '{other}' on {} dimensions", x.rank()))),
    };
    Ok(cx.wrap(result))
}

fn resized(
    cx: &mut Cx,
    x: &Handle,
    axes: &[Axis],
    one: impl std::ops::Fn(&mut Cx, &Handle, Axis) -> Eval<Handle>,
) -> Eval<Handle> {
    axes.iter().try_fold(x.clone(), |x, axis| one(cx, &x, *axis))
}

fn axes(cx: &mut Cx, a: &Bound, x: &Handle) -> Eval<Vec<Axis>> {
    let Some(n) = x.rank().checked_sub(2).filter(|&n| n > 0) else {
        return Err(cx.runtime_error("interpolate expects a batch and a channel dimension before the resized ones"));
    };
    let scales = match a.value("scale_factor") {
        v if v.is_none() => None,
        v if v.as_float().is_some() => Some(vec![v.as_float().unwrap_or(1.0); n]),
        v => Some(cx.it.collect(v)?.iter().map(|s| s.as_float().unwrap_or(f64::NAN)).collect()),
    };
    let sizes = if a.value("size").is_none() { None } else { Some(a.ints_of(cx, "size", n)?) };
    let keep = a.value("recompute_scale_factor").is_none() || !a.flag(cx, "recompute_scale_factor")?;
    let mut out = vec![];
    for i in 0..n {
        let size = &x.ty().shape[i + 2];
        let Some(from) = size.known().and_then(|s| usize::try_from(s).ok()).filter(|&s| s > 0) else {
            return Err(unknown_size(cx.it, size, "interpolate computes its weights from it"));
        };
        let to = match (&sizes, &scales) {
            (Some(sizes), None) => sizes[i] as f64,
            (None, Some(scales)) if i < scales.len() => (from as f64 * scales[i]).floor(),
            _ => {
                return Err(cx
                    .it
                    .value_error("only one of size or scale_factor should be defined, with a value for each dimension"));
            }
        };
        if !(1.0..=65536.0).contains(&to) {
            return Err(cx.runtime_error(format!("Input and output sizes should be greater than 0, but got output {to}")));
        }
        let step = match &scales {
            Some(scales) if keep => 1.0 / scales[i],
            _ => from as f64 / to,
        };
        out.push(Axis { dim: i + 2, from, to: to as usize, step });
    }
    Ok(out)
}

fn nearest(cx: &mut Cx, x: &Handle, axis: Axis, offset: f64) -> Eval<Handle> {
    // In f32, as PyTorch computes the places.
    let place = |i: usize| (((i as f64 + offset) as f32 * axis.step as f32).floor() as i64).clamp(0, axis.from as i64 - 1);
    let places: Vec<i64> = (0..axis.to).map(place).collect();
    let places = Tensor::from_slice(&[places.len()], &places).map_err(|d| cx.refuse(d))?;
    cx.emit(&index::INDEX_SELECT, &[x, &Handle::Lazy(Lazy::known(places))], &[("dim", (axis.dim as i64).into())])
}

/// The weights of the two neighbours at a fraction between them.
fn linear(t: f64) -> Vec<f64> {
    vec![1.0 - t, t]
}

/// Cubic convolution with PyTorch's coefficient, -0.75.
fn cubic(t: f64) -> Vec<f64> {
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    vec![far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

/// A product with the matrix of weights: `taps` are the neighbours, their weights a function of the fraction.
fn weighted(cx: &mut Cx, x: &Handle, axis: Axis, corners: bool, taps: &[i64], weights: fn(f64) -> Vec<f64>) -> Eval<Handle> {
    let mut matrix = vec![0f64; axis.to * axis.from];
    for i in 0..axis.to {
        let place = match corners {
            true => i as f64 * (axis.from - 1) as f64 / (axis.to - 1).max(1) as f64,
            false => (i as f64 + 0.5) * axis.step - 0.5,
        };
        let place = if taps.len() == 2 { place.max(0.0) } else { place };
        let (base, t) = (place.floor(), place - place.floor());
        for (tap, w) in taps.iter().zip(weights(t)) {
            let j = (base as i64 + tap).clamp(0, axis.from as i64 - 1) as usize;
            matrix[i * axis.from + j] += w;
        }
    }
    let rows = Tensor::from_slice(&[axis.to, axis.from], &matrix).and_then(|m| m.cast(x.ty().dtype)).map_err(|d| cx.refuse(d))?;
    let rows = Handle::Lazy(Lazy::known(rows));
    // The dimension comes last, is multiplied, and goes back.
    let (rank, last) = (x.rank(), x.rank() - 1);
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(axis.dim, last);
    let moved = cx.permute(x, &order)?;
    let product = cx.emit(&matmul::LINEAR, &[&moved, &rows], &[])?;
    cx.permute(&product, &order)
}
