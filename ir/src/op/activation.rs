//! Activation functions.

use super::attr::{Attr, AttrKind, attr_or};
use super::def::{Class::*, Meaning::Elements, OpDef, operand};
use super::elementwise::{elementwise, number, same, unary};
use super::sample::{Sample, floats, values};
use crate::dtype::DType::F32;
use crate::kernel::Ex;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

elementwise! {
    RELU "relu" (x: SameNumber) "The positive part; NaN stays NaN." same number(-2.0, 2.0), |e| e.x(0).max(e.lit(0.0));
    SILU "silu" (x: SameFloat) "x times its logistic function." same unary(-4.0, 4.0), |e| e.x(0) * e.x(0).sigmoid();
    LEAKY_RELU "leaky_relu" (x: SameFloat) [negative_slope = 0.01] "x, scaled down where it is negative." same
        with(unary(-3.0, 3.0), "negative_slope", 0.2), |e| {
            let x = e.x(0);
            x.gt(e.lit(0.0)).select(x, x * e.sig.float("negative_slope"))
        };
    ELU "elu" (x: SameFloat) [alpha = 1.0] "x, bent towards -alpha where it is negative." same with(unary(-3.0, 3.0), "alpha", 0.5), |e| {
        let x = e.x(0);
        x.gt(e.lit(0.0)).select(x, x.expm1() * e.sig.float("alpha"))
    };
    SOFTPLUS "softplus" (x: SameFloat) [beta = 1.0, threshold = 20.0]
        "log(1 + exp(beta·x)) / beta, and x itself where beta·x is above the threshold." same softplus_samples(), |e| {
            let (x, beta) = (e.x(0), e.sig.float("beta"));
            let y = x * beta;
            y.gt(e.lit(e.sig.float("threshold"))).select(x, y.exp().log1p() / beta)
        };
    HARDSWISH "hardswish" (x: SameFloat) "x times its hardsigmoid." same unary(-5.0, 5.0), |e| e.x(0) * gate(e.x(0)) / 6.0;
    HARDSIGMOID "hardsigmoid" (x: SameFloat) "x/6 + 1/2, held in 0..=1." same unary(-5.0, 5.0), |e| gate(e.x(0)) / 6.0;
}

pub static GELU: OpDef = OpDef {
    name: "gelu",
    doc: "The Gaussian error linear unit, by the error function or by its tanh approximation.",
    operands: &[operand("x", SameFloat)],
    attrs: &[attr_or("approximate", AttrKind::Str, || "none".into())],
    infer: |s| match s.str("approximate") {
        "none" | "tanh" => same(s),
        other => Err(s.error(crate::codes::BAD_ATTRIBUTE, format!("knows `approximate` = \"none\" and \"tanh\", got {other:?}"))),
    },
    meaning: Elements(|e| {
        let x = e.x(0);
        match e.sig.str("approximate") {
            "tanh" => 0.5 * x * (1.0 + (FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + 0.044715 * x * x * x)).tanh()),
            _ => 0.5 * x * (1.0 + (x * FRAC_1_SQRT_2).erf()),
        }
    }),
    samples: || unary(-3.0, 3.0).into_iter().chain([Sample::new(vec![floats(F32, &[7])]).attr("approximate", "tanh")]).collect(),
};

/// x + 3, held in 0..=6.
fn gate(x: Ex<'_>) -> Ex<'_> {
    (x + 3.0).max(x.lit(0.0)).min(x.lit(6.0))
}

/// The samples, and the first once more with an attribute.
fn with(mut samples: Vec<Sample>, name: &'static str, v: f64) -> Vec<Sample> {
    samples.push(samples[0].clone().attr(name, v));
    samples
}

fn softplus_samples() -> Vec<Sample> {
    let high = values(F32, &[3], &[-30.0, 5.0, 30.0]);
    let tuned = Sample::new(vec![high.clone()]).attr("beta", 2.0).attr("threshold", 4.0);
    unary(-4.0, 4.0).into_iter().chain([Sample::new(vec![high]), tuned]).collect()
}
