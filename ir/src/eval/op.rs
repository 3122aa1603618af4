//! One call of an op on tensors, by the op's own definition.

use super::graph::evaluate;
use super::lanes::offset;
use super::points::sweep;
use crate::builder::Builder;
use crate::call::Sizes;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::Facts;
use crate::graph::Tree;
use crate::kernel::{AxisId, BufId, Ex, ExprId, Exprs, ScalarOp};
use crate::op::elem::Read;
use crate::op::{Attr, Elem, Meaning, OpDef, Sig, Update};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::types::Type;

/// The results of `op` on concrete operands; attributes are complete, in schema order, and without symbols.
///
/// # Errors
/// What the op's schema and type rule say of the call; `E0503` when an index in the operands points outside a tensor.
pub fn call(op: &'static OpDef, operands: &[Tensor], attrs: &[Attr]) -> Result<Vec<Tensor>> {
    let types: Vec<Type> = operands.iter().map(Tensor::ty).collect();
    let facts = Facts::default();
    let sig = Sig::new(op, &types, attrs, &facts, &[]);
    match op.meaning {
        Meaning::Elements(rule) => elements(&sig, rule, operands),
        Meaning::Updates(rule) => updates(&sig, rule, operands),
        Meaning::Composite(_) => composite(&sig, operands),
        Meaning::Structural => Err(sig.error(codes::INVALID_GRAPH, "has blocks, which only a graph gives a meaning")),
    }
}

/// The one result of an op with an element rule, and its type.
fn result(sig: &Sig) -> Result<(Type, Tensor)> {
    let ty = sig.infer()?.into_iter().next().ok_or_else(|| sig.error(codes::INVALID_GRAPH, "infers no result"))?;
    let shape = ty.known_shape().ok_or_else(|| sig.error(codes::INVALID_GRAPH, format!("gives {ty} for known operands")))?;
    let tensor = Tensor::zeros(ty.dtype, &shape)?;
    Ok((ty, tensor))
}

fn axes(pool: &Exprs, space: &Type) -> Vec<AxisId> {
    space.shape.iter().map(|d| pool.axis(d.clone())).collect()
}

fn elements(sig: &Sig, rule: for<'a> fn(&Elem<'a>) -> Ex<'a>, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let (ty, mut out) = result(sig)?;
    let pool = Exprs::new(Facts::default());
    let axes = axes(&pool, &ty);
    let read: &Read = &|k, ix| pool.load(BufId(k as u32), sig.ty(k).dtype, ix);
    let ix = axes.iter().map(|&a| pool.axis_ex(a)).collect();
    let value = rule(&Elem { pool: &pool, sig, result: &ty, ix, read }).cast(ty.dtype);
    let mut place = 0;
    sweep(&pool, &axes, &[value.id()], &Sizes::new(), operands, &mut |v| {
        place += 1;
        out.set(place - 1, v[0])
    })
    .map_err(|d| in_op(sig, d))?;
    Ok(vec![out])
}

fn updates(sig: &Sig, rule: for<'a> fn(&Elem<'a>) -> Update<'a>, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let (ty, _) = result(sig)?;
    let pool = Exprs::new(Facts::default());
    let axes = axes(&pool, sig.operands.last().expect("the schema of an update has operands"));
    let read: &Read = &|k, ix| pool.load(BufId(k as u32), sig.ty(k).dtype, ix);
    let ix = axes.iter().map(|&a| pool.axis_ex(a)).collect();
    let update = rule(&Elem { pool: &pool, sig, result: &ty, ix, read });
    let roots: Vec<ExprId> = update.at.iter().chain([&update.value]).map(|x| x.id()).collect();
    let mut out = operands[0].clone();
    sweep(&pool, &axes, &roots, &Sizes::new(), operands, &mut |v| push(&mut out, v, update.combine))
        .map_err(|d| in_op(sig, d))?;
    Ok(vec![out])
}

/// Stores the last of `at_and_value` at the index that the others are, combined in the value's dtype with what is there.
pub fn push(out: &mut Tensor, at_and_value: &[Scalar], combine: Option<ScalarOp>) -> Result<()> {
    let (value, at) = at_and_value.split_last().expect("a store has a value");
    let at: Vec<i64> = at.iter().map(|s| s.as_i64()).collect();
    let place = offset(out, &at)?;
    let old = out.get(place).expect("`offset` gives places inside").cast(value.dtype());
    out.set(place, combine.map_or(*value, |op| op.eval(&[old, *value])))
}

/// Opens a composite into a graph of its own and evaluates that.
fn composite(sig: &Sig, operands: &[Tensor]) -> Result<Vec<Tensor>> {
    let declared = sig.infer()?;
    let mut b = Builder::new(sig.op.name, Facts::default());
    let inputs: Vec<_> = sig.operands.iter().enumerate().map(|(k, ty)| b.input(&format!("x{k}"), ty.clone())).collect();
    let values = b.expand(sig.op, &inputs, sig.attrs)?;
    let output = Tree::Tuple(vec![Tree::Leaf; values.len()]);
    let (graph, _) = b.finish(values, output);
    let results = evaluate(&graph, &|_| None, Sizes::new(), operands)?;
    let types: Vec<Type> = results.iter().map(Tensor::ty).collect();
    if types != declared {
        return Err(sig.error(codes::INVALID_GRAPH, format!("infers {declared:?}, its definition gives {types:?}")));
    }
    Ok(results)
}

/// Names the op in an error that arose inside its rule.
fn in_op(sig: &Sig, error: Diagnostic) -> Diagnostic {
    let message = format!("`{}`: {}", sig.op.name, error.message());
    Diagnostic::error(error.code(), message)
}
