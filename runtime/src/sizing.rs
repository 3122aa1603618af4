//! Sizing: everything about a call that follows from the shapes of its inputs, found once per combination of shapes.
//!
//! Invariant: a sizing exists only for inputs that passed every check of the signature, so a call whose inputs have the same dtypes and
//! shapes needs no check of its own.

use crate::Tensor;
use cresset_ir::call::Sizes;
use cresset_ir::plan::{Block, Layout, Place, SlotInfo};
use cresset_ir::tensor::byte_len;
use cresset_ir::{DType, Diagnostic, Dim, Result, Sym, codes};

/// A dtype with known sizes.
pub type Shape = (DType, Vec<usize>);

/// The sizes of a call.
pub struct Sizing {
    inputs: Vec<Shape>,
    /// The values of the plan's symbols.
    pub syms: Vec<i64>,
    /// Bytes of each slot.
    pub bytes: Vec<usize>,
    /// What each result is.
    pub results: Vec<Shape>,
    pub layout: Layout,
}

/// The layout that serves every call within the declared ranges, and the sizes it was made for.
pub struct Fixed {
    pub layout: Layout,
    pub greatest: Vec<usize>,
}

impl Sizing {
    /// The sizes of a call with these inputs, which gave the symbols their values.
    ///
    /// # Errors
    /// `E0502` for a size that is negative or not given by the inputs, `E0306` for one that memory cannot hold.
    pub fn of(
        inputs: &[Tensor],
        symbols: &[Sym],
        values: &Sizes,
        slots: &[SlotInfo],
        blocks: &[Block],
        fixed: Option<&Fixed>,
    ) -> Result<Sizing> {
        let mut results = vec![];
        let mut bytes = vec![0; slots.len()];
        let mut sizes = vec![0; blocks.len()];
        for (slot, bytes) in slots.iter().zip(&mut bytes) {
            let shape = slot.ty.shape.iter().map(|d| size(d, values)).collect::<Result<Vec<usize>>>()?;
            *bytes = byte_len(slot.ty.dtype, &shape)?;
            match slot.place {
                Place::Output(i) => results.push((i, (slot.ty.dtype, shape))),
                Place::Arena(block) => sizes[block] = *bytes,
                _ => {}
            }
        }
        let fits = |f: &&Fixed| sizes.iter().zip(&f.greatest).all(|(size, most)| size <= most);
        let layout = match fixed.filter(fits) {
            Some(fixed) => fixed.layout.clone(),
            None => Layout::of(blocks, &sizes).ok_or_else(|| too_large(values))?,
        };
        results.sort_by_key(|r| r.0);
        let results = results.into_iter().map(|r| r.1).collect();
        let inputs = inputs.iter().map(|t| (t.dtype(), t.shape().to_vec())).collect();
        let syms = symbols.iter().map(|s| values.get(s).copied().unwrap_or(0)).collect();
        Ok(Sizing { inputs, syms, bytes, results, layout })
    }

    /// Whether a call with these inputs has these sizes.
    pub fn fits(&self, inputs: &[Tensor]) -> bool {
        self.inputs.len() == inputs.len() && self.inputs.iter().zip(inputs).all(|(s, t)| s.0 == t.dtype() && s.1 == t.shape())
    }
}

fn size(dim: &Dim, values: &Sizes) -> Result<usize> {
    let value = dim.at(values);
    value.and_then(|v| usize::try_from(v).ok()).ok_or_else(|| {
        let what = match value {
            Some(v) => format!("a size of this call would be negative: {dim} = {v}"),
            None => format!("the size {dim} does not follow from the inputs of this call"),
        };
        Diagnostic::error(codes::GUARD_FAILED, what).note(given(values))
    })
}

fn too_large(values: &Sizes) -> Diagnostic {
    Diagnostic::error(codes::TOO_LARGE, "the sizes of this call need more memory than can be addressed").note(given(values))
}

fn given(values: &Sizes) -> String {
    let values: Vec<String> = values.iter().map(|(s, v)| format!("{s} = {v}")).collect();
    format!("the inputs give {}", if values.is_empty() { "no sizes".into() } else { values.join(", ") })
}
