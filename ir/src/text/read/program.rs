//! Programs: declarations, and methods as graphs.

use super::Errors;
use super::size::Symbols;
use crate::bound::{Bound, Interval};
use crate::codes;
use crate::dtype::DType;
use crate::graph::{Block, Def, Graph, Guard, Tree, Value};
use crate::op;
use crate::program::{Entry, Kind, Program};
use crate::scalar::Scalar;
use crate::text::syntax::{
    At, BlockText, BoundText, ConditionText, Expr, ExprKind, GraphText, GuardText, NodeText, ProgramText, TreeText, Typed, Word,
};
use crate::text::token::Tok;
use crate::types::Type;
use std::collections::HashMap;

pub fn program(text: ProgramText, errors: &mut Errors) -> Option<Program> {
    let mut program = Program { name: text.name.text.to_owned(), facts: errors.facts(&text.dims), ..Program::default() };
    let symbols = Symbols::of(&program.facts);
    for (kind, Typed { name, ty }) in &text.entries {
        let kind = match kind {
            Tok::Param => Kind::Param,
            Tok::Buffer => Kind::Buffer,
            _ => Kind::Const,
        };
        let (Some(key), Some(ty)) = (errors.entry_name(*name), errors.ty(ty, &symbols)) else { continue };
        if program.store.insert(key, Entry { kind, ty }).is_some() {
            errors.say::<()>(codes::IR_DUPLICATE, name.at, format!("{} is declared twice", name.text));
        }
    }
    for graph in &text.graphs {
        let name = errors.entry_name(graph.name)?;
        let read = Reader::new(&name, &program, &symbols, errors).graph(graph);
        if read.is_some_and(|g| program.methods.insert(name, g).is_some()) {
            errors.say::<()>(codes::IR_DUPLICATE, graph.name.at, format!("the method {} is defined twice", graph.name.text));
        }
    }
    Some(program)
}

/// Stands for a type that was reported, so that later uses are not errors of their own.
const WRONG: Type = Type { dtype: DType::F32, shape: vec![] };

struct Reader<'r, 't> {
    errors: &'r mut Errors,
    program: &'r Program,
    symbols: &'r Symbols,
    graph: Graph,
    /// By their texts, sigil included.
    values: HashMap<&'t str, Value>,
    stored: HashMap<String, Value>,
    consts: HashMap<Scalar, Value>,
}

impl<'r, 't> Reader<'r, 't> {
    fn new(name: &str, program: &'r Program, symbols: &'r Symbols, errors: &'r mut Errors) -> Self {
        let graph = Graph::new(name);
        Reader { errors, program, symbols, graph, values: HashMap::new(), stored: HashMap::new(), consts: HashMap::new() }
    }

    fn graph(mut self, text: &GraphText<'t>) -> Option<Graph> {
        let params = text.inputs.iter().map(|input| self.param(input)).collect();
        for input in &text.inputs {
            let name = self.errors.entry_name(input.name)?;
            self.graph.inputs.push(name);
        }
        (self.graph.guards, self.graph.bounds) = self.errors.conditions(&text.conditions, &text.inputs, self.symbols);
        let mut body = self.block(&text.body)?;
        body.params = params;
        let (output, leaves) = self.errors.tree(&text.output, self.symbols)?;
        self.check_output(&leaves, &body, &text.body)?;
        (self.graph.body, self.graph.output) = (body, output);
        Some(self.graph)
    }

    /// The header's types are those of the returned values: they are written twice and kept once.
    fn check_output(&mut self, leaves: &[(At, Type)], body: &Block, text: &BlockText) -> Option<()> {
        if leaves.len() != body.results.len() {
            let message = format!("the header promises {} tensors, {} are returned", leaves.len(), body.results.len());
            return self.errors.say(codes::IR_VALUE, text.end, message);
        }
        for (((at, ty), &v), e) in leaves.iter().zip(&body.results).zip(&text.results) {
            let found = self.graph.ty(v);
            if found != ty {
                let d = crate::Diagnostic::error(codes::IR_VALUE, format!("the header promises {ty}, returned is {found}"))
                    .at(self.errors.span(e.at), format!("this is {found}"))
                    .at(self.errors.span(*at), format!("this says {ty}"));
                self.errors.add(d);
            }
        }
        Some(())
    }

    fn param(&mut self, param: &Typed<'t>) -> Value {
        let ty = self.errors.ty(&param.ty, self.symbols).unwrap_or(WRONG);
        let v = self.graph.add_value(ty, Def::Param);
        self.define(param.name, v);
        v
    }

    fn define(&mut self, name: Word<'t>, v: Value) {
        if self.values.insert(name.text, v).is_some() {
            self.errors.say::<()>(codes::IR_DUPLICATE, name.at, format!("the value {} is defined twice", name.text));
        }
    }

    fn block(&mut self, text: &BlockText<'t>) -> Option<Block> {
        let params = text.params.iter().map(|p| self.param(p)).collect();
        let mut block = Block { params, ..Block::default() };
        for node in &text.nodes {
            match self.node(node) {
                Some(id) => block.nodes.push(id),
                // Its results still have types: later uses are not errors of their own.
                None => self.declare(node),
            }
        }
        let results: Vec<Option<Value>> = text.results.iter().map(|e| self.operand(e)).collect();
        block.results = results.into_iter().collect::<Option<_>>()?;
        Some(block)
    }

