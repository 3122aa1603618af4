//! Whether a graph holds for every call: the call is traced again from what the first one left behind.
//!
//! Law: if the second call has the graph of the first and leaves the same behind, so does every later one. What a call leaves and no call
//! reads before it is written again is not seen by this, and is allowed; what changes the next call is the module's state, and is refused.
//!
//! The calls may have other sizes: the symbols of the second call get names of their own (`T'`). Where it asks whether its sizes are those
//! of the first, as a cache does, both answers are followed, for each symbol.
//!
//! A tensor that the first call has computed has no value in the second one, unless it depends on no input: then it is computed again, as
//! what a cache holds is.

use super::Torch;
use super::cx::Cx;
use super::handle::{Handle, Traced};
use super::same::Calls;
use super::tensor::Tensor;
use super::trace::{Call, Input, Trace};
use crate::eval::journal::{Journal, Written};
use crate::eval::raise::{Eval, Raise};
use crate::eval::same::Same;
use crate::eval::value::Value;
use crate::eval::whereabouts::{self, Found};
use cresset_ir::graph::Def;
use cresset_ir::{Attr, Diagnostic, Dim, Facts, Kind, Rel, Span, Sym, Type, codes};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// Calls that are traced until nothing changes any more.
const MOST_CALLS: usize = 4;
/// Symbols of which each may have its earlier value or another one: two to this power calls are traced at most.
const MOST_SYMBOLS: usize = 3;

/// The call before the one that is traced.
pub(super) struct Earlier {
    call: Rc<Call>,
    between: Between,
    /// Values of its graph that were computed again.
    recalled: HashMap<cresset_ir::Value, cresset_ir::Value>,
    /// A tensor of it that has no value in this call and was asked for, and where.
    missed: Rc<RefCell<Option<Missed>>>,
}

struct Missed {
    tensor: Rc<Traced>,
    at: Option<Span>,
}

/// What two calls have to do with each other.
#[derive(Clone)]
pub(super) struct Between {
    /// The symbols whose values may be others in the second call.
    pub others: BTreeSet<Sym>,
    /// Whether they certainly are.
    pub differ: bool,
}

/// The name of a symbol of the second call whose value may be another one.
fn primed(sym: &Sym) -> Sym {
    Sym::new(&format!("{}'", sym.name()))
}

impl Between {
    /// A symbol of the first call, as the second one calls what it has in its place.
    fn later(&self, sym: &Sym) -> Sym {
        if self.others.contains(sym) { primed(sym) } else { sym.clone() }
    }

    /// A size of the second call, as the first one would call it.
    pub fn back(&self, dim: &Dim, facts: &Facts) -> Dim {
        dim.substitute(facts, &|sym| {
            let plain = self.others.iter().find(|other| primed(other) == *sym);
            // What the second call still holds of the first one's sizes is nothing that the first could have.
            let stale = || self.others.contains(sym).then(|| Sym::new(&format!("{} before", sym.name())));
            plain.cloned().or_else(stale).map(Dim::from)
        })
    }

    /// Whether two sizes differ because a symbol has another value than before: `2*T` and `2*T'`.
    fn differs(&self, a: &Dim, b: &Dim) -> bool {
        let difference = a.clone() - b.clone();
        let mut symbols = BTreeSet::new();
        difference.symbols(&mut symbols);
        let pair = |sym: &&Sym| symbols.len() == 2 && symbols.contains(*sym) && symbols.contains(&primed(sym));
        let Some(sym) = self.others.iter().find(pair) else { return false };
        let factor = factor(&difference, sym);
        !factor.is(0) && difference == (Dim::from(sym.clone()) - Dim::from(primed(sym))) * factor
    }
}

/// The coefficient of a symbol.
fn factor(dim: &Dim, sym: &Sym) -> Dim {
    let own = Dim::from(sym.clone()).poly();
    let atom = own.as_atom();
    dim.poly().terms().find(|(m, _)| m.len() == 1 && m.first() == atom).map_or(0, |(_, c)| c).into()
}

