//! What elementwise ops share: their type rules, the table form of their definitions, and operands to try them on.

use super::sample::{Sample, spread};
use super::sig::Sig;
use crate::diag::Result;
use crate::dtype::DType::{self, BF16, F16, F32, F64, I64};
use crate::types::Type;

/// The broadcast of all operands, in the dtype of the last.
pub(super) fn same(s: &Sig) -> Result<Vec<Type>> {
    let last = s.operands.len() - 1;
    Ok(vec![Type::new(s.ty(last).dtype, s.broadcast(0..s.operands.len())?)])
}

/// The broadcast of all operands, as bool.
pub(super) fn truth(s: &Sig) -> Result<Vec<Type>> {
    Ok(vec![Type::new(DType::Bool, s.broadcast(0..s.operands.len())?)])
}

/// One row per op: static, name, operands with their classes, float attributes with their defaults, doc, type rule, samples, element rule.
macro_rules! elementwise {
    ($($id:ident $name:literal ($($x:ident: $class:ident),*) $([$($attr:ident = $value:expr),*])? $doc:literal $infer:ident $samples:expr, $rule:expr;)*) => {
        $(pub static $id: OpDef = OpDef {
            name: $name,
            doc: $doc,
            operands: &[$(operand(stringify!($x), $class)),*],
            attrs: &[$($(attr_or(stringify!($attr), AttrKind::Scalar, || Attr::float($value))),*)?],
            infer: $infer,
            meaning: Elements($rule),
            samples: || $samples,
        };)*
    };
}
pub(super) use elementwise;

/// Every float dtype on a 2x3 operand, in a range.
pub(super) fn unary(lo: f64, hi: f64) -> Vec<Sample> {
    [F32, F64, F16, BF16].into_iter().map(|d| Sample::new(vec![spread(d, &[2, 3], lo, hi)])).collect()
}

/// As [`unary`], and integers.
pub(super) fn number(lo: f64, hi: f64) -> Vec<Sample> {
    let mut all = unary(lo, hi);
    all.push(Sample::new(vec![spread(I64, &[5], lo, hi)]));
    all
}

/// Two float operands that broadcast in several ways; the second stays away from zero.
pub(super) fn float_pairs() -> Vec<Sample> {
    vec![
        pair(F32, &[2, 3], &[2, 3]),
        pair(F32, &[2, 3], &[3]),
        pair(F32, &[4, 1, 2], &[3, 1]),
        pair(F32, &[2, 2], &[]),
        pair(F64, &[3], &[3]),
        pair(F16, &[4], &[4]),
        pair(BF16, &[4], &[4]),
    ]
}

/// As [`float_pairs`], and integers.
pub(super) fn number_pairs() -> Vec<Sample> {
    let mut all = float_pairs();
    all.extend([pair(I64, &[5], &[5]), pair(DType::I32, &[2, 3], &[3])]);
    all
}

/// As [`number_pairs`], and bools.
pub(super) fn any_pairs() -> Vec<Sample> {
    let mut all = number_pairs();
    all.push(bit_pair(DType::Bool));
    all
}

/// Integers of several widths, and bools.
pub(super) fn bit_pairs() -> Vec<Sample> {
    [I64, DType::I32, DType::U8, DType::Bool].into_iter().map(bit_pair).collect()
}

fn bit_pair(d: DType) -> Sample {
    Sample::new(vec![spread(d, &[3, 4], 0.0, 2.0), spread(d, &[4], 0.0, 2.0)])
}

fn pair(d: DType, a: &[usize], b: &[usize]) -> Sample {
    Sample::new(vec![spread(d, a, -4.0, 5.0), spread(d, b, 1.0, 4.0)])
}
