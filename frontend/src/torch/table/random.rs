//! Random numbers: every function here is a draw from PyTorch's generator, recorded while modules are built.

use super::Body::Fn;
use super::{M, Row, T};
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::torch::cx::Cx;
use crate::torch::handle::Handle;
use crate::torch::lazy::{Law, Lazy};
use crate::torch::signature::Bound;
use cresset_ir::{DType, Diagnostic, Dim, Type, codes};
use cresset_runtime::random::Generator;

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("rand(*size, dtype=None)",                             T, Fn(rand)),
    Row("randn(*size, dtype=None)",                            T, Fn(randn)),
    Row("rand_like(input, *, dtype=None)",                     T, Fn(rand_like)),
    Row("randn_like(input, *, dtype=None)",                    T, Fn(randn_like)),
    Row("randint(low, high=None, size=None, *, dtype=None)",   T, Fn(randint)),
    Row("randperm(n, *, dtype=None)",                          T, Fn(randperm)),
    Row("normal(mean=0.0, std=1.0, size=None, *, dtype=None)", T, Fn(normal)),
    Row("uniform_(input, from=0.0, to=1.0)",                   M, Fn(uniform_)),
    Row("normal_(input, mean=0.0, std=1.0)",                   M, Fn(normal_)),
    Row("random_(input, from=0, to=None)",                     M, Fn(random_)),
    Row("bernoulli_(input, p=0.5)",                            M, Fn(bernoulli_)),
    Row("manual_seed|seed(seed=0)",                            T, Fn(manual_seed)),
    Row("initial_seed()",                                      T, Fn(initial_seed)),
];

const UNIT: Law = Law::Uniform { low: 0.0, high: 1.0 };
const STANDARD: Law = Law::Normal { mean: 0.0, std: 1.0 };

fn draw(cx: &mut Cx, law: Law, shape: &[Dim], dtype: DType) -> Eval<Handle> {
    if cx.torch.tracing() {
        let text = "forward draws random numbers, and programs are functions of their inputs";
        let hint = "if only training needs them, ask self.training; otherwise pass the random numbers as an input";
        return Err(cx.refuse(Diagnostic::error(codes::TRACED_VALUE, text).hint(hint)));
    }
    let ty = Type::new(dtype, shape);
    ty.check().map_err(|d| cx.refuse(d))?;
    if matches!(law, Law::Uniform { .. } | Law::Normal { .. }) && !dtype.is_float() {
        return Err(cx.runtime_error(format!("random reals are not implemented for '{}'", super::capitalised(dtype))));
    }
    Ok(Handle::Lazy(Lazy::draw(&mut cx.torch.generator.borrow_mut(), law, ty)))
}

fn fresh(cx: &mut Cx, a: &Bound, law: Law) -> Eval {
    let (shape, dtype) = (a.dims(cx, "size")?, a.dtype(cx, "dtype")?.unwrap_or(cx.default_dtype()));
    let value = draw(cx, law, &shape, dtype)?;
    Ok(cx.wrap(value))
}

fn rand(cx: &mut Cx, a: &Bound) -> Eval {
    fresh(cx, a, UNIT)
}

fn randn(cx: &mut Cx, a: &Bound) -> Eval {
    fresh(cx, a, STANDARD)
}

fn like(cx: &mut Cx, a: &Bound, law: Law) -> Eval {
    let x = a.tensor(cx, "input")?;
    let (shape, dtype) = (x.shape(), a.dtype(cx, "dtype")?.unwrap_or(x.dtype()));
    let value = draw(cx, law, &shape, dtype)?;
    Ok(cx.wrap(value))
}

fn rand_like(cx: &mut Cx, a: &Bound) -> Eval {
    like(cx, a, UNIT)
}

fn randn_like(cx: &mut Cx, a: &Bound) -> Eval {
    like(cx, a, STANDARD)
}

