//! Convolution and pooling. One-dimensional pooling runs over a dimension of size 1.

use super::Body::Fn;
use super::{F, Row, T};
use crate::eval::raise::Eval;
use crate::torch::cx::Cx;
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use cresset_ir::op::{conv, pool as op, reduction};
use cresset_ir::{Attr, Dim, OpDef};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)", T | F, Fn(conv1d)),
    Row("conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)", T | F, Fn(conv2d)),
    Row("max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)", T | F, Fn(max_pool2d)),
    Row("max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)", T | F, Fn(max_pool1d)),
    Row("avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)", F, Fn(avg_pool2d)),
    Row("avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)", T | F, Fn(avg_pool1d)),
    Row("adaptive_avg_pool2d(input, output_size)", F,     Fn(adaptive_avg_pool2d)),
    Row("adaptive_avg_pool1d(input, output_size)", T | F, Fn(adaptive_avg_pool1d)),
    Row("adaptive_max_pool2d(input, output_size, return_indices=False)", F, Fn(adaptive_max_pool2d)),
];

fn conv1d(cx: &mut Cx, a: &Bound) -> Eval {
    convolution(cx, a, &conv::CONV1D, 1)
}

fn conv2d(cx: &mut Cx, a: &Bound) -> Eval {
    convolution(cx, a, &conv::CONV2D, 2)
}

fn convolution(cx: &mut Cx, a: &Bound, op: &'static OpDef, n: usize) -> Eval {
    let (x, weight, bias) = (a.handle(cx, "input")?, a.handle(cx, "weight")?, a.opt_handle(cx, "bias")?);
    let (stride, dilation, groups) = (a.ints_of(cx, "stride", n)?, a.ints_of(cx, "dilation", n)?, a.int(cx, "groups")?);
    let (padding, extra) = padding(cx, a, &weight, &stride, &dilation, n)?;
    let single = x.rank() == n + 1;
    let mut input = if single { unsqueezed(cx, &x)? } else { x };
    if extra.iter().any(|&e| e > 0) {
        // `same` with an even window pads once more at the end.
        let mut pads = vec![0; 2 * input.rank()];
        extra.iter().enumerate().for_each(|(i, &e)| pads[2 * (i + 2) + 1] = e);
        input = cx.emit(&cresset_ir::op::movement::PAD, &[&input], &[("pads", pads.into())])?;
    }
    let operands: Vec<&Handle> = [&input, &weight].into_iter().chain(&bias).collect();
    let attrs =
        [("stride", stride.into()), ("padding", padding.into()), ("dilation", dilation.into()), ("groups", groups.into())];
    let result = cx.emit(op, &operands, &attrs)?;
    let result = if single { without_first(cx, &result)? } else { result };
    Ok(cx.wrap(result))
}

/// The padding on both sides, and what the end needs besides.
fn padding(cx: &mut Cx, a: &Bound, weight: &Handle, stride: &[i64], dilation: &[i64], n: usize) -> Eval<(Vec<i64>, Vec<i64>)> {
    let none = vec![0; n];
    match a.value("padding").as_str() {
        None => Ok((a.ints_of(cx, "padding", n)?, none)),
        Some("valid") => Ok((none.clone(), none)),
        Some("same") => {
            if stride.iter().any(|&s| s != 1) {
                return Err(cx.runtime_error("padding='same' is not supported for strided convolutions"));
            }
            let kernel = weight.ty().known_shape().unwrap_or_default();
            let total = |i: usize| dilation[i] * (kernel.get(i + 2).map_or(1, |&k| k as i64) - 1);
            Ok(((0..n).map(|i| total(i) / 2).collect(), (0..n).map(|i| total(i) % 2).collect()))
        }
        Some(other) => Err(cx.it.value_error(format!("Invalid padding string '{other}', should be one of 'valid', 'same'"))),
    }
}

fn unsqueezed(cx: &mut Cx, x: &Handle) -> Eval<Handle> {
    let shape: Vec<Dim> = std::iter::once(Dim::from(1i64)).chain(x.ty().shape.iter().cloned()).collect();
    cx.reshape(x, shape)
}

fn without_first(cx: &mut Cx, x: &Handle) -> Eval<Handle> {
    cx.reshape(x, x.ty().shape[1..].to_vec())
}

