//! Opening composites: their definitions take their places, under the same location.

use crate::manager::Cx;
use crate::rewrite::{Call, rewrite};
use cresset_ir::op::Meaning;
use cresset_ir::{Builder, Program, Result};

pub fn run(program: &mut Program, cx: &mut Cx) -> Result<usize> {
    rewrite(&mut program.methods, &program.facts, &mut cx.fuel, &mut |b: &mut Builder, call: &Call| match call.node.op.meaning {
        Meaning::Composite(_) => b.expand(call.node.op, call.operands, &call.node.attrs).map(Some),
        _ => Ok(None),
    })
}
