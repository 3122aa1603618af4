//! Weights: the tensors that a program's store declares, by name.

use crate::Tensor;
use cresset_ir::{Diagnostic, Program, Result, Type, codes};
use indexmap::IndexMap;

/// The tensor of a stored value.
///
/// # Errors
/// `E0504` when there is none, or it is not of the declared type.
pub fn weight(name: &str, ty: &Type, weights: &IndexMap<String, Tensor>) -> Result<Tensor> {
    let wrong = |text| Diagnostic::error(codes::MISSING_WEIGHT, text);
    let tensor = weights.get(name).ok_or_else(|| wrong(format!("no tensor was given for @{name}: {ty}")))?;
    match tensor.ty() == *ty {
        true => Ok(tensor.clone()),
        false => Err(wrong(format!("@{name} is declared {ty}, the tensor given is {}", tensor.ty()))),
    }
}

/// The tensors of all that a program declares, in its order; others are left out.
///
/// # Errors
/// As [`weight`].
pub fn declared(program: &Program, weights: &IndexMap<String, Tensor>) -> Result<IndexMap<String, Tensor>> {
    program.store.iter().map(|(name, entry)| Ok((name.clone(), weight(name, &entry.ty, weights)?))).collect()
}
