//! Lowering: from a region of the graph to a kernel that says what is computed.
//!
//! There is one rule: inside the region, reading an operand *is* the producer's element rule; at its border, it is a load. What comes
//! out is one expression per result. A sum of products with free rows and columns is then taken out of it as a contraction.

pub(crate) mod contract;
mod resplit;

use cresset_ir::dim::Facts;
use cresset_ir::graph::{Def, Graph, NodeId, Value};
use cresset_ir::kernel::{AxisId, BufId, Buffer, Ex, ExprId, Exprs, Kernel, Role, Stage};
use cresset_ir::op::elem::apply_rule;
use cresset_ir::op::{Elem, Meaning, Sig};
use cresset_ir::{DType, Diagnostic, Dim, Result, Type, codes};
use std::cell::RefCell;
use std::collections::HashMap;

/// Lowers a `region` node.
///
/// # Errors
/// `E0601` for an update that does not start from an operand of the region.
pub fn lower(graph: &Graph, region: NodeId, facts: &Facts) -> Result<Kernel> {
    let node = graph.node(region);
    let name = match &node.attrs[..] {
        [cresset_ir::Attr::Str(name)] => name.as_str(),
        _ => node.op.name,
    };
    let is_stored: Vec<bool> = node.operands.iter().map(|&v| matches!(graph.def(v), Def::Stored(_))).collect();
    let block = &node.blocks[0];
    let mut kernel = lower_values(graph, &block.params, &is_stored, &block.results, facts)?;
    name.clone_into(&mut kernel.name);
    kernel.loc = node.loc;
    Ok(kernel)
}

/// Lowers the computation of `results` from `operands`, whatever lies between them.
///
/// # Errors
/// As [`lower`].
pub fn lower_values(graph: &Graph, operands: &[Value], is_stored: &[bool], results: &[Value], facts: &Facts) -> Result<Kernel> {
    let exprs = Exprs::new(facts.clone());
    let mut buffers: Vec<Buffer> =
        operands.iter().zip(is_stored).enumerate().map(|(k, (&v, &s))| operand_buffer(graph, k, v, s)).collect();
    for (i, &v) in results.iter().enumerate() {
        let name = if results.len() == 1 { "out".into() } else { format!("out{i}") };
        buffers.push(Buffer { name, ty: graph.ty(v).clone(), role: Role::Result });
    }
    let stages = {
        let inline = Inline { graph, operands, facts, exprs: &exprs, memo: RefCell::default() };
        let mut shapes: HashMap<Vec<Dim>, Vec<Option<AxisId>>> = HashMap::new();
        let stage = |(i, &v): (usize, &Value)| inline.stage(v, BufId((operands.len() + i) as u32), &mut shapes);
        results.iter().enumerate().map(stage).collect::<Result<Vec<(Stage, Option<BufId>)>>>()?
    };
    for (stage, start) in &stages {
        if let Some(start) = start {
            buffers[stage.out.0 as usize].role = Role::Update(*start);
        }
    }
    let stages = stages.into_iter().map(|(s, _)| s).collect();
    let mut kernel = Kernel { name: String::new(), exprs, buffers, contractions: vec![], stages, loc: cresset_ir::Loc::NONE };
    resplit::resplit(&mut kernel);
    contract::extract(&mut kernel);
    Ok(kernel)
}

fn operand_buffer(graph: &Graph, k: usize, v: Value, is_stored: bool) -> Buffer {
    let name = ["x", "y", "z", "u", "v", "w"].get(k).map_or_else(|| format!("x{k}"), |n| (*n).to_owned());
    let role = if is_stored { Role::Stored } else { Role::Operand };
    Buffer { name, ty: graph.ty(v).clone(), role }
}

/// The inlining of element rules over one region.
struct Inline<'a> {
    graph: &'a Graph,
    operands: &'a [Value],
    facts: &'a Facts,
    exprs: &'a Exprs,
    memo: RefCell<HashMap<(Value, Vec<ExprId>), ExprId>>,
}

