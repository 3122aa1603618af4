//! log, log1p and log2.
//!
//! Method: `x = m * 2^e` with m of `[2/3, 4/3)`, and a polynomial for `ln(1 + f)` with `f = m - 1`, exact.

use super::strip::Unary;
use crate::cpu::block::lanes::Lanes;

/// ln 2 in two parts, the first with few enough bits that its product with an exponent is exact.
const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];
/// 1 / ln 2 in two parts.
const LOG2_E: [f32; 2] = [std::f32::consts::LOG2_E, 1.925_963_3e-8];
/// `(ln(1 + f) - f + f^2/2) / f^3` for `|f| <= 1/3`.
#[rustfmt::skip]
const LN: [f32; 9] = [
    0.333_333_37, -0.249_998_2, 0.199_993_06, -0.166_796_18, 0.143_128_4, -0.121_952_586, 0.106_613_5, -0.128_472_48, 0.123_580_754,
];

/// `ln(1 + f) - f`.
#[inline(always)]
fn tail<L: Lanes>(f: L) -> L {
    let square = f * f;
    (square * f).fma(f.poly(LN), square * f.all(-0.5))
}

/// `e * ln 2 + ln(1 + f)`.
#[inline(always)]
fn joined<L: Lanes>(e: L, f: L) -> L {
    let small = e.fma(f.all(LN_2[1]), tail(f));
    e.fma(f.all(LN_2[0]), f + small)
}

/// `y`, where it is the logarithm of a positive finite `x`, and the limits elsewhere.
#[inline(always)]
fn with_limits<L: Lanes>(x: L, y: L) -> L {
    let zero = x.all(0.0);
    let infinite = x.all(f32::MAX).lt(x);
    let y = L::select(infinite, x, y);
    let y = L::select(zero.lt(x), y, x.all(f32::NEG_INFINITY));
    let y = L::select(x.lt(zero), x.all(f32::NAN), y);
    L::select(x.is_nan(), x, y)
}

pub struct Log;

impl Unary for Log {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        let (m, e) = x.split();
        with_limits(x, joined(e, m - x.all(1.0)))
    }

    fn f64(x: f64) -> f64 {
        x.ln()
    }
}

pub struct Log2;

impl Unary for Log2 {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        let (m, e) = x.split();
        let f = m - x.all(1.0);
        let tail = tail(f);
        let small = f.fma(x.all(LOG2_E[1]), tail * x.all(LOG2_E[0]));
        with_limits(x, e + f.fma(x.all(LOG2_E[0]), small))
    }

    fn f64(x: f64) -> f64 {
        x.log2()
    }
}

pub struct Log1p;

impl Unary for Log1p {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        // The exponent comes from the rounded 1 + x, the mantissa from x itself, so that nothing is lost.
        let one = x.all(1.0);
        let u = x + one;
        let (_, e) = u.split();
        let f = x.scale2(-e) + (one.scale2(-e) - one);
        let y = with_limits(u, joined(e, f));
        L::select(x.abs().lt(x.all(1e-10)), x, y)
    }

    fn f64(x: f64) -> f64 {
        x.ln_1p()
    }
}
