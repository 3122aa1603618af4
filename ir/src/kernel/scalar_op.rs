//! The closed set of scalar operations: what a backend must be able to compute, and nothing else.

use crate::dtype::DType;
use crate::scalar::Scalar;

/// A pure function of scalars. Operands share one dtype, except where the table says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ScalarOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Neg,
    Abs,
    Min,
    Max,
    Pow,
    Sqrt,
    Rsqrt,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sin,
    Cos,
    Tanh,
    Erf,
    Sigmoid,
    Floor,
    Ceil,
    Round,
    Trunc,
    Lt,
    Le,
    Eq,
    Ne,
    And,
    Or,
    Xor,
    Not,
    Shl,
    Shr,
    Select,
}

/// The dtype of a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultRule {
    /// That of the first operand.
    Same,
    /// `bool`.
    Bool,
    /// That of the second operand; the first is a `bool` condition.
    Select,
}

struct Row(ScalarOp, &'static str, usize, ResultRule);

use ResultRule::{Bool, Same};

/// op, name, arity, result dtype. `Div` is true division on floats and truncates on integers; `FloorDiv` and `Mod` are Python's `//` and `%`;
/// `Min` and `Max` give NaN if either operand is NaN; `Round` rounds halves to even; `And` to `Not` are bitwise, logical on bool.
const TABLE: [Row; 37] = [
    Row(ScalarOp::Add, "add", 2, Same),
    Row(ScalarOp::Sub, "sub", 2, Same),
    Row(ScalarOp::Mul, "mul", 2, Same),
    Row(ScalarOp::Div, "div", 2, Same),
    Row(ScalarOp::FloorDiv, "floordiv", 2, Same),
    Row(ScalarOp::Mod, "mod", 2, Same),
    Row(ScalarOp::Neg, "neg", 1, Same),
    Row(ScalarOp::Abs, "abs", 1, Same),
    Row(ScalarOp::Min, "min", 2, Same),
    Row(ScalarOp::Max, "max", 2, Same),
    Row(ScalarOp::Pow, "pow", 2, Same),
    Row(ScalarOp::Sqrt, "sqrt", 1, Same),
    Row(ScalarOp::Rsqrt, "rsqrt", 1, Same),
    Row(ScalarOp::Exp, "exp", 1, Same),
    Row(ScalarOp::Expm1, "expm1", 1, Same),
    Row(ScalarOp::Log, "log", 1, Same),
    Row(ScalarOp::Log1p, "log1p", 1, Same),
    Row(ScalarOp::Sin, "sin", 1, Same),
    Row(ScalarOp::Cos, "cos", 1, Same),
    Row(ScalarOp::Tanh, "tanh", 1, Same),
    Row(ScalarOp::Erf, "erf", 1, Same),
    Row(ScalarOp::Sigmoid, "sigmoid", 1, Same),
    Row(ScalarOp::Floor, "floor", 1, Same),
    Row(ScalarOp::Ceil, "ceil", 1, Same),
    Row(ScalarOp::Round, "round", 1, Same),
    Row(ScalarOp::Trunc, "trunc", 1, Same),
    Row(ScalarOp::Lt, "lt", 2, Bool),
    Row(ScalarOp::Le, "le", 2, Bool),
    Row(ScalarOp::Eq, "eq", 2, Bool),
    Row(ScalarOp::Ne, "ne", 2, Bool),
    Row(ScalarOp::And, "and", 2, Same),
    Row(ScalarOp::Or, "or", 2, Same),
    Row(ScalarOp::Xor, "xor", 2, Same),
    Row(ScalarOp::Not, "not", 1, Same),
    Row(ScalarOp::Shl, "shl", 2, Same),
    Row(ScalarOp::Shr, "shr", 2, Same),
    Row(ScalarOp::Select, "select", 3, ResultRule::Select),
];

impl ScalarOp {
    pub fn all() -> impl Iterator<Item = ScalarOp> {
        TABLE.iter().map(|r| r.0)
    }

    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    pub fn arity(self) -> usize {
        TABLE[self as usize].2
    }

    pub fn rule(self) -> ResultRule {
        TABLE[self as usize].3
    }

    pub fn parse(name: &str) -> Option<ScalarOp> {
        TABLE.iter().find(|r| r.1 == name).map(|r| r.0)
    }

    /// The dtype of the result for operands of these dtypes.
    pub fn result(self, operands: &[DType]) -> DType {
        match self.rule() {
            ResultRule::Same => operands[0],
            ResultRule::Bool => DType::Bool,
            ResultRule::Select => operands[1],
        }
    }

    /// Whether the op is a transcendental function: worth computing once, and done by a block routine where there is one.
    pub fn is_transcendental(self) -> bool {
        use ScalarOp::*;
        matches!(self, Pow | Exp | Expm1 | Log | Log1p | Sin | Cos | Tanh | Erf | Sigmoid)
    }

    /// The value on constants: the definition that every backend must agree with, floats rounded to the dtype after each op.
    /// f32 results go through f64, which rounds `+ - * / sqrt` correctly.
    pub fn eval(self, x: &[Scalar]) -> Scalar {
        use ScalarOp::*;
        if self == Select {
            return if x[0].is_zero() { x[2] } else { x[1] };
        }
        let dtype = self.result(&[x[0].dtype()]);
        if x[0].dtype().is_float() {
            let (a, b) = (x[0].as_f64(), x.get(1).map_or(0.0, |b| b.as_f64()));
            Scalar::float(dtype, eval_float(self, a, b))
        } else {
            let (a, b) = (x[0].as_i64(), x.get(1).map_or(0, |b| b.as_i64()));
            match eval_int(self, a, b) {
                Some(v) => Scalar::int(dtype, if self == Not && dtype == DType::Bool { (a == 0) as i64 } else { v }),
                None => Scalar::float(dtype, eval_float(self, a as f64, b as f64)),
            }
        }
    }
}

fn eval_float(op: ScalarOp, a: f64, b: f64) -> f64 {
    use ScalarOp::*;
    let truth = |c: bool| c as u8 as f64;
    match op {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div => a / b,
        FloorDiv => (a / b).floor(),
        Mod => {
            let r = a % b;
            if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
        }
        Neg => -a,
        Abs => a.abs(),
        Min => {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                a.min(b)
            }
        }
        Max => {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                a.max(b)
            }
        }
        Pow => a.powf(b),
        Sqrt => a.sqrt(),
        Rsqrt => 1.0 / a.sqrt(),
        Exp => a.exp(),
        Expm1 => a.exp_m1(),
        Log => a.ln(),
        Log1p => a.ln_1p(),
        Sin => a.sin(),
        Cos => a.cos(),
        Tanh => a.tanh(),
        Erf => libm::erf(a),
        Sigmoid => 1.0 / (1.0 + (-a).exp()),
        Floor => a.floor(),
        Ceil => a.ceil(),
        Round => a.round_ties_even(),
        Trunc => a.trunc(),
        Lt => truth(a < b),
        Le => truth(a <= b),
        Eq => truth(a == b),
        Ne => truth(a != b),
        And => truth(a != 0.0 && b != 0.0),
        Or => truth(a != 0.0 || b != 0.0),
        Xor => truth((a != 0.0) != (b != 0.0)),
        Not => truth(a == 0.0),
        Shl | Shr | Select => f64::NAN,
    }
}

