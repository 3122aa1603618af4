//! Loop programs: statement by statement, one point at a time. The oracle for code generation.

use super::expr::{Bound, Code, compile};
use super::kernel::{allocate, outputs, spoilt};
use super::lanes::{Column, offset, uniform};
use super::op::push;
use crate::call::Sizes;
use crate::diag::Result;
use crate::dtype::DType;
use crate::kernel::{AxisId, ExprId, Exprs, Fold, Loops, Role, ScalarOp, Stmt};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use std::collections::HashMap;
use std::rc::Rc;

/// The results and updates of a loop program, in the order of its buffers, for operands in theirs and one value per parameter.
///
/// # Errors
/// `E0503` for an index outside a buffer, `E0601` for operands or parameters that are not what the program declares.
pub fn loops(program: &Loops, sizes: &Sizes, operands: &[Tensor], params: &[i64]) -> Result<Vec<Tensor>> {
    let buffers = allocate(&program.buffers, sizes, operands)?;
    let env = program.params.iter().zip(params).map(|(&(_, var), &p)| (Bound::Var(var), index(p))).collect();
    let mut run = Run { program, exprs: program.exprs.clone(), sizes, buffers, env, code: HashMap::new() };
    run.grid(&program.grid)?;
    Ok(outputs(&program.buffers, run.buffers))
}

struct Run<'a> {
    program: &'a Loops,
    exprs: Exprs,
    sizes: &'a Sizes,
    buffers: Vec<Tensor>,
    /// Axes and variables that are bound.
    env: HashMap<Bound, Column>,
    code: HashMap<Vec<ExprId>, Rc<Code>>,
}

fn index(i: i64) -> Column {
    uniform(Scalar::int(DType::I64, i))
}

impl Run<'_> {
    fn values(&mut self, exprs: &[ExprId]) -> Result<Vec<Scalar>> {
        let code = match self.code.get(exprs) {
            Some(code) => code.clone(),
            None => {
                let code = Rc::new(compile(&self.exprs, exprs, self.sizes)?);
                self.code.insert(exprs.to_vec(), code.clone());
                code
            }
        };
        let mut values = vec![];
        code.run(&self.buffers, &|bound| self.env.get(&bound).cloned())?.on_lane(0, &mut values)?;
        Ok(values)
    }

    fn value(&mut self, expr: ExprId) -> Result<Scalar> {
        Ok(self.values(&[expr])?[0])
    }

    /// Calls `body` at every point of a loop nest.
    fn nest(&mut self, axes: &[(AxisId, ExprId)], body: &mut dyn FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let Some((&(axis, extent), rest)) = axes.split_first() else { return body(self) };
        for i in 0..self.value(extent)?.as_i64() {
            self.env.insert(Bound::Axis(axis), index(i));
            self.nest(rest, body)?;
        }
        self.env.remove(&Bound::Axis(axis));
        Ok(())
    }

    fn grid(&mut self, axes: &[(AxisId, ExprId)]) -> Result<()> {
        let program = self.program;
        self.nest(axes, &mut |run| {
            for (k, b) in program.buffers.iter().enumerate().filter(|(_, b)| b.role == Role::Scratch) {
                let shape = run.buffers[k].shape().to_vec();
                run.buffers[k] = spoilt(b, &shape)?;
            }
            run.stmts(&program.body)
        })
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> Result<()> {
        stmts.iter().try_for_each(|s| self.stmt(s))
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<()> {
        match stmt {
            Stmt::For { axis, extent, body, .. } => self.nest(&[(*axis, *extent)], &mut |run| run.stmts(body)),
            Stmt::Let { var, value } => {
                let value = self.value(*value)?;
                self.env.insert(Bound::Var(*var), uniform(value));
                Ok(())
            }
            Stmt::Store { buf, at, value, combine } => {
                let values = self.values(&[&at[..], &[*value]].concat())?;
                push(&mut self.buffers[buf.0 as usize], &values, *combine)
            }
            Stmt::Fold(fold) => self.fold(fold),
            Stmt::Block { op, dst, src, len } => {
                let len = self.value(*len)?.as_i64();
                (0..len).try_for_each(|i| self.block(*op, dst.0 as usize, src.0 as usize, i))
            }
            Stmt::If { cond, body } => match self.value(*cond)?.is_zero() {
                true => Ok(()),
                false => self.stmts(body),
            },
        }
    }

    fn block(&mut self, op: ScalarOp, dst: usize, src: usize, i: i64) -> Result<()> {
        let x = self.buffers[src].get(offset_flat(&self.buffers[src], i)?).expect("`offset` gives places inside");
        let place = offset_flat(&self.buffers[dst], i)?;
        self.buffers[dst].set(place, op.eval(&[x]))
    }

    fn fold(&mut self, fold: &Fold) -> Result<()> {
        for (&var, &init) in fold.state.iter().zip(&fold.init) {
            self.env.insert(Bound::Var(var), uniform(init));
        }
        self.nest(&fold.axes, &mut |run| {
            let next = run.values(&fold.step)?;
            fold.state.iter().zip(next).for_each(|(&var, s)| drop(run.env.insert(Bound::Var(var), uniform(s))));
            Ok(())
        })
    }
}

/// The position of an element of a buffer that is used as a row.
fn offset_flat(tensor: &Tensor, i: i64) -> Result<usize> {
    offset(&tensor.reshape(&[tensor.numel()])?, &[i])
}
