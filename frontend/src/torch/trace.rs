//! The tracer: while `forward` runs, tensor operations become nodes of a graph.
//!
//! Invariants: a trace leaves the module as it was (storages written meanwhile get their values back); every node has the place in the
//! user's source and the path of the module that was running; parameters and buffers keep their qualified names.

use super::Torch;
use super::cx::Cx;
use super::handle::{Handle, Storage, Traced};
use super::lazy::Lazy;
use super::tensor::{Place, Tensor};
use super::view::View;
use crate::eval::interp::Interp;
use crate::eval::native::Args;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use cresset_ir::builder::NamedAttrs;
use cresset_ir::{
    Builder, Diagnostic, Dim, Entry, Evaluate, Facts, Interval, Kind, Loc, OpDef, Program, Rel, Result, Scalar, Sizes, Span,
    Type, codes,
};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::rc::Rc;

/// An argument of the method that is traced.
pub enum Input {
    /// An input of the graph.
    Tensor(Type),
    /// A value that is known.
    Known(Value),
}

pub(super) struct Trace {
    pub builder: Builder,
    number: u64,
    /// The path of the module whose `forward` is running.
    pub scope: Rc<str>,
    /// Paths of the modules, by identity.
    paths: HashMap<usize, Rc<str>>,
    named: Vec<Named>,
    /// Entries of the store that were used, with the places of `named` or of a constant.
    used: IndexMap<String, (Kind, Rc<Lazy>)>,
    constants: HashMap<*const Lazy, String>,
    written: Vec<Written>,
}

/// A storage that was written: its value before the first write, and the place of that.
struct Written {
    storage: Rc<Storage>,
    before: Handle,
    at: Option<Span>,
}

/// A parameter or buffer.
struct Named {
    name: String,
    kind: Kind,
    place: Place,
    value: Rc<Lazy>,
}

/// A program and the values of its store.
pub(super) struct Outcome {
    pub program: Program,
    pub values: IndexMap<String, Rc<Lazy>>,
}

impl Trace {
    /// Goes into a module of the tree; gives the path to come back to.
    pub fn enter(&mut self, module: &Value) -> Option<Rc<str>> {
        let path = self.paths.get(&module.address())?.clone();
        Some(std::mem::replace(&mut self.scope, path))
    }

    /// Requires that entries of the store that were just used as indices are in range.
    fn check_stored(&mut self, evaluate: &dyn Evaluate) -> Result<()> {
        for (name, values) in std::mem::take(&mut self.builder.stored_bounds) {
            let (_, lazy) = &self.used[&name];
            self.builder.bound_known(format_args!("@{name}"), &lazy.value(evaluate)?, &values)?;
        }
        Ok(())
    }

    fn handle(&self, value: cresset_ir::Value) -> Handle {
        Handle::Traced(Rc::new(Traced { value, ty: self.builder.ty(value).clone(), trace: self.number }))
    }

    /// An entry of the store.
    fn stored(&mut self, name: &str, kind: Kind, value: &Rc<Lazy>) -> Handle {
        self.used.entry(name.to_owned()).or_insert_with(|| (kind, value.clone()));
        let v = self.builder.stored(name, value.ty.clone());
        self.handle(v)
    }

    /// A tensor that has no name: written into the graph if it is one number, an entry of the store otherwise.
    fn constant(&mut self, value: &Rc<Lazy>) -> Handle {
        if let Some(scalar) = value.peek().filter(|t| t.shape().is_empty()).and_then(|t| t.get(0)) {
            let v = self.builder.constant(scalar);
            return self.handle(v);
        }
        let next = format!("const.{}", self.constants.len());
        let name = self.constants.entry(Rc::as_ptr(value)).or_insert(next).clone();
        self.stored(&name, Kind::Const, value)
    }
}

