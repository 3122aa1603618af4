//! Structural ops: control flow and grouping. These are the only ops that a pass may match by name.

use super::attr::{AttrKind, attr};
use super::def::{Class, Meaning::Structural, OpDef, many, operand};
use super::sig::Sig;
use crate::codes;
use crate::diag::Result;
use crate::types::Type;

/// A group of nodes that becomes one kernel. Its block has one parameter per operand and sees nothing else from outside but
/// stored values and constants.
pub static REGION: OpDef = OpDef {
    name: "region",
    doc: "A group of nodes that runs as one kernel.",
    operands: &[many("inputs", Class::Any)],
    attrs: &[attr("name", AttrKind::Str)],
    infer: region_types,
    meaning: Structural,
    samples: Vec::new,
};

/// `if`: the first block where the condition holds, the second elsewhere; both give the same types.
pub static IF: OpDef = OpDef {
    name: "if",
    doc: "The results of the first block if the condition holds, of the second if not.",
    operands: &[operand("cond", Class::Bool)],
    attrs: &[],
    infer: if_types,
    meaning: Structural,
    samples: Vec::new,
};

/// `loop`: the first block gives the condition from the carried values, the second their next values.
pub static LOOP: OpDef = OpDef {
    name: "loop",
    doc: "While the first block says so, the carried values become what the second block makes of them.",
    operands: &[many("carried", Class::Any)],
    attrs: &[],
    infer: loop_types,
    meaning: Structural,
    samples: Vec::new,
};

fn region_types(s: &Sig) -> Result<Vec<Type>> {
    match s.blocks {
        [block] => Ok(block.clone()),
        _ => Err(s.error(codes::ARITY, "needs one block")),
    }
}

fn if_types(s: &Sig) -> Result<Vec<Type>> {
    s.require_rank(0, 0, 0)?;
    match s.blocks {
        [a, b] if a == b => Ok(a.clone()),
        [a, b] => Err(s.error(codes::SHAPE_MISMATCH, format!("has branches of different types: {a:?} and {b:?}"))),
        _ => Err(s.error(codes::ARITY, "needs two blocks")),
    }
}

fn loop_types(s: &Sig) -> Result<Vec<Type>> {
    match s.blocks {
        [cond, body] if *cond == [Type::scalar(crate::dtype::DType::Bool)] && body == s.operands => Ok(body.clone()),
        [_, body] if body != s.operands => {
            Err(s.error(codes::SHAPE_MISMATCH, format!("carries {:?}, its body gives {body:?}", s.operands)))
        }
        _ => Err(s.error(codes::ARITY, "needs a block that gives one 0-d bool, and a body")),
    }
}
