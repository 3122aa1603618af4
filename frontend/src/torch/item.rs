//! Values of tensors that the program asks for: `item()`, `tolist()`, truth, `print`.

use super::cx::Cx;
use super::handle::Handle;
use super::tensor::Tensor;
use crate::eval::interp::Interp;
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use cresset_ir::{DType, Diagnostic, Scalar, codes};

/// The elements.
///
/// # Errors
/// A diagnostic for a traced tensor: its value is not known.
pub fn elements(cx: &mut Cx, tensor: &Tensor) -> Eval<cresset_ir::Tensor> {
    match tensor.read(cx)? {
        Handle::Lazy(lazy) => lazy.value(&*cx.torch.evaluate).map_err(|d| cx.refuse(d)),
        Handle::Traced(_) => match tensor.place().storage.current() {
            // A parameter or buffer in a trace: its value exists, and baking it in would be wrong once weights are loaded.
            Handle::Lazy(lazy) if tensor.place().views.is_empty() && lazy.ty.rank() == 0 && lazy.peek().is_some() => {
                Ok(lazy.peek().expect("asked above"))
            }
            _ => Err(no_value(cx.it)),
        },
    }
}

fn no_value(it: &Interp) -> Box<Raise> {
    let text = "the value of a tensor is not known while tracing";
    let hint = "it depends on the inputs or the weights: keep the computation in tensor operations (torch.where, masks), or compute the value \
                in __init__";
    it.fatal(Diagnostic::error(codes::TRACED_VALUE, text).hint(hint))
}

/// Control flow depends on a traced tensor.
pub fn undecided(it: &Interp) -> Diagnostic {
    let text = "control flow depends on the value of a tensor, which is not known while tracing";
    let hint = "choose between values with torch.where; branches that depend on tensors are not traced yet";
    Diagnostic::error(codes::TRACED_CONDITION, text).or_at(it.span()).hint(hint)
}

pub fn value_of(scalar: Scalar) -> Value {
    match scalar.dtype() {
        DType::Bool => Value::Bool(!scalar.is_zero()),
        d if d.is_float() => Value::Float(scalar.as_f64()),
        _ => Value::Int(scalar.as_i64()),
    }
}

/// `tensor.item()`
pub fn item(cx: &mut Cx, tensor: &Tensor) -> Eval<Value> {
    let elements = elements(cx, tensor)?;
    match (elements.numel(), elements.get(0)) {
        (1, Some(scalar)) => Ok(value_of(scalar)),
        (n, _) => Err(cx.runtime_error(format!("a Tensor with {n} elements cannot be converted to Scalar"))),
    }
}

/// `tensor.tolist()`
pub fn tolist(cx: &mut Cx, tensor: &Tensor) -> Eval<Value> {
    let elements = elements(cx, tensor)?;
    cx.it.check_length(elements.numel())?;
    let mut flat = (0..elements.numel()).filter_map(|i| elements.get(i)).map(value_of);
    Ok(nested(elements.shape(), &mut flat))
}

fn nested(shape: &[usize], flat: &mut dyn Iterator<Item = Value>) -> Value {
    match shape {
        [] => flat.next().unwrap_or(Value::None),
        [n, inner @ ..] => Value::list((0..*n).map(|_| nested(inner, flat)).collect::<Vec<_>>()),
    }
}

pub fn truth(cx: &mut Cx, this: &Value) -> Eval<bool> {
    let Some(tensor) = this.downcast::<Tensor>() else { return cx.it.truth(this) };
    let elements = elements(cx, tensor)?;
    match elements.numel() {
        1 => Ok(elements.get(0).is_some_and(|s| !s.is_zero())),
        0 => Err(cx.runtime_error("Boolean value of Tensor with no values is ambiguous")),
        _ => Err(cx.runtime_error("Boolean value of Tensor with more than one value is ambiguous")),
    }
}

/// Rows and columns that are printed of a large tensor, from each end.
const EDGE: usize = 3;
/// Larger tensors are summarised.
const THRESHOLD: usize = 1000;

