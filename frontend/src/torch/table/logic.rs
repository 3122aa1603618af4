//! Comparison, logic, bits and selection.

use super::Body::{Fn, Pair, Same};
use super::{I, M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::{Cx, Operand};
use crate::torch::handle::Handle;
use crate::torch::item;
use crate::torch::signature::Bound;
use cresset_ir::op::{arithmetic, function, logic as op, reduction};
use cresset_ir::{DType, Scalar};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("lt|less(input, other)",            T | M,     Pair(&op::LT)),
    Row("le|less_equal(input, other)",      T | M,     Pair(&op::LE)),
    Row("gt|greater(input, other)",         T | M,     Pair(&op::GT)),
    Row("ge|greater_equal(input, other)",   T | M,     Pair(&op::GE)),
    Row("eq(input, other)",                 T | M,     Pair(&op::EQ)),
    Row("ne|not_equal(input, other)",       T | M,     Pair(&op::NE)),
    Row("logical_and(input, other)",        T | M,     Pair(&op::LOGICAL_AND)),
    Row("logical_or(input, other)",         T | M,     Pair(&op::LOGICAL_OR)),
    Row("logical_xor(input, other)",        T | M,     Pair(&op::LOGICAL_XOR)),
    Row("logical_not(input)",               T | M,     Same(&op::LOGICAL_NOT)),
    Row("bitwise_and(input, other)",        T | M | I, Pair(&op::BITWISE_AND)),
    Row("bitwise_or(input, other)",         T | M | I, Pair(&op::BITWISE_OR)),
    Row("bitwise_xor(input, other)",        T | M | I, Pair(&op::BITWISE_XOR)),
    Row("bitwise_not(input)",               T | M | I, Same(&op::BITWISE_NOT)),
    Row("bitwise_left_shift(input, other)", T | M,     Fn(left_shift)),
    Row("bitwise_right_shift(input, other)", T | M,    Fn(right_shift)),
    Row("isnan(input)",                     T | M,     Fn(isnan)),
    Row("isinf(input)",                     T | M,     Fn(isinf)),
    Row("isfinite(input)",                  T | M,     Fn(isfinite)),
    Row("where(condition, input, other)",   T,         Fn(choose)),
    Row("masked_fill(input, mask, value)",  T | M | I, Fn(masked_fill)),
    Row("nan_to_num(input, nan=0.0, posinf=None, neginf=None)", T | M | I, Fn(nan_to_num)),
    Row("equal(input, other)",              T | M,     Fn(equal)),
    Row("allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)", T | M, Fn(allclose)),
];

fn isnan(cx: &mut Cx, a: &Bound) -> Eval {
    special(cx, a, &function::ISNAN)
}

fn isinf(cx: &mut Cx, a: &Bound) -> Eval {
    special(cx, a, &function::ISINF)
}

/// No integer is special.
fn special(cx: &mut Cx, a: &Bound, op: &'static cresset_ir::OpDef) -> Eval {
    let x = a.handle(cx, "input")?;
    let result = match x.ty().dtype.is_float() {
        true => cx.emit(op, &[&x], &[])?,
        false => cx.full(Scalar::bool(false), &x.ty().shape.clone(), DType::Bool)?,
    };
    Ok(cx.wrap(result))
}

fn isfinite(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let x = super::real(cx, &x)?;
    let (nan, inf) = (cx.emit(&function::ISNAN, &[&x], &[])?, cx.emit(&function::ISINF, &[&x], &[])?);
    let either = cx.emit(&op::LOGICAL_OR, &[&nan, &inf], &[])?;
    let result = cx.emit(&op::LOGICAL_NOT, &[&either], &[])?;
    Ok(cx.wrap(result))
}

fn left_shift(cx: &mut Cx, a: &Bound) -> Eval {
    shift(cx, a, &arithmetic::MUL)
}

fn right_shift(cx: &mut Cx, a: &Bound) -> Eval {
    shift(cx, a, &arithmetic::FLOOR_DIVIDE)
}

/// Shifting multiplies by powers of two, or divides and rounds down.
fn shift(cx: &mut Cx, a: &Bound, by: &'static cresset_ir::OpDef) -> Eval {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    let dtype = cx.result_type(&[&x, &y]);
    if dtype.is_float() {
        return Err(cx.it.type_error("shifts are defined for integers"));
    }
    let (x, y) = (cx.converted(&x, dtype)?, cx.converted(&y, dtype)?);
    let two = cx.constant(Scalar::int(dtype, 2))?;
    let power = cx.emit(&arithmetic::POW, &[&two, &y], &[])?;
    let result = cx.emit(by, &[&x, &power], &[])?;
    Ok(cx.wrap(result))
}

