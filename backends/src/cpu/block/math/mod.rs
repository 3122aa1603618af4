//! Vector math on strips: `dst[i] = f(src[i])` for f32 and f64, at most 2 ulp from the true value over the whole f32 range.
//!
//! - [`strip`]: the loops, one instance per function and instruction set.
//! - `exponential`, `logarithm`, `trigonometric`, `root`, `power`: the functions, each written once.
//!
//! Invariants: NaN gives NaN; infinities, signed zeros and subnormals give what the function's limit is. f64 strips are
//! scalar loops over the double-precision library.

mod exponential;
mod logarithm;
mod power;
mod root;
mod strip;
#[cfg(test)]
mod tests;
mod trigonometric;

pub use strip::{BinaryStrip, Strip, UnaryStrip};

use super::Isa;

/// A function with a vector routine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MathFn {
    Exp,
    Exp2,
    Expm1,
    Log,
    Log1p,
    Log2,
    Tanh,
    Sigmoid,
    Erf,
    Sin,
    Cos,
    Sqrt,
    Rsqrt,
    Pow,
}

/// The strips of one function.
#[derive(Clone, Copy, Debug)]
pub struct MathRoutines {
    pub f32: Strip<f32>,
    pub f64: Strip<f64>,
}

type Row = (MathFn, &'static str, fn(Isa) -> MathRoutines);

#[rustfmt::skip]
const TABLE: [Row; 14] = [
    (MathFn::Exp,     "exp",     strip::unary::<exponential::Exp>),
    (MathFn::Exp2,    "exp2",    strip::unary::<exponential::Exp2>),
    (MathFn::Expm1,   "expm1",   strip::unary::<exponential::Expm1>),
    (MathFn::Log,     "log",     strip::unary::<logarithm::Log>),
    (MathFn::Log1p,   "log1p",   strip::unary::<logarithm::Log1p>),
    (MathFn::Log2,    "log2",    strip::unary::<logarithm::Log2>),
    (MathFn::Tanh,    "tanh",    strip::unary::<exponential::Tanh>),
    (MathFn::Sigmoid, "sigmoid", strip::unary::<exponential::Sigmoid>),
    (MathFn::Erf,     "erf",     strip::unary::<exponential::Erf>),
    (MathFn::Sin,     "sin",     strip::unary::<trigonometric::Sin>),
    (MathFn::Cos,     "cos",     strip::unary::<trigonometric::Cos>),
    (MathFn::Sqrt,    "sqrt",    strip::unary::<root::Sqrt>),
    (MathFn::Rsqrt,   "rsqrt",   strip::unary::<root::Rsqrt>),
    (MathFn::Pow,     "pow",     strip::power),
];

impl MathFn {
    /// All functions, in the order of the table.
    pub fn all() -> impl Iterator<Item = MathFn> {
        TABLE.iter().map(|row| row.0)
    }

    /// The name in dumps and kernels: `log1p`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The function of that name.
    pub fn parse(name: &str) -> Option<MathFn> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// The best strips of `function` on this machine.
pub fn routine(function: MathFn) -> MathRoutines {
    routine_for(function, Isa::detect())
}

/// The strips of `function` for `isa`; an instruction set that this machine lacks gives the best it has.
pub fn routine_for(function: MathFn, isa: Isa) -> MathRoutines {
    TABLE[function as usize].2(isa.min(Isa::detect()))
}
