//! The formula of an op, printed from its meaning: what the documentation says is what runs.
//!
//! Element and update rules print as a stage of a kernel does, `out[i, j] = sum(k < K: a[i, k] * b[k, j])`; composites as the calls that they stand for. The
//! ranks and attributes are those of the op's first sample; its sizes above 1 become letters, equal sizes the same one.

use super::attr::Attr;
use super::def::{Count, Meaning, OpDef};
use super::elem::{Elem, Read};
use super::sample::Sample;
use super::sig::Sig;
use crate::builder::{Builder, complete_attrs};
use crate::diag::Result;
use crate::dim::{Dim, Facts, Range, Sym};
use crate::graph::{Def, Graph, NodeId, Tree, Value};
use crate::kernel::{AxisId, BufId, Buffer, Ex, ExprId, Exprs, Role, Stage};
use crate::text::print::print_store;
use crate::types::Type;

/// The formula, or `None` for a structural op.
pub fn formula(op: &'static OpDef) -> Option<String> {
    let sample = (op.samples)().into_iter().next()?;
    let (types, facts) = lettered(&sample);
    let attrs = complete_attrs(op, &sample.attrs).ok()?;
    match op.meaning {
        Meaning::Composite(_) => calls(op, &types, &attrs, facts).ok(),
        Meaning::Structural => None,
        _ => rule(op, &types, &attrs, facts).ok(),
    }
}

/// The operand types of a sample, with letters for sizes.
fn lettered(sample: &Sample) -> (Vec<Type>, Facts) {
    let mut known: Vec<usize> = vec![];
    let mut letter = |n: usize| {
        let at = known.iter().position(|&k| k == n).unwrap_or_else(|| {
            known.push(n);
            known.len() - 1
        });
        Sym::new(["N", "M", "K", "L"].get(at).map_or(format!("N{at}"), |s| s.to_string()).as_str())
    };
    let mut facts = Facts::default();
    let mut size = |&n: &usize| {
        if n <= 1 {
            return n.into();
        }
        facts.ranges.insert(letter(n), Range { min: 1, max: None });
        Dim::from(letter(n))
    };
    let types = sample.operands.iter().map(|x| Type::new(x.dtype, x.shape.iter().map(&mut size).collect::<Vec<_>>())).collect();
    (types, facts)
}

/// The schema's names of operands, numbered where one name stands for many.
fn operand_names(op: &OpDef, n: usize) -> Vec<String> {
    let name = |k: usize| match op.operand(k) {
        Some(o) if o.count == Count::Many => format!("{}{k}", o.name),
        o => o.map_or("?", |o| o.name).to_owned(),
    };
    (0..n).map(name).collect()
}

/// The element or update rule as a stage of a kernel.
fn rule(op: &'static OpDef, types: &[Type], attrs: &[Attr], facts: Facts) -> Result<String> {
    let sig = Sig::new(op, types, attrs, &facts, &[]);
    let result = &sig.infer()?[0];
    let exprs = Exprs::new(facts.clone());
    let space = if matches!(op.meaning, Meaning::Updates(_)) { types.last().unwrap_or(result) } else { result };
    let axes: Vec<AxisId> = space.shape.iter().map(|d| exprs.axis(d.clone())).collect();
    let ix: Vec<Ex<'_>> = axes.iter().map(|&a| exprs.axis_ex(a)).collect();
    let read: &Read = &|k, ix| exprs.load(BufId(k as u32), types[k].dtype, ix);
    let elem = Elem { pool: &exprs, sig: &sig, result, ix, read };
    let ids = |at: &[Ex<'_>]| at.iter().map(|e| e.id()).collect::<Vec<ExprId>>();
    let out = BufId(types.len() as u32);
    let stage = match op.meaning {
        Meaning::Elements(rule) => Stage { out, axes, at: ids(&elem.ix), value: rule(&elem).id(), combine: None },
        Meaning::Updates(rule) => {
            let update = rule(&elem);
            Stage { out, axes, at: ids(&update.at), value: update.value.id(), combine: update.combine }
        }
        Meaning::Composite(_) | Meaning::Structural => return Ok(String::new()),
    };
    let operands = operand_names(op, types.len()).into_iter().zip(types).map(|(n, ty)| (n, ty, Role::Operand));
    let buffers = operands.chain([("out".to_owned(), result, Role::Result)]);
    let buffers: Vec<Buffer> = buffers.map(|(name, ty, role)| Buffer { name, ty: ty.clone(), role }).collect();
    Ok(print_store(&exprs, &buffers, &stage))
}

fn joined(parts: impl Iterator<Item = impl std::fmt::Display>) -> String {
    parts.map(|p| p.to_string()).collect::<Vec<_>>().join(", ")
}

/// The calls that a composite stands for, one per line.
fn calls(op: &'static OpDef, types: &[Type], attrs: &[Attr], facts: Facts) -> Result<String> {
    let mut b = Builder::new(op.name, facts);
    let names = operand_names(op, types.len());
    let inputs: Vec<_> = names.iter().zip(types).map(|(name, ty)| b.input(name, ty.clone())).collect();
    let results = b.expand(op, &inputs, attrs)?;
    let (graph, _) = b.finish(results, Tree::Leaf);
    Ok(graph.body.nodes.iter().map(|&n| call(&graph, n)).collect::<Vec<_>>().join("\n"))
}

fn call(g: &Graph, id: NodeId) -> String {
    let node = g.node(id);
    let operands = node.operands.iter().map(|&v| value(g, v));
    let attrs =
        node.op.attrs.iter().zip(&node.attrs).enumerate().filter(|(k, (_, a))| node.op.default_attr(*k).as_ref() != Some(a));
    let attrs = attrs.map(|(_, (def, a))| format!("{}={a}", def.name));
    format!("{} = {}({})", value(g, node.results[0]), node.op.name, joined(operands.chain(attrs)))
}

/// `out` for the result, the schema's name for an operand, the number for a constant, a letter for what is between.
fn value(g: &Graph, v: Value) -> String {
    match g.def(v) {
        _ if g.body.results.contains(&v) => "out".into(),
        Def::Const(c) => c.to_string(),
        Def::Stored(name) => format!("@{name}"),
        Def::Param => g.body.params.iter().position(|&p| p == v).map_or("?".into(), |k| g.inputs[k].clone()),
        Def::Result(n, _) => g.body.nodes.iter().position(|m| m == n).map_or("?".into(), |k| format!("t{k}")),
    }
}