/// `randint(high, size)` or `randint(low, high, size)`.
fn randint(cx: &mut Cx, a: &Bound) -> Eval {
    let short = a.value("size").is_none();
    let (low, high, size) = match short {
        true if a.value("high").is_none() => return Err(a.wrong(cx, "size", "tuple of ints")),
        true => (0, a.int(cx, "low")?, a.dims(cx, "high")?),
        false => (a.int(cx, "low")?, a.int(cx, "high")?, a.dims(cx, "size")?),
    };
    if low >= high {
        return Err(cx.runtime_error(format!("random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")));
    }
    let dtype = a.dtype(cx, "dtype")?.unwrap_or(DType::I64);
    let value = draw(cx, Law::Integers { low, high }, &size, dtype)?;
    Ok(cx.wrap(value))
}

fn randperm(cx: &mut Cx, a: &Bound) -> Eval {
    let (n, dtype) = (a.int(cx, "n")?, a.dtype(cx, "dtype")?.unwrap_or(DType::I64));
    let value = draw(cx, Law::Permutation, &[n.max(0).into()], dtype)?;
    Ok(cx.wrap(value))
}

fn normal(cx: &mut Cx, a: &Bound) -> Eval {
    if a.value("size").is_none() {
        return Err(cx.unsupported("torch.normal with a tensor of means or deviations"));
    }
    let (mean, std) = (a.float(cx, "mean")?, deviation(cx, a)?);
    fresh(cx, a, Law::Normal { mean, std })
}

fn deviation(cx: &mut Cx, a: &Bound) -> Eval<f64> {
    match a.float(cx, "std")? {
        std if std >= 0.0 => Ok(std),
        std => Err(cx.runtime_error(format!("normal expects std >= 0.0, but found std {std}"))),
    }
}

/// Fills the tensor and gives it back.
fn fill(cx: &mut Cx, a: &Bound, law: Law) -> Eval {
    let x = a.tensor(cx, "input")?;
    let value = draw(cx, law, &x.shape(), x.dtype())?;
    x.write(cx, &value)?;
    Ok(a.first().clone())
}

fn uniform_(cx: &mut Cx, a: &Bound) -> Eval {
    let (low, high) = (a.float(cx, "from")?, a.float(cx, "to")?);
    if low > high || !low.is_finite() || !high.is_finite() {
        return Err(cx.runtime_error(format!("uniform_ expects to return a [from, to) range, but found from={low} > to={high}")));
    }
    fill(cx, a, Law::Uniform { low, high })
}

fn normal_(cx: &mut Cx, a: &Bound) -> Eval {
    let (mean, std) = (a.float(cx, "mean")?, deviation(cx, a)?);
    fill(cx, a, Law::Normal { mean, std })
}

fn random_(cx: &mut Cx, a: &Bound) -> Eval {
    let Some(to) = a.opt_int(cx, "to")? else { return Err(cx.unsupported("random_ without an upper bound")) };
    let from = a.int(cx, "from")?;
    if from >= to {
        return Err(cx.runtime_error(format!("random_ expects 'from' to be less than 'to', but got from={from} >= to={to}")));
    }
    fill(cx, a, Law::Integers { low: from, high: to })
}

fn bernoulli_(cx: &mut Cx, a: &Bound) -> Eval {
    let p = a.float(cx, "p")?;
    if !(0.0..=1.0).contains(&p) {
        return Err(cx.runtime_error(format!("bernoulli_ expects p to be in [0, 1], but got p={p}")));
    }
    fill(cx, a, Law::Bernoulli { p })
}

fn manual_seed(cx: &mut Cx, a: &Bound) -> Eval {
    let seed = a.int(cx, "seed")?;
    *cx.torch.generator.borrow_mut() = Generator::new(seed as u64);
    Ok(Value::None)
}

fn initial_seed(cx: &mut Cx, _: &Bound) -> Eval {
    Ok(Value::Int(cx.torch.generator.borrow().initial_seed() as i64))
}
