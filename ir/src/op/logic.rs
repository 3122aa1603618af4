//! Comparison, logic, bits, selection and conversion.

use super::attr::{AttrKind, attr};
use super::def::{Class::*, Meaning::Elements, OpDef, operand};
use super::elementwise::{any_pairs, bit_pairs, elementwise, number_pairs, same, truth};
use super::sample::{Sample, floats, spread, values};
use crate::dtype::DType::{self, BF16, Bool as BOOL, F16, F32, I8, I32, I64, U8};

elementwise! {
    LT "lt" (a: Same, b: Same) "Whether a is less than b." truth number_pairs(), |e| e.x(0).lt(e.x(1));
    LE "le" (a: Same, b: Same) "Whether a is less than b or equal." truth number_pairs(), |e| e.x(0).le(e.x(1));
    GT "gt" (a: Same, b: Same) "Whether a is greater than b." truth number_pairs(), |e| e.x(0).gt(e.x(1));
    GE "ge" (a: Same, b: Same) "Whether a is greater than b or equal." truth number_pairs(), |e| e.x(0).ge(e.x(1));
    EQ "eq" (a: Same, b: Same) "Whether a equals b." truth equal_pairs(), |e| e.x(0).eq(e.x(1));
    NE "ne" (a: Same, b: Same) "Whether a differs from b." truth equal_pairs(), |e| e.x(0).ne(e.x(1));
    LOGICAL_AND "logical_and" (a: Same, b: Same) "Whether both are non-zero." truth any_pairs(),
        |e| e.x(0).cast(BOOL).and(e.x(1).cast(BOOL));
    LOGICAL_OR "logical_or" (a: Same, b: Same) "Whether one or both are non-zero." truth any_pairs(),
        |e| e.x(0).cast(BOOL).or(e.x(1).cast(BOOL));
    LOGICAL_XOR "logical_xor" (a: Same, b: Same) "Whether exactly one is non-zero." truth any_pairs(),
        |e| e.x(0).cast(BOOL).xor(e.x(1).cast(BOOL));
    LOGICAL_NOT "logical_not" (x: Same) "Whether x is zero." truth bits(), |e| !e.x(0).cast(BOOL);
    BITWISE_AND "bitwise_and" (a: SameBits, b: SameBits) "The bits set in both." same bit_pairs(), |e| e.x(0).and(e.x(1));
    BITWISE_OR "bitwise_or" (a: SameBits, b: SameBits) "The bits set in one or both." same bit_pairs(), |e| e.x(0).or(e.x(1));
    BITWISE_XOR "bitwise_xor" (a: SameBits, b: SameBits) "The bits set in exactly one." same bit_pairs(), |e| e.x(0).xor(e.x(1));
    BITWISE_NOT "bitwise_not" (x: SameBits) "Every bit flipped; for bool, the opposite." same bits(), |e| !e.x(0);
    WHERE "where" (cond: Bool, a: Same, b: Same) "a where the condition holds, b elsewhere." same selections(),
        |e| e.x(0).select(e.x(1), e.x(2));
    MASKED_FILL "masked_fill" (x: Same, mask: Bool, value: Same) "The value where the mask holds, x elsewhere." same fills(),
        |e| e.x(1).select(e.x(2), e.x(0));
}

pub static CAST: OpDef = OpDef {
    name: "cast",
    doc: "The value in another dtype; floats truncate towards zero when they become integers.",
    operands: &[operand("x", Any).moved()],
    attrs: &[attr("dtype", AttrKind::DType)],
    infer: |s| Ok(vec![s.ty(0).with_dtype(s.dtype("dtype"))]),
    meaning: Elements(|e| e.x(0).cast(e.sig.dtype("dtype"))),
    samples: || {
        let to = |from, to: DType| Sample::new(vec![spread(from, &[6], -3.0, 3.0)]).attr("dtype", to);
        vec![
            to(F32, I64),
            to(I64, F32),
            to(F32, BOOL),
            to(F32, BF16),
            to(F32, F16),
            to(F16, DType::F64),
            to(I64, U8),
            to(I32, I8),
        ]
    },
};

fn bits() -> Vec<Sample> {
    [I64, U8, BOOL].into_iter().map(|d| Sample::new(vec![spread(d, &[7], 0.0, 2.0)])).collect()
}

fn equal_pairs() -> Vec<Sample> {
    let nan = values(F32, &[2], &[f64::NAN, 0.0]);
    any_pairs().into_iter().chain([Sample::new(vec![nan.clone(), nan])]).collect()
}

fn selections() -> Vec<Sample> {
    let of = |d| Sample::new(vec![spread(BOOL, &[2, 3], 0.0, 2.0), spread(d, &[2, 3], -4.0, 4.0), spread(d, &[3], 0.0, 9.0)]);
    let column = Sample::new(vec![spread(BOOL, &[2, 1], 0.0, 2.0), floats(F32, &[3]), floats(F32, &[])]);
    vec![of(F32), of(BF16), of(I64), column]
}

fn fills() -> Vec<Sample> {
    let of = |d, value| Sample::new(vec![spread(d, &[2, 3], -4.0, 4.0), spread(BOOL, &[3], 0.0, 2.0), values(d, &[], &[value])]);
    vec![of(F32, f64::NEG_INFINITY), of(F16, 0.5), of(I64, 7.0)]
}