/// A condition: bool, or PyTorch's older u8.
fn mask(cx: &mut Cx, a: &Bound, name: &str) -> Eval<Handle> {
    let mask = a.handle(cx, name)?;
    match mask.ty().dtype {
        DType::Bool | DType::U8 => cx.cast(&mask, DType::Bool),
        other => {
            let text = format!(
                "{} expected {name} to be a boolean tensor, but got a tensor with dtype {}",
                a.name(),
                other.torch_name()
            );
            Err(cx.runtime_error(text))
        }
    }
}

fn choose(cx: &mut Cx, a: &Bound) -> Eval {
    let condition = mask(cx, a, "condition")?;
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
    let dtype = cx.result_type(&[&x, &y]);
    let (x, y) = (cx.converted(&x, dtype)?, cx.converted(&y, dtype)?);
    let result = cx.emit(&op::WHERE, &[&condition, &x, &y], &[])?;
    Ok(cx.wrap(result))
}

fn masked_fill(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, mask, value) = (a.handle(cx, "input")?, mask(cx, a, "mask")?, a.operand(cx, "value")?);
    let value = cx.converted(&value, x.ty().dtype)?;
    let result = cx.emit(&op::MASKED_FILL, &[&x, &mask, &value], &[])?;
    Ok(cx.wrap(result))
}

fn nan_to_num(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let dtype = x.ty().dtype;
    if !dtype.is_float() {
        return Ok(cx.wrap(x));
    }
    let (largest, smallest) = (super::creation::largest(dtype), -super::creation::largest(dtype));
    let high = a.opt_float(cx, "posinf")?.unwrap_or(largest);
    let low = a.opt_float(cx, "neginf")?.unwrap_or(smallest);
    let nan = a.float(cx, "nan")?;
    let infinity = cx.constant(Scalar::float(dtype, f64::INFINITY))?;
    let minus = cx.constant(Scalar::float(dtype, f64::NEG_INFINITY))?;
    let is_nan = cx.emit(&function::ISNAN, &[&x], &[])?;
    let is_high = cx.emit(&op::EQ, &[&x, &infinity], &[])?;
    let is_low = cx.emit(&op::EQ, &[&x, &minus], &[])?;
    let mut result = x;
    for (mask, value) in [(is_nan, nan), (is_high, high), (is_low, low)] {
        let value = cx.constant(Scalar::float(dtype, value))?;
        result = cx.emit(&op::MASKED_FILL, &[&result, &mask, &value], &[])?;
    }
    Ok(cx.wrap(result))
}

/// Whether all elements are equal, as a Python bool.
fn equal(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.handle(cx, "input")?, a.handle(cx, "other")?);
    if x.ty().shape != y.ty().shape {
        return Ok(Value::Bool(false));
    }
    let same = super::pair(cx, &op::EQ, &Operand::Tensor(x), &Operand::Tensor(y))?;
    all(cx, &same)
}

fn allclose(cx: &mut Cx, a: &Bound) -> Eval {
    let (rtol, atol, nan) = (a.float(cx, "rtol")?, a.float(cx, "atol")?, a.flag(cx, "equal_nan")?);
    let (x, y) = (item::elements(cx, a.tensor(cx, "input")?)?, item::elements(cx, a.tensor(cx, "other")?)?);
    let close =
        |(x, y): (f64, f64)| x == y || (x - y).abs() <= atol + rtol * y.abs() && y.is_finite() || nan && x.is_nan() && y.is_nan();
    let same_shape = x.shape() == y.shape() || x.numel() == 1 || y.numel() == 1;
    if !same_shape {
        return Err(cx.runtime_error("allclose: the shapes of the tensors differ"));
    }
    let n = x.numel().max(y.numel());
    let repeat = |t: &cresset_ir::Tensor| -> Vec<f64> {
        if t.numel() == 1 { vec![t.get_f64(0).unwrap_or(0.0); n] } else { t.values().collect() }
    };
    Ok(Value::Bool(repeat(&x).into_iter().zip(repeat(&y)).all(close)))
}

fn all(cx: &mut Cx, x: &Handle) -> Eval {
    let result = cx.emit(&reduction::ALL, &[x], &[])?;
    let result = cx.wrap(result);
    item::truth(cx, &result).map(Value::Bool)
}