/// The innermost place in a file of the user, the innermost of all otherwise.
fn user_span(it: &Interp) -> Option<Span> {
    let own = |span: &Span| !span.file.source().name.starts_with('<');
    let all = || it.span().into_iter().chain(it.calls.iter().rev().filter_map(|c| c.at));
    all().find(own).or(it.span())
}

impl Torch {
    /// The number of the running trace; 0 outside of one.
    pub(super) fn trace_number(&self) -> u64 {
        self.trace.borrow().as_ref().map_or(0, |t| t.number)
    }

    pub(super) fn trace_constant(&self, value: Scalar) -> Option<Handle> {
        let mut trace = self.trace.borrow_mut();
        let trace = trace.as_mut()?;
        let v = trace.builder.constant(value);
        Some(trace.handle(v))
    }

    /// Remembers what a storage held before its first write in a trace.
    pub(super) fn note_write(&self, it: &Interp, storage: &Rc<Storage>) {
        if let Some(trace) = &mut *self.trace.borrow_mut()
            && matches!(storage.current(), Handle::Lazy(_))
            && !trace.written.iter().any(|w| Rc::ptr_eq(&w.storage, storage))
        {
            trace.written.push(Written { storage: storage.clone(), before: storage.current(), at: user_span(it) });
        }
    }

    /// Makes a relation of sizes a condition of calling the graph.
    pub(super) fn guard(&self, it: &Interp, left: Dim, rel: Rel, right: Dim, message: String) {
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            trace.builder.loc = Loc::new(user_span(it), &trace.scope);
            trace.builder.guard(left, rel, right, message);
        }
    }
}

