//! Functions of one float: exponentials, logarithms, roots, trigonometry.

use super::def::{Class::*, Meaning::Elements, OpDef, operand};
use super::elementwise::{elementwise, same, truth, unary};
use super::sample::{Sample, values};
use crate::dtype::DType::{F32, F64};

elementwise! {
    EXP "exp" (x: SameFloat) "e to the power of x." same unary(-3.0, 3.0), |e| e.x(0).exp();
    EXPM1 "expm1" (x: SameFloat) "exp(x) - 1, exact near 0." same unary(-1.0, 1.0), |e| e.x(0).expm1();
    LOG "log" (x: SameFloat) "The natural logarithm." same unary(0.1, 9.0), |e| e.x(0).log();
    LOG1P "log1p" (x: SameFloat) "log(1 + x), exact near 0." same unary(-0.5, 1.0), |e| e.x(0).log1p();
    SQRT "sqrt" (x: SameFloat) "The square root." same unary(0.0, 9.0), |e| e.x(0).sqrt();
    RSQRT "rsqrt" (x: SameFloat) "One over the square root." same unary(0.1, 9.0), |e| e.x(0).rsqrt();
    RECIPROCAL "reciprocal" (x: SameFloat) "One over x." same unary(0.1, 4.0), |e| 1.0 / e.x(0);
    SIN "sin" (x: SameFloat) "The sine." same unary(-7.0, 7.0), |e| e.x(0).sin();
    COS "cos" (x: SameFloat) "The cosine." same unary(-7.0, 7.0), |e| e.x(0).cos();
    TANH "tanh" (x: SameFloat) "The hyperbolic tangent." same unary(-3.0, 3.0), |e| e.x(0).tanh();
    ERF "erf" (x: SameFloat) "The error function." same unary(-3.0, 3.0), |e| e.x(0).erf();
    SIGMOID "sigmoid" (x: SameFloat) "The logistic function, 1 / (1 + exp(-x))." same unary(-5.0, 5.0), |e| e.x(0).sigmoid();
    ISNAN "isnan" (x: SameFloat) "Whether x is not a number." truth special(), |e| e.x(0).ne(e.x(0));
    ISINF "isinf" (x: SameFloat) "Whether x is infinite." truth special(), |e| { let x = e.x(0).abs(); x.eq(x.lit(f64::INFINITY)) };
}

fn special() -> Vec<Sample> {
    let all = [0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5];
    vec![Sample::new(vec![values(F32, &[5], &all)]), Sample::new(vec![values(F64, &[5], &all)])]
}
