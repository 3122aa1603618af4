//! A short readable view of results.

use cresset::Tensor;
use indexmap::IndexMap;

/// One line per tensor: path, dtype and shape, first values, min, mean and max.
pub fn summary(tensors: &IndexMap<String, Tensor>) -> String {
    let width = tensors.keys().map(String::len).max().unwrap_or(0);
    tensors.iter().map(|(name, t)| format!("{name:<width$}  {t}\n")).collect()
}
