//! What a tensor is (sizes, dtype, placement), conversions, and values for Python.

use super::Body::Fn;
use super::{I, M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::Cx;
use crate::torch::dtype::{Device, dtype_of};
use crate::torch::item;
use crate::torch::signature::Bound;
use crate::torch::tensor::Tensor;
use cresset_ir::DType::{self, *};
use cresset_ir::{Scalar, types::Sizes};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("size(input, dim=None)",                                    M,     Fn(size)),
    Row("stride(input, dim=None)",                                  M,     Fn(stride)),
    Row("dim|ndimension(input)",                                    M,     Fn(dim)),
    Row("numel|nelement(input)",                                    T | M, Fn(numel)),
    Row("element_size(input)",                                      M,     Fn(element_size)),
    Row("is_floating_point(input)",                                 T | M, Fn(is_floating_point)),
    Row("is_complex(input)",                                        T | M, Fn(is_complex)),
    Row("is_contiguous(input)",                                     M,     Fn(is_contiguous)),
    Row("is_tensor(obj)",                                           T,     Fn(is_tensor)),
    Row("is_nonzero(input)",                                        T | M, Fn(is_nonzero)),
    Row("to(input, first=None, second=None, *, dtype=None, copy=False)", M, Fn(to)),
    Row("type(input, dtype=None)",                                  M,     Fn(type_)),
    Row("type_as(input, other)",                                    M,     Fn(type_as)),
    Row("float(input)",                                             M,     Fn(|cx, a| cast(cx, a, F32))),
    Row("double(input)",                                            M,     Fn(|cx, a| cast(cx, a, F64))),
    Row("half(input)",                                              M,     Fn(|cx, a| cast(cx, a, F16))),
    Row("bfloat16(input)",                                          M,     Fn(|cx, a| cast(cx, a, BF16))),
    Row("long(input)",                                              M,     Fn(|cx, a| cast(cx, a, I64))),
    Row("int(input)",                                               M,     Fn(|cx, a| cast(cx, a, I32))),
    Row("short(input)",                                             M,     Fn(|cx, a| cast(cx, a, I16))),
    Row("char(input)",                                              M,     Fn(|cx, a| cast(cx, a, I8))),
    Row("byte(input)",                                              M,     Fn(|cx, a| cast(cx, a, U8))),
    Row("bool(input)",                                              M,     Fn(|cx, a| cast(cx, a, Bool))),
    Row("cpu|cuda|numpy_force(input, device=None)",                 M,     Fn(itself)),
    Row("requires_grad_(input, requires_grad=True)",                M,     Fn(requires_grad_)),
    Row("item(input)",                                              M,     Fn(item_)),
    Row("tolist(input)",                                            M,     Fn(tolist)),
    Row("fill(input, value)",                                       M | I, Fn(fill)),
    Row("zero_(input)",                                             M,     Fn(zero_)),
    Row("copy_(input, src, non_blocking=False)",                    M,     Fn(copy_)),
    Row("result_type(tensor, other)",                               T,     Fn(result_type)),
    Row("promote_types(type1, type2)",                              T,     Fn(promote_types)),
    Row("data_ptr(input)",                                          M,     Fn(data_ptr)),
];

fn input<'b>(cx: &Cx, a: &'b Bound) -> Eval<&'b Tensor> {
    a.tensor(cx, "input")
}

fn size(cx: &mut Cx, a: &Bound) -> Eval {
    let shape = input(cx, a)?.shape();
    if a.value("dim").is_none() {
        return Ok(cx.torch.shape(&shape));
    }
    let dim = a.axis(cx, "dim", shape.len())?;
    match shape.get(dim) {
        Some(size) => Ok(cx.torch.size(size)),
        None => Err(cx.it.error("IndexError", "dimension specified as 0 but tensor has no dimensions")),
    }
}

fn stride(cx: &mut Cx, a: &Bound) -> Eval {
    let strides = input(cx, a)?.place().layout.strides.clone();
    if a.value("dim").is_none() {
        return Ok(Value::tuple(strides.iter().map(|s| cx.torch.size(s))));
    }
    let dim = a.axis(cx, "dim", strides.len())?;
    Ok(strides.get(dim).map_or(Value::Int(1), |s| cx.torch.size(s)))
}

fn dim(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(Value::Int(input(cx, a)?.shape().len() as i64))
}

fn numel(cx: &mut Cx, a: &Bound) -> Eval {
    let count = input(cx, a)?.shape().into_iter().product();
    Ok(cx.torch.size(&count))
}

fn element_size(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(Value::Int(input(cx, a)?.dtype().size() as i64))
}

fn is_floating_point(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(Value::Bool(input(cx, a)?.dtype().is_float()))
}

fn is_complex(cx: &mut Cx, a: &Bound) -> Eval {
    input(cx, a).map(|_| Value::Bool(false))
}

fn is_contiguous(cx: &mut Cx, a: &Bound) -> Eval {
    Ok(Value::Bool(input(cx, a)?.is_contiguous()))
}

fn is_tensor(_: &mut Cx, a: &Bound) -> Eval {
    Ok(Value::Bool(a.value("obj").downcast::<Tensor>().is_some()))
}

fn is_nonzero(cx: &mut Cx, a: &Bound) -> Eval {
    item::truth(cx, a.first()).map(Value::Bool)
}