/// Integers wrap; division by zero gives 0, so that no input can trap. `None`: computed as floats.
fn eval_int(op: ScalarOp, a: i64, b: i64) -> Option<i64> {
    use ScalarOp::*;
    Some(match op {
        Add => a.wrapping_add(b),
        Sub => a.wrapping_sub(b),
        Mul => a.wrapping_mul(b),
        Div => a.checked_div(b).unwrap_or(0),
        FloorDiv => crate::dim::floor_div(a, b).unwrap_or(0),
        Mod => crate::dim::floor_div(a, b).map_or(0, |q| a.wrapping_sub(q.wrapping_mul(b))),
        Neg => a.wrapping_neg(),
        Abs => a.wrapping_abs(),
        Min => a.min(b),
        Max => a.max(b),
        Pow => match u32::try_from(b) {
            Ok(n) => a.wrapping_pow(n),
            Err(_) => (a == 1) as i64,
        },
        Floor | Ceil | Round | Trunc => a,
        Lt => (a < b) as i64,
        Le => (a <= b) as i64,
        Eq => (a == b) as i64,
        Ne => (a != b) as i64,
        And => a & b,
        Or => a | b,
        Xor => a ^ b,
        Not => !a,
        Shl => a.checked_shl(b as u32).unwrap_or(0),
        Shr => a.checked_shr(b as u32).unwrap_or(if a < 0 { -1 } else { 0 }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_rows_stand_at_their_discriminant() {
        assert!(TABLE.iter().enumerate().all(|(i, r)| r.0 as usize == i));
    }
}
