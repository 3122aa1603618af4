//! The tracer: while `forward` runs, tensor operations become nodes of a graph.
//!
//! Invariants: a trace leaves everything as it was (the journal takes all writes back); every node has the place in the user's source and the
//! path of the module that was running; parameters and buffers keep their qualified names; every later call would be traced to the same
//! graph ([`settle`](super::settle)).

use super::Torch;
use super::cx::Cx;
use super::handle::{Handle, Storage, Traced};
use super::lazy::Lazy;
use super::number::Stored;
use super::settle::Earlier;
use super::tensor::{Place, Tensor};
use super::view::View;
use crate::eval::interp::Interp;
use crate::eval::journal::Journal;
use crate::eval::native::Args;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use cresset_ir::builder::NamedAttrs;
use cresset_ir::{
    Builder, Dim, Entry, Evaluate, Facts, Graph, Interval, Kind, Loc, OpDef, Program, Rel, Result, Scalar, Sizes, Tree, Type,
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
    paths: Rc<HashMap<usize, Rc<str>>>,
    pub named: Rc<[Named]>,
    /// Entries of the store that were used, with the places of `named` or of a constant.
    used: IndexMap<String, (Kind, Rc<Lazy>)>,
    constants: HashMap<*const Lazy, String>,
    /// The call before, when this one goes on from what that left.
    pub earlier: Option<Earlier>,
}

/// The parameters, buffers and modules of a tree.
#[derive(Clone)]
struct Tables {
    named: Rc<[Named]>,
    paths: Rc<HashMap<usize, Rc<str>>>,
}

/// A parameter or buffer.
pub(super) struct Named {
    pub name: String,
    kind: Kind,
    place: Place,
    /// What its storage held when the trace began.
    base: Rc<Lazy>,
    value: Rc<Lazy>,
}

impl Named {
    /// Whether its storage still holds what it did.
    pub fn is_unwritten(&self) -> bool {
        matches!(self.place.storage.current(), Handle::Lazy(now) if Rc::ptr_eq(&now, &self.base))
    }
}

/// A call that has been traced.
pub(super) struct Call {
    pub number: u64,
    pub graph: Graph,
    pub facts: Facts,
    pub named: Rc<[Named]>,
    pub used: IndexMap<String, (Kind, Rc<Lazy>)>,
}

impl Call {
    /// What an entry of its store is.
    pub fn stored(&self, name: &str) -> Option<Stored> {
        let (kind, value) = self.used.get(name)?;
        Some(if *kind == Kind::Const { Stored::Constant(value.clone()) } else { Stored::Named(value.clone()) })
    }
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

    pub fn handle(&self, value: cresset_ir::Value) -> Handle {
        Handle::Traced(Rc::new(Traced { value, ty: self.builder.ty(value).clone(), trace: self.number }))
    }

    /// An entry of the store.
    pub fn stored(&mut self, name: &str, kind: Kind, value: &Rc<Lazy>) -> cresset_ir::Value {
        self.used.entry(name.to_owned()).or_insert_with(|| (kind, value.clone()));
        self.builder.stored(name, value.ty.clone())
    }

    /// A tensor that has no name: written into the graph if it is one number, an entry of the store otherwise.
    pub fn constant(&mut self, value: &Rc<Lazy>) -> cresset_ir::Value {
        if let Some(scalar) = value.peek().filter(|t| t.shape().is_empty()).and_then(|t| t.get(0)) {
            return self.builder.constant(scalar);
        }
        let next = format!("const.{}", self.constants.len());
        let name = self.constants.entry(Rc::as_ptr(value)).or_insert(next).clone();
        self.stored(&name, Kind::Const, value)
    }
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

