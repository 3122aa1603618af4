//! Peephole rules and value numbering: a call that equals something simpler, or something that is there already, is replaced by it.
//!
//! Every row states its law. Laws are exact: they hold for NaN, infinities, -0.0 and wrapping integers, with the one exception
//! that its row names. A result keeps its type, so a row that drops an operand asks that nothing was broadcast.

use crate::cse::Seen;
use crate::manager::Cx;
use crate::rewrite::{Call, Rule, producer, rewrite};
use cresset_ir::kernel::expr::widens;
use cresset_ir::op::{activation, arithmetic, function, logic, movement};
use cresset_ir::{Attr, Builder, DType, Def, Dim, Node, OpDef, Program, Result, Scalar, Value};

/// A rule, and the ops it may apply to.
struct Row {
    on: &'static [&'static OpDef],
    rule: fn(&mut Builder, &Call) -> Result<Option<Value>>,
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    // x + 0 = x for integers. For floats it is not: -0.0 + 0.0 is 0.0.
    Row { on: &[&arithmetic::ADD],                                rule: |b, c| Ok(neutral(b, c, |s| s.is_zero() && s.dtype().is_int())) },
    // x - 0 = x, where the zero is not negative.
    Row { on: &[&arithmetic::SUB],                                rule: |b, c| Ok(right(b, c, |s| s.is_zero() && s.as_f64().is_sign_positive())) },
    // x · 1 = x.
    Row { on: &[&arithmetic::MUL],                                rule: |b, c| Ok(neutral(b, c, Scalar::is_one)) },
    // x / 1 = x, and x to the power of 1 is x.
    Row { on: &[&arithmetic::DIV, &arithmetic::POW],              rule: |b, c| Ok(right(b, c, Scalar::is_one)) },
    // x / c = x · (1/c) for powers of two, whose inverses are exact.
    Row { on: &[&arithmetic::DIV],                                rule: divide_by_power_of_two },
    // x² = x·x, x³ = x·x·x, x^½ = √x, x^-½ = 1/√x, x^-1 = 1/x: as PyTorch computes them, which is their definition here.
    Row { on: &[&arithmetic::POW],                                rule: power },
    // f(f(x)) = f(x).
    Row { on: &[&activation::RELU, &arithmetic::ABS, &arithmetic::FLOOR, &arithmetic::CEIL, &arithmetic::ROUND, &arithmetic::TRUNC, &arithmetic::SIGN],
                                                                  rule: |b, c| Ok(inner(b, c).map(|_| c.operands[0])) },
    // f(f(x)) = x.
    Row { on: &[&arithmetic::NEG, &logic::BITWISE_NOT],           rule: |b, c| Ok(inner(b, c).map(|n| n.operands[0])) },
    // |-x| = |x|: a sign is all that differs.
    Row { on: &[&arithmetic::ABS],                                rule: |b, c| producer(b, c.operands[0]).filter(|n| n.op == &arithmetic::NEG).map(|n| n.operands[0]).map(|x| again(b, c, x, vec![])).transpose() },
    // max(x, x) = min(x, x) = x and x = x or x = x.
    Row { on: &[&arithmetic::MAXIMUM, &arithmetic::MINIMUM, &logic::BITWISE_AND, &logic::BITWISE_OR],
                                                                  rule: |b, c| Ok((c.operands[0] == c.operands[1]).then(|| same(b, c, 0)).flatten()) },
    // a where c holds and a elsewhere is a.
    Row { on: &[&logic::WHERE],                                   rule: |b, c| Ok((c.operands[1] == c.operands[2]).then(|| same(b, c, 1)).flatten()) },
    // A condition that is a constant has chosen.
    Row { on: &[&logic::WHERE],                                   rule: |b, c| Ok(constant(b, c.operands[0]).and_then(|s| same(b, c, if s.is_zero() { 2 } else { 1 }))) },
    // A mask that holds nowhere fills nothing.
    Row { on: &[&logic::MASKED_FILL],                             rule: |b, c| Ok(constant(b, c.operands[1]).filter(|s| s.is_zero()).and_then(|_| same(b, c, 0))) },
    // A cast to the own dtype, a reshape or an expansion to the own shape.
    Row { on: &[&logic::CAST, &movement::RESHAPE, &movement::EXPAND],
                                                                  rule: |b, c| Ok(same(b, c, 0)) },
    // A cast from a dtype that holds every value of the dtype before is a cast from the dtype before.
    Row { on: &[&logic::CAST],                                    rule: cast_of_cast },
    // Reshaping a reshape, or expanding an expansion, is doing the last alone.
    Row { on: &[&movement::RESHAPE, &movement::EXPAND],           rule: |b, c| inner(b, c).map(|n| again(b, c, n.operands[0], c.node.attrs.clone())).transpose() },
    // The permutation that moves nothing; permutations compose.
    Row { on: &[&movement::PERMUTE],                              rule: permute },
    // The slice of everything; slices of slices compose.
    Row { on: &[&movement::SLICE],                                rule: slice },
    // Padding by nothing, reversing nothing.
    Row { on: &[&movement::PAD],                                  rule: |b, c| Ok(ints(c, "pads").iter().all(|&p| p == 0).then(|| same(b, c, 0)).flatten()) },
    Row { on: &[&movement::FLIP],                                 rule: |b, c| Ok(ints(c, "dims").is_empty().then(|| same(b, c, 0)).flatten()) },
    // One tensor joined with nothing.
    Row { on: &[&movement::CAT],                                  rule: |b, c| Ok((c.operands.len() == 1).then(|| same(b, c, 0)).flatten()) },
];

