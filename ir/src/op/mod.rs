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
pub use def::{Call, Class, Count, Meaning, OpDef, Operand};
pub use elem::{Elem, Update};
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
    &reduction::VAR, &reduction::ARGMAX, &reduction::ARGMIN, &reduction::CUMSUM,
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
