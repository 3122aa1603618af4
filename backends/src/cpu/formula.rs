//! Formulas: sizes and offsets that the driver needs per launch, as a few instructions of a stack machine. No allocation to evaluate.

use cresset_ir::dim::Dim;
use cresset_ir::kernel::{ExprId, Exprs, Node, ScalarOp, VarId};
use cresset_ir::{DType, Diagnostic, Result, Scalar, Sym, codes};

/// The deepest stack a formula may need.
const DEPTH: usize = 64;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Op {
    Const(i64),
    Sym(usize),
    /// The one variable of the formula.
    Var,
    Apply(ScalarOp),
}

/// An integer function of the sizes of a call, and of one variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Formula(Box<[Op]>);

impl Formula {
    /// The value of a size.
    pub fn of_dim(dim: &Dim, pool: &Exprs, syms: &[Sym]) -> Result<Formula> {
        Formula::of(pool.dim(dim).id(), pool, syms, None)
    }

    /// The value of an index expression over symbols and `var`.
    ///
    /// # Errors
    /// `E0701` where the expression depends on anything else.
    pub fn of(e: ExprId, pool: &Exprs, syms: &[Sym], var: Option<VarId>) -> Result<Formula> {
        let mut build = Build { pool, syms, var, code: vec![], depth: 0 };
        build.push(e)?;
        Ok(Formula(build.code.into()))
    }

    pub fn at(&self, syms: &[i64]) -> i64 {
        self.at_var(syms, 0)
    }

    pub fn at_var(&self, syms: &[i64], var: i64) -> i64 {
        if let [Op::Const(c)] = *self.0 {
            return c;
        }
        let (mut stack, mut top) = ([0i64; DEPTH], 0);
        for op in &self.0 {
            let value = match *op {
                Op::Const(c) => c,
                Op::Sym(i) => syms[i],
                Op::Var => var,
                Op::Apply(op) => {
                    top -= op.arity();
                    apply(op, &stack[top..top + op.arity()])
                }
            };
            stack[top] = value;
            top += 1;
        }
        stack[0]
    }

    /// The value, if it is the same in every call.
    pub fn known(&self) -> Option<i64> {
        match *self.0 {
            [Op::Const(c)] => Some(c),
            _ => None,
        }
    }
}

fn apply(op: ScalarOp, x: &[i64]) -> i64 {
    match (op, x) {
        (ScalarOp::Add, &[a, b]) => a.wrapping_add(b),
        (ScalarOp::Mul, &[a, b]) => a.wrapping_mul(b),
        _ => {
            let zero = Scalar::zero(DType::I64);
            let mut scalars = [zero; 3];
            scalars.iter_mut().zip(x).for_each(|(s, &v)| *s = Scalar::int(DType::I64, v));
            op.eval(&scalars[..x.len()]).as_i64()
        }
    }
}

struct Build<'a> {
    pool: &'a Exprs,
    syms: &'a [Sym],
    var: Option<VarId>,
    code: Vec<Op>,
    depth: usize,
}

impl Build<'_> {
    fn emit(&mut self, op: Op) -> Result<()> {
        self.depth += 1;
        if let Op::Apply(op) = op {
            self.depth -= op.arity();
        }
        self.code.push(op);
        if self.depth <= DEPTH { Ok(()) } else { Err(refused("is nested too deeply")) }
    }

    fn push(&mut self, e: ExprId) -> Result<()> {
        match self.pool.node(e) {
            Node::Const(c) => self.emit(Op::Const(c.as_i64())),
            Node::Sym(s) => match self.syms.iter().position(|x| *x == s) {
                Some(i) => self.emit(Op::Sym(i)),
                None => Err(refused(format_args!("needs {}, which no input has", s.name()))),
            },
            Node::Var(v) if Some(v) == self.var => self.emit(Op::Var),
            Node::Int(p) => p.terms().enumerate().try_for_each(|(i, (m, c))| {
                self.emit(Op::Const(c))?;
                for &atom in m {
                    self.push(atom)?;
                    self.emit(Op::Apply(ScalarOp::Mul))?;
                }
                if i > 0 { self.emit(Op::Apply(ScalarOp::Add)) } else { Ok(()) }
            }),
            Node::Apply(op, args) => {
                args.iter().try_for_each(|&a| self.push(a))?;
                self.emit(Op::Apply(op))
            }
            _ => Err(refused("depends on more than sizes")),
        }
    }
}

fn refused(why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(codes::ILLEGAL_KERNEL, format!("the size of a launch {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cresset_ir::Facts;

    #[test]
    fn formulas_follow_sizes() {
        let pool = Exprs::new(Facts::default());
        let syms = [Sym::new("B"), Sym::new("T")];
        let (b, t) = (pool.sym(&syms[0]), pool.sym(&syms[1]));
        let var = pool.fresh_var(DType::I64);
        let Node::Var(id) = pool.node(var.id()) else { unreachable!("a variable") };
        let e = (b * t + 3.0).floor_div(pool.int(2)) * var.min(t);
        let formula = Formula::of(e.id(), &pool, &syms, Some(id)).unwrap();
        assert_eq!(formula.at_var(&[3, 4], 9), (3 * 4 + 3) / 2 * 4);
        assert_eq!(Formula::of_dim(&7i64.into(), &pool, &syms).unwrap().known(), Some(7));
        assert!(Formula::of(var.id(), &pool, &syms, None).is_err());
    }
}