pub fn run(program: &mut Program, cx: &mut Cx) -> Result<usize> {
    rewrite(&mut program.methods, &program.facts, &mut cx.fuel, &mut Simplify::default())
}

#[derive(Default)]
struct Simplify {
    seen: Seen,
}

impl Rule for Simplify {
    fn rewrite(&mut self, b: &mut Builder, call: &Call) -> Result<Option<Vec<Value>>> {
        for row in ROWS.iter().filter(|r| r.on.contains(&call.node.op)) {
            if let Some(v) = (row.rule)(b, call)? {
                return Ok(Some(vec![v]));
            }
        }
        self.seen.rewrite(b, call)
    }

    fn kept(&mut self, call: &Call, results: &[Value]) {
        self.seen.kept(call, results);
    }

    fn enter(&mut self, isolated: bool) {
        self.seen.enter(isolated);
    }

    fn leave(&mut self) {
        self.seen.leave();
    }
}

/// Operand `k`, if it has the type of the result.
fn same(b: &Builder, c: &Call, k: usize) -> Option<Value> {
    Some(c.operands[k]).filter(|&v| b.ty(v) == c.ty())
}

fn constant(b: &Builder, v: Value) -> Option<Scalar> {
    match b.graph.def(v) {
        Def::Const(s) => Some(*s),
        _ => None,
    }
}

/// The first operand, if the second is a constant that changes nothing.
fn right(b: &Builder, c: &Call, changes_nothing: impl Fn(Scalar) -> bool) -> Option<Value> {
    constant(b, c.operands[1]).filter(|&s| changes_nothing(s)).and_then(|_| same(b, c, 0))
}

/// The one operand, if the other is a constant that changes nothing.
fn neutral(b: &Builder, c: &Call, changes_nothing: impl Fn(Scalar) -> bool) -> Option<Value> {
    let left = || constant(b, c.operands[0]).filter(|&s| changes_nothing(s)).and_then(|_| same(b, c, 1));
    right(b, c, &changes_nothing).or_else(left)
}

/// The producer of the first operand, if it is a call of the same op.
fn inner(b: &Builder, c: &Call) -> Option<Node> {
    producer(b, c.operands[0]).filter(|n| n.op == c.node.op).cloned()
}

/// The call on another operand, with other attributes.
fn again(b: &mut Builder, c: &Call, x: Value, attrs: Vec<Attr>) -> Result<Value> {
    Ok(b.emit_with_blocks(c.node.op, &[x], attrs, vec![])?[0])
}

fn ints<'a>(c: &'a Call, name: &str) -> &'a [i64] {
    match c.attr(name) {
        Attr::Ints(v) => v,
        _ => &[],
    }
}

