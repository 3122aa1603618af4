//! How much memory a plan needs: in bytes where sizes are known, as formulas over its symbols where they are not.
//!
//! The peak follows from the layout, which is made for known sizes; the most that is alive at one step, and the sum of all blocks,
//! are sizes like any other.

use super::layout::aligned;
use super::{ALIGN, Block, Layout, Plan};
use crate::call::Sizes;
use crate::dim::{Dim, Facts, Rel, Sym};
use crate::graph::Guard;
use crate::poly::{Monomial, Poly};
use std::collections::BTreeSet;
use std::fmt;

/// What a plan needs besides inputs, results and weights, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// The arena.
    pub peak: usize,
    /// The most that is alive at one step: no arena can be smaller.
    pub lower_bound: usize,
    /// All blocks, as if none shared memory.
    pub sum: usize,
}

/// The same over the symbols, before blocks are rounded up to [`ALIGN`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryFormulas {
    pub lower_bound: Dim,
    pub sum: Dim,
    /// Whether every block has a multiple of [`ALIGN`] bytes, so that rounding adds nothing.
    pub exact: bool,
}

/// What [`Plan::examples`] gives the symbols that have no maximum, and how far it looks for sizes that the guards accept.
const EXAMPLES: [i64; 3] = [1, 16, 256];
const REACH: i64 = 64;

impl Memory {
    /// What blocks of the given sizes need; `None` when they cannot be addressed.
    pub fn of(blocks: &[Block], sizes: &[usize]) -> Option<Memory> {
        let peak = Layout::of(blocks, sizes)?.total;
        let sizes = aligned(sizes)?;
        let alive = |step| alive(blocks, &sizes, step).sum();
        let lower_bound = blocks.iter().map(|b| alive(b.first)).max().unwrap_or(0);
        Some(Memory { peak, lower_bound, sum: sizes.iter().try_fold(0, |n: usize, &s| n.checked_add(s))? })
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peak {} bytes, lower bound {} bytes, {} without sharing", self.peak, self.lower_bound, self.sum)
    }
}

/// The sizes of the blocks that are alive at a step.
fn alive<'a, T>(blocks: &'a [Block], sizes: &'a [T], step: usize) -> impl Iterator<Item = &'a T> {
    blocks.iter().zip(sizes).filter(move |(b, _)| (b.first..=b.last).contains(&step)).map(|(_, size)| size)
}

impl Plan {
    /// Bytes of each block when symbols are bound; `None` if one is not, or the number is no size.
    pub fn block_sizes(&self, bind: &dyn Fn(&Sym) -> Option<i64>) -> Option<Vec<usize>> {
        self.blocks.iter().map(|b| b.size.eval(bind).and_then(|n| usize::try_from(n).ok())).collect()
    }

    /// Memory of a call with these sizes, laid out for it.
    pub fn memory(&self, bind: &dyn Fn(&Sym) -> Option<i64>) -> Option<Memory> {
        Memory::of(&self.blocks, &self.block_sizes(bind)?)
    }

    /// Memory when every size is at its declared maximum; `None` where one has none.
    pub fn most_memory(&self) -> Option<Memory> {
        Memory::of(&self.blocks, &greatest_sizes(&self.blocks, &self.facts)?)
    }

    /// Memory for any sizes.
    pub fn memory_formulas(&self) -> MemoryFormulas {
        let sizes: Vec<Dim> = self.blocks.iter().map(|b| b.size.clone()).collect();
        let total = |sizes: &mut dyn Iterator<Item = &Dim>| sizes.fold(Dim::from(0i64), |sum, size| sum + size.clone());
        let steps: BTreeSet<usize> = self.blocks.iter().map(|b| b.first).collect();
        let sums: BTreeSet<Dim> = steps.iter().map(|&step| total(&mut alive(&self.blocks, &sizes, step))).collect();
        let exact = sizes.iter().all(|d| d.poly().terms().all(|(_, c)| c % ALIGN as i64 == 0));
        MemoryFormulas { lower_bound: greatest(sums, &self.facts), sum: total(&mut sizes.iter()), exact }
    }

