//! What the generator takes: legalised loop programs. Everything it would stumble over is refused here, so that emission cannot
//! fail.
//!
//! 1. Loads and stores have one flat index.
//! 2. No reductions: they are folds by now.
//! 3. Halves are loaded, stored, selected and converted, nothing else.
//! 4. Symbols, buffers and operations are ones that exist here.

use super::externals::strip_index;
use cresset_ir::kernel::{BufId, ExprId, Exprs, Fold, Loops, Node, ScalarOp, Stmt};
use cresset_ir::{DType, Diagnostic, Result, Sym, codes};
use std::collections::HashSet;

pub fn check(loops: &Loops, syms: &[Sym]) -> Result<()> {
    let mut check = Check { loops, syms, seen: HashSet::new() };
    loops.grid.iter().try_for_each(|&(_, extent)| check.expr(extent))?;
    check.body(&loops.body)
}

struct Check<'a> {
    loops: &'a Loops,
    syms: &'a [Sym],
    seen: HashSet<ExprId>,
}

impl Check<'_> {
    fn pool(&self) -> &Exprs {
        &self.loops.exprs
    }

    fn refuse<T>(&self, what: impl std::fmt::Display) -> Result<T> {
        let message = format!("kernel `{}` cannot be compiled for the CPU: {what}", self.loops.name);
        let hint = "the kernel was not legalised for this target: this is a bug of the compiler";
        Err(Diagnostic::error(codes::ILLEGAL_KERNEL, message).at(self.loops.loc.span(), "").hint(hint))
    }

    fn body(&mut self, stmts: &[Stmt]) -> Result<()> {
        stmts.iter().try_for_each(|s| self.stmt(s))
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<()> {
        match stmt {
            Stmt::For { extent, body, .. } => {
                self.expr(*extent)?;
                self.body(body)
            }
            Stmt::Let { value, .. } => self.expr(*value),
            Stmt::Store { buf, at, value, .. } => {
                self.access(*buf, at)?;
                self.expr(*value)
            }
            Stmt::Fold(fold) => self.fold(fold),
            Stmt::Block { op, dst, src, len } => {
                let dtype = self.buffer(*src)?;
                if self.buffer(*dst)? != dtype || !dtype.is_float() || op.arity() != 1 || strip_index(*op, dtype).is_none() {
                    return self.refuse(format_args!("no block routine for {} on {dtype}", op.name()));
                }
                self.expr(*len)
            }
            Stmt::If { cond, body } => {
                self.expr(*cond)?;
                self.body(body)
            }
        }
    }

    fn fold(&mut self, fold: &Fold) -> Result<()> {
        let extents = fold.axes.iter().map(|a| &a.1);
        extents.chain(&fold.step).chain(&fold.merge).try_for_each(|&e| self.expr(e))
    }

    fn buffer(&self, buf: BufId) -> Result<DType> {
        match self.loops.buffers.get(buf.0 as usize) {
            Some(b) => Ok(b.ty.dtype),
            None => self.refuse(format_args!("buffer {} does not exist", buf.0)),
        }
    }

    fn access(&mut self, buf: BufId, at: &[ExprId]) -> Result<()> {
        self.buffer(buf)?;
        match at {
            &[offset] => self.expr(offset),
            _ => self.refuse(format_args!(
                "an index of {} dimensions into `{}`",
                at.len(),
                self.loops.buffers[buf.0 as usize].name
            )),
        }
    }

    fn expr(&mut self, e: ExprId) -> Result<()> {
        if !self.seen.insert(e) {
            return Ok(());
        }
        match self.pool().node(e) {
            Node::Const(_) | Node::Axis(_) | Node::Var(_) => Ok(()),
            Node::Sym(s) if self.syms.contains(&s) => Ok(()),
            Node::Sym(s) => self.refuse(format_args!("the size {} is not known when it runs", s.name())),
            Node::Int(p) => p.atoms().try_for_each(|&a| self.expr(a)),
            Node::Load(buf, at) => self.access(buf, &at),
            Node::Apply(op, args) => {
                self.op(op, self.pool().dtype(args[0]))?;
                args.iter().try_for_each(|&a| self.expr(a))
            }
            Node::Cast(x) => self.expr(x),
            Node::Reduce(..) | Node::State(..) => self.refuse("a reduction that is not a loop"),
        }
    }

    fn op(&self, op: ScalarOp, dtype: DType) -> Result<()> {
        use ScalarOp::*;
        let half = matches!(dtype, DType::F16 | DType::BF16);
        let bits = matches!(op, And | Or | Xor | Not | Shl | Shr) && dtype.is_float();
        if op != Select && (half || bits) {
            return self.refuse(format_args!("{} on {dtype}", op.name()));
        }
        Ok(())
    }
}
