//! Calls: what the tensors of a call tell about the sizes of a method, and what they must satisfy.
//!
//! Every way of running a method asks [`bind`] first, so that a wrong input is the same error everywhere.

use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::{Atom, Dim, Facts, Sym};
use crate::graph::Guard;
use crate::tensor::Tensor;
use crate::types::Type;
use std::collections::BTreeMap;

/// The values of symbols in one call.
pub type Sizes = BTreeMap<Sym, i64>;

impl Dim {
    /// The value in a call; `None` where a symbol is not bound or a divisor is zero.
    pub fn at(&self, sizes: &Sizes) -> Option<i64> {
        self.eval(&|s| sizes.get(s).copied())
    }
}

/// The sizes of a call with `tensors` for `inputs` (names and declared types).
///
/// # Errors
/// `E0501` when number, dtype or shape of the tensors differ from what is declared; `E0502` when a guard or the range of a symbol
/// does not hold.
pub fn bind(inputs: &[(&str, &Type)], tensors: &[Tensor], facts: &Facts, guards: &[Guard]) -> Result<Sizes> {
    if inputs.len() != tensors.len() {
        let names: Vec<_> = inputs.iter().map(|i| i.0).collect();
        let text = format!("{} inputs are needed ({}), got {}", inputs.len(), names.join(", "), tensors.len());
        return Err(Diagnostic::error(codes::INPUT_MISMATCH, text));
    }
    let mut sizes = Sizes::new();
    for (&(name, ty), tensor) in inputs.iter().zip(tensors) {
        if ty.dtype != tensor.dtype() || ty.rank() != tensor.shape().len() {
            return Err(mismatch(name, ty, tensor));
        }
        for (dim, &size) in ty.shape.iter().zip(tensor.shape()) {
            if let Some(Atom::Sym(s)) = dim.poly().as_atom() {
                sizes.entry(s.clone()).or_insert(size as i64);
            }
        }
    }
    for (&(name, ty), tensor) in inputs.iter().zip(tensors) {
        for (k, (dim, &size)) in ty.shape.iter().zip(tensor.shape()).enumerate() {
            match dim.at(&sizes) {
                Some(n) if n == size as i64 => {}
                Some(n) if dim.known().is_none() => {
                    return Err(mismatch(name, ty, tensor).note(format!("{dim} = {n} here, but dimension {k} is {size}")));
                }
                _ => return Err(mismatch(name, ty, tensor)),
            }
        }
    }
    guards.iter().try_for_each(|g| check_guard(g, &sizes))?;
    sizes.iter().try_for_each(|(s, &n)| check_range(s, n, facts))?;
    Ok(sizes)
}

fn mismatch(name: &str, ty: &Type, tensor: &Tensor) -> Diagnostic {
    let text = format!("input `{name}` is declared {ty}, got {}{:?}", tensor.dtype(), tensor.shape());
    Diagnostic::error(codes::INPUT_MISMATCH, text)
}

fn check_guard(guard: &Guard, sizes: &Sizes) -> Result<()> {
    let (left, right) = (guard.left.at(sizes), guard.right.at(sizes));
    if left.zip(right).is_some_and(|(a, b)| guard.rel.holds(a, b)) {
        return Ok(());
    }
    let show = |v: Option<i64>| v.map_or("?".to_string(), |v| v.to_string());
    let rel = guard.rel.name();
    let facts = format!("{} {rel} {} does not hold: {} {rel} {}", guard.left, guard.right, show(left), show(right));
    let error = match guard.message.is_empty() {
        true => Diagnostic::error(codes::GUARD_FAILED, facts),
        false => {
            let message = sizes.iter().fold(guard.message.clone(), |m, (s, n)| m.replace(&format!("{{{s}}}"), &n.to_string()));
            Diagnostic::error(codes::GUARD_FAILED, message).note(facts)
        }
    };
    Err(error.at(guard.loc.span(), "needed here"))
}

fn check_range(sym: &Sym, n: i64, facts: &Facts) -> Result<()> {
    let range = facts.range(sym);
    if n >= range.min && range.max.is_none_or(|m| n <= m) {
        return Ok(());
    }
    Err(Diagnostic::error(codes::GUARD_FAILED, format!("{sym} = {n} is outside its declared range {range}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::{Range, Rel};
    use crate::dtype::DType::F32;
    use crate::loc::Loc;

    fn call(shapes: &[&[usize]]) -> Result<Sizes> {
        let (b, t) = (Dim::sym("B"), Dim::sym("T"));
        let types = [Type::new(F32, [b.clone(), t.clone()]), Type::new(F32, [b * 2i64.into()])];
        let guard =
            Guard { left: t, rel: Rel::Le, right: 8i64.into(), message: "sequence of {T}, block of 8".into(), loc: Loc::NONE };
        let facts = Facts { ranges: [(Sym::new("B"), Range { min: 1, max: None })].into() };
        let tensors: Vec<_> = shapes.iter().map(|s| Tensor::zeros(F32, s).unwrap()).collect();
        bind(&[("x", &types[0]), ("y", &types[1])], &tensors, &facts, &[guard])
    }

    #[test]
    fn shapes_bind_symbols() {
        let sizes = call(&[&[3, 4], &[6]]).unwrap();
        assert_eq!(sizes, [(Sym::new("B"), 3), (Sym::new("T"), 4)].into());
    }

    #[test]
    fn what_disagrees_is_named() {
        let fail = |shapes: &[&[usize]]| call(shapes).unwrap_err().to_string();
        assert_eq!(fail(&[&[3, 4]]), "error[E0501]: 2 inputs are needed (x, y), got 1");
        assert_eq!(fail(&[&[3, 4], &[5]]), "error[E0501]: input `y` is declared f32[2*B], got f32[5]");
        assert_eq!(fail(&[&[3, 9], &[6]]), "error[E0502]: sequence of 9, block of 8");
        assert_eq!(fail(&[&[0, 4], &[0]]), "error[E0502]: B = 0 is outside its declared range 1..");
    }
}
