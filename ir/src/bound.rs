//! Bounds: the values that an integer input may have, because an op uses them as indices.
//!
//! They are to values what guards are to sizes: recorded while a graph is built, printed with it, kept by every pass, and checked at each
//! call, before anything runs. Only elements that are certainly used have one: those that [`Role::Moved`](crate::op::Role) operands carry
//! from an input to an index, outside of blocks that may not run. Indices that are made from sizes, as positions are, ask for guards instead.
//! Compiled code still clamps every index, so that no value of a computed one reads or writes out of bounds.

use crate::builder::Builder;
use crate::call::Sizes;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::{Dim, Facts, Rel};
use crate::graph::{Def, Node, Value};
use crate::kernel::expr::widens;
use crate::loc::Loc;
use crate::op::{Role, Sig};
use crate::reach::reach;
use crate::tensor::{Element, Tensor};
use crate::with_element;
use std::collections::HashSet;
use std::fmt;

/// A condition on the values of an input.
#[derive(Clone, PartialEq, Debug)]
pub struct Bound {
    /// The position of the input.
    pub input: usize,
    pub values: Interval,
    pub loc: Loc,
}

/// The integers `min..below`.
#[derive(Clone, PartialEq, Debug)]
pub struct Interval {
    pub min: Dim,
    /// One more than the greatest.
    pub below: Dim,
}

impl Interval {
    /// `0..size`: the places along a dimension.
    pub fn places(size: Dim) -> Interval {
        Interval { min: 0i64.into(), below: size }
    }

    /// `-size..size`: places that may count from the end.
    pub fn places_from_either_end(size: Dim) -> Interval {
        Interval { min: Dim::from(0i64) - size.clone(), below: size }
    }

    /// Whether all of its integers certainly are in another interval.
    fn is_within(&self, other: &Interval, facts: &Facts) -> bool {
        let le = |a, b| facts.decide(a, Rel::Le, b) == Some(true);
        le(&other.min, &self.min) && le(&self.below, &other.below)
    }

    /// Requires that the elements of an integer tensor are in the interval. `what` names the tensor: "input `tokens`".
    ///
    /// # Errors
    /// `E0505` for the first element that is outside.
    pub fn check(&self, what: impl fmt::Display, tensor: &Tensor, sizes: &Sizes) -> Result<()> {
        // A size that the call does not give permits nothing.
        let (min, below) = self.min.at(sizes).zip(self.below.at(sizes)).unwrap_or((0, 0));
        match with_element!(tensor.dtype(), T => first_outside::<T>(tensor, min, below)?) {
            None => Ok(()),
            Some((place, value)) => Err(self.error(what, &index(place, tensor.shape()), value, [min, below])),
        }
    }

    fn error(&self, what: impl fmt::Display, place: &[usize], value: i64, [min, below]: [i64; 2]) -> Diagnostic {
        let known = format!("{min}..{below}");
        let range = match self.to_string() {
            range if range == known => range,
            range => format!("{range}, which is {known}"),
        };
        let element = if place.is_empty() { String::new() } else { format!("element {place:?} of ") };
        let text = format!("index out of range: {element}{what} is {value}, outside {range}");
        Diagnostic::error(codes::INDEX_OUT_OF_RANGE, text)
    }
}

/// `0..96`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.min, self.below)
    }
}

/// The place in row-major order, and the value, of the first element outside `min..below`.
fn first_outside<T: Element>(tensor: &Tensor, min: i64, below: i64) -> Result<Option<(usize, i64)>> {
    let elements = tensor.as_slice::<T>()?;
    let inside = |v: &T| (min..below).contains(&v.to_i64());
    // Without a way out the loop runs over whole vectors; nearly every call has nothing to find.
    if elements.iter().fold(true, |all, v| all & inside(v)) {
        return Ok(None);
    }
    Ok(elements.iter().position(|v| !inside(v)).map(|place| (place, elements[place].to_i64())))
}

/// The index of a place in row-major order.
fn index(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, n) in index.iter_mut().zip(shape).rev() {
        *i = place % n;
        place /= n;
    }
    index
}

const HINT: &str = "if these are token ids, check that the tokenizer is the one that the model was made for";

impl Bound {
    /// Requires that the tensor given for the input, of this name, holds only permitted values.
    ///
    /// # Errors
    /// `E0505`, with the place where the values are used.
    pub fn check(&self, name: &str, tensor: &Tensor, sizes: &Sizes) -> Result<()> {
        self.values.check(format_args!("input `{name}`"), tensor, sizes).map_err(|error| {
            let scope = self.loc.place().scope;
            let error = error.at(self.loc.span(), "used as an index here").hint(HINT);
            if scope.is_empty() { error } else { error.note(format!("used as an index in the module `{scope}`")) }
        })
    }
}

