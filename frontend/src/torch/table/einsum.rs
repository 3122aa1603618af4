//! `einsum`: sums over products, as permutations, reshapes and matrix products.

use super::Body::Fn;
use super::{Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::Cx;
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use crate::torch::tensor::Tensor;
use crate::torch::view::ints;
use cresset_ir::Dim;
use cresset_ir::op::{matmul, reduction};

pub const ROWS: &[Row] = &[Row("einsum(equation, *operands)", T, Fn(einsum))];

/// A dimension's name; those under an ellipsis are counted from the right and stand above all letters.
type Label = u32;

const ELLIPSIS: Label = 1 << 24;

/// A tensor whose dimensions have names.
struct Term {
    labels: Vec<Label>,
    value: Handle,
}

fn einsum(cx: &mut Cx, a: &Bound) -> Eval {
    let equation: String = a.str(cx, "equation")?.chars().filter(|c| !c.is_whitespace()).collect();
    let values = operands(cx, a)?;
    let (inputs, output) = equation.split_once("->").map_or((equation.as_str(), None), |(i, o)| (i, Some(o)));
    let specs: Vec<&str> = inputs.split(',').collect();
    if specs.len() != values.len() {
        let text = "einsum(): fewer or more operands were provided than specified in the equation";
        return Err(cx.runtime_error(text));
    }
    let mut terms = vec![];
    for (spec, value) in specs.iter().zip(values) {
        let labels = labels(cx, spec, value.rank())?;
        terms.push(Term { labels, value });
    }
    let output = match output {
        Some(spec) => {
            let widest =
                terms.iter().flat_map(|t| &t.labels).filter(|l| **l >= ELLIPSIS).max().map_or(0, |l| (l - ELLIPSIS) as usize + 1);
            let rank = spec.replace("...", "").len() + if spec.contains("...") { widest } else { 0 };
            labels(cx, spec, rank)?
        }
        None => implied(&terms),
    };
    let result = contract_all(cx, terms, &output)?;
    Ok(cx.wrap(result))
}

/// The operands, one by one or as a list.
fn operands(cx: &mut Cx, a: &Bound) -> Eval<Vec<Handle>> {
    let values: Vec<Value> = cx.it.collect(a.value("operands"))?;
    let read = |cx: &mut Cx, v: &Value| match v.downcast::<Tensor>() {
        Some(tensor) => tensor.read(cx),
        None => Err(a.wrong(cx, "operands", "tuple of Tensors")),
    };
    values.iter().map(|v| read(cx, v)).collect()
}

fn labels(cx: &Cx, spec: &str, rank: usize) -> Eval<Vec<Label>> {
    let named = spec.replace("...", "").chars().count();
    let hidden = rank.checked_sub(named).filter(|&n| n == 0 || spec.contains("..."));
    let Some(hidden) = hidden else {
        let text = format!(
            "einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions ({rank}) for an operand"
        );
        return Err(cx.runtime_error(text));
    };
    let mut out: Vec<Label> = vec![];
    for part in spec.replace("...", ".").chars() {
        match part {
            '.' => out.extend((0..hidden as Label).rev().map(|i| ELLIPSIS + i)),
            c if c.is_ascii_alphabetic() => out.push(c as Label),
            c => return Err(cx.runtime_error(format!("einsum(): invalid subscript given: {c}"))),
        }
    }
    let mut sorted = out.clone();
    sorted.sort();
    match sorted.windows(2).any(|w| w[0] == w[1]) {
        true => Err(cx.unsupported("einsum over the diagonal of one operand")),
        false => Ok(out),
    }
}

/// Without an arrow: what is under the ellipsis, then the letters that occur once, in order.
fn implied(terms: &[Term]) -> Vec<Label> {
    let all: Vec<Label> = terms.iter().flat_map(|t| t.labels.iter().copied()).collect();
    let mut hidden: Vec<Label> = all.iter().copied().filter(|l| *l >= ELLIPSIS).collect();
    hidden.sort_by(|a, b| b.cmp(a));
    hidden.dedup();
    let mut letters: Vec<Label> =
        all.iter().copied().filter(|l| *l < ELLIPSIS && all.iter().filter(|x| *x == l).count() == 1).collect();
    letters.sort();
    hidden.extend(letters);
    hidden
}

/// From left to right, two operands at a time.
fn contract_all(cx: &mut Cx, terms: Vec<Term>, output: &[Label]) -> Eval<Handle> {
    let mut rest = terms.into_iter();
    let Some(mut left) = rest.next() else { return Err(cx.runtime_error("einsum(): must provide at least one operand")) };
    while let Some(right) = rest.next() {
        let later: Vec<Label> =
            rest.as_slice().iter().flat_map(|t| t.labels.iter().copied()).chain(output.iter().copied()).collect();
        left = contract(cx, left, right, &later)?;
    }
    let left = summed(cx, left, |l| output.contains(&l))?;
    let order = places(&left.labels, output);
    match order {
        Some(order) => cx.permute(&left.value, &order),
        None => Err(cx.runtime_error("einsum(): a subscript of the output does not appear in the operands")),
    }
}

/// The dimensions of these labels.
fn places(labels: &[Label], wanted: &[Label]) -> Option<Vec<usize>> {
    wanted.iter().map(|w| labels.iter().position(|l| l == w)).collect()
}

/// The sum over the dimensions that are not kept.
fn summed(cx: &mut Cx, term: Term, keep: impl std::ops::Fn(Label) -> bool) -> Eval<Term> {
    let gone: Vec<usize> = term.labels.iter().enumerate().filter(|(_, l)| !keep(**l)).map(|(d, _)| d).collect();
    if gone.is_empty() {
        return Ok(term);
    }
    let value = cx.emit(&reduction::SUM, &[&term.value], &[("dims", ints(&gone))])?;
    Ok(Term { labels: term.labels.into_iter().filter(|l| keep(*l)).collect(), value })
}

/// One matrix product: shared dimensions that are kept are its batch, shared ones that are not are contracted.
fn contract(cx: &mut Cx, a: Term, b: Term, later: &[Label]) -> Eval<Term> {
    let (in_a, in_b) = (a.labels.clone(), b.labels.clone());
    let a = summed(cx, a, |l| later.contains(&l) || in_b.contains(&l))?;
    let b = summed(cx, b, |l| later.contains(&l) || in_a.contains(&l))?;
    let shared = |l: &&Label| b.labels.contains(l);
    let batch: Vec<Label> = a.labels.iter().filter(shared).filter(|l| later.contains(l)).copied().collect();
    let inner: Vec<Label> = a.labels.iter().filter(shared).filter(|l| !later.contains(l)).copied().collect();
    let rows: Vec<Label> = a.labels.iter().filter(|l| !b.labels.contains(l)).copied().collect();
    let columns: Vec<Label> = b.labels.iter().filter(|l| !a.labels.contains(l)).copied().collect();
    let left = matrix(cx, &a, &batch, &rows, &inner)?;
    let right = matrix(cx, &b, &batch, &inner, &columns)?;
    let product = cx.emit(&matmul::MATMUL, &[&left.value, &right.value], &[])?;
    let mut shape: Vec<Dim> = product.ty().shape[..batch.len()].to_vec();
    shape.extend(left.rows);
    shape.extend(right.columns);
    let value = cx.reshape(&product, shape)?;
    Ok(Term { labels: [batch, rows, columns].concat(), value })
}

/// A batch of matrices, and the sizes of the dimensions that its rows and its columns stand for.
struct Matrix {
    value: Handle,
    rows: Vec<Dim>,
    columns: Vec<Dim>,
}

fn matrix(cx: &mut Cx, term: &Term, batch: &[Label], rows: &[Label], columns: &[Label]) -> Eval<Matrix> {
    let order = places(&term.labels, &[batch, rows, columns].concat()).unwrap_or_default();
    let value = cx.permute(&term.value, &order)?;
    let (outer, matrix) = value.ty().shape.split_at(batch.len());
    let (r, c) = matrix.split_at(rows.len());
    let shape = [outer, &[r.iter().cloned().product(), c.iter().cloned().product()]].concat();
    Ok(Matrix { rows: r.to_vec(), columns: c.to_vec(), value: cx.reshape(&value, shape)? })
}
