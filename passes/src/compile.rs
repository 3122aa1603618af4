//! From optimised programs to plans: fuse, then one kernel per region. Regions that are equal but for their names share one compilation.

use crate::{fuse, legalise, lower, plan, schedule};
use cresset_ir::graph::{Def, Graph, NodeId, Value};
use cresset_ir::plan::{Code, Plan};
use cresset_ir::{Attr, Facts, Program, Result, Target, verify};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;

/// The plan of every method of a fused program, in order.
///
/// # Errors
/// The first problem of verification, and whatever lowering and planning say.
pub fn plans(program: &Program, target: &Target) -> Result<Vec<Plan>> {
    let verified = verify(program).map_err(|mut problems| problems.swap_remove(0))?;
    let known: RefCell<HashMap<String, Code>> = RefCell::default();
    let compile = |graph: &Graph, region: NodeId| {
        let key = shape_of(graph, region);
        let mut known = known.borrow_mut();
        let code = match known.get(&key) {
            Some(code) => code.clone(),
            None => known.entry(key).insert_entry(kernel(graph, region, &program.facts, target)?).get().clone(),
        };
        Ok(named(code, graph, region))
    };
    program.methods.keys().map(|method| plan::plan(verified, method, &compile)).collect()
}

/// Lowers, legalises and schedules one region.
fn kernel(graph: &Graph, region: NodeId, facts: &Facts, target: &Target) -> Result<Code> {
    let mut kernel = lower::lower(graph, region, facts)?;
    legalise::legalise(&mut kernel);
    Ok(schedule::schedule(kernel, target))
}

/// Fuses and plans in one go.
///
/// # Errors
/// As [`plans`].
pub fn fuse_and_plan(program: &mut Program, target: &Target) -> Result<Vec<Plan>> {
    fuse::fuse(program)?;
    plans(program, target)
}

/// What a region computes, without names and places: equal texts are equal kernels.
fn shape_of(graph: &Graph, region: NodeId) -> String {
    let node = graph.node(region);
    let block = &node.blocks[0];
    let mut numbers: HashMap<Value, usize> = HashMap::new();
    let mut text = String::new();
    for (&outer, &v) in node.operands.iter().zip(&block.params) {
        let stored = matches!(graph.def(outer), Def::Stored(_));
        let n = numbers.len();
        numbers.insert(v, n);
        write!(text, "{}{};", graph.ty(v), if stored { "@" } else { "" }).expect("a string takes all text");
    }
    let operand = |text: &mut String, v: Value, numbers: &HashMap<Value, usize>| {
        match (graph.def(v), numbers.get(&v)) {
            (Def::Const(c), _) => write!(text, "{c:?},"),
            (_, Some(n)) => write!(text, "{n},"),
            (d, None) => write!(text, "{d:?},"),
        }
        .expect("a string takes all text");
    };
    for &n in &block.nodes {
        let inner = graph.node(n);
        write!(text, "{}{:?}(", inner.op.name, inner.attrs).expect("a string takes all text");
        inner.operands.iter().for_each(|&v| operand(&mut text, v, &numbers));
        for &v in &inner.results {
            let n = numbers.len();
            numbers.insert(v, n);
            write!(text, "){};", graph.ty(v)).expect("a string takes all text");
        }
    }
    block.results.iter().for_each(|&v| operand(&mut text, v, &numbers));
    text
}

/// The kernel under the name and place of a region.
fn named(mut code: Code, graph: &Graph, region: NodeId) -> Code {
    let node = graph.node(region);
    let (old, name) = (
        code.name().to_owned(),
        match &node.attrs[..] {
            [Attr::Str(name)] => name.clone(),
            _ => node.op.name.to_owned(),
        },
    );
    if old == name {
        return code;
    }
    match &mut code {
        Code::Loops(l) => (l.name, l.loc) = (name, node.loc),
        Code::Contract(c) => (c.name, c.loc) = (name, node.loc),
    }
    code
}
