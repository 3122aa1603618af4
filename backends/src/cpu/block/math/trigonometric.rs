//! sin and cos.
//!
//! Method: `x = q * pi/2 + r` with integral q and `|r| <= pi/4`, pi/2 in three parts, then one of two polynomials. Beyond the
//! range where three parts suffice, lanes are computed one by one in double precision.

use super::strip::Unary;
use crate::cpu::block::lanes::Lanes;

/// Up to here the three parts leave no visible error.
const LIMIT: f32 = 100_000.0;
const PI_2: [f32; 3] = [std::f32::consts::FRAC_PI_2, -4.371_139e-8, -1.715_124_5e-15];
/// `(sin(r)/r - 1) / r^2` over `r^2`.
const SIN: [f32; 4] = [-0.166_666_67, 0.008_333_38, -0.000_198_535_17, 0.000_002_837_611_9];
/// `(cos(r) - 1 + r^2/2) / r^4` over `r^2`.
const COS: [f32; 3] = [0.041_666_646, -0.001_388_731, 0.000_024_432_327];

/// The sine of `x + turns * pi/2`.
#[inline(always)]
fn sine<L: Lanes>(x: L, turns: f32) -> L {
    let q = (x * x.all(std::f32::consts::FRAC_2_PI)).round();
    let r = PI_2.iter().fold(x, |r, &part| q.fma(x.all(-part), r));
    let square = r * r;
    let sin = (square * r).fma(square.poly(SIN), r);
    let cos = (square * square).fma(square.poly(COS), square.fma(x.all(-0.5), x.all(1.0)));
    // The quadrant modulo 4 as -2, -1, 0, 1 or 2: exact, as all numbers here are small integers.
    let quadrant = q + x.all(turns);
    let quadrant = quadrant - (quadrant * x.all(0.25)).round() * x.all(4.0);
    let odd = L::select(quadrant.abs().lt(x.all(1.5)), quadrant.abs(), x.all(0.0));
    let y = L::select(x.all(0.5).lt(odd), cos, sin);
    // Quadrants -1, 2 and -2 are the negative ones.
    let negative = L::select(quadrant.lt(x.all(-0.5)), x.all(1.0), quadrant - x.all(1.0));
    L::select(x.all(0.5).lt(negative), -y, y)
}

/// Computes the lanes one by one where one of them is too large, and otherwise `y`.
#[inline(always)]
fn unless_large<L: Lanes>(x: L, y: L, exact: fn(f64) -> f64) -> L {
    if L::any(x.all(LIMIT).lt(x.abs())) { x.each(|x| exact(f64::from(x)) as f32) } else { y }
}

pub struct Sin;

impl Unary for Sin {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        // The fused steps turn -0 into 0.
        let y = L::select(x.abs().lt(x.all(1e-5)), x, sine(x, 0.0));
        unless_large(x, y, f64::sin)
    }

    fn f64(x: f64) -> f64 {
        x.sin()
    }
}

pub struct Cos;

impl Unary for Cos {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        unless_large(x, sine(x, 1.0), f64::cos)
    }

    fn f64(x: f64) -> f64 {
        x.cos()
    }
}
