//! Dead code: nodes whose results nobody uses.

use crate::manager::Cx;
use crate::rewrite::{Call, rebuild};
use cresset_ir::{Builder, Program, Result};

/// Removes what is not used; rebuilding does it.
pub fn run(program: &mut Program, _: &mut Cx) -> Result<usize> {
    let mut removed = 0;
    for graph in program.methods.values_mut() {
        let before = graph.live_nodes().len();
        *graph = rebuild(graph, &program.facts, &mut 0, &mut |_: &mut Builder, _: &Call| Ok(None))?;
        removed += before - graph.live_nodes().len();
    }
    Ok(removed)
}
