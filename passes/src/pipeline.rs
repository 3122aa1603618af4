//! The passes on graphs, in order.

use crate::manager::Pass;
use crate::{dce, expand, fold, freeze, simplify};

#[rustfmt::skip]
pub static PIPELINE: &[Pass] = &[
    Pass { name: "dce",               run: dce::run,      why: "nothing after this looks at what nobody uses" },
    Pass { name: "simplify",          run: simplify::run, why: "tracing writes down what eager code does, no-ops and repetitions included" },
    Pass { name: "freeze",            run: freeze::run,   why: "a norm after a layer is found while both are still whole" },
    Pass { name: "expand",            run: expand::run,   why: "from here on, every op has one element rule" },
    Pass { name: "simplify-expanded", run: simplify::run, why: "definitions are written for all cases; here is one" },
    Pass { name: "fold",              run: fold::run,     why: "what depends on weights and sizes alone is computed now" },
    Pass { name: "simplify-folded",   run: simplify::run, why: "numbers that folding found make calls trivial" },
];
