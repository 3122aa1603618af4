//! Results of `forward`: nested tuples, lists, dicts and objects, as a tree over a flat list of tensors.

use super::cx::Cx;
use super::handle::Handle;
use super::size::SymInt;
use super::tensor::Tensor;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use cresset_ir::op::creation;
use cresset_ir::{Diagnostic, Scalar, Tree, codes};

/// The structure of a result and its tensors in order. Named tuples count as tuples, data classes as dicts.
pub fn flatten(cx: &mut Cx, value: &Value) -> Eval<(Tree, Vec<Handle>)> {
    let mut leaves = vec![];
    let tree = walk(cx, value, &mut leaves)?;
    Ok((tree, leaves))
}

fn walk(cx: &mut Cx, value: &Value, leaves: &mut Vec<Handle>) -> Eval<Tree> {
    cx.it.deeper()?;
    if let Some(tensor) = value.downcast::<Tensor>() {
        leaves.push(tensor.read(cx)?);
        return Ok(Tree::Leaf);
    }
    if let Some(size) = value.downcast::<SymInt>() {
        leaves.push(cx.emit(&creation::SIZE, &[], &[("size", size.dim.clone().into())])?);
        return Ok(Tree::Leaf);
    }
    Ok(match value.primitive() {
        Value::None => Tree::None,
        Value::Bool(b) => Tree::Number(Scalar::bool(*b)),
        Value::Int(i) => Tree::Number(Scalar::int(cresset_ir::DType::I64, *i)),
        Value::Float(f) => Tree::Number(Scalar::float(cresset_ir::DType::F64, *f)),
        Value::Tuple(items) => Tree::Tuple(items.iter().map(|v| walk(cx, v, leaves)).collect::<Eval<_>>()?),
        Value::List(items) => {
            let items = items.borrow().clone();
            Tree::List(items.iter().map(|v| walk(cx, v, leaves)).collect::<Eval<_>>()?)
        }
        Value::Dict(dict) => {
            let entries: Vec<_> = dict.borrow().iter().map(|(k, v)| (k.value.clone(), v.clone())).collect();
            Tree::Dict(entries.iter().map(|(k, v)| Ok((key(cx, k)?, walk(cx, v, leaves)?))).collect::<Eval<_>>()?)
        }
        Value::Instance(instance) if instance.class().lookup("__dataclass_fields__").is_some() => {
            let entries: Vec<_> = instance.dict.borrow().iter().map(|(k, v)| (k.value.clone(), v.clone())).collect();
            Tree::Dict(entries.iter().map(|(k, v)| Ok((key(cx, k)?, walk(cx, v, leaves)?))).collect::<Eval<_>>()?)
        }
        _ => return Err(no_output(cx, value)),
    })
}

fn key(cx: &mut Cx, key: &Value) -> Eval<String> {
    match key.primitive() {
        Value::Str(s) => Ok(s.to_string()),
        Value::Int(i) => Ok(i.to_string()),
        _ => Err(no_output(cx, key)),
    }
}

fn no_output(cx: &Cx, value: &Value) -> Box<crate::eval::raise::Raise> {
    let text = format!("forward returns a value of type '{}', which no program can", cx.it.type_name(value));
    let hint = "return tensors, numbers and None, in tuples, lists, dicts and data classes";
    cx.refuse(Diagnostic::error(codes::UNSUPPORTED, text).hint(hint))
}
