//! The ops. Each is defined once, as a static in the file of its family; [`ALL`] lists them.

pub mod activation;
pub mod arithmetic;
pub mod attention;
pub mod attr;
mod compose;
pub mod conv;
pub mod creation;
pub mod def;
pub mod elem;
mod elementwise;
mod formula;
pub mod function;
pub mod index;
pub mod logic;
pub mod matmul;
pub mod movement;
pub mod norm;
pub mod pool;
pub mod reduction;
pub mod sample;
pub mod sig;
pub mod softmax;
pub mod structural;
mod window;

pub use attr::{Attr, AttrDef, AttrKind};
pub use def::{Call, Class, Count, Meaning, OpDef, Operand, Role};
pub use elem::{Elem, Update};
pub use formula::formula;
pub use sample::{Sample, SampleOperand};
pub use sig::Sig;

/// Every op, by family.
#[rustfmt::skip]
pub static ALL: &[&OpDef] = &[
    &arithmetic::ADD, &arithmetic::SUB, &arithmetic::MUL, &arithmetic::DIV, &arithmetic::FLOOR_DIVIDE, &arithmetic::REMAINDER,
    &arithmetic::POW, &arithmetic::MAXIMUM, &arithmetic::MINIMUM, &arithmetic::NEG, &arithmetic::ABS, &arithmetic::SIGN,
    &arithmetic::FLOOR, &arithmetic::CEIL, &arithmetic::ROUND, &arithmetic::TRUNC, &arithmetic::CLAMP,
    &function::EXP, &function::EXPM1, &function::LOG, &function::LOG1P, &function::SQRT, &function::RSQRT, &function::RECIPROCAL,
    &function::SIN, &function::COS, &function::TANH, &function::ERF, &function::SIGMOID, &function::ISNAN, &function::ISINF,
    &logic::LT, &logic::LE, &logic::GT, &logic::GE, &logic::EQ, &logic::NE, &logic::LOGICAL_AND, &logic::LOGICAL_OR,
    &logic::LOGICAL_XOR, &logic::LOGICAL_NOT, &logic::BITWISE_AND, &logic::BITWISE_OR, &logic::BITWISE_XOR, &logic::BITWISE_NOT,
    &logic::WHERE, &logic::MASKED_FILL, &logic::CAST,
    &activation::RELU, &activation::SILU, &activation::LEAKY_RELU, &activation::ELU, &activation::SOFTPLUS,
    &activation::HARDSWISH, &activation::HARDSIGMOID, &activation::GELU,
    &creation::FULL, &creation::ARANGE, &creation::EYE, &creation::SIZE, &creation::TRIL, &creation::TRIU,
    &movement::RESHAPE, &movement::PERMUTE, &movement::EXPAND, &movement::SLICE, &movement::CAT, &movement::PAD, &movement::FLIP,
    &reduction::SUM, &reduction::PROD, &reduction::AMAX, &reduction::AMIN, &reduction::ANY, &reduction::ALL, &reduction::MEAN,
    &reduction::VAR, &reduction::LOGSUMEXP, &reduction::ARGMAX, &reduction::ARGMIN, &reduction::CUMSUM,
    &matmul::MATMUL, &matmul::LINEAR,
    &conv::CONV1D, &conv::CONV2D,
    &pool::MAX_POOL2D, &pool::AVG_POOL2D, &pool::ADAPTIVE_AVG_POOL2D,
    &softmax::SOFTMAX, &softmax::LOG_SOFTMAX,
    &norm::LAYER_NORM, &norm::RMS_NORM, &norm::BATCH_NORM,
    &attention::SCALED_DOT_PRODUCT_ATTENTION,
    &index::EMBEDDING, &index::GATHER, &index::INDEX_SELECT, &index::SCATTER_ADD, &index::INDEX_ADD, &index::ONE_HOT,
    &structural::REGION, &structural::IF, &structural::LOOP,
];

/// The op of a name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    ALL.iter().find(|o| o.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::complete_attrs;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = ALL.iter().map(|op| op.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn schemas_are_complete() {
        for op in ALL {
            assert!(op.doc.ends_with('.'), "`{}` has a sentence", op.name);
            for (k, def) in op.attrs.iter().enumerate() {
                assert!(op.default_attr(k).is_none_or(|a| a.kind() == def.kind), "`{}`: default of `{}`", op.name, def.name);
                assert_eq!(op.attr_index(def.name), Some(k), "`{}`: attributes are unique", op.name);
            }
            let counts: Vec<_> = op.operands.iter().map(|o| o.count).collect();
            let required = counts.iter().take_while(|&&c| c == Count::One).count();
            let rest = &counts[required..];
            assert!(rest.iter().all(|&c| c == Count::Optional) || rest == [Count::Many], "`{}`: optional operands last", op.name);
        }
    }

    #[test]
    fn samples_fit_their_op() {
        for op in ALL.iter().filter(|op| !matches!(op.meaning, Meaning::Structural)) {
            let samples = (op.samples)();
            assert!(!samples.is_empty(), "`{}` has samples", op.name);
            for s in samples {
                complete_attrs(op, &s.attrs).unwrap_or_else(|d| panic!("`{}`({s}): {}", op.name, d.message()));
                assert!(s.operands.iter().all(|x| x.values.len() == x.shape.iter().product::<usize>()), "`{}`({s})", op.name);
            }
        }
    }
}
