//! Reducers: the monoids over which reductions run.
//!
//! `step` takes one element into the state, `merge` joins two states; the law `fold(xs ++ ys) = merge(fold(xs), fold(ys))` is the
//! licence for lanes, tiles, threads and split reductions, and is tested for every row of [`REDUCERS`].

use super::expr::Ex;
use crate::dtype::DType;
use crate::scalar::Scalar;

/// A monoid with a step function. `init` is given the dtype of the first body expression.
pub struct Reducer {
    pub name: &'static str,
    /// Number of body expressions.
    pub inputs: usize,
    pub init: fn(DType) -> Vec<Scalar>,
    pub step: for<'a> fn(&[Ex<'a>], &[Ex<'a>]) -> Vec<Ex<'a>>,
    pub merge: for<'a> fn(&[Ex<'a>], &[Ex<'a>]) -> Vec<Ex<'a>>,
}

macro_rules! fold {
    ($($id:ident $name:literal $init:path, $a:ident $b:ident => $f:expr;)*) => {$(
        pub static $id: Reducer = Reducer {
            name: $name,
            inputs: 1,
            init: |d| vec![$init(d)],
            step: |s, x| { let ($a, $b) = (s[0], x[0]); vec![$f] },
            merge: |s, x| { let ($a, $b) = (s[0], x[0]); vec![$f] },
        };
    )*};
}
fold! {
    SUM "sum" Scalar::zero, a b => a + b;
    PROD "prod" Scalar::one, a b => a * b;
    MAX "max" Scalar::lowest, a b => a.max(b);
    MIN "min" Scalar::highest, a b => a.min(b);
}

/// State (value, index) over (value, index): the largest value, the first of equals, NaN above all, as `torch.argmax`.
pub static ARGMAX: Reducer = Reducer {
    name: "argmax",
    inputs: 2,
    init: |d| vec![Scalar::lowest(d), Scalar::highest(DType::I64)],
    step: |s, x| best(s, x, x[0].gt(s[0])),
    merge: |s, x| best(s, x, x[0].gt(s[0])),
};

/// State (value, index) over (value, index): the smallest value, the first of equals, NaN below all, as `torch.argmin`.
pub static ARGMIN: Reducer = Reducer {
    name: "argmin",
    inputs: 2,
    init: |d| vec![Scalar::highest(d), Scalar::highest(DType::I64)],
    step: |s, x| best(s, x, x[0].lt(s[0])),
    merge: |s, x| best(s, x, x[0].lt(s[0])),
};

fn best<'a>(s: &[Ex<'a>], x: &[Ex<'a>], beats: Ex<'a>) -> Vec<Ex<'a>> {
    let nan = |v: Ex<'a>| v.ne(v);
    let tie = x[0].eq(s[0]).or(nan(x[0]).and(nan(s[0]))).and(x[1].lt(s[1]));
    let wins = beats.or(nan(x[0]).and(!nan(s[0]))).or(tie);
    vec![wins.select(x[0], s[0]), wins.select(x[1], s[1])]
}

/// State (m, s) with `log Σ exp x = m + log s`. m starts finite: (-inf) - (-inf) is NaN in the first step.
pub static LOGSUMEXP: Reducer = Reducer {
    name: "logsumexp",
    inputs: 1,
    init: |d| vec![Scalar::float(d, -1e30), Scalar::zero(d)],
    step: |s, x| {
        let m = s[0].max(x[0]);
        vec![m, s[1] * (s[0] - m).exp() + (x[0] - m).exp()]
    },
    merge: |a, b| {
        let m = a[0].max(b[0]);
        vec![m, a[1] * (a[0] - m).exp() + b[1] * (b[0] - m).exp()]
    },
};

/// Every reducer, by name for the text form.
pub static REDUCERS: [&Reducer; 7] = [&SUM, &PROD, &MAX, &MIN, &ARGMAX, &ARGMIN, &LOGSUMEXP];

impl Reducer {
    pub fn parse(name: &str) -> Option<&'static Reducer> {
        REDUCERS.iter().find(|r| r.name == name).copied()
    }
}

/// Reducers are statics: one name, one reducer.
impl PartialEq for Reducer {
    fn eq(&self, o: &Reducer) -> bool {
        self.name == o.name
    }
}

impl Eq for Reducer {}

impl std::hash::Hash for Reducer {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl std::fmt::Debug for Reducer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
