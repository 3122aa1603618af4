//! Prints every sample of every op as JSON, for `tests/golden/make.py`: one list of calls, attributes complete.
//!
//! Numbers that JSON cannot hold are the strings "nan", "inf" and "-inf".

use cresset_ir::builder::complete_attrs;
use cresset_ir::op::{ALL, Attr, OpDef, Sample, SampleOperand};
use cresset_ir::{Dim, Scalar};
use serde_json::{Map, Value, json};

fn main() -> Result<(), cresset_ir::Diagnostic> {
    let mut calls = vec![];
    for op in ALL {
        for sample in (op.samples)() {
            calls.push(call(op, &sample)?);
        }
    }
    println!("{}", Value::Array(calls));
    Ok(())
}

fn call(op: &'static OpDef, sample: &Sample) -> cresset_ir::Result<Value> {
    let attrs = complete_attrs(op, &sample.attrs)?;
    let attrs: Map<_, _> = op.attrs.iter().zip(&attrs).map(|(def, v)| (def.name.to_owned(), attr(v))).collect();
    let operands: Vec<_> = sample.operands.iter().map(operand).collect();
    Ok(json!({ "op": op.name, "call": sample.to_string(), "operands": operands, "attrs": attrs }))
}

fn operand(x: &SampleOperand) -> Value {
    json!({ "dtype": x.dtype.name(), "shape": x.shape, "values": x.values.iter().map(|&v| number(v)).collect::<Vec<_>>() })
}

fn attr(a: &Attr) -> Value {
    match a {
        Attr::Bool(v) => json!(v),
        Attr::Int(v) => json!(v),
        Attr::Ints(v) => json!(v),
        Attr::Scalar(v) => number(*v),
        Attr::Dim(v) => size(v),
        Attr::Dims(v) => v.iter().map(size).collect(),
        Attr::DType(v) => json!(v.name()),
        Attr::Str(v) => json!(v),
    }
}

fn size(d: &Dim) -> Value {
    json!(d.known().expect("samples have known sizes"))
}

/// The shortest text that reads back as the value in its dtype.
fn number(s: Scalar) -> Value {
    let text = s.to_string();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
