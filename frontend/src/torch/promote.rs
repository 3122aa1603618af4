//! PyTorch's type promotion: which dtype the operands of an op meet in.

use cresset_ir::{Category, DType};

/// How much an operand counts: a tensor with dimensions decides, a 0-d tensor and then a Python number only lend their category.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    Tensor,
    ZeroDim,
    Number,
}

/// `torch.result_type`: the dtype of an op on these operands; none of no operands. A Python float counts as the default dtype, an
/// int as i64, a bool as bool.
pub fn result_type(operands: impl IntoIterator<Item = (DType, Weight)>) -> Option<DType> {
    let mut best: [Option<DType>; 3] = [None; 3];
    for (dtype, weight) in operands {
        let slot = &mut best[weight as usize];
        *slot = Some(slot.map_or(dtype, |d| d.promote(dtype)));
    }
    let [tensors, scalars, numbers] = best;
    combine(tensors, combine(scalars, numbers))
}

/// The lower operand matters only where its category is above the higher one's.
fn combine(higher: Option<DType>, lower: Option<DType>) -> Option<DType> {
    let (Some(high), Some(low)) = (higher, lower) else { return higher.or(lower) };
    let own = high.is_float() || (high.category() == Category::Int && !low.is_float());
    Some(if own { high } else { high.promote(low) })
}

/// The dtype in which functions of reals (`exp`, `/`) compute: integers become the default float.
pub fn to_float(dtype: DType, default: DType) -> DType {
    if dtype.is_float() { dtype } else { default }
}

#[cfg(test)]
mod tests {
    use super::{Weight::*, *};
    use DType::*;

    fn of(operands: &[(DType, Weight)]) -> DType {
        result_type(operands.iter().copied()).unwrap()
    }

    #[test]
    fn numbers_lend_their_category_only() {
        assert_eq!(of(&[(F16, Tensor), (F32, Number)]), F16);
        assert_eq!(of(&[(I8, Tensor), (I64, Number)]), I8);
        assert_eq!(of(&[(I64, Tensor), (F32, Number)]), F32);
        assert_eq!(of(&[(Bool, Tensor), (I64, Number)]), I64);
        assert_eq!(of(&[(U8, Tensor), (Bool, Number)]), U8);
    }

    #[test]
    fn scalars_stand_between() {
        assert_eq!(of(&[(F32, Tensor), (F64, ZeroDim)]), F32);
        assert_eq!(of(&[(I32, Tensor), (F64, ZeroDim)]), F64);
        assert_eq!(of(&[(F16, ZeroDim), (F32, Number)]), F16);
        assert_eq!(of(&[(F16, Tensor), (BF16, Tensor)]), F32);
        assert_eq!(of(&[(Bool, Tensor), (U8, ZeroDim)]), U8);
    }
}
