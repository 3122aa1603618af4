//! Element types: the ten dtypes of the IR and PyTorch's promotion over them.
//!
//! Everything else (complex, f8, quantised) is rejected by [`DType::parse`]'s callers with a diagnostic
//! that names this set.

use std::fmt;

/// The element type of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum DType {
    Bool,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

/// PyTorch's promotion categories, in rising order: a value of a lower category never widens a higher one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Category {
    Bool,
    Int,
    Float,
}

struct Row(DType, &'static str, &'static str, usize, Category);

/// dtype, IR name, torch name, bytes, category.
const TABLE: [Row; 10] = [
    Row(DType::Bool, "bool", "torch.bool", 1, Category::Bool),
    Row(DType::U8, "u8", "torch.uint8", 1, Category::Int),
    Row(DType::I8, "i8", "torch.int8", 1, Category::Int),
    Row(DType::I16, "i16", "torch.int16", 2, Category::Int),
    Row(DType::I32, "i32", "torch.int32", 4, Category::Int),
    Row(DType::I64, "i64", "torch.int64", 8, Category::Int),
    Row(DType::F16, "f16", "torch.float16", 2, Category::Float),
    Row(DType::BF16, "bf16", "torch.bfloat16", 2, Category::Float),
    Row(DType::F32, "f32", "torch.float32", 4, Category::Float),
    Row(DType::F64, "f64", "torch.float64", 8, Category::Float),
];

impl DType {
    /// All dtypes, in promotion order within each category.
    pub fn all() -> impl Iterator<Item = DType> {
        TABLE.iter().map(|r| r.0)
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The name in dumps and on the command line: `f32`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The name in Python source and PyTorch's messages: `torch.float32`.
    pub fn torch_name(self) -> &'static str {
        self.row().2
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        self.row().3
    }

    pub fn category(self) -> Category {
        self.row().4
    }

    pub fn is_float(self) -> bool {
        self.category() == Category::Float
    }

    /// Whether the dtype holds integers; `bool` does not count.
    pub fn is_int(self) -> bool {
        self.category() == Category::Int
    }

    /// The dtype of an IR name.
    pub fn parse(name: &str) -> Option<DType> {
        TABLE.iter().find(|r| r.1 == name).map(|r| r.0)
    }

    /// The dtype in which arithmetic on this one is done: halves compute in f32, as PyTorch's CPU kernels do.
    pub fn compute(self) -> DType {
        match self {
            DType::F16 | DType::BF16 => DType::F32,
            d => d,
        }
    }

    /// `torch.promote_types`: the smallest dtype to which both convert.
    pub fn promote(self, other: DType) -> DType {
        use DType::*;
        if self == other {
            return self;
        }
        if self.category() != other.category() {
            return if self.category() > other.category() { self } else { other };
        }
        match (self, other) {
            (F16, BF16) | (BF16, F16) => F32,
            // u8 has no signed partner of its own width.
            (U8, I8) | (I8, U8) => I16,
            (a, b) => a.max(b),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_rows_stand_at_their_discriminant() {
        for d in DType::all() {
            assert_eq!(d.row().0, d);
            assert_eq!(DType::parse(d.name()), Some(d));
        }
    }

    #[test]
    fn promotion_is_commutative_and_idempotent() {
        for a in DType::all() {
            assert_eq!(a.promote(a), a);
            for b in DType::all() {
                assert_eq!(a.promote(b), b.promote(a));
            }
        }
        assert_eq!(DType::I64.promote(DType::F16), DType::F16);
        assert_eq!(DType::U8.promote(DType::I8), DType::I16);
    }
}