/// `tensor([[1., 2.], [3., 4.]])`
pub fn repr(cx: &mut Cx, tensor: &Tensor) -> Eval<String> {
    let head = if tensor.is_parameter() { "Parameter containing:\n" } else { "" };
    if matches!(tensor.read(cx)?, Handle::Traced(_)) {
        return Ok(format!("{head}<traced {}>", tensor.ty()));
    }
    let elements = elements(cx, tensor)?;
    let texts = Texts::of(&elements);
    let mut out = String::from("tensor(");
    texts.write(&mut out, elements.shape(), 0, 7);
    let dtype = elements.dtype();
    let implied = matches!(dtype, DType::Bool | DType::I64) || dtype == cx.default_dtype();
    if elements.numel() == 0 && elements.shape() != [0] {
        out.push_str(&format!(", size={:?}", elements.shape()).replace('[', "(").replace(']', ")"));
    }
    if !implied {
        out.push_str(&format!(", dtype={}", dtype.torch_name()));
    }
    if tensor.requires_grad() {
        out.push_str(", requires_grad=True");
    }
    out.push(')');
    Ok(format!("{head}{out}"))
}

/// Elements as text of one width.
struct Texts<'a> {
    tensor: &'a cresset_ir::Tensor,
    width: usize,
    fraction: bool,
    scientific: bool,
}

impl<'a> Texts<'a> {
    fn of(tensor: &'a cresset_ir::Tensor) -> Texts<'a> {
        let shown = || tensor.values().filter(|v| v.is_finite());
        let (max, min) =
            (shown().fold(0f64, |m, v| m.max(v.abs())), shown().filter(|v| *v != 0.0).fold(f64::INFINITY, |m, v| m.min(v.abs())));
        let fraction = tensor.dtype().is_float() && shown().any(|v| v.fract() != 0.0);
        let scientific = fraction && (max >= 1e8 || min < 1e-4 || max / min > 1000.0);
        let mut texts = Texts { tensor, width: 0, fraction, scientific };
        if !tensor.shape().is_empty() && tensor.numel() <= THRESHOLD {
            texts.width = (0..tensor.numel()).map(|i| texts.text(i).len()).max().unwrap_or(0);
        }
        texts
    }

    fn text(&self, i: usize) -> String {
        let Some(scalar) = self.tensor.get(i) else { return String::new() };
        let v = scalar.as_f64();
        match scalar.dtype() {
            DType::Bool => if scalar.is_zero() { "False" } else { "True" }.to_owned(),
            d if !d.is_float() => scalar.as_i64().to_string(),
            _ if v.is_nan() => "nan".to_owned(),
            _ if v.is_infinite() => if v > 0.0 { "inf" } else { "-inf" }.to_owned(),
            _ if self.scientific => exponent(v),
            _ if self.fraction => format!("{v:.4}"),
            _ => format!("{v:.0}."),
        }
    }

    fn write(&self, out: &mut String, shape: &[usize], offset: usize, indent: usize) {
        let [n, inner @ ..] = shape else {
            out.push_str(&format!("{:>width$}", self.text(offset), width = self.width));
            return;
        };
        let stride: usize = inner.iter().product();
        let summary = self.tensor.numel() > THRESHOLD && *n > 2 * EDGE;
        let separator =
            if inner.is_empty() { ", ".to_owned() } else { format!(",{}{}", "\n".repeat(inner.len()), " ".repeat(indent + 1)) };
        out.push('[');
        for i in (0..*n).filter(|i| !summary || *i < EDGE || *i >= n - EDGE) {
            if i > 0 {
                out.push_str(&separator);
            }
            if summary && i == n - EDGE {
                out.push_str("...");
                out.push_str(&separator);
            }
            self.write(out, inner, offset + i * stride, indent + 1);
        }
        out.push(']');
    }
}

/// `1.5000e-05`
fn exponent(v: f64) -> String {
    let text = format!("{v:.4e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(("+", exponent), |d| ("-", d));
    format!("{mantissa}e{sign}{digits:0>2}")
}