/// Requires that the indices of a call on known tensors are in range, as [`Interval::check`]. `value` gives the tensor of an operand.
pub fn check_call(sig: &Sig, mut value: impl FnMut(usize) -> Result<Tensor>) -> Result<()> {
    sig.places().into_iter().try_for_each(|(k, size)| Interval::places(size).check("the indices", &value(k)?, &Sizes::new()))
}

impl Builder {
    /// Requires that the elements of a value, which are used as indices at the builder's place, are in an interval. Inputs that they come
    /// from get a bound; entries of the store are left in `stored_bounds`, for those who know them.
    ///
    /// # Errors
    /// `E0505` for a constant, or what is made from sizes, outside of the interval.
    pub fn bound(&mut self, v: Value, values: &Interval) -> Result<()> {
        // A block may not run.
        if !self.checks_indices || self.is_nested() {
            return Ok(());
        }
        for source in self.sources(v) {
            match self.graph.def(source) {
                Def::Param => {
                    let bound = |input| Bound { input, values: values.clone(), loc: self.loc };
                    self.input_position(source).map(bound).into_iter().for_each(|b| self.record(b));
                }
                Def::Stored(name) => self.stored_bounds.push((name.clone(), values.clone())),
                Def::Const(s) => self.bound_known("the index", &Tensor::from_scalars(s.dtype(), &[], &[*s])?, values)?,
                Def::Result(..) => {
                    if let Some((least, greatest)) = reach(&self.graph, &self.facts, source) {
                        self.bound_reach(least, greatest, values)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The same of indices that are known: what their interval leaves open becomes guards.
    ///
    /// # Errors
    /// `E0505` for the first index that is outside of the interval.
    pub fn bound_known(&mut self, what: impl fmt::Display, indices: &Tensor, values: &Interval) -> Result<()> {
        if values.min.known().and(values.below.known()).is_some() {
            return values.check(what, indices, &Sizes::new()).map_err(|error| error.or_at(self.loc.span()));
        }
        let all = || (0..indices.numel()).filter_map(|i| indices.get_i64(i));
        if let Some((least, greatest)) = all().min().zip(all().max()) {
            self.bound_reach(least.into(), greatest.into(), values)?;
        }
        Ok(())
    }

    /// The same of indices that certainly reach from `least` to `greatest`.
    fn bound_reach(&mut self, least: Dim, greatest: Dim, values: &Interval) -> Result<()> {
        let Interval { min, below } = values.clone();
        for (left, rel, right, index) in [(min, Rel::Le, least.clone(), least), (greatest.clone(), Rel::Lt, below, greatest)] {
            let text = format!("index out of range: {index} is outside {values}");
            if self.facts.decide(&left, rel, &right) == Some(false) {
                return Err(Diagnostic::error(codes::INDEX_OUT_OF_RANGE, text).or_at(self.loc.span()));
            }
            self.guard(left, rel, right, text);
        }
        Ok(())
    }

    /// The values whose elements all are elements of this one, as far back as elements only move.
    fn sources(&self, v: Value) -> Vec<Value> {
        let (mut open, mut seen, mut out) = (vec![v], HashSet::new(), vec![]);
        while let Some(v) = open.pop() {
            if !seen.insert(v) {
                continue;
            }
            match self.graph.producer(v).map(|n| self.graph.node(n)) {
                Some(node) if self.moved(node).next().is_some() => open.extend(self.moved(node)),
                _ => out.push(v),
            }
        }
        out
    }

    /// The operands that keep all of their elements in the result of a node.
    fn moved<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = Value> + 'a {
        let to = self.ty(node.results[0]);
        let kept = move |k: usize, v: Value| {
            let from = self.ty(v);
            let same = from.dtype == to.dtype || (to.dtype.is_int() && widens(from.dtype, to.dtype));
            // What is expanded to nothing is not there any more.
            let filled = |d: &Dim| from.shape.contains(d) || self.facts.decide(&1i64.into(), Rel::Le, d) == Some(true);
            let there = from.numel() == to.numel() || to.shape.iter().all(filled);
            same && there && node.op.operand(k).is_some_and(|o| matches!(o.role, Role::Moved))
        };
        node.operands.iter().enumerate().filter(move |&(k, &v)| kept(k, v)).map(|(_, &v)| v)
    }

    /// Keeps the tighter one of two bounds of an input that can be compared.
    fn record(&mut self, bound: Bound) {
        let Builder { graph, facts, .. } = self;
        let same = |b: &Bound| b.input == bound.input;
        if graph.bounds.iter().any(|b| same(b) && b.values.is_within(&bound.values, facts)) {
            return;
        }
        graph.bounds.retain(|b| !(same(b) && bound.values.is_within(&b.values, facts)));
        graph.bounds.push(bound);
    }
}