impl<'a> Inline<'a> {
    /// The stage of one result; results of one shape share their axes. For updates, also the operand that the result starts as.
    fn stage(&self, v: Value, out: BufId, shapes: &mut HashMap<Vec<Dim>, Vec<Option<AxisId>>>) -> Result<(Stage, Option<BufId>)> {
        let producer = self.graph.producer(v).map(|n| self.graph.node(n));
        let update = producer.and_then(|n| match n.op.meaning {
            Meaning::Updates(rule) => Some((n, rule)),
            _ => None,
        });
        let over = match update {
            Some((n, _)) => self.graph.ty(*n.operands.last().expect("an update has operands")).shape.clone(),
            None => self.graph.ty(v).shape.clone(),
        };
        let slots = shapes
            .entry(over.clone())
            .or_insert_with(|| over.iter().map(|d| (!d.is(1)).then(|| self.exprs.axis(d.clone()))).collect());
        let ix: Vec<Ex<'_>> = slots.iter().map(|a| a.map_or(self.exprs.int(0), |a| self.exprs.axis_ex(a))).collect();
        let axes: Vec<AxisId> = slots.iter().flatten().copied().collect();
        let Some((node, rule)) = update else {
            let value = self.element(v, &ix).id();
            let at = ix.iter().map(|e| e.id()).collect();
            return Ok((Stage { out, axes, at, value, combine: None }, None));
        };
        let types: Vec<Type> = node.operands.iter().map(|&o| self.graph.ty(o).clone()).collect();
        let sig = Sig::new(node.op, &types, &node.attrs, self.facts, &[]);
        let read = |k: usize, ix: &[Ex<'_>]| self.element(node.operands[k], ix);
        let u = self.update(rule, &sig, self.graph.ty(v), ix, &read);
        let start = self.operands.iter().position(|&p| p == node.operands[0]);
        let start = start.ok_or_else(|| {
            Diagnostic::error(
                codes::INVALID_GRAPH,
                format!("`{}` in a region must start from an operand of the region", node.op.name),
            )
        })?;
        Ok((Stage { out, axes, at: u.0, value: u.1, combine: u.2 }, Some(BufId(start as u32))))
    }

    fn update<'e>(
        &'e self,
        rule: for<'b> fn(&Elem<'b>) -> cresset_ir::op::Update<'b>,
        sig: &'e Sig<'e>,
        result: &'e Type,
        ix: Vec<Ex<'e>>,
        read: &'e cresset_ir::op::elem::Read<'e>,
    ) -> (Vec<ExprId>, ExprId, Option<cresset_ir::kernel::ScalarOp>) {
        let u = rule(&Elem { pool: self.exprs, sig, result, ix, read });
        (u.at.iter().map(|e| e.id()).collect(), u.value.cast(result.dtype).id(), u.combine)
    }

    /// Fusion is this function.
    fn element(&self, v: Value, ix: &[Ex<'_>]) -> Ex<'_> {
        let key = (v, ix.iter().map(|e| e.id()).collect::<Vec<_>>());
        if let Some(&hit) = self.memo.borrow().get(&key) {
            return self.exprs.ex(hit);
        }
        let ix: Vec<Ex<'_>> = key.1.iter().map(|&i| self.exprs.ex(i)).collect();
        let dtype = self.graph.ty(v).dtype;
        let out = match (self.operands.iter().position(|&p| p == v), self.graph.def(v)) {
            (Some(k), _) => self.exprs.load(BufId(k as u32), dtype, &ix),
            (None, Def::Const(c)) => self.exprs.constant(*c),
            (None, Def::Result(n, _)) => self.rule(*n, dtype, ix),
            (None, Def::Param | Def::Stored(_)) => unreachable!("verifier G2: a region reads its own parameters"),
        };
        self.memo.borrow_mut().insert(key, out.id());
        out
    }

    fn rule(&self, n: NodeId, dtype: DType, ix: Vec<Ex<'_>>) -> Ex<'_> {
        let node = self.graph.node(n);
        let Meaning::Elements(rule) = node.op.meaning else {
            unreachable!("fusion puts only element rules inside a region, got `{}`", node.op.name)
        };
        let types: Vec<Type> = node.operands.iter().map(|&o| self.graph.ty(o).clone()).collect();
        let sig = Sig::new(node.op, &types, &node.attrs, self.facts, &[]);
        let read = |k: usize, ix: &[Ex<'_>]| self.element(node.operands[k], ix);
        let id = apply_rule(rule, self.exprs, &sig, self.graph.ty(node.results[0]), ix, &read);
        self.exprs.cast(self.exprs.ex(id), dtype)
    }
}