    /// Memory at a few sizes, by the symbols that it depends on: those without a maximum are small, middling and large, the others at
    /// their maximum, or small too where no memory holds that. Sizes nearby are taken where guards refuse these, if they accept any.
    pub fn examples(&self) -> Vec<(Sizes, Memory)> {
        let mut ours = BTreeSet::new();
        self.blocks.iter().for_each(|b| b.size.symbols(&mut ours));
        let all: BTreeSet<Sym> = self.symbols().into_iter().chain(ours.iter().cloned()).collect();
        let sizes = |n: i64, most: bool| -> Sizes {
            let value = |s: &Sym| {
                let range = self.facts.range(s);
                range.max.filter(|&m| most || m < n).unwrap_or(n.max(range.min))
            };
            all.iter().map(|s| (s.clone(), value(s))).collect()
        };
        let accepted = |sizes: &Sizes| {
            let sides = |g: &Guard| g.left.at(sizes).zip(g.right.at(sizes));
            self.guards.iter().all(|g| sides(g).is_some_and(|(a, b)| g.rel.holds(a, b)))
        };
        let example = |n: i64| {
            let close = [true, false].into_iter().flat_map(|most| (n..n + REACH).map(move |n| sizes(n, most)));
            let mut best = close.clone().filter(accepted).chain(close);
            best.find_map(|sizes| self.memory(&|s| sizes.get(s).copied()).map(|m| (sizes, m)))
        };
        let mut found: Vec<_> = EXAMPLES.into_iter().filter_map(example).collect();
        found.iter_mut().for_each(|(sizes, _)| sizes.retain(|s, _| ours.contains(s)));
        found.dedup();
        found
    }
}

/// Bytes of each block at the declared maximum of its size.
pub fn greatest_sizes(blocks: &[Block], facts: &Facts) -> Option<Vec<usize>> {
    blocks.iter().map(|b| facts.bounds(&b.size).1.and_then(|n| usize::try_from(n).ok())).collect()
}

/// The greatest of some sizes, with few terms: one that is nowhere above another, or above the mean of two others, says nothing. What
/// all have in common is a factor.
fn greatest(sizes: BTreeSet<Dim>, facts: &Facts) -> Dim {
    let below = |d: &Dim, bound: &Dim| facts.decide(d, Rel::Le, bound) == Some(true);
    let mut kept: Vec<Dim> = vec![];
    for size in sizes {
        if !kept.iter().any(|k| below(&size, k)) {
            kept.retain(|k| !below(k, &size));
            kept.push(size);
        }
    }
    let mut i = 0;
    while i < kept.len() {
        let twice = kept[i].clone() * 2i64.into();
        let others = || kept.iter().enumerate().filter(|(j, _)| *j != i);
        let mean = |(j, a): (usize, &Dim)| others().any(|(k, b)| j < k && below(&twice, &(a.clone() + b.clone())));
        if others().any(mean) {
            kept.remove(i);
        } else {
            i += 1;
        }
    }
    let factor = common_factor(&kept, facts);
    let parts = kept.iter().map(|d| d.floor_div(&factor, facts)).reduce(|a, b| a.max_of(&b, facts));
    parts.map_or(0i64.into(), |p| p * factor)
}

