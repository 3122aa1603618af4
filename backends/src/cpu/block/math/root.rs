//! Square root and its reciprocal.

use super::strip::Unary;
use crate::cpu::block::lanes::Lanes;

pub struct Sqrt;

impl Unary for Sqrt {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        x.sqrt()
    }

    fn f64(x: f64) -> f64 {
        x.sqrt()
    }
}

pub struct Rsqrt;

impl Unary for Rsqrt {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        x.all(1.0) / x.sqrt()
    }

    fn f64(x: f64) -> f64 {
        1.0 / x.sqrt()
    }
}
