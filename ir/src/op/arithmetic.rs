//! Arithmetic: operands broadcast and share their dtype.

use super::attr::{Attr, AttrKind, attr_or};
use super::def::{Class::*, Meaning::Elements, OpDef, operand};
use super::elementwise::{elementwise, float_pairs, number, number_pairs, same, unary};
use super::sample::{Sample, values};
use crate::dtype::DType::{F32, I64};
use crate::kernel::Ex;

elementwise! {
    ADD "add" (a: SameNumber, b: SameNumber) "The sum." same number_pairs(), |e| e.x(0) + e.x(1);
    SUB "sub" (a: SameNumber, b: SameNumber) "The difference." same number_pairs(), |e| e.x(0) - e.x(1);
    MUL "mul" (a: SameNumber, b: SameNumber) "The product." same number_pairs(), |e| e.x(0) * e.x(1);
    DIV "div" (a: SameFloat, b: SameFloat) "The quotient." same float_pairs(), |e| e.x(0) / e.x(1);
    FLOOR_DIVIDE "floor_divide" (a: SameNumber, b: SameNumber)
        "The quotient rounded down, the one that goes with `remainder`; integers divided by zero give 0." same
        divisions(), |e| floor_divide(e.x(0), e.x(1));
    REMAINDER "remainder" (a: SameNumber, b: SameNumber)
        "What is left of a after taking away multiples of b, with the sign of b; integers divided by zero leave 0." same
        divisions(), |e| e.x(0).modulo(e.x(1));
    POW "pow" (a: SameNumber, b: SameNumber) "a to the power of b." same powers(), |e| e.x(0).pow(e.x(1));
    MAXIMUM "maximum" (a: Same, b: Same) "The larger; NaN if either is NaN." same number_pairs(), |e| e.x(0).max(e.x(1));
    MINIMUM "minimum" (a: Same, b: Same) "The smaller; NaN if either is NaN." same number_pairs(), |e| e.x(0).min(e.x(1));
    NEG "neg" (x: SameNumber) "The negative." same number(-3.0, 3.0), |e| -e.x(0);
    ABS "abs" (x: SameNumber) "The magnitude." same number(-3.0, 3.0), |e| e.x(0).abs();
    SIGN "sign" (x: SameNumber) "-1, 0 or 1; 0 for NaN." same number(-3.0, 3.0), |e| sign(e.x(0));
    FLOOR "floor" (x: SameFloat) "The next integer below." same unary(-3.0, 3.0), |e| e.x(0).floor();
    CEIL "ceil" (x: SameFloat) "The next integer above." same unary(-3.0, 3.0), |e| e.x(0).ceil();
    ROUND "round" (x: SameFloat) "The nearest integer, the even one of two." same
        [unary(-3.0, 3.0), halves()].concat(), |e| e.x(0).round();
    TRUNC "trunc" (x: SameFloat) "The next integer towards zero." same unary(-3.0, 3.0), |e| e.x(0).trunc();
    CLAMP "clamp" (x: SameNumber) [min = f64::NEG_INFINITY, max = f64::INFINITY]
        "The nearest value in `min..=max`; NaN stays NaN." same clamps(), |e| {
            let (min, max) = (e.sig.float("min"), e.sig.float("max"));
            let x = if min.is_finite() { e.x(0).max(e.bound(min)) } else { e.x(0) };
            if max.is_finite() { x.min(e.bound(max)) } else { x }
        };
}

/// Rounding the exact quotient of what `remainder` leaves: flooring `a / b` itself is wrong where that division rounds up.
fn floor_divide<'a>(a: Ex<'a>, b: Ex<'a>) -> Ex<'a> {
    if a.dtype().is_float() { b.eq(b.lit(0.0)).select(a / b, ((a - a.modulo(b)) / b).round()) } else { a.floor_div(b) }
}

fn sign<'a>(x: Ex<'a>) -> Ex<'a> {
    x.gt(x.lit(0.0)).cast(x.dtype()) - x.lt(x.lit(0.0)).cast(x.dtype())
}

fn divisions() -> Vec<Sample> {
    let signs = |d| Sample::new(vec![values(d, &[4], &[7.0, -7.0, 7.0, -7.0]), values(d, &[4], &[2.0, 2.0, -2.0, -2.0])]);
    let rounding = Sample::new(vec![values(F32, &[3], &[1.0, -1.0, 6.0]), values(F32, &[3], &[0.1, 0.1, 0.2])]);
    number_pairs().into_iter().chain([signs(F32), signs(I64), rounding]).collect()
}

fn powers() -> Vec<Sample> {
    vec![
        Sample::new(vec![values(F32, &[5], &[0.5, 2.0, -2.0, 0.0, 9.0]), values(F32, &[5], &[2.5, -1.0, 3.0, 0.0, 0.5])]),
        Sample::new(vec![values(F32, &[2, 2], &[-1.5, 0.25, 2.0, 3.0]), values(F32, &[], &[2.0])]),
        Sample::new(vec![values(I64, &[4], &[2.0, -3.0, 5.0, 0.0]), values(I64, &[4], &[10.0, 3.0, 0.0, 0.0])]),
    ]
}

fn halves() -> Vec<Sample> {
    vec![Sample::new(vec![values(F32, &[6], &[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])])]
}

fn clamps() -> Vec<Sample> {
    let with = |min: Option<f64>, max: Option<f64>| {
        number(-3.0, 3.0).into_iter().map(move |s| {
            let s = min.map_or(s.clone(), |v| s.attr("min", v));
            max.map_or(s.clone(), |v| s.attr("max", v))
        })
    };
    with(Some(-1.0), Some(1.0)).chain(with(None, Some(2.0))).chain(with(Some(0.0), None)).collect()
}
