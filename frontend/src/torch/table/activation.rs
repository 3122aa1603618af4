//! Activation functions; `inplace=True` writes into the input.

use super::Body::{Fn, Same};
use super::arithmetic::scaled_by;
use super::{F, I, M, Row, T, pair};
use crate::eval::raise::Eval;
use crate::torch::cx::{Cx, Number, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use cresset_ir::Attr;
use cresset_ir::op::{activation as op, arithmetic, function, logic, movement, softmax};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("relu(input, inplace=False)",                            T | F | M | I, Same(&op::RELU)),
    Row("silu(input, inplace=False)",                            F,             Same(&op::SILU)),
    Row("gelu(input, *, approximate='none')",                    F,             Fn(gelu)),
    Row("leaky_relu(input, negative_slope=0.01, inplace=False)", F,             Fn(leaky_relu)),
    Row("elu(input, alpha=1.0, inplace=False)",                  F,             Fn(elu)),
    Row("celu(input, alpha=1.0, inplace=False)",                 T | F,         Fn(celu)),
    Row("selu(input, inplace=False)",                            T | F,         Fn(selu)),
    Row("softplus(input, beta=1.0, threshold=20.0)",             F,             Fn(softplus)),
    Row("hardswish(input, inplace=False)",                       F,             Same(&op::HARDSWISH)),
    Row("hardsigmoid(input, inplace=False)",                     F,             Same(&op::HARDSIGMOID)),
    Row("hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)", F,         Fn(hardtanh)),
    Row("relu6(input, inplace=False)",                           F,             Fn(relu6)),
    Row("mish(input, inplace=False)",                            F,             Fn(mish)),
    Row("logsigmoid(input)",                                     F,             Fn(logsigmoid)),
    Row("softsign(input)",                                       F,             Fn(softsign)),
    Row("tanhshrink(input)",                                     F,             Fn(tanhshrink)),
    Row("glu(input, dim=-1)",                                    F,             Fn(glu)),
    Row("prelu(input, weight)",                                  T | F | M,     Fn(prelu)),
    Row("threshold(input, threshold, value, inplace=False)",     T | F,         Fn(threshold)),
    Row("softmax(input, dim=None, _stacklevel=3, dtype=None)",   F,             Fn(softmax_f)),
    Row("log_softmax(input, dim=None, _stacklevel=3, dtype=None)", F,           Fn(log_softmax_f)),
    Row("softmin(input, dim=None, _stacklevel=3, dtype=None)",   F,             Fn(softmin)),
];

/// `torch.softmax` and `Tensor.softmax` take the dtype in another place.
#[rustfmt::skip]
pub const TENSOR_ROWS: &[Row] = &[
    Row("softmax(input, dim, dtype=None)",     T | M, Fn(softmax_f)),
    Row("log_softmax(input, dim, dtype=None)", T | M, Fn(log_softmax_f)),
];

fn unary(cx: &mut Cx, a: &Bound, op: &'static cresset_ir::OpDef, attrs: &[(&str, Attr)]) -> Eval {
    let x = a.handle(cx, "input")?;
    let result = cx.emit(op, &[&x], attrs)?;
    Ok(cx.wrap(result))
}

fn gelu(cx: &mut Cx, a: &Bound) -> Eval {
    let approximate = a.str(cx, "approximate")?.to_owned();
    unary(cx, a, &op::GELU, &[("approximate", approximate.into())])
}

fn leaky_relu(cx: &mut Cx, a: &Bound) -> Eval {
    let slope = a.float(cx, "negative_slope")?;
    unary(cx, a, &op::LEAKY_RELU, &[("negative_slope", slope.into())])
}

fn elu(cx: &mut Cx, a: &Bound) -> Eval {
    let alpha = a.float(cx, "alpha")?;
    unary(cx, a, &op::ELU, &[("alpha", alpha.into())])
}

/// `alpha * elu(x / alpha)`
fn celu(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, alpha) = (a.handle(cx, "input")?, a.float(cx, "alpha")?);
    let inner = scaled_by(cx, &x, 1.0 / alpha)?;
    let bent = cx.emit(&op::ELU, &[&inner], &[])?;
    let result = scaled_by(cx, &bent, alpha)?;
    Ok(cx.wrap(result))
}

/// `scale * elu(x, alpha)` with the constants of the self-normalising networks' paper.
fn selu(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let bent = cx.emit(&op::ELU, &[&x], &[("alpha", 1.6732632423543772.into())])?;
    let result = scaled_by(cx, &bent, 1.0507009873554805)?;
    Ok(cx.wrap(result))
}

fn softplus(cx: &mut Cx, a: &Bound) -> Eval {
    let (beta, threshold) = (a.float(cx, "beta")?, a.float(cx, "threshold")?);
    unary(cx, a, &op::SOFTPLUS, &[("beta", beta.into()), ("threshold", threshold.into())])
}

fn hardtanh(cx: &mut Cx, a: &Bound) -> Eval {
    let (min, max) = (a.float(cx, "min_val")?, a.float(cx, "max_val")?);
    unary(cx, a, &arithmetic::CLAMP, &[("min", min.into()), ("max", max.into())])
}

