//! Elementwise ops: arithmetic, comparison, selection and activation functions. Operands broadcast.

use super::attr::{AttrKind, attr, attr_or};
use super::def::{Class::*, Meaning::Elements, OpDef, operand};
use super::sample::{Sample, floats, spread};
use super::sig::Sig;
use crate::diag::Result;
use crate::dtype::DType::{self, BF16, F16, F32, F64, I8, I32, I64, U8};
use crate::types::Type;
use std::f64::consts::FRAC_1_SQRT_2;

/// The broadcast of all operands, in the dtype of the last.
fn same(s: &Sig) -> Result<Vec<Type>> {
    let last = s.operands.len() - 1;
    Ok(vec![Type::new(s.ty(last).dtype, s.broadcast(0..s.operands.len())?)])
}

fn truth(s: &Sig) -> Result<Vec<Type>> {
    Ok(vec![Type::new(DType::Bool, s.broadcast(0..s.operands.len())?)])
}

/// Every dtype that matters on a 2x3 operand, in a range.
fn unary(lo: f64, hi: f64) -> Vec<Sample> {
    [F32, F64, F16, BF16].into_iter().map(|d| Sample::new(vec![spread(d, &[2, 3], lo, hi)])).collect()
}

fn binary() -> Vec<Sample> {
    let row = |d, a: &[usize], b: &[usize]| Sample::new(vec![spread(d, a, -4.0, 5.0), spread(d, b, 1.0, 4.0)]);
    vec![
        row(F32, &[2, 3], &[2, 3]),
        row(F32, &[2, 3], &[3]),
        row(F32, &[4, 1, 2], &[3, 1]),
        row(F32, &[2, 2], &[]),
        row(I64, &[5], &[5]),
        row(BF16, &[4], &[4]),
    ]
}

macro_rules! elementwise {
    ($($id:ident $name:literal ($($x:ident: $class:ident),*) $doc:literal $infer:ident $samples:expr, $rule:expr;)*) => {
        $(pub static $id: OpDef = OpDef {
            name: $name,
            doc: $doc,
            operands: &[$(operand(stringify!($x), $class)),*],
            attrs: &[],
            infer: $infer,
            meaning: Elements($rule),
            samples: || $samples,
        };)*
    };
}

elementwise! {
    ADD "add" (a: SameNumber, b: SameNumber) "The sum." same binary(), |e| e.x(0) + e.x(1);
    RELU "relu" (x: SameNumber) "The positive part; NaN stays NaN." same unary(-2.0, 2.0), |e| e.x(0).max(e.lit(0.0));
    LT "lt" (a: Same, b: Same) "Whether a is less than b." truth binary(), |e| e.x(0).lt(e.x(1));
    WHERE "where" (cond: Bool, a: Same, b: Same) "a where the condition holds, b elsewhere." same
        vec![Sample::new(vec![spread(DType::Bool, &[2, 3], 0.0, 2.0), floats(F32, &[2, 3]), floats(F32, &[3])])],
        |e| e.x(0).select(e.x(1), e.x(2));
}

pub static GELU: OpDef = OpDef {
    name: "gelu",
    doc: "The Gaussian error linear unit, by the error function or by its tanh approximation.",
    operands: &[operand("x", SameFloat)],
    attrs: &[attr_or("approximate", AttrKind::Str, || "none".into())],
    infer: same,
    meaning: Elements(|e| {
        let x = e.x(0);
        match e.sig.str("approximate") {
            "tanh" => 0.5 * x * (1.0 + (0.7978845608028654 * (x + 0.044715 * x * x * x)).tanh()),
            _ => 0.5 * x * (1.0 + (x * FRAC_1_SQRT_2).erf()),
        }
    }),
    samples: || unary(-3.0, 3.0).into_iter().chain([Sample::new(vec![floats(F32, &[7])]).attr("approximate", "tanh")]).collect(),
};

pub static CAST: OpDef = OpDef {
    name: "cast",
    doc: "The value in another dtype; floats truncate towards zero when they become integers.",
    operands: &[operand("x", Any)],
    attrs: &[attr("dtype", AttrKind::DType)],
    infer: |s| Ok(vec![s.ty(0).with_dtype(s.dtype("dtype"))]),
    meaning: Elements(|e| e.x(0)),
    samples: || {
        let to = |from, to: DType| Sample::new(vec![spread(from, &[6], -3.0, 3.0)]).attr("dtype", to);
        vec![to(F32, I64), to(I64, F32), to(F32, DType::Bool), to(F32, BF16), to(F16, F64), to(F32, U8), to(I32, I8)]
    },
};