/// The window as attributes over two dimensions; a missing stride is the kernel's.
fn window(cx: &mut Cx, a: &Bound, n: usize) -> Eval<Vec<(&'static str, Attr)>> {
    let mut get = |name: &str, neutral: i64| -> Eval<Vec<i64>> {
        let own = a.ints_of(cx, name, n)?;
        Ok(if n == 1 { vec![neutral, own[0]] } else { own })
    };
    let kernel = get("kernel_size", 1)?;
    let stride = if a.value("stride").is_none() || matches!(a.value("stride"), crate::eval::Value::Tuple(t) if t.is_empty()) {
        kernel.clone()
    } else {
        get("stride", 1)?
    };
    let padding = get("padding", 0)?;
    let mut attrs = vec![("kernel", kernel.into()), ("stride", stride.into()), ("padding", padding.into())];
    if a.has("dilation") {
        attrs.push(("dilation", get("dilation", 1)?.into()));
    }
    attrs.push(("ceil_mode", a.flag(cx, "ceil_mode")?.into()));
    if a.has("count_include_pad") {
        attrs.push(("count_include_pad", a.flag(cx, "count_include_pad")?.into()));
    }
    Ok(attrs)
}

fn pooled(cx: &mut Cx, a: &Bound, op: &'static OpDef, n: usize) -> Eval {
    if a.has("return_indices") && a.flag(cx, "return_indices")? {
        return Err(cx.unsupported("pooling that returns indices"));
    }
    if a.has("divisor_override") && !a.value("divisor_override").is_none() {
        return Err(cx.unsupported("pooling with divisor_override"));
    }
    let x = a.handle(cx, "input")?;
    let attrs = window(cx, a, n)?;
    let result = match n {
        1 => {
            let mut shape = x.ty().shape.clone();
            shape.insert(shape.len().saturating_sub(1), 1i64.into());
            let plane = cx.reshape(&x, shape)?;
            let result = cx.emit(op, &[&plane], &attrs)?;
            let mut shape = result.ty().shape.clone();
            shape.remove(shape.len() - 2);
            cx.reshape(&result, shape)?
        }
        _ => cx.emit(op, &[&x], &attrs)?,
    };
    Ok(cx.wrap(result))
}

fn max_pool2d(cx: &mut Cx, a: &Bound) -> Eval {
    pooled(cx, a, &op::MAX_POOL2D, 2)
}

fn max_pool1d(cx: &mut Cx, a: &Bound) -> Eval {
    pooled(cx, a, &op::MAX_POOL2D, 1)
}

fn avg_pool2d(cx: &mut Cx, a: &Bound) -> Eval {
    pooled(cx, a, &op::AVG_POOL2D, 2)
}

fn avg_pool1d(cx: &mut Cx, a: &Bound) -> Eval {
    pooled(cx, a, &op::AVG_POOL2D, 1)
}

/// The output sizes over the last dimensions; None keeps the input's.
fn output_size(cx: &mut Cx, a: &Bound, x: &Handle, n: usize) -> Eval<Vec<i64>> {
    let value = a.value("output_size");
    let items = match value.primitive() {
        crate::eval::Value::Tuple(_) | crate::eval::Value::List(_) => cx.it.collect(value)?,
        _ => vec![value.clone(); n],
    };
    let own = &x.ty().shape[x.rank().saturating_sub(n)..];
    let mut out = vec![];
    for (item, own) in items.iter().zip(own) {
        let size = if item.is_none() { own.known() } else { item.as_int() };
        out.push(size.ok_or_else(|| a.wrong(cx, "output_size", "int or tuple of ints"))?);
    }
    Ok(out)
}

fn adaptive_avg_pool2d(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let size = output_size(cx, a, &x, 2)?;
    let result = cx.emit(&op::ADAPTIVE_AVG_POOL2D, &[&x], &[("output_size", size.into())])?;
    Ok(cx.wrap(result))
}

fn adaptive_avg_pool1d(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let size = output_size(cx, a, &x, 1)?;
    let mut shape = x.ty().shape.clone();
    shape.insert(shape.len().saturating_sub(1), 1i64.into());
    let plane = cx.reshape(&x, shape)?;
    let size: Vec<i64> = std::iter::once(1).chain(size).collect();
    let result = cx.emit(&op::ADAPTIVE_AVG_POOL2D, &[&plane], &[("output_size", size.into())])?;
    let mut shape = result.ty().shape.clone();
    shape.remove(shape.len() - 2);
    let result = cx.reshape(&result, shape)?;
    Ok(cx.wrap(result))
}

fn adaptive_max_pool2d(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    if output_size(cx, a, &x, 2)? != [1, 1] || a.flag(cx, "return_indices")? {
        return Err(cx.unsupported("adaptive_max_pool2d to another size than 1x1, or with indices"));
    }
    let result = cx.emit(&reduction::AMAX, &[&x], &[("dims", vec![-2, -1].into()), ("keepdim", true.into())])?;
    Ok(cx.wrap(result))
}
