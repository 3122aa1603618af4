//! The table of functions: one row per function, shared by `torch.x`, `torch.nn.functional.x`, `Tensor.x` and `Tensor.x_`.
//!
//! A row is a signature in PyTorch's words, where the function is found, and what it builds. Families have a file each.

mod activation;
mod arithmetic;
mod arrange;
mod conversion;
mod creation;
mod einsum;
pub(super) mod indexing;
mod interpolate;
mod linear;
mod logic;
mod movement;
mod nn;
mod parts;
mod pooling;
mod random;
mod reduction;

use super::cx::{Cx, Operand};
use super::handle::Handle;
use super::promote::to_float;
use super::signature::{Bound, Signature};
use super::size::SymInt;
use super::tensor::Tensor;
use crate::eval::native::Args;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::lang::ast::BinaryOp;
use cresset_ir::{Category, OpDef};

pub use conversion::assign;
pub use creation::{largest, tensor_of as creation_of};
pub use movement::unsqueezed;
pub use parts::{at, sliced};

/// Where a function is found: a set of bits.
pub type On = u8;

/// `torch.x`
pub const T: On = 1;
/// `torch.nn.functional.x`
pub const F: On = 2;
/// `Tensor.x`
pub const M: On = 4;
/// The same with the result written into the first argument: `x_`, wherever `x` is found.
pub const I: On = 8;

