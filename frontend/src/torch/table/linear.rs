//! Matrix products.

use super::Body::Fn;
use super::{F, M, Row, T, pair};
use crate::eval::raise::Eval;
use crate::torch::cx::{Cx, Number, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use cresset_ir::Dim;
use cresset_ir::op::{arithmetic, matmul as op};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("matmul|mm|bmm(input, other)",                         T | M, Fn(matmul)),
    Row("mv|dot|inner|vdot(input, other)",                     T | M, Fn(matmul)),
    Row("outer|ger(input, vec2)",                              T | M, Fn(outer)),
    Row("addmm(input, mat1, mat2, *, beta=1, alpha=1)",        T | M, Fn(addmm)),
    Row("baddbmm(input, mat1, mat2, *, beta=1, alpha=1)",      T | M, Fn(addmm)),
    Row("linear(input, weight, bias=None)",                    F,     Fn(linear)),
    Row("bilinear(input1, input2, weight, bias=None)",         F,     Fn(bilinear)),
];

fn same_dtype(cx: &Cx, x: &Handle, y: &Handle) -> Eval<()> {
    if x.ty().dtype == y.ty().dtype {
        return Ok(());
    }
    let (x, y) = (super::capitalised(x.ty().dtype), super::capitalised(y.ty().dtype));
    Err(cx.runtime_error(format!(
        "expected m1 and m2 to have the same dtype, but got: {} != {}",
        x.to_lowercase(),
        y.to_lowercase()
    )))
}

/// 1-d operands are rows or columns whose dimension is taken out of the result.
pub fn product(cx: &mut Cx, x: &Handle, y: &Handle) -> Eval<Handle> {
    same_dtype(cx, x, y)?;
    if x.rank() == 0 || y.rank() == 0 {
        return Err(cx.runtime_error("both arguments to matmul need to be at least 1D, but they are 0D"));
    }
    let (row, column) = (x.rank() == 1, y.rank() == 1);
    let one = Dim::from(1i64);
    let left = if row { cx.reshape(x, vec![one.clone(), x.ty().shape[0].clone()])? } else { x.clone() };
    let right = if column { cx.reshape(y, vec![y.ty().shape[0].clone(), one])? } else { y.clone() };
    let result = cx.emit(&op::MATMUL, &[&left, &right], &[])?;
    let mut shape = result.ty().shape.clone();
    if column {
        shape.pop();
    }
    if row {
        shape.remove(shape.len() - 1 - !column as usize);
    }
    cx.reshape(&result, shape)
}

fn matmul(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.handle(cx, "input")?, a.handle(cx, "other")?);
    let result = product(cx, &x, &y)?;
    Ok(cx.wrap(result))
}

fn outer(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.handle(cx, "input")?, a.operand(cx, "vec2")?);
    let column = cx.reshape(&x, vec![x.ty().numel(), 1i64.into()])?;
    let result = pair(cx, &arithmetic::MUL, &Operand::Tensor(column), &y)?;
    Ok(cx.wrap(result))
}

/// `beta * input + alpha * (mat1 @ mat2)`
fn addmm(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.handle(cx, "mat1")?, a.handle(cx, "mat2")?);
    let mut result = product(cx, &x, &y)?;
    let mut input = a.handle(cx, "input")?;
    for (value, factor) in [(&mut result, "alpha"), (&mut input, "beta")] {
        let factor = a.number(cx, factor)?;
        if factor.as_f64() != Some(1.0) {
            *value = pair(cx, &arithmetic::MUL, &Operand::Tensor(value.clone()), &Operand::Number(factor))?;
        }
    }
    let ignored = a.number(cx, "beta")? == Number::Int(0);
    let sum = if ignored { result } else { pair(cx, &arithmetic::ADD, &Operand::Tensor(input), &Operand::Tensor(result))? };
    Ok(cx.wrap(sum))
}

fn linear(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, weight, bias) = (a.handle(cx, "input")?, a.handle(cx, "weight")?, a.opt_handle(cx, "bias")?);
    same_dtype(cx, &x, &weight)?;
    let operands: Vec<&Handle> = [&x, &weight].into_iter().chain(&bias).collect();
    let result = cx.emit(&op::LINEAR, &operands, &[])?;
    Ok(cx.wrap(result))
}

/// `x1 · W_o · x2` for each output: a product with the first, then a weighted sum with the second.
fn bilinear(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y, weight) = (a.handle(cx, "input1")?, a.handle(cx, "input2")?, a.handle(cx, "weight")?);
    let [out, m, n] = &weight.ty().shape[..] else { return Err(cx.runtime_error("bilinear expects a weight of 3 dimensions")) };
    let flat = cx.permute(&weight, &[0, 2, 1])?;
    let flat = cx.reshape(&flat, vec![out.clone() * n.clone(), m.clone()])?;
    let partial = cx.emit(&op::LINEAR, &[&x, &flat], &[])?;
    let mut shape = x.ty().shape.clone();
    shape.pop();
    shape.extend([out.clone(), n.clone()]);
    let partial = cx.reshape(&partial, shape)?;
    let mut column = y.ty().shape.clone();
    column.push(1i64.into());
    let column = cx.reshape(&y, column)?;
    let result = cx.emit(&op::MATMUL, &[&partial, &column], &[])?;
    let mut shape = result.ty().shape.clone();
    shape.pop();
    let mut result = cx.reshape(&result, shape)?;
    if let Some(bias) = a.opt_handle(cx, "bias")? {
        result = cx.emit(&arithmetic::ADD, &[&result, &bias], &[])?;
    }
    Ok(cx.wrap(result))
}
