//! exp and what is made of it: exp2, expm1, tanh, sigmoid, erf.
//!
//! Method: `e^x = 2^n * e^r` with integral n and `|r| <= ln(2)/2`, and a polynomial for `e^r`. Functions that are about x near
//! zero have a polynomial of their own there. Coefficients are minimax in relative error, rounded to f32 one by one.

use super::strip::Unary;
use crate::cpu::block::lanes::Lanes;

/// ln 2 in two parts.
const LN_2: [f32; 2] = [std::f32::consts::LN_2, -1.904_654_3e-9];
/// `(e^r - 1 - r) / r^2` for `|r| <= ln(2)/2`.
const EXP: [f32; 6] = [0.5, 0.166_666_67, 0.041_666_694, 0.008_333_666, 0.001_390_308_8, 0.000_195_682_69];
/// `(tanh(x)/x - 1) / x^2` over `x^2`, for `|x| <= 0.6`.
const TANH: [f32; 6] = [-0.333_333_3, 0.133_332_28, -0.053_949_643, 0.021_716_872, -0.008_218_445, 0.002_181_607_3];
/// `erf(x)/x - 1` over `x^2`, for `|x| <= 0.93`.
#[rustfmt::skip]
const ERF: [f32; 7] = [
    0.128_379_17, -0.376_126_3, 0.112_836_15, -0.026_854_878, 0.005_189_995_3, -0.000_802_133_35, 0.000_078_767_516,
];
/// `-ln(1 - erf(t))/t - 1`, for `0.92 <= t <= 4`.
#[rustfmt::skip]
const ERFC: [f32; 7] = [
    0.128_648_34, 0.635_151_86, 0.106_236_09, -0.023_761_507, 0.003_642_262, -0.000_322_773_82, 0.000_011_230_377,
];

/// `(n, e^r - 1)` for `e^x = 2^n * e^r`. Arguments are limited to where the result is finite and not zero, with room for
/// it to overflow or vanish.
#[inline(always)]
fn reduced<L: Lanes>(x: L) -> (L, L) {
    let x = x.at_least(-105.0).at_most(89.0);
    let n = (x * x.all(std::f32::consts::LOG2_E)).round();
    let r = n.fma(x.all(-LN_2[0]), x);
    let r = n.fma(x.all(-LN_2[1]), r);
    (n, expm1_near_zero(r))
}

#[inline(always)]
fn expm1_near_zero<L: Lanes>(r: L) -> L {
    (r * r).fma(r.poly(EXP), r)
}

/// Below this `e^x` rounds to zero.
const VANISHES: f32 = -104.0;

#[inline(always)]
fn exp<L: Lanes>(x: L) -> L {
    // A scaling that underflows takes the processor's slow way, and a masked softmax is full of -inf: zeros are chosen, not computed.
    let zero = x.all(0.0);
    let gone = x.lt(x.all(VANISHES));
    let (n, p) = reduced(L::select(gone, zero, x));
    L::select(gone, zero, (p + x.all(1.0)).scale2(n))
}

pub struct Exp;

impl Unary for Exp {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        exp(x)
    }

    fn f64(x: f64) -> f64 {
        x.exp()
    }
}

pub struct Exp2;

impl Unary for Exp2 {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        let x = x.at_least(-151.0).at_most(129.0);
        let n = x.round();
        let p = expm1_near_zero((x - n) * x.all(std::f32::consts::LN_2));
        (p + x.all(1.0)).scale2(n)
    }

    fn f64(x: f64) -> f64 {
        x.exp2()
    }
}

pub struct Expm1;

impl Unary for Expm1 {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        // 2^n p + (2^n - 1), at half scale because 2^128 is infinite.
        let (n, p) = reduced(x);
        let half = x.all(0.5).scale2(n);
        let y = half.fma(p, half - x.all(0.5));
        // Half scale would cost tiny numbers their last bit, and zero its sign.
        L::select(x.abs().lt(x.all(1e-8)), x, y + y)
    }

    fn f64(x: f64) -> f64 {
        x.exp_m1()
    }
}

pub struct Tanh;

impl Unary for Tanh {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        let square = x * x;
        let near = (x * square).fma(square.poly(TANH), x);
        let t = x.abs();
        let far = x.all(1.0) - x.all(2.0) / (exp(t + t) + x.all(1.0));
        L::select(t.lt(x.all(0.6)), near, far).copysign(x)
    }

    fn f64(x: f64) -> f64 {
        x.tanh()
    }
}

pub struct Sigmoid;

impl Unary for Sigmoid {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        // From e = e^-|x|, which cannot overflow: 1/(1 + e) or e/(1 + e). What the sums round off is put back.
        let one = x.all(1.0);
        let (n, p) = reduced(-x.abs());
        let head = p + one;
        let rest = p - (head - one);
        let e = head.scale2(n);
        let sum = e + one;
        let lost = e - (sum - one);
        let inverse = one / sum;
        let inverse = (-(inverse * inverse)).fma(lost, inverse);
        let small = head.fma(inverse, rest * inverse).scale2(n);
        L::select(x.lt(x.all(0.0)), small, inverse)
    }

    fn f64(x: f64) -> f64 {
        let e = (-x.abs()).exp();
        (if x < 0.0 { e } else { 1.0 }) / (e + 1.0)
    }
}

pub struct Erf;

impl Unary for Erf {
    #[inline(always)]
    fn f32<L: Lanes>(x: L) -> L {
        let near = x.fma((x * x).poly(ERF), x);
        let t = x.abs();
        // erf is 1 from 4 on.
        let bounded = t.at_most(4.0);
        let far = x.all(1.0) - exp(-bounded.fma(bounded.poly(ERFC), bounded));
        L::select(t.lt(x.all(0.925)), near, far).copysign(x)
    }

    fn f64(x: f64) -> f64 {
        libm::erf(x)
    }
}
