//! Programs: declarations, then methods. Values are numbered by the place of their definition in the text.

use super::names;
use super::{Style, Text};
use crate::graph::{Block, Def, Graph, NodeId, Value};
use crate::op::{Attr, AttrKind, OpDef};
use crate::program::Program;
use std::collections::HashMap;

pub fn print_program(p: &Program, style: Style) -> String {
    let mut entries = Text::new(style, 1);
    for (name, entry) in &p.store {
        entries.line();
        entries.push(format_args!("{} {}: ", entry.kind.name(), names::entry(name)));
        entries.ty(&entry.ty);
    }
    let mut graphs = Text::new(style, 1);
    for (name, graph) in &p.methods {
        graphs.push(if graphs.out.is_empty() { "" } else { "\n" });
        graphs.line();
        Printer { graph, names: number(graph), text: &mut graphs }.graph(name);
    }
    entries.symbols.append(&mut graphs.symbols);
    let (dims, entries) = entries.declare(&p.facts, 1);
    let mut declarations = vec![dims, entries];
    declarations.retain(|d| !d.is_empty());
    let mut sections = vec![declarations.join("\n"), graphs.out];
    sections.retain(|s| !s.is_empty());
    format!("program {} {{\n{}\n}}\n", names::word(&p.name), sections.join("\n\n"))
}

/// The names of all values that a block defines, in the order of the text.
fn number(g: &Graph) -> HashMap<Value, String> {
    let mut names = HashMap::new();
    let mut taken = std::collections::HashSet::new();
    for (&v, input) in g.body.params.iter().zip(&g.inputs) {
        let mut name = names::value(input);
        while !taken.insert(name.clone()) {
            name = names::value(&format!("{}_", name.trim_start_matches('%').trim_matches('"')));
        }
        names.insert(v, name);
    }
    let mut defined = vec![];
    each_defined(g, &g.body, &mut defined);
    let mut next = 0;
    for v in defined {
        names.entry(v).or_insert_with(|| {
            next += 1;
            format!("%{}", next - 1)
        });
    }
    names
}

/// All values that a block defines, nested ones included, in the order of the text.
fn each_defined(g: &Graph, b: &Block, out: &mut Vec<Value>) {
    out.extend(&b.params);
    for &n in &b.nodes {
        out.extend(&g.node(n).results);
        g.node(n).blocks.iter().for_each(|b| each_defined(g, b, out));
    }
}

struct Printer<'a> {
    graph: &'a Graph,
    names: HashMap<Value, String>,
    text: &'a mut Text,
}

impl Printer<'_> {
    fn graph(&mut self, name: &str) {
        let g = self.graph;
        self.text.push(format_args!("graph {}(", names::entry(name)));
        self.declared(&g.body.params);
        self.text.push(") -> ");
        self.text.tree(&g.output, &mut g.body.results.iter().map(|&v| g.ty(v).clone()));
        self.text.push(" ");
        self.text.open();
        g.guards.iter().for_each(|guard| self.text.guard(guard));
        for bound in &g.bounds {
            // The verifier's G7 refuses a bound of no input; the dump still shows where.
            let input = g.body.params.get(bound.input).and_then(|v| self.names.get(v)).map_or("%undefined", |name| name);
            self.text.bound(bound, input);
        }
        self.nodes(&g.body);
        self.text.close();
    }

    /// `%0: f32[B], %1: f32[B]`.
    fn declared(&mut self, values: &[Value]) {
        for (i, &v) in values.iter().enumerate() {
            self.text.push(if i > 0 { ", " } else { "" });
            self.value(v);
            self.text.push(": ");
            self.text.ty(self.graph.ty(v));
        }
    }

    fn nodes(&mut self, b: &Block) {
        b.nodes.iter().for_each(|&n| self.node(n));
        self.text.line();
        self.text.push("return");
        if !b.results.is_empty() {
            self.text.push(" ");
            self.values(&b.results);
        }
    }

    fn values(&mut self, values: &[Value]) {
        for (i, &v) in values.iter().enumerate() {
            self.text.push(if i > 0 { ", " } else { "" });
            self.value(v);
        }
    }

    fn value(&mut self, v: Value) {
        match (self.graph.def(v), self.names.get(&v)) {
            (_, Some(name)) => self.text.push(name),
            (Def::Stored(name), _) => self.text.push(names::entry(name)),
            (Def::Const(s), _) => self.text.push(format_args!("{s:?}")),
            // The verifier's G1 refuses this; the dump still shows where.
            (Def::Param | Def::Result(..), None) => self.text.push("%undefined"),
        }
    }

    fn node(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        self.text.line();
        if !node.results.is_empty() {
            self.declared(&node.results);
            self.text.push(" = ");
        }
        self.text.push(names::word(node.op.name));
        let label = label(node.op, &node.attrs);
        if let Some(label) = label {
            self.text.push(format_args!(" {}", names::entry(label)));
        }
        self.text.push("(");
        self.values(&node.operands);
        self.text.push(")");
        self.attrs(node.op, &node.attrs, label.is_some());
        for (i, b) in node.blocks.iter().enumerate() {
            self.text.push(if i > 0 { joint(node.op) } else { " " });
            self.block(b);
        }
        self.text.place(node.loc);
    }

    fn block(&mut self, b: &Block) {
        self.text.open();
        if !b.params.is_empty() {
            self.text.line();
            self.text.push("(");
            self.declared(&b.params);
            self.text.push(")");
        }
        self.nodes(b);
        self.text.close();
    }

    /// Those that differ from their defaults.
    fn attrs(&mut self, op: &OpDef, attrs: &[Attr], labelled: bool) {
        let given: Vec<usize> =
            (labelled as usize..attrs.len()).filter(|&k| op.default_attr(k).as_ref() != Some(&attrs[k])).collect();
        if given.is_empty() {
            return;
        }
        self.text.push(" {");
        self.text.list(given, |t, k| {
            match &attrs[k] {
                Attr::Dim(d) => d.symbols(&mut t.symbols),
                Attr::Dims(v) => v.iter().for_each(|d| d.symbols(&mut t.symbols)),
                _ => {}
            }
            t.push(format_args!("{}={}", names::word(op.attrs[k].name), attrs[k]));
        });
        self.text.push("}");
    }
}

/// The name of a region, which is printed after the op.
fn label<'a>(op: &OpDef, attrs: &'a [Attr]) -> Option<&'a str> {
    match (op.attrs.first(), attrs.first()) {
        (Some(def), Some(Attr::Str(name))) if def.name == "name" && def.kind == AttrKind::Str => Some(name),
        _ => None,
    }
}

/// What stands between the blocks of an op.
fn joint(op: &OpDef) -> &'static str {
    match op.name {
        "if" => " else ",
        "loop" => " do ",
        _ => " ",
    }
}