fn divide_by_power_of_two(b: &mut Builder, c: &Call) -> Result<Option<Value>> {
    let exact = |s: Scalar| {
        let inverse = Scalar::float(s.dtype(), 1.0 / s.as_f64());
        // A power of two has no bits in its mantissa; its inverse must be neither infinite nor subnormal.
        let mantissa = s.as_f64().to_bits() << 12;
        (mantissa == 0 && inverse.as_f64().is_normal() && s.as_f64().is_normal() && s.as_f64().abs() <= 65536.0)
            .then_some(inverse)
    };
    let Some(inverse) = constant(b, c.operands[1]).and_then(exact).filter(|s| !s.is_one()) else { return Ok(None) };
    let inverse = b.constant(inverse);
    b.op(&arithmetic::MUL, &[c.operands[0], inverse], &[]).map(Some)
}

fn power(b: &mut Builder, c: &Call) -> Result<Option<Value>> {
    let (x, Some(exponent)) = (c.operands[0], constant(b, c.operands[1])) else { return Ok(None) };
    let float = b.ty(x).dtype.is_float();
    Ok(match exponent.as_f64() {
        2.0 => Some(b.op(&arithmetic::MUL, &[x, x], &[])?),
        3.0 => {
            let square = b.op(&arithmetic::MUL, &[x, x], &[])?;
            Some(b.op(&arithmetic::MUL, &[square, x], &[])?)
        }
        0.5 if float => Some(b.op(&function::SQRT, &[x], &[])?),
        -0.5 if float => Some(b.op(&function::RSQRT, &[x], &[])?),
        -1.0 if float => Some(b.op(&function::RECIPROCAL, &[x], &[])?),
        _ => None,
    })
}

fn cast_of_cast(b: &mut Builder, c: &Call) -> Result<Option<Value>> {
    let Some(first) = inner(b, c) else { return Ok(None) };
    let (from, between): (DType, DType) = (b.ty(first.operands[0]).dtype, b.ty(c.operands[0]).dtype);
    if !widens(from, between) {
        return Ok(None);
    }
    again(b, c, first.operands[0], c.node.attrs.clone()).map(Some)
}

fn permute(b: &mut Builder, c: &Call) -> Result<Option<Value>> {
    let rank = c.ty().rank() as i64;
    let order = |dims: &[i64]| dims.iter().map(|d| d.rem_euclid(rank)).collect::<Vec<i64>>();
    let outer = order(ints(c, "dims"));
    if outer.iter().copied().eq(0..rank) {
        return Ok(same(b, c, 0));
    }
    let Some(first) = inner(b, c) else { return Ok(None) };
    let [Attr::Ints(dims)] = &first.attrs[..] else { return Ok(None) };
    let dims = order(dims);
    let both: Vec<i64> = outer.iter().map(|&d| dims[d as usize]).collect();
    again(b, c, first.operands[0], vec![both.into()]).map(Some)
}

/// Dimension, start, end and step.
fn parts(node: &Node, rank: usize) -> Option<(i64, &Dim, &Dim, i64)> {
    match &node.attrs[..] {
        [Attr::Int(dim), Attr::Dim(start), Attr::Dim(end), Attr::Int(step)] => {
            Some((dim.rem_euclid(rank.max(1) as i64), start, end, *step))
        }
        _ => None,
    }
}

fn slice(b: &mut Builder, c: &Call) -> Result<Option<Value>> {
    let rank = c.ty().rank();
    let Some((dim, start, end, step)) = parts(c.node, rank) else { return Ok(None) };
    if start.is(0) && step == 1 && *end == b.ty(c.operands[0]).shape[dim as usize] {
        return Ok(same(b, c, 0));
    }
    let Some(first) = inner(b, c) else { return Ok(None) };
    match parts(&first, rank) {
        Some((d, origin, _, 1)) if d == dim => {
            let moved = |x: &Dim| Attr::Dim(x.clone() + origin.clone());
            again(b, c, first.operands[0], vec![Attr::Int(dim), moved(start), moved(end), Attr::Int(step)]).map(Some)
        }
        _ => Ok(None),
    }
}
