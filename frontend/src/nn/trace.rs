//! Tracing Rust modules: while a trace runs on a thread, operations on that thread are recorded.

use super::Tensor;
use super::module::{Forward, Module, Param, named_buffers, named_parameters};
use cresset_ir::builder::NamedAttrs;
use cresset_ir::{Builder, Diagnostic, Entry, Facts, Kind, Loc, OpDef, Program, Range, Result, Scalar, Tree, Type, codes};
use indexmap::IndexMap;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

thread_local! {
    static CURRENT: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

struct Recorder {
    builder: Builder,
    /// Qualified names of parameters and buffers, by identity.
    names: HashMap<u64, (String, Kind)>,
    store: IndexMap<String, Entry>,
    values: IndexMap<String, cresset_ir::Tensor>,
}

impl Recorder {
    fn parameter(&mut self, p: &Param) -> Tensor {
        let next = format!("const.{}", self.store.values().filter(|e| e.kind == Kind::Const).count());
        let (name, kind) = self.names.entry(p.id()).or_insert((next, Kind::Const)).clone();
        self.stored(&name, kind, p.value())
    }

    fn stored(&mut self, name: &str, kind: Kind, value: cresset_ir::Tensor) -> Tensor {
        let ty = value.ty();
        self.store.entry(name.to_owned()).or_insert(Entry { kind, ty: ty.clone() });
        self.values.entry(name.to_owned()).or_insert(value);
        Tensor::traced(self.builder.stored(name, ty.clone()), ty)
    }

    /// A tensor that is known: a number where it is used, or an entry of the store.
    fn constant(&mut self, t: &cresset_ir::Tensor) -> cresset_ir::Value {
        if let (true, Some(s)) = (t.shape().is_empty(), t.get(0)) {
            return self.builder.constant(s);
        }
        let name = format!("const.{}", self.store.values().filter(|e| e.kind == Kind::Const).count());
        let stored = self.stored(&name, Kind::Const, t.clone());
        stored.value().expect("a stored value is traced")
    }

    fn record(&mut self, op: &'static OpDef, operands: &[&Tensor], attrs: NamedAttrs) -> Result<Tensor> {
        let mut values = vec![];
        for t in operands {
            values.push(match (t.value(), t.known()) {
                (Some(v), _) => v,
                (None, Some(known)) => self.constant(known),
                (None, None) => return Err(stale()),
            });
        }
        self.builder.loc = Loc::new(None, &self.scope(&values));
        let v = self.builder.op(op, &values, attrs)?;
        for (name, values) in std::mem::take(&mut self.builder.stored_bounds) {
            self.builder.bound_known(format_args!("@{name}"), &self.values[&name], &values)?;
        }
        Ok(Tensor::traced(v, self.builder.ty(v).clone()))
    }

    /// The module whose parameter an op reads.
    fn scope(&self, values: &[cresset_ir::Value]) -> String {
        let name = values.iter().find_map(|&v| match self.builder.graph.def(v) {
            cresset_ir::Def::Stored(name) => Some(name.as_str()),
            _ => None,
        });
        name.and_then(|n| n.rsplit_once('.')).map_or_else(String::new, |(module, _)| module.to_owned())
    }
}

/// Records an op if a trace is running.
pub(super) fn record(op: &'static OpDef, operands: &[&Tensor], attrs: NamedAttrs) -> Option<Result<Tensor>> {
    CURRENT.with_borrow_mut(|c| c.as_mut().map(|r| r.record(op, operands, attrs)))
}

/// A parameter as a value of the running trace.
pub(super) fn parameter(p: &Param) -> Option<Result<Tensor>> {
    CURRENT.with_borrow_mut(|c| c.as_mut().map(|r| Ok(r.parameter(p))))
}

/// A number, as a 0-d tensor.
pub(super) fn constant(s: Scalar) -> Result<Tensor> {
    let traced = CURRENT.with_borrow_mut(|c| c.as_mut().map(|r| Tensor::traced(r.builder.constant(s), Type::scalar(s.dtype()))));
    match traced {
        Some(t) => Ok(t),
        None => {
            let mut t = cresset_ir::Tensor::zeros(s.dtype(), &[])?;
            t.set(0, s)?;
            Ok(t.into())
        }
    }
}

pub(super) fn stale() -> Diagnostic {
    Diagnostic::error(codes::INPUT_MISMATCH, "a tensor of a trace is used outside of it: it has no elements")
        .hint("return it from forward, or compute it from known tensors")
}

/// Traces `forward` of a module: a program with one method over symbolic or known sizes, and the values of its store.
///
/// # Errors
/// What the ops say; `E0501` when a trace is already running on this thread.
pub fn trace<M: Module + Forward>(
    module: &M,
    name: &str,
    input: Type,
) -> Result<(Program, IndexMap<String, cresset_ir::Tensor>)> {
    let mut facts = Facts::default();
    let mut symbols = BTreeSet::new();
    input.shape.iter().for_each(|d| d.symbols(&mut symbols));
    facts.ranges.extend(symbols.into_iter().map(|s| (s, Range { min: 1, max: None })));
    let mut recorder = Recorder {
        builder: Builder::new("forward", facts),
        names: HashMap::new(),
        store: IndexMap::new(),
        values: IndexMap::new(),
    };
    for (kind, all) in [(Kind::Param, named_parameters(module)), (Kind::Buffer, named_buffers(module))] {
        recorder.names.extend(all.into_iter().map(|(name, p)| (p.id(), (name, kind))));
    }
    let x = Tensor::traced(recorder.builder.input("x", input.clone()), input);
    if CURRENT.with_borrow(Option::is_some) {
        return Err(Diagnostic::error(codes::INPUT_MISMATCH, "a trace is already running on this thread"));
    }
    CURRENT.set(Some(recorder));
    let result = module.forward(&x);
    let mut recorder = CURRENT.take().expect("set above, and nothing else takes it");
    let result = result?;
    let out = match (result.value(), result.known()) {
        (Some(v), _) => v,
        (None, Some(t)) => recorder.constant(t),
        (None, None) => return Err(stale()),
    };
    // As the tracer of the language writes them: parameters and buffers in the order of registration, then constants.
    let order: Vec<String> = named_parameters(module).into_keys().chain(named_buffers(module).into_keys()).collect();
    recorder.store.sort_by_cached_key(|name, _| order.iter().position(|n| n == name).unwrap_or(usize::MAX));
    let (graph, facts) = recorder.builder.finish(vec![out], Tree::Leaf);
    let methods = [("forward".to_owned(), graph)].into_iter().collect();
    Ok((Program { name: name.to_owned(), facts, store: recorder.store, methods }, recorder.values))
}
