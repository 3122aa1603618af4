//! Expressions as C++. What is used more than once in a statement is a constant of it, so the text stays as small as the expression.

use cresset_ir::kernel::{BufId, ExprId, Exprs, Node, ScalarOp};
use cresset_ir::{DType, Scalar};
use std::collections::HashMap;
use std::fmt::Write;

/// The C++ type of a dtype; halves are their bits.
pub fn type_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short",
        DType::I32 => "int",
        DType::I64 => "i64",
        DType::F16 | DType::BF16 => "unsigned short",
        DType::F32 => "float",
        DType::F64 => "double",
    }
}

pub fn literal(c: Scalar) -> String {
    let suffix = if c.dtype() == DType::F32 { "f" } else { "" };
    match c.dtype() {
        DType::BF16 => format!("{:#x}", half::bf16::from_f64(c.as_f64()).to_bits()),
        DType::F16 => format!("{:#x}", half::f16::from_f64(c.as_f64()).to_bits()),
        DType::F32 if !c.as_f64().is_finite() => format!("__uint_as_float({:#x}u)", (c.as_f64() as f32).to_bits()),
        DType::F64 if !c.as_f64().is_finite() => format!("__longlong_as_double({:#x}ll)", c.as_f64().to_bits()),
        DType::I64 if c.as_i64() == i64::MIN => "(-9223372036854775807ll - 1)".into(),
        DType::I64 if i32::try_from(c.as_i64()).is_err() => format!("{c}ll"),
        _ => format!("{c}{suffix}"),
    }
}

/// The texts of some expressions, after the definitions they need.
pub struct Terms<'a> {
    pool: &'a Exprs,
    uses: HashMap<ExprId, usize>,
    names: HashMap<ExprId, String>,
    /// Constants defined so far in the function.
    count: &'a mut usize,
    /// `const float t0 = …;`, in order.
    pub definitions: Vec<String>,
}

impl<'a> Terms<'a> {
    pub fn new(pool: &'a Exprs, roots: &[ExprId], count: &'a mut usize) -> Terms<'a> {
        let mut uses = HashMap::new();
        for e in pool.reachable(roots) {
            pool.node(e).children().into_iter().for_each(|c| *uses.entry(c).or_insert(0) += 1);
        }
        Terms { pool, uses, names: HashMap::new(), count, definitions: vec![] }
    }

    pub fn text(&mut self, e: ExprId) -> String {
        if let Some(name) = self.names.get(&e) {
            return name.clone();
        }
        let text = self.print(e);
        let leaf = matches!(self.pool.node(e), Node::Const(_) | Node::Axis(_) | Node::Sym(_) | Node::Var(_));
        if leaf || self.uses.get(&e).is_none_or(|&n| n < 2) {
            return text;
        }
        let name = format!("t{}", self.count);
        *self.count += 1;
        self.definitions.push(format!("const {} {name} = {text};", type_name(self.pool.dtype(e))));
        self.names.insert(e, name.clone());
        name
    }

    fn print(&mut self, e: ExprId) -> String {
        match self.pool.node(e) {
            Node::Const(c) => literal(c),
            Node::Axis(a) => format!("a{}", a.0),
            Node::Sym(s) => s.name().to_owned(),
            Node::Var(v) => format!("v{}", v.0),
            Node::Int(p) => {
                let mut sum = String::new();
                for (m, c) in p.terms() {
                    let mut factors: Vec<String> = m.iter().map(|&a| self.text(a)).collect();
                    if c != 1 || m.is_empty() {
                        factors.push(literal(Scalar::int(DType::I64, c)));
                    }
                    let plus = if sum.is_empty() { "" } else { " + " };
                    write!(sum, "{plus}{}", factors.join(" * ")).expect("a string takes all text");
                }
                format!("({sum})")
            }
            Node::Load(buf, at) => {
                let at = self.text(at[0]);
                element(buf, &at)
            }
            Node::Apply(op, args) => self.apply(op, &args),
            Node::Cast(x) => {
                let text = self.text(x);
                convert(&text, self.pool.dtype(x), self.pool.dtype(e))
            }
            n @ (Node::Reduce(..) | Node::State(..)) => unreachable!("scheduling writes reductions as folds, found {n:?}"),
        }
    }

    fn apply(&mut self, op: ScalarOp, args: &[ExprId]) -> String {
        let x: Vec<String> = args.iter().map(|&a| self.text(a)).collect();
        let bool = self.pool.dtype(args[0]) == DType::Bool;
        let infix = |sign: &str| format!("({} {sign} {})", x[0], x[1]);
        match op {
            ScalarOp::Add => infix("+"),
            ScalarOp::Sub => infix("-"),
            ScalarOp::Mul => infix("*"),
            ScalarOp::Lt => infix("<"),
            ScalarOp::Le => infix("<="),
            ScalarOp::Eq => infix("=="),
            ScalarOp::Ne => infix("!="),
            ScalarOp::And => infix("&"),
            ScalarOp::Or => infix("|"),
            ScalarOp::Xor => infix("^"),
            ScalarOp::Neg => format!("(-{})", x[0]),
            ScalarOp::Not => format!("({}{})", if bool { "!" } else { "~" }, x[0]),
            ScalarOp::Select => format!("({} ? {} : {})", x[0], x[1], x[2]),
            _ => format!("cr_{}({})", op.name(), x.join(", ")),
        }
    }
}

pub fn element(buf: BufId, at: &str) -> String {
    format!(
        "b{}[{}]",
        buf.0,
        at.strip_prefix('(').and_then(|t| t.strip_suffix(')')).filter(|t| !t.contains(['(', ')'])).unwrap_or(at)
    )
}

/// A conversion; halves pass through f32.
fn convert(x: &str, from: DType, to: DType) -> String {
    let half = |d| matches!(d, DType::F16 | DType::BF16);
    match (half(from), half(to)) {
        (true, _) => convert(&format!("cr_{from}_to_f32({x})"), DType::F32, to),
        (_, true) if from != DType::F32 => convert(&format!("float({x})"), DType::F32, to),
        (_, true) => format!("cr_f32_to_{to}({x})"),
        _ if from == to => x.to_owned(),
        _ if to == DType::Bool => format!("({x} != 0)"),
        _ => format!("({})({x})", type_name(to)),
    }
}