/// The tensor itself if it has the dtype, a copy otherwise.
fn cast(cx: &mut Cx, a: &Bound, dtype: DType) -> Eval {
    let x = input(cx, a)?;
    if x.dtype() == dtype {
        return Ok(a.first().clone());
    }
    let value = x.read(cx)?;
    let value = cx.cast(&value, dtype)?;
    Ok(cx.wrap(value))
}

/// `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`.
fn to(cx: &mut Cx, a: &Bound) -> Eval {
    let mut dtype = a.dtype(cx, "dtype")?;
    for name in ["first", "second"] {
        let value = a.value(name);
        if let Some(other) = value.downcast::<Tensor>() {
            dtype = Some(other.dtype());
        } else if let Some(found) = dtype_of(cx, value)? {
            dtype = Some(found);
        } else if !(value.is_none()
            || value.as_str().is_some()
            || value.downcast::<Device>().is_some()
            || value.as_int().is_some())
        {
            return Err(a.wrong(cx, name, "a dtype, a device or a Tensor"));
        }
    }
    let own = input(cx, a)?.dtype();
    if a.flag(cx, "copy")? && dtype.is_none_or(|d| d == own) {
        let value = a.handle(cx, "input")?;
        return Ok(cx.wrap(value));
    }
    cast(cx, a, dtype.unwrap_or(own))
}

fn type_(cx: &mut Cx, a: &Bound) -> Eval {
    match (a.value("dtype").is_none(), dtype_of(cx, a.value("dtype"))?) {
        (true, _) => Ok(format!("torch.{}Tensor", super::capitalised(input(cx, a)?.dtype())).into()),
        (false, Some(dtype)) => cast(cx, a, dtype),
        (false, None) => Err(a.wrong(cx, "dtype", "torch.dtype")),
    }
}

fn type_as(cx: &mut Cx, a: &Bound) -> Eval {
    let dtype = a.tensor(cx, "other")?.dtype();
    cast(cx, a, dtype)
}

/// Where tensors are is decided when a program is compiled.
fn itself(cx: &mut Cx, a: &Bound) -> Eval {
    input(cx, a)?;
    Ok(a.first().clone())
}

fn requires_grad_(cx: &mut Cx, a: &Bound) -> Eval {
    let flag = a.flag(cx, "requires_grad")?;
    input(cx, a)?.set_requires_grad(flag);
    Ok(a.first().clone())
}

fn item_(cx: &mut Cx, a: &Bound) -> Eval {
    item::item(cx, input(cx, a)?)
}

fn tolist(cx: &mut Cx, a: &Bound) -> Eval {
    item::tolist(cx, input(cx, a)?)
}

fn fill(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let (shape, dtype) = (x.shape(), x.dtype());
    let value = a.operand(cx, "value")?;
    if let crate::torch::cx::Operand::Number(number) = &value
        && let Some(scalar) = number.scalar(dtype)
    {
        let result = cx.full(scalar, &shape, dtype)?;
        return Ok(cx.wrap(result));
    }
    let value = cx.converted(&value, dtype)?;
    let result = cx.expand(&value, &shape)?;
    Ok(cx.wrap(result))
}

fn zero_(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let zero = cx.full(Scalar::zero(x.dtype()), &x.shape(), x.dtype())?;
    x.write(cx, &zero)?;
    Ok(a.first().clone())
}

fn copy_(cx: &mut Cx, a: &Bound) -> Eval {
    let x = input(cx, a)?;
    let value = a.operand(cx, "src")?;
    assign(cx, x, &value)?;
    Ok(a.first().clone())
}

/// Writes a value into a tensor: cast to its dtype, broadcast to its shape.
pub fn assign(cx: &mut Cx, target: &Tensor, value: &crate::torch::cx::Operand) -> Eval<()> {
    let mut value = cx.converted(value, target.dtype())?;
    let shape = target.shape();
    // Leading dimensions of size 1 beyond the target's are dropped.
    let extra = value.rank().saturating_sub(shape.len());
    if extra > 0 && value.ty().shape[..extra].iter().all(|d| d.is(1)) {
        value = cx.reshape(&value, value.ty().shape[extra..].to_vec())?;
    }
    let fits = value.rank() <= shape.len()
        && value
            .ty()
            .shape
            .iter()
            .rev()
            .zip(shape.iter().rev())
            .all(|(v, t)| v.is(1) || v == t || v.known().is_none() || t.known().is_none());
    if !fits {
        let (have, got) = (Sizes(&shape).to_string(), Sizes(&value.ty().shape).to_string());
        return Err(
            cx.runtime_error(format!("The expanded size of the tensor ([{have}]) must match the existing size ([{got}])"))
        );
    }
    let value = cx.expand(&value, &shape)?;
    target.write(cx, &value)
}

fn result_type(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, y) = (a.operand(cx, "tensor")?, a.operand(cx, "other")?);
    Ok(cx.torch.dtype(cx.result_type(&[&x, &y])))
}

fn promote_types(cx: &mut Cx, a: &Bound) -> Eval {
    match (a.dtype(cx, "type1")?, a.dtype(cx, "type2")?) {
        (Some(x), Some(y)) => Ok(cx.torch.dtype(x.promote(y))),
        _ => Err(a.wrong(cx, "type1", "torch.dtype")),
    }
}

/// A number that is the same for tensors on one storage.
fn data_ptr(cx: &mut Cx, a: &Bound) -> Eval {
    let storage = input(cx, a)?.place().storage;
    Ok(Value::Int(std::rc::Rc::as_ptr(&storage) as usize as i64))
}