impl Cx<'_> {
    /// Adds a node to the trace.
    pub(super) fn trace_op(&mut self, op: &'static OpDef, operands: &[&Handle], attrs: NamedAttrs) -> Eval<Handle> {
        let values = operands.iter().map(|h| self.traced_value(h)).collect::<Eval<Vec<_>>>()?;
        let mut trace = self.torch.trace.borrow_mut();
        let trace = trace.as_mut().expect("asked for while tracing");
        trace.builder.loc = Loc::new(user_span(self.it), &trace.scope);
        match trace.builder.op(op, &values, attrs).and_then(|v| trace.check_stored(&*self.torch.evaluate).map(|()| v)) {
            Ok(v) => Ok(trace.handle(v)),
            Err(diagnostic) => Err(self.refuse(diagnostic)),
        }
    }

    /// Requires that indices are in an interval: now where they are known, and of the inputs of the trace whenever it is called.
    pub(super) fn bound(&mut self, indices: &Handle, values: &Interval) -> Eval<()> {
        let result = match indices {
            Handle::Lazy(lazy) if !self.torch.tracing() => {
                lazy.value(&*self.torch.evaluate).and_then(|known| values.check("the indices", &known, &Sizes::new()))
            }
            _ => {
                let v = self.traced_value(indices)?;
                let mut trace = self.torch.trace.borrow_mut();
                let trace = trace.as_mut().expect("asked for while tracing");
                trace.builder.loc = Loc::new(user_span(self.it), &trace.scope);
                trace.builder.bound(v, values).and_then(|()| trace.check_stored(&*self.torch.evaluate))
            }
        };
        result.map_err(|diagnostic| self.refuse(diagnostic))
    }

    fn traced_value(&mut self, handle: &Handle) -> Eval<cresset_ir::Value> {
        let handle = self.known_constant(handle)?;
        match handle {
            Handle::Traced(t) if t.trace == self.torch.trace_number() => Ok(t.value),
            _ => Err(self.stale()),
        }
    }

    /// The handle as one of the running trace.
    fn known_constant(&mut self, handle: &Handle) -> Eval<Handle> {
        let Handle::Lazy(lazy) = handle else { return Ok(handle.clone()) };
        if lazy.ty.rank() == 0
            && let Err(diagnostic) = lazy.value(&*self.torch.evaluate)
        {
            return Err(self.refuse(diagnostic));
        }
        Ok(self.torch.trace.borrow_mut().as_mut().expect("asked for while tracing").constant(lazy))
    }

    /// What a tensor shows, as a value of the trace. A parameter or buffer is known by its name; views of one are taken in the graph.
    pub(super) fn traced(&mut self, place: &Place) -> Eval<Handle> {
        let (start, rest) = match place.storage.current() {
            Handle::Traced(t) if t.trace != self.torch.trace_number() => return Err(self.stale()),
            traced @ Handle::Traced(_) => (traced, &place.views[..]),
            lazy => match self.known_by_name(place) {
                Some((handle, depth)) => (handle, &place.views[depth..]),
                None => (self.known_constant(&lazy)?, &place.views[..]),
            },
        };
        rest.iter().try_fold(start, |value, view: &View| view.read(self, &value))
    }

    /// The parameter or buffer that the place is, or is a view of; and how many of the views it stands for.
    fn known_by_name(&mut self, place: &Place) -> Option<(Handle, usize)> {
        let mut trace = self.torch.trace.borrow_mut();
        let trace = trace.as_mut().expect("asked for while tracing");
        let covers = |n: &&Named| Rc::ptr_eq(&n.place.storage, &place.storage) && place.views.starts_with(&n.place.views);
        let mut best: Option<&Named> = None;
        for named in trace.named.iter().filter(covers) {
            if best.is_none_or(|b| named.place.views.len() > b.place.views.len()) {
                best = Some(named);
            }
        }
        let (name, kind, value, depth) = best.map(|n| (n.name.clone(), n.kind, n.value.clone(), n.place.views.len()))?;
        Some((trace.stored(&name, kind, &value), depth))
    }

    /// The current value of a whole storage.
    pub(super) fn base(&mut self, storage: &Rc<Storage>) -> Eval<Handle> {
        let value = storage.current();
        match self.torch.tracing() {
            true => {
                let layout = Rc::new(super::stride::Layout::contiguous(&value.ty().shape));
                self.traced(&Place { storage: storage.clone(), views: Rc::new([]), layout })
            }
            false => Ok(value),
        }
    }

    /// Traces a method of a module.
    pub(super) fn trace(&mut self, module: &Value, method: &str, inputs: Vec<(String, Input)>, facts: Facts) -> Eval<Outcome> {
        if self.torch.tracing() {
            return Err(self.unsupported("tracing inside of a trace"));
        }
        let trace = self.start(module, method, facts)?;
        *self.torch.trace.borrow_mut() = Some(trace);
        let control = self.it.control.replace(Rc::new(super::control::Tracing));
        let result = self.run(module, method, inputs);
        self.it.control = control;
        let trace = self.torch.trace.borrow_mut().take().expect("put there above");
        let finals: Vec<Handle> = trace.written.iter().map(|w| w.storage.current()).collect();
        trace.written.iter().for_each(|w| w.storage.set(w.before.clone()));
        let (tree, results) = result?;
        self.refuse_states(&trace, &finals)?;
        let name = self.it.type_name(module).to_string();
        Ok(finish(trace, name, method, tree, results))
    }

    /// A trace of the module tree as it is now.
    fn start(&mut self, module: &Value, method: &str, facts: Facts) -> Eval<Trace> {
        let mut named: Vec<Named> = vec![];
        for (kind, members) in [(Kind::Param, "named_parameters"), (Kind::Buffer, "named_buffers")] {
            for (name, value) in self.members(module, members)? {
                let Some(tensor) = value.downcast::<Tensor>() else { continue };
                let place = tensor.place();
                let Handle::Lazy(value) = tensor.read(self)? else { return Err(self.stale()) };
                if !named.iter().any(|n| n.place.same(&place)) {
                    named.push(Named { name, kind, place, value });
                }
            }
        }
        let paths = self.members(module, "named_modules")?.into_iter().map(|(name, m)| (m.address(), Rc::from(name))).collect();
        let number = self.torch.traces.get() + 1;
        self.torch.traces.set(number);
        let (used, constants) = (IndexMap::new(), HashMap::new());
        Ok(Trace {
            builder: Builder::new(method, facts),
            number,
            scope: "".into(),
            paths,
            named,
            used,
            constants,
            written: vec![],
        })
    }

    /// The pairs that `module.named_...()` gives; none where the object has no such method.
    fn members(&mut self, module: &Value, method: &str) -> Eval<Vec<(String, Value)>> {
        let pairs = self.it.getattr(module, method)?;
        let pairs = self.it.call(&pairs, Args::default())?;
        let mut out = vec![];
        for pair in self.it.collect(&pairs)? {
            if let [name, value] = &self.it.collect(&pair)?[..]
                && let Some(name) = name.as_str()
            {
                out.push((name.to_owned(), value.clone()));
            }
        }
        Ok(out)
    }

    fn run(
        &mut self,
        module: &Value,
        method: &str,
        inputs: Vec<(String, Input)>,
    ) -> Eval<(cresset_ir::Tree, Vec<cresset_ir::Value>)> {
        let mut args = Args::default();
        for (name, input) in inputs {
            let value = match input {
                Input::Known(value) => value,
                Input::Tensor(ty) => {
                    let handle = {
                        let mut trace = self.torch.trace.borrow_mut();
                        let trace = trace.as_mut().expect("started");
                        let v = trace.builder.input(&name, ty);
                        trace.handle(v)
                    };
                    self.wrap(handle)
                }
            };
            match name.parse::<usize>() {
                Ok(_) => args.pos.push(value),
                Err(_) => args.named.push((name.as_str().into(), value)),
            }
        }
        let function = if method == "forward" { module.clone() } else { self.it.getattr(module, method)? };
        let result = self.it.call(&function, args)?;
        let (tree, handles) = super::output::flatten(self, &result)?;
        let results = handles.iter().map(|h| self.traced_value(h)).collect::<Eval<Vec<_>>>()?;
        Ok((tree, results))
    }

    /// Tensors that are older than the trace must hold after the call what they held before.
    fn refuse_states(&self, trace: &Trace, finals: &[Handle]) -> Eval<()> {
        for (Written { storage, at, .. }, last) in trace.written.iter().zip(finals) {
            if storage.born == trace.number || matches!(last, Handle::Lazy(_)) {
                continue;
            }
            let named = trace.named.iter().find(|n| Rc::ptr_eq(&n.place.storage, storage));
            let what = named.map_or("a tensor that is older than the call".to_owned(), |n| format!("`{}`", n.name));
            let text = format!("forward writes to {what}, and its new value would be part of the module's state");
            let hint = "call eval() on the module if this is a statistic of training; states that change between calls are not traced yet";
            return Err(self.refuse(Diagnostic::error(codes::TRACED_STATE, text).at(*at, "written here").hint(hint)));
        }
        Ok(())
    }
}

/// The program of a trace; the store lists parameters and buffers in the order of the module tree, then constants.
fn finish(trace: Trace, name: String, method: &str, tree: cresset_ir::Tree, results: Vec<cresset_ir::Value>) -> Outcome {
    let Trace { builder, named, mut used, .. } = trace;
    let (graph, facts) = builder.finish(results, tree);
    let mut entries: IndexMap<String, (Kind, Rc<Lazy>)> = IndexMap::new();
    for n in &named {
        if let Some(entry) = used.shift_remove(&n.name) {
            entries.insert(n.name.clone(), entry);
        }
    }
    entries.extend(used);
    let store = entries.iter().map(|(name, (kind, value))| (name.clone(), Entry { kind: *kind, ty: value.ty.clone() })).collect();
    let values = entries.into_iter().map(|(name, (_, value))| (name, value)).collect();
    Outcome { program: Program { name, facts, store, methods: [(method.to_owned(), graph)].into() }, values }
}