impl Earlier {
    /// An argument, with the names that sizes have in the second call.
    pub fn input(&self, input: &Input) -> Input {
        match input {
            Input::Known(value) => Input::Known(value.clone()),
            Input::Tensor(ty) => {
                let rename = |dim: &Dim| dim.substitute(&Facts::default(), &|sym| Some(self.between.later(sym).into()));
                Input::Tensor(Type::new(ty.dtype, ty.shape.iter().map(rename).collect::<Vec<_>>()))
            }
        }
    }

    /// What is known of the sizes of both calls.
    pub fn facts(&self, facts: &Facts) -> Facts {
        let later = facts.ranges.iter().map(|(sym, range)| (self.between.later(sym), *range));
        Facts { ranges: facts.ranges.clone().into_iter().chain(later).collect() }
    }
}

impl Torch {
    /// A relation between sizes of two calls that are said to differ.
    pub(super) fn differ_between_calls(&self, a: &Dim, rel: Rel, b: &Dim) -> Option<bool> {
        let trace = self.trace.borrow();
        let Earlier { between, .. } = trace.as_ref()?.earlier.as_ref()?;
        let differ = between.differ && matches!(rel, Rel::Eq | Rel::Ne) && between.differs(a, b);
        differ.then_some(rel == Rel::Ne)
    }
}

impl Trace {
    /// A value of the earlier call in this one: computed again, where it depends on no input and on no size that may differ.
    fn recall(&mut self, old: &Traced) -> Option<cresset_ir::Value> {
        let mut earlier = self.earlier.take()?;
        let value = if earlier.call.number == old.trace { self.compute_again(&mut earlier, old.value) } else { None };
        self.earlier = Some(earlier);
        value
    }

    fn compute_again(&mut self, earlier: &mut Earlier, wanted: cresset_ir::Value) -> Option<cresset_ir::Value> {
        let call = earlier.call.clone();
        let cone = cone(&call, wanted);
        if !cone.iter().all(|&v| self.is_fixed(&call, v, &earlier.between.others)) {
            return None;
        }
        for v in cone {
            if earlier.recalled.contains_key(&v) {
                continue;
            }
            match call.graph.def(v) {
                Def::Param => return None,
                Def::Const(scalar) => drop(earlier.recalled.insert(v, self.builder.constant(*scalar))),
                Def::Stored(name) => {
                    let (kind, value) = call.used.get(name)?;
                    let new = if *kind == Kind::Const { self.constant(value) } else { self.stored(name, *kind, value) };
                    earlier.recalled.insert(v, new);
                }
                Def::Result(node, _) => {
                    let node = call.graph.node(*node);
                    let operands = node.operands.iter().map(|v| earlier.recalled.get(v).copied()).collect::<Option<Vec<_>>>()?;
                    self.builder.loc = node.loc;
                    let results = self.builder.emit_with_blocks(node.op, &operands, node.attrs.clone(), vec![]).ok()?;
                    earlier.recalled.extend(node.results.iter().copied().zip(results));
                }
            }
        }
        earlier.recalled.get(&wanted).copied()
    }

    /// Whether a value by itself is the same in every call.
    fn is_fixed(&self, call: &Call, v: cresset_ir::Value, others: &BTreeSet<Sym>) -> bool {
        match call.graph.def(v) {
            Def::Param => false,
            Def::Const(_) => true,
            Def::Stored(name) => self.named.iter().filter(|n| n.name == *name).all(|n| n.is_unwritten()),
            Def::Result(node, _) => {
                let node = call.graph.node(*node);
                let mut symbols = BTreeSet::new();
                node.attrs.iter().for_each(|attr| match attr {
                    Attr::Dim(dim) => dim.symbols(&mut symbols),
                    Attr::Dims(dims) => dims.iter().for_each(|dim| dim.symbols(&mut symbols)),
                    _ => {}
                });
                node.blocks.is_empty() && symbols.is_disjoint(others)
            }
        }
    }
}

