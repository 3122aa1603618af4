//! Kernels: stages at every point of their axes, in order; contractions first. The oracle for scheduling.

use super::op::push;
use super::points::sweep;
use crate::call::Sizes;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::kernel::{Buffer, Contraction, ExprId, Exprs, Kernel, Role, Stage, reduce};
use crate::tensor::Tensor;

/// The buffers that a kernel leaves to its caller, in their order: results and updates. `operands` are its operands, in order.
///
/// # Errors
/// `E0503` for an index outside a buffer, `E0601` for operands that are not what the kernel declares.
pub fn kernel(kernel: &Kernel, sizes: &Sizes, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let exprs = kernel.exprs.clone();
    let mut buffers = allocate(&kernel.buffers, sizes, operands)?;
    for c in &kernel.contractions {
        stage(&exprs, &sum_of_products(&exprs, c), sizes, &mut buffers)?;
    }
    for s in &kernel.stages {
        stage(&exprs, s, sizes, &mut buffers)?;
    }
    Ok(outputs(&kernel.buffers, buffers))
}

fn stage(exprs: &Exprs, stage: &Stage, sizes: &Sizes, buffers: &mut [Tensor]) -> Result<()> {
    let roots: Vec<ExprId> = stage.at.iter().chain([&stage.value]).copied().collect();
    let mut out = buffers[stage.out.0 as usize].clone();
    sweep(exprs, &stage.axes, &roots, sizes, buffers, &mut |v| push(&mut out, v, stage.combine))?;
    buffers[stage.out.0 as usize] = out;
    Ok(())
}

/// The definition of a contraction, as a stage.
fn sum_of_products(exprs: &Exprs, c: &Contraction) -> Stage {
    let product = exprs.ex(c.a).cast(c.dtype) * exprs.ex(c.b).cast(c.dtype);
    let value = exprs.reduce(&reduce::SUM, &c.k, &[product])[0].id();
    let axes = [&c.batch[..], &c.m[..], &c.n[..]].concat();
    let at = axes.iter().map(|&a| exprs.axis_ex(a).id()).collect();
    Stage { out: c.acc, axes, at, value, combine: None }
}

/// Every buffer: operands as given, updates as copies of what they start as, the rest filled with values that spoil a result
/// which reads them before they are written.
pub fn allocate(declared: &[Buffer], sizes: &Sizes, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut given = operands.iter();
    let mut out: Vec<Tensor> = vec![];
    for b in declared {
        let shape: Option<Vec<usize>> = b.ty.shape.iter().map(|d| d.at(sizes).and_then(|n| usize::try_from(n).ok())).collect();
        let shape = shape.ok_or_else(|| invalid(format!("the size of buffer `{}`: {} is not known", b.name, b.ty)))?;
        let tensor = match b.role {
            Role::Operand | Role::Stored => {
                given.next().cloned().ok_or_else(|| invalid(format!("no operand is given for `{}`", b.name)))?
            }
            Role::Update(start) => {
                let start = out.get(start.0 as usize).cloned();
                start.ok_or_else(|| invalid(format!("`{}` starts as a buffer that comes after it", b.name)))?
            }
            Role::Result | Role::Scratch => spoilt(b, &shape)?,
        };
        if tensor.dtype() != b.ty.dtype || tensor.numel() != shape.iter().product::<usize>() {
            return Err(invalid(format!("buffer `{}` is declared {}, got {}", b.name, b.ty, tensor.ty())));
        }
        out.push(tensor);
    }
    Ok(out)
}

/// NaN for floats, the largest value for integers.
pub fn spoilt(b: &Buffer, shape: &[usize]) -> Result<Tensor> {
    let mut tensor = Tensor::zeros(b.ty.dtype, shape)?;
    let value = match b.ty.dtype {
        d if d.is_float() => crate::Scalar::float(d, f64::NAN),
        d => crate::Scalar::highest(d),
    };
    (0..tensor.numel()).try_for_each(|i| tensor.set(i, value))?;
    Ok(tensor)
}

pub fn outputs(declared: &[Buffer], buffers: Vec<Tensor>) -> Vec<Tensor> {
    let left = |b: &Buffer| matches!(b.role, Role::Result | Role::Update(_));
    declared.iter().zip(buffers).filter(|(b, _)| left(b)).map(|(_, t)| t).collect()
}

fn invalid(text: String) -> Diagnostic {
    Diagnostic::error(codes::INVALID_GRAPH, text)
}
