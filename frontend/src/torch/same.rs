//! Whether two calls have the same graph and leave the same tensors and sizes behind.

use super::handle::{Handle, Version};
use super::number::Numbers;
use super::settle::Between;
use super::tensor::Look;
use super::trace::Call;
use crate::eval::same::Same;
use crate::eval::shared::Content;
use cresset_ir::eval::Evaluate;
use cresset_ir::{DType, Dim};
use cresset_runtime::random::Generator;
use std::rc::Rc;

/// Two calls that are compared.
pub(super) struct Calls {
    before: Rc<Call>,
    after: Rc<Call>,
    between: Between,
    evaluate: Rc<dyn Evaluate>,
    /// The numbers of the values of the first graph; the same with its sizes as the second call sees them; those of the second graph.
    numbers: [Vec<u32>; 3],
}

impl Calls {
    pub fn new(before: Rc<Call>, after: Rc<Call>, between: Between, evaluate: Rc<dyn Evaluate>) -> Calls {
        let mut numbers = Numbers::default();
        let mut of =
            |call: &Call, rename: &dyn Fn(&Dim) -> Dim| numbers.of(&call.graph, rename, &|name| call.stored(name), &*evaluate);
        let back = |dim: &Dim| between.back(dim, &before.facts);
        let numbers = [of(&before, &Dim::clone), of(&before, &back), of(&after, &back)];
        Calls { before, after, between, evaluate, numbers }
    }

    /// Whether the calls compute the same results, under conditions that the first one has.
    pub fn have_one_graph(&self) -> bool {
        let (a, b) = (&self.before.graph, &self.after.graph);
        let number = |which: usize, v: &cresset_ir::Value| self.numbers[which][v.0 as usize];
        let same_results = a.output == b.output
            && a.body.results.len() == b.body.results.len()
            && a.body.results.iter().zip(&b.body.results).all(|(x, y)| number(0, x) == number(2, y));
        let guarded = b.guards.iter().all(|g| {
            let (left, right) = (self.back(&g.left), self.back(&g.right));
            self.before.facts.decide(&left, g.rel, &right) == Some(true)
                || a.guards.iter().any(|h| (&h.left, h.rel, &h.right) == (&left, g.rel, &right))
        });
        let bounded = b.bounds.iter().all(|bound| {
            let (min, below) = (self.back(&bound.values.min), self.back(&bound.values.below));
            a.bounds.iter().any(|h| h.input == bound.input && h.values.min == min && h.values.below == below)
        });
        same_results && guarded && bounded
    }

    fn back(&self, dim: &Dim) -> Dim {
        self.between.back(dim, &self.before.facts)
    }

    /// The number of a tensor's value, as the first or as the second call leaves it.
    fn number(&self, handle: &Handle, second: bool) -> Option<u32> {
        let Handle::Traced(t) = handle else { return None };
        let which = match second {
            false if t.trace == self.before.number => 0,
            true if t.trace == self.before.number => 1,
            true if t.trace == self.after.number => 2,
            _ => return None,
        };
        self.numbers[which].get(t.value.0 as usize).copied()
    }

    fn same_value(&self, a: &Handle, b: &Handle) -> bool {
        match (a, b) {
            (Handle::Lazy(x), Handle::Lazy(y)) => {
                let known = |lazy: &Rc<super::Lazy>| lazy.value(&*self.evaluate).ok();
                Rc::ptr_eq(x, y) || x.ty == y.ty && known(x).zip(known(y)).is_some_and(|(x, y)| x.bytes() == y.bytes())
            }
            (Handle::Traced(x), Handle::Traced(y)) => match (self.number(a, false), self.number(b, true)) {
                (Some(a), Some(b)) => a == b,
                _ => Rc::ptr_eq(x, y),
            },
            _ => false,
        }
    }
}

/// Whether a size of the second call is one of the first.
pub(super) fn same_size(a: &Dim, b: &Dim, with: &mut Same) -> bool {
    with.layer.downcast_ref::<Calls>().map_or(a == b, |calls| *a == calls.back(b))
}

impl Content for Version {
    fn same(&self, other: &Self, with: &mut Same) -> bool {
        with.layer.downcast_ref::<Calls>().is_some_and(|calls| calls.same_value(&self.value, &other.value))
    }
}

impl Content for Look {
    fn same(&self, other: &Self, with: &mut Same) -> bool {
        let (a, b) = (&self.place, &other.place);
        let mut sizes = |a: &[Dim], b: &[Dim]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_size(a, b, with));
        let same_layout = sizes(&a.layout.shape, &b.layout.shape) && sizes(&a.layout.strides, &b.layout.strides);
        let views = b.views.iter().map(|view| match with.layer.downcast_ref::<Calls>() {
            Some(calls) => view.renamed(&|dim| calls.back(dim)),
            None => view.clone(),
        });
        let same_views = a.views.iter().cloned().eq(views);
        let same_flags = self.requires_grad == other.requires_grad;
        same_flags && same_layout && same_views && with.shared(a.storage.shared(), b.storage.shared())
    }
}

macro_rules! plain {
    ($($ty:ty)*) => {
        $(impl Content for $ty {
            fn same(&self, other: &Self, _: &mut Same) -> bool {
                self == other
            }
        })*
    };
}
plain!(bool DType Generator);