    /// Makes a relation of sizes a condition of calling the graph.
    pub(super) fn guard(&self, it: &Interp, left: Dim, rel: Rel, right: Dim, message: String) {
        if let Some(trace) = &mut *self.trace.borrow_mut() {
            trace.builder.loc = Loc::new(it.user_span(), &trace.scope);
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
        trace.builder.loc = Loc::new(self.it.user_span(), &trace.scope);
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
                trace.builder.loc = Loc::new(self.it.user_span(), &trace.scope);
                trace.builder.bound(v, values).and_then(|()| trace.check_stored(&*self.torch.evaluate))
            }
        };
        result.map_err(|diagnostic| self.refuse(diagnostic))
    }

    fn traced_value(&mut self, handle: &Handle) -> Eval<cresset_ir::Value> {
        let handle = self.known_constant(handle)?;
        match handle {
            Handle::Traced(t) if t.trace == self.torch.trace_number() => Ok(t.value),
            Handle::Traced(t) => self.recalled(&t),
            Handle::Lazy(_) => Err(self.stale()),
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
        let mut trace = self.torch.trace.borrow_mut();
        let trace = trace.as_mut().expect("asked for while tracing");
        let v = trace.constant(lazy);
        Ok(trace.handle(v))
    }

    /// What a tensor shows, as a value of the trace. A parameter or buffer is known by its name; views of one are taken in the graph.
    pub(super) fn traced(&mut self, place: &Place) -> Eval<Handle> {
        let (start, rest) = match place.storage.current() {
            Handle::Traced(t) if t.trace != self.torch.trace_number() => {
                let v = self.recalled(&t)?;
                let trace = self.torch.trace.borrow();
                (trace.as_ref().expect("asked for while tracing").handle(v), &place.views[..])
            }
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
        let table = trace.named.clone();
        let mut best: Option<&Named> = None;
        for named in table.iter().filter(covers).filter(|n| n.is_unwritten()) {
            if best.is_none_or(|b| named.place.views.len() > b.place.views.len()) {
                best = Some(named);
            }
        }
        let (name, kind, value, depth) = best.map(|n| (n.name.clone(), n.kind, n.value.clone(), n.place.views.len()))?;
        let v = trace.stored(&name, kind, &value);
        Some((trace.handle(v), depth))
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

    /// Traces a method of a module. Everything is afterwards as it was before.
    pub(super) fn trace(&mut self, module: &Value, method: &str, inputs: &[(String, Input)], facts: &Facts) -> Eval<Outcome> {
        if self.torch.tracing() {
            return Err(self.unsupported("tracing inside of a trace"));
        }
        let tables = self.tables(module)?;
        let journal = Journal::open();
        let first = Rc::new(self.call(module, method, inputs, facts, &tables, None)?);
        if !journal.written().is_empty() {
            self.settle(module, &journal, &first, facts, &mut |cx, earlier| {
                let inputs: Vec<_> = inputs.iter().map(|(name, input)| (name.clone(), earlier.input(input))).collect();
                let facts = earlier.facts(facts);
                cx.call(module, method, &inputs, &facts, &tables, Some(earlier))
            })?;
        }
        drop(journal);
        let name = self.it.type_name(module).to_string();
        Ok(finish(Rc::into_inner(first).expect("no other call is left"), name, method))
    }

    /// The module tree as it is now.
    fn tables(&mut self, module: &Value) -> Eval<Tables> {
        let mut named: Vec<Named> = vec![];
        for (kind, members) in [(Kind::Param, "named_parameters"), (Kind::Buffer, "named_buffers")] {
            for (name, value) in self.members(module, members)? {
                let Some(tensor) = value.downcast::<Tensor>() else { continue };
                let place = tensor.place();
                let (Handle::Lazy(value), Handle::Lazy(base)) = (tensor.read(self)?, place.storage.current()) else {
                    return Err(self.stale());
                };
                if !named.iter().any(|n| n.place.same(&place)) {
                    named.push(Named { name, kind, place, base, value });
                }
            }
        }
        let paths = self.members(module, "named_modules")?.into_iter().map(|(name, m)| (m.address(), Rc::from(name))).collect();
        Ok(Tables { named: named.into(), paths: Rc::new(paths) })
    }

    /// Traces one call.
    fn call(
        &mut self,
        module: &Value,
        method: &str,
        inputs: &[(String, Input)],
        facts: &Facts,
        tables: &Tables,
        earlier: Option<Earlier>,
    ) -> Eval<Call> {
        let number = self.torch.traces.get() + 1;
        self.torch.traces.set(number);
        let Tables { named, paths } = tables.clone();
        *self.torch.trace.borrow_mut() = Some(Trace {
            builder: Builder::new(method, facts.clone()),
            number,
            scope: "".into(),
            paths,
            named: named.clone(),
            used: IndexMap::new(),
            constants: HashMap::new(),
            earlier,
        });
        let control = self.it.control.replace(Rc::new(super::control::Tracing));
        let result = self.run(module, method, inputs);
        self.it.control = control;
        let Trace { builder, used, .. } = self.torch.trace.borrow_mut().take().expect("put there above");
        let (tree, results) = result?;
        let (graph, facts) = builder.finish(results, tree);
        Ok(Call { number, graph, facts, named, used })
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

    fn run(&mut self, module: &Value, method: &str, inputs: &[(String, Input)]) -> Eval<(Tree, Vec<cresset_ir::Value>)> {
        let mut args = Args::default();
        for (name, input) in inputs {
            let value = match input {
                Input::Known(value) => fresh(value),
                Input::Tensor(ty) => {
                    let handle = {
                        let mut trace = self.torch.trace.borrow_mut();
                        let trace = trace.as_mut().expect("started");
                        let v = trace.builder.input(name, ty.clone());
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
}

/// A list, dict or set of its own for each call.
fn fresh(value: &Value) -> Value {
    match value {
        Value::Tuple(items) => Value::tuple(items.iter().map(fresh)),
        Value::List(items) => Value::list(items.borrow().iter().map(fresh)),
        Value::Dict(dict) => Value::dict(dict.borrow().iter().map(|(key, value)| (key.clone(), fresh(value))).collect()),
        Value::Set(set) => Value::set(set.items.borrow().clone(), set.frozen),
        other => other.clone(),
    }
}

/// The program of a trace; the store lists parameters and buffers in the order of the module tree, then constants.
fn finish(call: Call, name: String, method: &str) -> Outcome {
    let Call { graph, facts, named, mut used, .. } = call;
    let mut entries: IndexMap<String, (Kind, Rc<Lazy>)> = IndexMap::new();
    for n in named.iter() {
        if let Some(entry) = used.shift_remove(&n.name) {
            entries.insert(n.name.clone(), entry);
        }
    }
    entries.extend(used);
    let store = entries.iter().map(|(name, (kind, value))| (name.clone(), Entry { kind: *kind, ty: value.ty.clone() })).collect();
    let values = entries.into_iter().map(|(name, (_, value))| (name, value)).collect();
    Outcome { program: Program { name, facts, store, methods: [(method.to_owned(), graph)].into() }, values }
}