/// What a function builds.
pub enum Body {
    Fn(fn(&mut Cx, &Bound) -> Eval),
    /// An op of one operand; integers become floats first.
    Real(&'static OpDef),
    /// An op of one operand in its own dtype.
    Same(&'static OpDef),
    /// As `Same` for floats; integers are their own result.
    Rounding(&'static OpDef),
    /// An op of two operands in their common dtype.
    Pair(&'static OpDef),
}

/// `names(parameters)`, the names separated by `|`.
pub struct Row(pub &'static str, pub On, pub Body);

const FAMILIES: &[&[Row]] = &[
    arithmetic::ROWS,
    logic::ROWS,
    activation::ROWS,
    activation::TENSOR_ROWS,
    reduction::ROWS,
    movement::ROWS,
    parts::ROWS,
    arrange::ROWS,
    creation::ROWS,
    random::ROWS,
    indexing::ROWS,
    linear::ROWS,
    einsum::ROWS,
    interpolate::ROWS,
    pooling::ROWS,
    nn::ROWS,
    conversion::ROWS,
];

/// A function of the table under one of its names.
pub struct Function {
    pub name: &'static str,
    pub on: On,
    signature: Signature,
    body: &'static Body,
}

/// All functions, in the order of the table.
pub fn functions() -> Vec<Function> {
    let mut out = vec![];
    for Row(text, on, body) in FAMILIES.iter().copied().flatten() {
        let names = text.split('(').next().unwrap_or_default();
        for name in names.split('|') {
            out.push(Function { name, on: *on, signature: Signature::parse(text), body });
        }
    }
    out
}

impl Function {
    /// Calls the function; `inplace` writes the result into the first argument.
    pub fn call(&self, cx: &mut Cx, args: Args, inplace: bool) -> Eval {
        let bound = self.signature.bind(cx, self.name, args)?;
        let result = self.body.run(cx, &bound)?;
        let asked = bound.has("inplace") && bound.flag(cx, "inplace")?;
        match inplace || asked {
            true => store(cx, bound.first(), &result),
            false => Ok(result),
        }
    }
}

impl Body {
    fn run(&self, cx: &mut Cx, a: &Bound) -> Eval {
        let result = match self {
            Body::Fn(run) => return run(cx, a),
            Body::Real(op) => {
                let x = a.handle(cx, "input")?;
                let x = real(cx, &x)?;
                cx.emit(op, &[&x], &[])?
            }
            Body::Same(op) => {
                let x = a.handle(cx, "input")?;
                cx.emit(op, &[&x], &[])?
            }
            Body::Rounding(op) => {
                let x = a.handle(cx, "input")?;
                if x.ty().dtype.category() == Category::Int { x } else { cx.emit(op, &[&x], &[])? }
            }
            Body::Pair(op) => {
                let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "other")?);
                pair(cx, op, &x, &y)?
            }
        };
        Ok(cx.wrap(result))
    }
}

/// The tensor in a float dtype.
fn real(cx: &mut Cx, x: &Handle) -> Eval<Handle> {
    let dtype = to_float(x.ty().dtype, cx.default_dtype());
    cx.cast(x, dtype)
}

/// An op on two operands, converted to their common dtype.
pub fn pair(cx: &mut Cx, op: &'static OpDef, x: &Operand, y: &Operand) -> Eval<Handle> {
    let dtype = cx.result_type(&[x, y]);
    let (x, y) = (cx.converted(x, dtype)?, cx.converted(y, dtype)?);
    cx.emit(op, &[&x, &y], &[])
}

/// Calls a function of the table by its name.
pub fn operator(cx: &mut Cx, name: &str, operands: &[&Value]) -> Eval {
    let torch = cx.torch.clone();
    let function = torch.functions.iter().find(|f| f.name == name).expect("operators have rows");
    function.call(cx, Args::of(operands.iter().map(|&v| v.clone())), false)
}

pub fn binary_name(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "add",
        BinaryOp::Sub => "sub",
        BinaryOp::Mul => "mul",
        BinaryOp::Div => "div",
        BinaryOp::FloorDiv => "floor_divide",
        BinaryOp::Mod => "remainder",
        BinaryOp::Pow => "pow",
        BinaryOp::MatMul => "matmul",
        BinaryOp::Shl => "bitwise_left_shift",
        BinaryOp::Shr => "bitwise_right_shift",
        BinaryOp::BitAnd => "bitwise_and",
        BinaryOp::BitOr => "bitwise_or",
        BinaryOp::BitXor => "bitwise_xor",
    }
}

/// Whether a value can stand beside a tensor.
pub fn is_operand(value: &Value) -> bool {
    let number = matches!(value.primitive(), Value::Bool(_) | Value::Int(_) | Value::Float(_));
    number || value.downcast::<Tensor>().is_some() || value.downcast::<SymInt>().is_some()
}

/// `x.T` and `x.mT`
pub fn transposed(cx: &mut Cx, this: &Value, name: &str) -> Eval {
    movement::transposed(cx, this, name == "mT")
}

/// Writes a result into a tensor, as in-place functions do; gives the tensor.
///
/// # Errors
/// `RuntimeError` where the tensor's dtype cannot hold the result or its shape differs.
pub fn store(cx: &mut Cx, target: &Value, result: &Value) -> Eval {
    let (Some(tensor), Some(value)) = (target.downcast::<Tensor>(), result.downcast::<Tensor>()) else {
        return Err(cx.it.type_error("an in-place function needs a tensor"));
    };
    let value = value.read(cx)?;
    let (have, got) = (tensor.dtype(), value.ty().dtype);
    if got.category() > have.category() {
        let name = |d: cresset_ir::DType| capitalised(d);
        return Err(cx.runtime_error(format!(
            "result type {} can't be cast to the desired output type {}",
            name(got),
            name(have)
        )));
    }
    if value.ty().shape != tensor.shape() {
        let (want, got) =
            (cresset_ir::types::Sizes(&tensor.shape()).to_string(), cresset_ir::types::Sizes(&value.ty().shape).to_string());
        let text = format!("output with shape [{want}] doesn't match the broadcast shape [{got}]");
        return Err(cx.runtime_error(text));
    }
    let value = cx.cast(&value, have)?;
    tensor.write(cx, &value)?;
    Ok(target.clone())
}

/// The name of a dtype in PyTorch's messages: `Float`, `Long`.
pub fn capitalised(dtype: cresset_ir::DType) -> &'static str {
    use cresset_ir::DType::*;
    match dtype {
        Bool => "Bool",
        U8 => "Byte",
        I8 => "Char",
        I16 => "Short",
        I32 => "Int",
        I64 => "Long",
        F16 => "Half",
        BF16 => "BFloat16",
        F32 => "Float",
        F64 => "Double",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_where_they_are_found() {
        let mut seen = std::collections::HashSet::new();
        for function in functions() {
            for place in [T, F, M].into_iter().filter(|place| function.on & place != 0) {
                assert!(seen.insert((function.name, place)), "{} has two rows", function.name);
            }
        }
    }
}