/// A value and all that it is computed from, what is needed first before what needs it.
fn cone(call: &Call, v: cresset_ir::Value) -> Vec<cresset_ir::Value> {
    let (mut open, mut seen) = (vec![v], BTreeSet::new());
    while let Some(v) = open.pop() {
        if seen.insert(v)
            && let Some(node) = call.graph.producer(v)
        {
            open.extend(&call.graph.node(node).operands);
        }
    }
    seen.into_iter().collect()
}

/// Traces the call once more.
pub(super) type Again<'a> = &'a mut dyn FnMut(&mut Cx, Earlier) -> Eval<Call>;

/// Why a call is not like the one before.
enum Reason {
    /// It reads a tensor that the earlier one has computed.
    Reads(Missed),
    /// It raises, and the earlier one does not.
    Fails(Diagnostic),
    /// Its graph differs.
    Differs,
    /// It leaves something else behind.
    Leaves(Rc<Written>),
}

impl Cx<'_> {
    /// A tensor that an earlier call has computed, as a value of this one.
    ///
    /// # Errors
    /// Where its value depends on that call.
    pub(super) fn recalled(&mut self, old: &Rc<Traced>) -> Eval<cresset_ir::Value> {
        let at = self.it.user_span();
        let mut trace = self.torch.trace.borrow_mut();
        match trace.as_mut().and_then(|trace| trace.recall(old)) {
            Some(value) => Ok(value),
            None => {
                if let Some(earlier) = trace.as_ref().and_then(|trace| trace.earlier.as_ref()) {
                    earlier.missed.borrow_mut().get_or_insert(Missed { tensor: old.clone(), at });
                }
                Err(self.stale())
            }
        }
    }

    /// Requires that every later call is as the first one, which has written what its journal says.
    ///
    /// # Errors
    /// `E0222` for what a call writes and a later one reads.
    pub(super) fn settle(
        &mut self,
        module: &Value,
        journal: &Journal,
        first: &Rc<Call>,
        facts: &Facts,
        again: Again,
    ) -> Eval<()> {
        let symbols: Vec<&Sym> = facts.ranges.keys().collect();
        let any = Between { others: symbols.iter().copied().cloned().collect(), differ: false };
        let Err(reason) = self.repeat(journal, first, &any, MOST_CALLS, again) else { return Ok(()) };
        if symbols.is_empty() || symbols.len() > MOST_SYMBOLS {
            return Err(self.refuse_state(module, journal, reason));
        }
        for subset in 0..1usize << symbols.len() {
            let others = symbols.iter().enumerate().filter(|(i, _)| subset >> i & 1 == 1).map(|(_, &sym)| sym.clone()).collect();
            if let Err(reason) = self.repeat(journal, first, &Between { others, differ: true }, MOST_CALLS, again) {
                return Err(self.refuse_state(module, journal, reason));
            }
        }
        Ok(())
    }

    /// Traces the call that comes after another one, until one leaves behind what it found.
    fn repeat(
        &mut self,
        journal: &Journal,
        before: &Rc<Call>,
        between: &Between,
        left: usize,
        again: Again,
    ) -> Result<(), Reason> {
        let own = Journal::open();
        let after = self.again(before, between, again)?;
        let mut calls = Calls::new(before.clone(), after.clone(), between.clone(), self.torch.evaluate.clone());
        if !calls.have_one_graph() {
            return Err(Reason::Differs);
        }
        let mut same = Same::new(journal.epoch, own.epoch, &mut calls);
        let (all, own) = (journal.written(), own.written());
        let mut seen = HashSet::new();
        // Of a container that both have written, the last entry knows what the earlier call left in it.
        let changed = all.iter().rev().filter(|w| seen.insert(w.entry.address())).find(|w| {
            let is_own = own.iter().any(|o| Rc::ptr_eq(o, w));
            !(if is_own { w.entry.held_the_same(&mut same) } else { w.entry.holds_the_same(&mut same) })
        });
        match changed {
            None => Ok(()),
            Some(_) if left > 2 && between.others.is_empty() => self.repeat(journal, &after, between, left - 1, again),
            Some(written) => Err(Reason::Leaves(written.clone())),
        }
    }

    /// One more call, unheard.
    fn again(&mut self, before: &Rc<Call>, between: &Between, again: Again) -> Result<Rc<Call>, Reason> {
        let missed = Rc::new(RefCell::new(None));
        let earlier =
            Earlier { call: before.clone(), between: between.clone(), recalled: HashMap::new(), missed: missed.clone() };
        let (torch, warnings) = (self.torch, self.it.warnings.len());
        let print = std::mem::replace(&mut self.it.print, Box::new(|_| {}));
        let result = self.it.run(|it| again(&mut Cx { it, torch }, earlier));
        self.it.print = print;
        self.it.warnings.truncate(warnings);
        result.map(Rc::new).map_err(|diagnostic| match missed.take() {
            Some(missed) => Reason::Reads(missed),
            None => Reason::Fails(diagnostic),
        })
    }

    fn refuse_state(&mut self, module: &Value, journal: &Journal, reason: Reason) -> Box<Raise> {
        let written = journal.written();
        let (path, at) = match &reason {
            Reason::Reads(missed) => self.holder(module, &written, &missed.tensor),
            Reason::Leaves(changed) => self.changed(module, changed),
            Reason::Fails(_) | Reason::Differs => {
                let mut nothing = ();
                let mut same = Same::new(journal.epoch, journal.epoch, &mut nothing);
                let changed = written.iter().find(|w| !w.entry.held_the_same(&mut same)).or(written.first());
                changed.map_or((None, None), |changed| self.changed(module, changed))
            }
        };
        let what = path.map_or("something that is older than the call".to_owned(), |path| format!("`{path}`"));
        let text = format!("forward writes to {what}, and the next call depends on it: it would be part of the module's state");
        let mut diagnostic = Diagnostic::error(codes::TRACED_STATE, text).at(at, "written here");
        match reason {
            Reason::Reads(Missed { at: read, .. }) if read != at => {
                diagnostic = diagnostic.at(read, "read here by the next call")
            }
            Reason::Fails(why) => diagnostic = diagnostic.note(format!("the next call fails: {}", why.message())),
            _ => {}
        }
        self.refuse(
            diagnostic.hint("states that change between calls are not traced yet: make it an input and a result of forward"),
        )
    }

    /// The name of what holds a tensor, and where that was written.
    fn holder(&self, module: &Value, written: &[Rc<Written>], tensor: &Rc<Traced>) -> (Option<String>, Option<Span>) {
        let holds = |value: &Value| {
            let current = value.downcast::<Tensor>().map(|t| t.place().storage.current());
            matches!(current, Some(Handle::Traced(t)) if Rc::ptr_eq(&t, tensor))
        };
        let Some(Found { path, containers, .. }) = whereabouts::find(self.roots(module), &holds) else { return (None, None) };
        let entry = |container: &usize| written.iter().find(|w| w.entry.address() == *container);
        let at = containers.iter().rev().find_map(entry).and_then(|w| w.at.get());
        (Some(path), at)
    }

    /// The name of what was changed, and where.
    fn changed(&self, module: &Value, written: &Written) -> (Option<String>, Option<Span>) {
        let address = written.entry.address();
        if address == self.torch.default_dtype.address() {
            return (Some("torch.get_default_dtype()".into()), written.at.get());
        }
        let found = whereabouts::find(self.roots(module), &|value| whereabouts::containers(value).contains(&address));
        let path = found.map(|found| whereabouts::part(&found.path, &found.value, address, written.entry.changed()));
        (path, written.at.get())
    }

    /// Where the search for an object begins: the module, its classes, the modules that were loaded.
    fn roots(&self, module: &Value) -> Vec<(String, Value)> {
        let classes = self.it.class_of(module);
        let classes =
            classes.mro().filter(|class| !class.builtin).map(|class| (class.name.to_string(), Value::Class(class.clone())));
        let modules: Vec<Value> = self.it.importer.loaded.borrow().values().cloned().collect();
        let modules = modules.into_iter().filter_map(|value| match &value {
            Value::Module(module) if !module.is_native => Some((module.name.to_string(), value)),
            _ => None,
        });
        [(String::new(), module.clone())].into_iter().chain(classes).chain(modules).collect()
    }
}
