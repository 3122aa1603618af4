//! Normalisation into weights: a batch norm after a convolution or a linear layer is another such layer.
//!
//! Law: with `s = weight / √(var + eps)`, `bn(x·w + c) = x·(w·s) + (c - mean)·s + bias`, where s scales the output channels. It holds up to
//! rounding, and only while weights do not change. The new weights are written as a graph, which folding then computes.

use crate::manager::Cx;
use crate::rewrite::{Call, producer, rewrite};
use cresset_ir::op::{arithmetic, conv, function, matmul, movement, norm};
use cresset_ir::{Attr, Builder, DType, Def, Dim, Loc, Node, OpDef, Program, Result, Scalar, Value};

/// Layers whose output channels are dimension 1 of the result and dimension 0 of the weight.
static LAYERS: [&OpDef; 3] = [&conv::CONV1D, &conv::CONV2D, &matmul::LINEAR];

pub fn run(program: &mut Program, cx: &mut Cx) -> Result<usize> {
    if !cx.freeze {
        return Ok(0);
    }
    rewrite(&mut program.methods, &program.facts, &mut cx.fuel, &mut |b: &mut Builder, call: &Call| match layer(b, call) {
        Some(layer) => merged(b, call, &layer).map(Some),
        None => Ok(None),
    })
}

/// The layer under a batch norm, if nobody else uses it and all parameters are stored. Halves are left alone: rounding the weights
/// again would cost precision.
fn layer(b: &Builder, call: &Call) -> Option<Node> {
    if call.node.op != &norm::BATCH_NORM || !matches!(call.ty().dtype, DType::F32 | DType::F64) || call.uses(0) > 1 {
        return None;
    }
    let layer = producer(b, call.operands[0]).filter(|n| LAYERS.contains(&n.op))?;
    let linear_of_rows = layer.op != &matmul::LINEAR || call.ty().rank() == 2;
    let stored = |&v: &Value| matches!(b.graph.def(v), Def::Stored(_));
    let all_stored = layer.operands[1..].iter().chain(&call.operands[1..]).all(stored);
    (linear_of_rows && all_stored).then(|| layer.clone())
}

fn merged(b: &mut Builder, call: &Call, layer: &Node) -> Result<Vec<Value>> {
    b.loc = Loc::fused(&[layer.loc, call.node.loc]);
    let [_, mean, var, affine @ ..] = call.operands else { unreachable!("the schema of batch_norm has three operands") };
    let eps = match call.attr("eps") {
        Attr::Scalar(s) => s.cast(call.ty().dtype),
        _ => Scalar::zero(call.ty().dtype),
    };
    let eps = b.constant(eps);
    let variance = b.op(&arithmetic::ADD, &[*var, eps], &[])?;
    let mut scale = b.op(&function::RSQRT, &[variance], &[])?;
    if let Some(&weight) = affine.first() {
        scale = b.op(&arithmetic::MUL, &[scale, weight], &[])?;
    }
    let weight = layer.operands[1];
    let mut column: Vec<Dim> = vec![1i64.into(); b.ty(weight).rank()];
    column[0] = b.ty(weight).shape[0].clone();
    let rows = b.op(&movement::RESHAPE, &[scale], &[("shape", column.into())])?;
    let weight = b.op(&arithmetic::MUL, &[weight, rows], &[])?;
    let centre = match layer.operands.get(2) {
        Some(&bias) => b.op(&arithmetic::SUB, &[bias, *mean], &[])?,
        None => b.op(&arithmetic::NEG, &[*mean], &[])?,
    };
    let mut shift = b.op(&arithmetic::MUL, &[centre, scale], &[])?;
    if let Some(&bias) = affine.get(1) {
        shift = b.op(&arithmetic::ADD, &[shift, bias], &[])?;
    }
    b.emit_with_blocks(layer.op, &[layer.operands[0], weight, shift], layer.attrs.clone(), vec![])
}
