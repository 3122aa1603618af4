//! Methods: node by node, in program order.

use super::{Weights, op};
use crate::call::{Sizes, bind};
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::Dim;
use crate::graph::{Block, Def, Graph, Node, Value};
use crate::op::{Attr, Meaning};
use crate::program::Program;
use crate::tensor::Tensor;
use crate::types::Type;

/// The results of a method of a program.
///
/// # Errors
/// `E0501`, `E0502` and `E0505` for inputs that do not fit, `E0503` for an index outside a tensor, `E0504` for a missing weight, `E0601` for a
/// method that does not exist.
pub fn run(program: &Program, method: &str, weights: &Weights, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let graph = program.method(method)?;
    let types: Vec<(&str, &Type)> =
        graph.inputs.iter().zip(&graph.body.params).map(|(name, &v)| (name.as_str(), graph.ty(v))).collect();
    let sizes = bind(&types, inputs, &program.facts, &graph.guards, &graph.bounds)?;
    evaluate(graph, weights, sizes, inputs)
}

/// The results of a graph whose sizes are bound.
pub fn evaluate(graph: &Graph, weights: &Weights, sizes: Sizes, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut frame = Frame { graph, weights, sizes, values: vec![None; graph.values.len()] };
    frame.block(&graph.body, inputs)
}

struct Frame<'a> {
    graph: &'a Graph,
    weights: &'a Weights<'a>,
    sizes: Sizes,
    values: Vec<Option<Tensor>>,
}

impl<'a> Frame<'a> {
    fn block(&mut self, block: &'a Block, args: &[Tensor]) -> Result<Vec<Tensor>> {
        self.bind(&block.params, args)?;
        for &id in &block.nodes {
            let node = self.graph.node(id);
            let results = self.node(node).map_err(|d| d.or_at(node.loc.span()))?;
            self.bind(&node.results, &results).map_err(|d| d.or_at(node.loc.span()))?;
        }
        self.get_all(&block.results)
    }

    /// Gives values their tensors, which must be what the graph declares: inference commutes with binding sizes.
    fn bind(&mut self, values: &[Value], tensors: &[Tensor]) -> Result<()> {
        if values.len() != tensors.len() {
            return Err(invalid(format!("{} values are declared, {} were computed", values.len(), tensors.len())));
        }
        for (&v, tensor) in values.iter().zip(tensors) {
            let declared = self.graph.ty(v);
            let shape: Option<Vec<i64>> = declared.shape.iter().map(|d| d.at(&self.sizes)).collect();
            let same = shape.is_some_and(|s| s.iter().eq(tensor.shape().iter().map(|&n| n as i64).collect::<Vec<_>>().iter()));
            if !same || declared.dtype != tensor.dtype() {
                return Err(invalid(format!("a value is declared {declared}, computed {}", tensor.ty())));
            }
            self.values[v.0 as usize] = Some(tensor.clone());
        }
        Ok(())
    }

    fn get_all(&mut self, values: &[Value]) -> Result<Vec<Tensor>> {
        values.iter().map(|&v| self.get(v)).collect()
    }

    fn get(&mut self, v: Value) -> Result<Tensor> {
        if let Some(t) = &self.values[v.0 as usize] {
            return Ok(t.clone());
        }
        let tensor = match self.graph.def(v) {
            Def::Const(s) => Tensor::from_scalars(s.dtype(), &[], &[*s])?,
            Def::Stored(name) => self.weight(name, self.graph.ty(v))?,
            Def::Param | Def::Result(..) => return Err(invalid("a value is used before it is computed".into())),
        };
        self.values[v.0 as usize] = Some(tensor.clone());
        Ok(tensor)
    }

    fn weight(&self, name: &str, ty: &Type) -> Result<Tensor> {
        let missing = |text| Diagnostic::error(codes::MISSING_WEIGHT, text);
        let tensor = (self.weights)(name).ok_or_else(|| missing(format!("no tensor was given for @{name}: {ty}")))?;
        match tensor.ty() == *ty {
            true => Ok(tensor),
            false => Err(missing(format!("@{name} is declared {ty}, the tensor given is {}", tensor.ty()))),
        }
    }

    fn node(&mut self, node: &'a Node) -> Result<Vec<Tensor>> {
        let operands = self.get_all(&node.operands)?;
        match (node.op.name, &node.blocks[..]) {
            _ if !matches!(node.op.meaning, Meaning::Structural) => op::call(node.op, &operands, &self.concrete(&node.attrs)?),
            ("region", [body]) => self.block(body, &operands),
            ("if", [then, otherwise]) => self.block(if truth(&operands[..1])? { then } else { otherwise }, &[]),
            ("loop", [head, body]) => {
                let mut carried = operands;
                while truth(&self.block(head, &carried)?)? {
                    carried = self.block(body, &carried)?;
                }
                Ok(carried)
            }
            (name, blocks) => Err(invalid(format!("`{name}` with {} blocks has no meaning", blocks.len()))),
        }
    }

    /// Attributes with their sizes bound.
    fn concrete(&self, attrs: &[Attr]) -> Result<Vec<Attr>> {
        let bound = |d: &Dim| {
            d.at(&self.sizes)
                .map(Dim::from)
                .ok_or_else(|| invalid(format!("the size {d} is not given by the inputs of the call")))
        };
        let one = |a: &Attr| {
            Ok(match a {
                Attr::Dim(d) => Attr::Dim(bound(d)?),
                Attr::Dims(ds) => Attr::Dims(ds.iter().map(bound).collect::<Result<_>>()?),
                a => a.clone(),
            })
        };
        attrs.iter().map(one).collect()
    }
}

fn truth(condition: &[Tensor]) -> Result<bool> {
    let value = condition.first().and_then(|t| t.get(0)).ok_or_else(|| invalid("a condition has no value".into()))?;
    Ok(!value.is_zero())
}

fn invalid(text: String) -> Diagnostic {
    Diagnostic::error(codes::INVALID_GRAPH, text)
}