/// The greatest product of atoms that divides every term of all sizes, and is not negative.
fn common_factor(sizes: &[Dim], facts: &Facts) -> Dim {
    let shared = |a: Monomial<_>, b: &Monomial<_>| {
        let mut rest = b.clone();
        a.into_iter().filter(|x| rest.iter().position(|y| y == x).map(|i| rest.remove(i)).is_some()).collect()
    };
    let polys: Vec<Poly<_>> = sizes.iter().map(Dim::poly).collect();
    let mut terms = polys.iter().flat_map(Poly::terms).map(|t| t.0);
    let Some(first) = terms.next().filter(|_| sizes.len() > 1) else { return 1i64.into() };
    let common = terms.fold(first.clone(), shared);
    let factor: Dim = common.into_iter().map(|a| Dim::from(Poly::atom(a))).product();
    if facts.bounds(&factor).0.is_some_and(|least| least >= 0) { factor } else { 1i64.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::Range;
    use crate::graph::Tree;
    use crate::loc::Loc;

    fn plan(blocks: &[(Dim, usize, usize)], guards: Vec<Guard>) -> Plan {
        let ranges = [("B", 1, None), ("T", 2, Some(128))].map(|(name, min, max)| (Sym::new(name), Range { min, max }));
        Plan {
            name: "forward".into(),
            inputs: vec![],
            output: Tree::None,
            guards,
            bounds: vec![],
            facts: Facts { ranges: ranges.into() },
            slots: vec![],
            kernels: vec![],
            steps: vec![],
            blocks: blocks.iter().map(|(size, first, last)| Block { size: size.clone(), first: *first, last: *last }).collect(),
            layout: None,
        }
    }

    /// `c·B + d·B·T + e·B·T²`.
    fn size(c: i64, d: i64, e: i64) -> Dim {
        let (b, t) = (Dim::sym("B"), Dim::sym("T"));
        b * (Dim::from(c) + t.clone() * d.into() + t.clone() * t * e.into())
    }

    fn bounds(blocks: &[(Dim, usize, usize)]) -> (String, String, bool) {
        let MemoryFormulas { lower_bound, sum, exact } = plan(blocks, vec![]).memory_formulas();
        (lower_bound.to_string(), sum.to_string(), exact)
    }

    #[test]
    fn bounds_say_what_counts() {
        let chain = [(size(64, 0, 0), 0, 1), (size(128, 0, 0), 1, 2), (size(64, 0, 0), 2, 3)];
        assert_eq!(bounds(&chain), ("192*B".into(), "256*B".into(), true));
        // Two that differ by T, and one between them.
        let three = [(size(0, 3072, 0), 0, 0), (size(0, 2560, 16), 1, 1), (size(0, 2048, 32), 2, 2)];
        assert_eq!(bounds(&three), ("B*T*max(3072, 32*T + 2048)".into(), "7680*B*T + 48*B*T*T".into(), false));
        assert_eq!(bounds(&[]), ("0".into(), "0".into(), true));
    }

    /// Random lifetimes: the formulas give what counting at each step gives.
    #[test]
    fn formulas_give_what_counting_gives() {
        let mut seed = 11u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((seed >> 33) % n) as i64
        };
        for _ in 0..200 {
            let mut block = || {
                let (first, length) = (next(8) as usize, next(4) as usize);
                (size(64 * next(9), 64 * next(3), 64 * next(2)), first, first + length)
            };
            let blocks: Vec<_> = (0..12).map(|_| block()).collect();
            let plan = plan(&blocks, vec![]);
            let bounds = plan.memory_formulas();
            for (b, t) in [(1, 2), (3, 7), (2, 128)] {
                let bind = |s: &Sym| Some(if s.name() == "B" { b } else { t });
                let memory = plan.memory(&bind).unwrap();
                assert_eq!(bounds.lower_bound.eval(&bind), Some(memory.lower_bound as i64), "{blocks:?}");
                assert_eq!(bounds.sum.eval(&bind), Some(memory.sum as i64));
            }
        }
    }

    fn examples(plan: &Plan) -> Vec<String> {
        let show = |(sizes, m): (Sizes, Memory)| format!("{sizes:?} {}", m.peak);
        plan.examples().into_iter().map(show).collect()
    }

    #[test]
    fn examples_are_calls() {
        let blocks = [(size(4, 0, 0), 0, 1), (size(0, 4, 0), 1, 2)];
        let b_is_even = Guard {
            left: Dim::sym("B").modulo(&2i64.into(), &Facts::default()),
            rel: Rel::Eq,
            right: 0i64.into(),
            message: String::new(),
            loc: Loc::NONE,
        };
        assert_eq!(examples(&plan(&blocks, vec![])), ["{B: 1, T: 128} 576", "{B: 16, T: 128} 8256", "{B: 256, T: 128} 132096"]);
        let even = plan(&blocks, vec![b_is_even.clone()]);
        assert_eq!(examples(&even), ["{B: 2, T: 128} 1088", "{B: 16, T: 128} 8256", "{B: 256, T: 128} 132096"]);
        // Where no sizes nearby are accepted, refused ones say more than none.
        let never = plan(&blocks[..1], vec![Guard { right: 5i64.into(), ..b_is_even }]);
        assert_eq!(examples(&never), ["{B: 1} 64", "{B: 16} 64", "{B: 256} 1024"]);
        // A maximum that cannot be addressed is none.
        let mut absurd = plan(&blocks[1..], vec![]);
        absurd.facts.ranges.insert(Sym::new("T"), Range { min: 2, max: Some(i64::MAX) });
        assert_eq!(examples(&absurd), ["{B: 1, T: 2} 64", "{B: 16, T: 16} 1024", "{B: 256, T: 256} 262144"]);
    }
}