fn relu6(cx: &mut Cx, a: &Bound) -> Eval {
    unary(cx, a, &arithmetic::CLAMP, &[("min", 0.0.into()), ("max", 6.0.into())])
}

fn mish(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let plus = cx.emit(&op::SOFTPLUS, &[&x], &[])?;
    let gate = cx.emit(&function::TANH, &[&plus], &[])?;
    let result = cx.emit(&arithmetic::MUL, &[&x, &gate], &[])?;
    Ok(cx.wrap(result))
}

/// `-softplus(-x)`
fn logsigmoid(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let minus = cx.emit(&arithmetic::NEG, &[&x], &[])?;
    let plus = cx.emit(&op::SOFTPLUS, &[&minus], &[])?;
    let result = cx.emit(&arithmetic::NEG, &[&plus], &[])?;
    Ok(cx.wrap(result))
}

fn softsign(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let size = cx.emit(&arithmetic::ABS, &[&x], &[])?;
    let below = pair(cx, &arithmetic::ADD, &Operand::Tensor(size), &Operand::Number(Number::Int(1)))?;
    let result = cx.emit(&arithmetic::DIV, &[&x, &below], &[])?;
    Ok(cx.wrap(result))
}

fn tanhshrink(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let tanh = cx.emit(&function::TANH, &[&x], &[])?;
    let result = cx.emit(&arithmetic::SUB, &[&x, &tanh], &[])?;
    Ok(cx.wrap(result))
}

/// The first half times the sigmoid of the second.
fn glu(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let dim = a.axis(cx, "dim", x.rank())?;
    let size = x.ty().shape[dim].clone();
    let half = size.floor_div(&2i64.into(), &cx.facts());
    let part = |cx: &mut Cx, start: cresset_ir::Dim, end: cresset_ir::Dim| -> Eval<Handle> {
        cx.emit(&movement::SLICE, &[&x], &[("dim", (dim as i64).into()), ("start", start.into()), ("end", end.into())])
    };
    let (value, gate) = (part(cx, 0i64.into(), half.clone())?, part(cx, half, size)?);
    let gate = cx.emit(&function::SIGMOID, &[&gate], &[])?;
    let result = cx.emit(&arithmetic::MUL, &[&value, &gate], &[])?;
    Ok(cx.wrap(result))
}

/// `max(x, 0) + weight * min(x, 0)`, one weight for all channels (dimension 1) or one for each.
fn prelu(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, mut weight) = (a.handle(cx, "input")?, a.handle(cx, "weight")?);
    if x.rank() > 2 && !weight.ty().numel().is(1) {
        let mut shape = vec![1i64.into(); x.rank() - 1];
        shape[0] = weight.ty().numel();
        weight = cx.reshape(&weight, shape)?;
    }
    let zero = cx.number(&Number::Int(0), x.ty().dtype)?;
    let positive = cx.emit(&logic::GT, &[&x, &zero], &[])?;
    let scaled = cx.emit(&arithmetic::MUL, &[&x, &weight], &[])?;
    let result = cx.emit(&logic::WHERE, &[&positive, &x, &scaled], &[])?;
    Ok(cx.wrap(result))
}

fn threshold(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let (limit, value) = (a.operand(cx, "threshold")?, a.operand(cx, "value")?);
    let (limit, value) = (cx.converted(&limit, x.ty().dtype)?, cx.converted(&value, x.ty().dtype)?);
    let above = cx.emit(&logic::GT, &[&x, &limit], &[])?;
    let result = cx.emit(&logic::WHERE, &[&above, &x, &value], &[])?;
    Ok(cx.wrap(result))
}

fn softmax_f(cx: &mut Cx, a: &Bound) -> Eval {
    along(cx, a, &softmax::SOFTMAX)
}

fn log_softmax_f(cx: &mut Cx, a: &Bound) -> Eval {
    along(cx, a, &softmax::LOG_SOFTMAX)
}

fn along(cx: &mut Cx, a: &Bound, op: &'static cresset_ir::OpDef) -> Eval {
    let (x, dim) = operands(cx, a)?;
    let result = cx.emit(op, &[&x], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

fn softmin(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, dim) = operands(cx, a)?;
    let minus = cx.emit(&arithmetic::NEG, &[&x], &[])?;
    let result = cx.emit(&softmax::SOFTMAX, &[&minus], &[("dim", dim.into())])?;
    Ok(cx.wrap(result))
}

/// The input in the asked dtype, and the dimension as the caller wrote it.
fn operands(cx: &mut Cx, a: &Bound) -> Eval<(Handle, i64)> {
    let x = a.handle(cx, "input")?;
    let x = match a.dtype(cx, "dtype")? {
        Some(dtype) => cx.cast(&x, dtype)?,
        None => x,
    };
    // Without a dimension PyTorch guesses, and warns.
    let dim = a.opt_int(cx, "dim")?.unwrap_or(if matches!(x.rank(), 0 | 1 | 3) { 0 } else { 1 });
    cx.dim(dim, x.rank())?;
    Ok((x, dim))
}
