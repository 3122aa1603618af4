//! A graph as Graphviz sees it: `dot -Tsvg`. For eyes only; nothing reads it back.

use crate::graph::{Block, Def, Graph, NodeId, Value};
use petgraph::dot::Dot;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::HashMap;

/// The nodes of a graph, nested ones included, with edges from where a value is made to where it is used, labelled with its type.
pub fn to_dot(graph: &Graph) -> String {
    let mut drawing = Drawing { graph, out: DiGraph::new(), made: HashMap::new() };
    for (&v, name) in graph.body.params.iter().zip(&graph.inputs) {
        let at = drawing.out.add_node(name.clone());
        drawing.made.insert(v, at);
    }
    drawing.block(&graph.body);
    let end = drawing.out.add_node("return".into());
    drawing.edges(&graph.body.results, end);
    Dot::new(&drawing.out).to_string()
}

struct Drawing<'a> {
    graph: &'a Graph,
    out: DiGraph<String, String>,
    made: HashMap<Value, NodeIndex>,
}

impl Drawing<'_> {
    fn block(&mut self, b: &Block) {
        b.nodes.iter().for_each(|&n| self.node(n));
    }

    fn node(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        let at = self.out.add_node(node.op.name.into());
        self.edges(&node.operands, at);
        for b in &node.blocks {
            self.made.extend(b.params.iter().map(|&v| (v, at)));
            self.block(b);
            self.edges(&b.results, at);
        }
        self.made.extend(node.results.iter().map(|&v| (v, at)));
    }

    /// Stored values and constants are drawn once for each value.
    fn edges(&mut self, values: &[Value], to: NodeIndex) {
        for &v in values {
            let from = match (self.made.get(&v), self.graph.def(v)) {
                (Some(&from), _) => from,
                (None, Def::Stored(name)) => self.source(v, format!("@{name}")),
                (None, Def::Const(s)) => self.source(v, s.to_string()),
                (None, Def::Param | Def::Result(..)) => continue,
            };
            self.out.add_edge(from, to, self.graph.ty(v).to_string());
        }
    }

    fn source(&mut self, v: Value, label: String) -> NodeIndex {
        let at = self.out.add_node(label);
        self.made.insert(v, at);
        at
    }
}
