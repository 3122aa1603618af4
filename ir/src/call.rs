//! Calls: what the tensors of a call tell about the sizes of a method, and what they must satisfy.
//!
//! Every way of running a method asks [`bind`] first, so that a wrong input is the same error everywhere.

use crate::bound::Bound;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::{Atom, Dim, Facts, Sym, floor_div};
use crate::graph::Guard;
use crate::tensor::Tensor;
use crate::types::Type;
use std::collections::{BTreeMap, BTreeSet};

/// The values of symbols in one call.
pub type Sizes = BTreeMap<Sym, i64>;

impl Dim {
    /// The value in a call; `None` where a symbol is not bound, a divisor is zero, or i64 cannot hold it.
    pub fn at(&self, sizes: &Sizes) -> Option<i64> {
        self.eval(&|s| sizes.get(s).copied())
    }
}

/// The sizes of a call with `tensors` for `inputs` (names and declared types).
///
/// # Errors
/// `E0501` when number, dtype or shape of the tensors differ from what is declared; `E0502` when a guard or the range of a symbol
/// does not hold; `E0505` when an input holds an index that is out of range.
pub fn bind(inputs: &[(&str, &Type)], tensors: &[Tensor], facts: &Facts, guards: &[Guard], bounds: &[Bound]) -> Result<Sizes> {
    if inputs.len() != tensors.len() {
        let names: Vec<_> = inputs.iter().map(|i| i.0).collect();
        let text = format!("{} inputs are needed ({}), got {}", inputs.len(), names.join(", "), tensors.len());
        return Err(Diagnostic::error(codes::INPUT_MISMATCH, text));
    }
    for (&(name, ty), tensor) in inputs.iter().zip(tensors) {
        if ty.dtype != tensor.dtype() || ty.rank() != tensor.shape().len() {
            return Err(mismatch(name, ty, tensor));
        }
    }
    let bindings = solve(inputs, tensors);
    let sizes: Sizes = bindings.iter().map(|(s, b)| (s.clone(), b.value)).collect();
    for (&(name, ty), tensor) in inputs.iter().zip(tensors) {
        for (k, (dim, &size)) in ty.shape.iter().zip(tensor.shape()).enumerate() {
            let value = dim.at(&sizes);
            if value != Some(size as i64) {
                let error = mismatch(name, ty, tensor);
                return Err(if dim.known().is_some() { error } else { error.note(disagreement(dim, value, k, size, &bindings)) });
            }
        }
    }
    guards.iter().try_for_each(|g| check_guard(g, &sizes))?;
    sizes.iter().try_for_each(|(s, &n)| check_range(s, n, facts))?;
    bounds.iter().try_for_each(|b| b.check(inputs[b.input].0, &tensors[b.input], &sizes))?;
    Ok(sizes)
}

/// The value of a symbol, and the input and dimension that gave it.
struct Binding<'a> {
    value: i64,
    input: &'a str,
    dim: usize,
}

/// Symbols from the first size that is the symbol alone, or else from the first of the form `c*S + d`.
fn solve<'a>(inputs: &[(&'a str, &Type)], tensors: &[Tensor]) -> BTreeMap<Sym, Binding<'a>> {
    let mut out = BTreeMap::new();
    for plain in [true, false] {
        for (&(input, ty), tensor) in inputs.iter().zip(tensors) {
            for (dim, (size, &n)) in ty.shape.iter().zip(tensor.shape()).enumerate() {
                let Some((sym, scale, offset)) = linear(size) else { continue };
                if !plain || (scale, offset) == (1, 0) {
                    // A remainder shows when the size is compared with its value.
                    let value = (n as i64).checked_sub(offset).and_then(|n| floor_div(n, scale)).unwrap_or(0);
                    out.entry(sym).or_insert(Binding { value, input, dim });
                }
            }
        }
    }
    out
}

/// `(S, c, d)` for the size `c*S + d`.
fn linear(d: &Dim) -> Option<(Sym, i64, i64)> {
    let poly = d.poly();
    let mut terms = poly.terms().filter(|(m, _)| !m.is_empty());
    match (terms.next()?, terms.next()) {
        ((m, scale), None) => match &m[..] {
            [Atom::Sym(s)] => Some((s.clone(), scale, poly.offset())),
            _ => None,
        },
        _ => None,
    }
}

/// Why dimension `k` of size `n` is not `dim`.
fn disagreement(dim: &Dim, value: Option<i64>, k: usize, n: usize, bindings: &BTreeMap<Sym, Binding>) -> String {
    let mut symbols = BTreeSet::new();
    dim.symbols(&mut symbols);
    let from = symbols.iter().filter_map(|s| {
        let b = bindings.get(s)?;
        Some(format!("{s} = {} from dimension {} of `{}`", b.value, b.dim, b.input))
    });
    let from: Vec<String> = from.collect();
    let value = value.map_or("not known".to_owned(), |v| v.to_string());
    format!("dimension {k} is {n}, and {dim} is {value}: {}", from.join(", "))
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
        bind(&[("x", &types[0]), ("y", &types[1])], &tensors, &facts, &[guard], &[])
    }

    #[test]
    fn shapes_bind_symbols() {
        let sizes = call(&[&[3, 4], &[6]]).unwrap();
        assert_eq!(sizes, [(Sym::new("B"), 3), (Sym::new("T"), 4)].into());
    }

    #[test]
    fn sizes_are_solved_for_their_symbol() {
        let t = || Dim::sym("T");
        let ty = Type::new(F32, [t() * 2i64.into() + 1i64.into(), t() * t()]);
        let call = |shape: &[usize]| bind(&[("x", &ty)], &[Tensor::zeros(F32, shape).unwrap()], &Facts::default(), &[], &[]);
        assert_eq!(call(&[7, 9]).unwrap(), [(Sym::new("T"), 3)].into());
        assert_eq!(call(&[7, 8]).unwrap_err().notes(), ["dimension 1 is 8, and T*T is 9: T = 3 from dimension 0 of `x`"]);
        assert_eq!(call(&[6, 4]).unwrap_err().notes(), ["dimension 0 is 6, and 2*T + 1 is 5: T = 2 from dimension 0 of `x`"]);
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
