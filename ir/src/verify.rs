//! The verifier: a graph is what its ops say, or it is refused.
//!
//! The checks, by number in the messages:
//! - G1 every value a node uses is defined earlier in its block or in an enclosing one;
//! - G2 regions use only their own parameters, constants and what they define;
//! - G3 every node is defined in one block, once;
//! - G4 re-inference: each node's result types equal those that its op infers (and every guard it needs is recorded);
//! - G5 stored values are declared in the program's store with the same type;
//! - G6 the number of inputs, results and names agree;
//! - G7 each bound is one of an input of integers or bools, by sizes that the inputs give.

use crate::bound::Bound;
use crate::codes;
use crate::diag::Diagnostic;
use crate::dim::{Dim, Facts, Sym};
use crate::graph::{Block, Def, Graph, Value};
use crate::op::Sig;
use crate::program::Program;
use crate::types::Type;
use std::collections::{BTreeSet, HashSet};

/// The proof that a program was verified: only [`verify`] makes one, and planning asks for one.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    program: &'a Program,
}

impl<'a> Verified<'a> {
    pub fn program(self) -> &'a Program {
        self.program
    }
}

/// Checks every method of a program; gives all problems, or the proof that there are none.
pub fn verify(program: &Program) -> Result<Verified<'_>, Vec<Diagnostic>> {
    let mut problems = vec![];
    for graph in program.methods.values() {
        let mut check = Check { program, graph, facts: &program.facts, placed: HashSet::new(), problems: &mut problems };
        check.graph();
    }
    if problems.is_empty() { Ok(Verified { program }) } else { Err(problems) }
}

struct Check<'a> {
    program: &'a Program,
    graph: &'a Graph,
    facts: &'a Facts,
    placed: HashSet<crate::graph::NodeId>,
    problems: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn problem(&mut self, rule: &str, text: String, loc: crate::loc::Loc) {
        let message = format!("{rule} in @{}: {text}", self.graph.name);
        self.problems.push(Diagnostic::error(codes::INVALID_GRAPH, message).at(loc.span(), ""));
    }

    fn graph(&mut self) {
        let g = self.graph;
        if g.inputs.len() != g.body.params.len() {
            self.problem(
                "G6",
                format!("{} input names for {} inputs", g.inputs.len(), g.body.params.len()),
                crate::loc::Loc::NONE,
            );
        }
        if g.output.paths().len() != g.body.results.len() {
            let text = format!("the output structure has {} tensors, the body {}", g.output.paths().len(), g.body.results.len());
            self.problem("G6", text, crate::loc::Loc::NONE);
        }
        g.bounds.iter().for_each(|b| self.bound(b));
        self.block(&g.body, &HashSet::new());
    }

    fn bound(&mut self, bound: &Bound) {
        let inputs = || self.graph.body.params.iter().map(|&v| self.graph.ty(v));
        let known = symbols(inputs().flat_map(|ty| &ty.shape));
        let text = match inputs().nth(bound.input) {
            None => format!("the bound {} is of input {}, which does not exist", bound.values, bound.input),
            Some(ty) if ty.dtype.is_float() => format!("the bound {} is of an input {ty}, which holds no indices", bound.values),
            Some(_) => match symbols([&bound.values.min, &bound.values.below]).difference(&known).next() {
                Some(s) => format!("the bound {} needs the size {s}, which no input gives", bound.values),
                None => return,
            },
        };
        self.problem("G7", text, bound.loc);
    }

    fn block(&mut self, block: &Block, outer: &HashSet<Value>) {
        let mut seen = outer.clone();
        seen.extend(&block.params);
        for &id in &block.nodes {
            let node = self.graph.node(id);
            if !self.placed.insert(id) {
                self.problem("G3", format!("a `{}` node is placed twice", node.op.name), node.loc);
            }
            for &v in &node.operands {
                self.used(v, &seen, node.loc);
            }
            let isolated = node.op.name == "region";
            for b in &node.blocks {
                self.block(b, if isolated { &EMPTY } else { &seen });
            }
            self.types(id);
            seen.extend(&node.results);
        }
        for &v in &block.results {
            self.used(v, &seen, crate::loc::Loc::NONE);
        }
    }

    fn used(&mut self, v: Value, seen: &HashSet<Value>, loc: crate::loc::Loc) {
        match self.graph.def(v) {
            Def::Const(s) if *self.graph.ty(v) == Type::scalar(s.dtype()) => {}
            Def::Const(s) => self.problem("G4", format!("the constant {s:?} has type {}", self.graph.ty(v)), loc),
            Def::Stored(name) => match self.program.store.get(name) {
                Some(e) if e.ty == *self.graph.ty(v) => {}
                Some(e) => self.problem("G5", format!("@{name} is declared {} and used as {}", e.ty, self.graph.ty(v)), loc),
                None => self.problem("G5", format!("@{name} is not declared"), loc),
            },
            Def::Param | Def::Result(..) if seen.contains(&v) => {}
            Def::Param | Def::Result(..) => {
                self.problem("G1", format!("a value of type {} is used before it is defined", self.graph.ty(v)), loc)
            }
        }
    }

    fn types(&mut self, id: crate::graph::NodeId) {
        let node = self.graph.node(id);
        let of = |vs: &[Value]| vs.iter().map(|&v| self.graph.ty(v).clone()).collect::<Vec<_>>();
        let (operands, results) = (of(&node.operands), of(&node.results));
        let blocks: Vec<Vec<Type>> = node.blocks.iter().map(|b| of(&b.results)).collect();
        let sig = Sig::new(node.op, &operands, &node.attrs, self.facts, &blocks);
        match sig.infer() {
            Err(d) => self.problems.push(d.or_at(node.loc.span())),
            Ok(types) if types != results => {
                self.problem("G4", format!("`{}` is declared {results:?}, its op infers {types:?}", node.op.name), node.loc)
            }
            Ok(_) => {
                for (a, rel, b) in sig.guards() {
                    if !self.graph.guards.iter().any(|g| (&g.left, g.rel, &g.right) == (&a, rel, &b)) {
                        self.problem(
                            "G4",
                            format!("`{}` needs the guard {a} {} {b}, which is not recorded", node.op.name, rel.name()),
                            node.loc,
                        );
                    }
                }
            }
        }
    }
}

fn symbols<'a>(dims: impl IntoIterator<Item = &'a Dim>) -> BTreeSet<Sym> {
    let mut out = BTreeSet::new();
    dims.into_iter().for_each(|d| d.symbols(&mut out));
    out
}

static EMPTY: std::sync::LazyLock<HashSet<Value>> = std::sync::LazyLock::new(HashSet::new);