    fn node(&mut self, text: &NodeText<'t>) -> Option<crate::graph::NodeId> {
        let op = op::find(text.op.text)
            .or_else(|| self.errors.say(codes::IR_UNKNOWN, text.op.at, format!("there is no op `{}`", text.op.text)));
        let operands: Vec<Option<Value>> = text.operands.iter().map(|e| self.operand(e)).collect();
        let attrs = op.and_then(|op| self.errors.attrs(op, text, self.symbols));
        let blocks: Vec<Option<Block>> = text.blocks.iter().map(|b| self.block(b)).collect();
        let types: Vec<Option<Type>> = text.results.iter().map(|r| self.errors.ty(&r.ty, self.symbols)).collect();
        let (operands, blocks) = (operands.into_iter().collect::<Option<_>>()?, blocks.into_iter().collect::<Option<_>>()?);
        let loc = self.errors.loc(text.at, text.place);
        let id = self.graph.add_node(op?, operands, attrs?, blocks, types.into_iter().collect::<Option<_>>()?, loc);
        let results = self.graph.node(id).results.clone();
        text.results.iter().zip(results).for_each(|(r, v)| self.define(r.name, v));
        Some(id)
    }

    fn declare(&mut self, text: &NodeText<'t>) {
        for r in &text.results {
            let ty = Errors::new(self.errors.file).ty(&r.ty, self.symbols).unwrap_or(WRONG);
            let v = self.graph.add_value(ty, Def::Param);
            self.values.entry(r.name.text).or_insert(v);
        }
    }

    fn operand(&mut self, e: &Expr<'t>) -> Option<Value> {
        match e.kind {
            ExprKind::Value(name) => match self.values.get(name) {
                Some(&v) => Some(v),
                None => self.errors.say(codes::IR_UNKNOWN, e.at, format!("no value {name} is defined before this")),
            },
            ExprKind::Entry(text) => {
                let name = self.errors.entry_name(Word { at: e.at, text })?;
                let Some(entry) = self.program.store.get(&name) else {
                    return self.errors.say(codes::IR_UNKNOWN, e.at, format!("no declaration of {text} in this program"));
                };
                let make = || self.graph.add_value(entry.ty.clone(), Def::Stored(name.clone()));
                Some(*self.stored.entry(name.clone()).or_insert_with(make))
            }
            ExprKind::Typed(..) => {
                let s = self.errors.typed_scalar(e)?;
                Some(*self.consts.entry(s).or_insert_with(|| self.graph.add_value(Type::scalar(s.dtype()), Def::Const(s))))
            }
            _ => {
                let message = "an operand is a value `%x`, an entry `@w`, or a constant with its dtype `0.5: f32`";
                self.errors.say(codes::IR_VALUE, e.at, message)
            }
        }
    }
}

impl Errors {
    /// What a call must satisfy: conditions of sizes, and of the values of inputs.
    pub fn conditions(&mut self, all: &[ConditionText], inputs: &[Typed], symbols: &Symbols) -> (Vec<Guard>, Vec<Bound>) {
        let (mut guards, mut bounds) = (vec![], vec![]);
        for condition in all {
            match condition {
                ConditionText::Guard(text) => guards.extend(self.guard(text, symbols)),
                ConditionText::Bound(text) => bounds.extend(self.bound(text, inputs, symbols)),
            }
        }
        (guards, bounds)
    }

    fn bound(&mut self, text: &BoundText, inputs: &[Typed], symbols: &Symbols) -> Option<Bound> {
        let Word { at, text: name } = text.input;
        let input = inputs.iter().position(|i| i.name.text == name);
        let input = input.or_else(|| self.say(codes::IR_UNKNOWN, at, format!("there is no input {name}")))?;
        let values = Interval { min: self.size(&text.min, symbols)?, below: self.size(&text.below, symbols)? };
        Some(Bound { input, values, loc: self.loc(text.at, text.place) })
    }

    fn guard(&mut self, text: &GuardText, symbols: &Symbols) -> Option<Guard> {
        let (left, rel, right) = self.relation(&text.relation, symbols)?;
        let message = text.message.map_or(Some(String::new()), |m| self.string(text.at, m))?;
        Some(Guard { left, rel, right, message, loc: self.loc(text.at, text.place) })
    }

    /// The structure of results, and the types of its tensors in order.
    pub fn tree(&mut self, text: &TreeText, symbols: &Symbols) -> Option<(Tree, Vec<(At, Type)>)> {
        let mut leaves = vec![];
        let tree = self.tree_into(text, symbols, &mut leaves)?;
        Some((tree, leaves))
    }

    fn tree_into(&mut self, text: &TreeText, symbols: &Symbols, leaves: &mut Vec<(At, Type)>) -> Option<Tree> {
        let mut all = |v: &[TreeText]| v.iter().map(|t| self.tree_into(t, symbols, leaves)).collect::<Option<Vec<Tree>>>();
        match text {
            TreeText::Tuple(v) => all(v).map(Tree::Tuple),
            TreeText::List(v) => all(v).map(Tree::List),
            TreeText::Dict(v) => {
                let field =
                    |(key, t): &(Word, TreeText)| Some((self.string(key.at, key.text)?, self.tree_into(t, symbols, leaves)?));
                v.iter().map(field).collect::<Option<_>>().map(Tree::Dict)
            }
            TreeText::Leaf(at, ty) => {
                leaves.push((*at, self.ty(ty, symbols)?));
                Some(Tree::Leaf)
            }
            TreeText::Number(e) => self.typed_scalar(e).map(Tree::Number),
            TreeText::Word(Word { text: "none", .. }) => Some(Tree::None),
            TreeText::Word(word) => {
                let message = format!("`{}` is not a result: a type `f32[B, 10]`, a number `3: i64`, or `none`", word.text);
                self.say(codes::IR_VALUE, word.at, message)
            }
        }
    }
}
