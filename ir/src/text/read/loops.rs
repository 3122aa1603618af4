//! Loop programs.

use super::Errors;
use super::formula::Formulas;
use super::size::Symbols;
use crate::codes;
use crate::dtype::DType;
use crate::kernel::{AxisId, ExprId, Exprs, Fold, LoopKind, Loops, Node, ScalarOp, Stmt, VarId};
use crate::text::syntax::{AxisText, FoldText, LoopsText, StmtText, Word};

pub fn loops(text: &LoopsText, errors: &mut Errors) -> Option<Loops> {
    let name = errors.entry_name(text.name)?;
    let facts = errors.facts(&text.dims);
    let symbols = Symbols::of(&facts);
    let buffers = errors.buffers(&text.buffers, &symbols)?;
    let exprs = Exprs::new(facts);
    let loc = errors.loc(text.at, text.place);
    let mut f = Formulas::new(errors, &exprs, &symbols, &buffers);
    let params = text.params.iter().map(|p| (p.text.to_owned(), f.fresh(*p, DType::I64))).collect();
    let grid = text.grid.iter().map(|a| f.bind_axis(a)).collect::<Option<Vec<_>>>()?;
    let body = f.statements(&text.body)?;
    Some(Loops { name, exprs, buffers, params, grid, body, loc })
}

impl Formulas<'_> {
    /// A variable under a name that is its own.
    pub fn fresh(&mut self, name: Word, dtype: DType) -> VarId {
        if self.named(name.text).is_some() {
            self.errors.say::<()>(codes::IR_DUPLICATE, name.at, format!("`{}` is bound already", name.text));
        }
        let var = self.pool.fresh_var(dtype);
        self.bind(name.text, var.id());
        match self.pool.node(var.id()) {
            Node::Var(v) => v,
            _ => unreachable!("a fresh variable is a variable"),
        }
    }

    /// Statements see what those before them bind; what they bind ends with them.
    fn statements(&mut self, all: &[StmtText]) -> Option<Vec<Stmt>> {
        let (mut bound, mut out) = (vec![], vec![]);
        for s in all {
            out.push(self.statement(s, &mut bound));
        }
        bound.iter().for_each(|name| self.unbind(name));
        out.into_iter().collect()
    }

    fn statement<'t>(&mut self, text: &StmtText<'t>, bound: &mut Vec<&'t str>) -> Option<Stmt> {
        Some(match text {
            StmtText::For { axis, kind, body } => {
                let kind = self.kind(*kind);
                let (id, extent) = self.bind_axis(axis)?;
                let body = self.statements(body);
                self.unbind(axis.name.text);
                Stmt::For { axis: id, extent, kind: kind?, body: body? }
            }
            StmtText::Let { name, dtype, value } => {
                let dtype = self.errors.dtype(*dtype)?;
                let value = self.of_dtype(value, dtype);
                bound.push(name.text);
                let var = self.fresh(*name, dtype);
                Stmt::Let { var, value: value? }
            }
            StmtText::Store(store) => {
                let (buf, at, value, combine) = self.store(store)?;
                Stmt::Store { buf, at, value, combine }
            }
            StmtText::Fold(fold) => Stmt::Fold(self.fold(fold, bound)?),
            StmtText::Block { op, dst, src, len } => {
                let (dst, src) = (self.buffer(*dst), self.buffer(*src));
                let len = self.index(len);
                match ScalarOp::parse(op.text).filter(|o| o.arity() == 1) {
                    Some(op) => Stmt::Block { op, dst: dst?.0, src: src?.0, len: len? },
                    None => return self.errors.say(codes::IR_UNKNOWN, op.at, format!("there is no block routine `{}`", op.text)),
                }
            }
            StmtText::If { cond, body } => {
                let cond = self.of_dtype(cond, DType::Bool);
                let body = self.statements(body);
                Stmt::If { cond: cond?, body: body? }
            }
        })
    }

    fn kind(&mut self, word: Option<Word>) -> Option<LoopKind> {
        match word.map(|w| (w.text, w.at)) {
            None => Some(LoopKind::Serial),
            Some(("lane", _)) => Some(LoopKind::Lane),
            Some(("unroll", _)) => Some(LoopKind::Unroll),
            Some((other, at)) => self.errors.say(codes::IR_UNKNOWN, at, format!("a loop is lane or unroll, not `{other}`")),
        }
    }

    fn fold<'t>(&mut self, text: &FoldText<'t>, bound: &mut Vec<&'t str>) -> Option<Fold> {
        let counts = [text.step.len(), text.other.len(), text.merge.len()];
        if counts.iter().any(|&n| n != text.state.len()) {
            let message =
                format!("a fold over {} values needs as many steps, names and merges, got {counts:?}", text.state.len());
            return self.errors.say(codes::IR_VALUE, text.at, message);
        }
        let kind = self.kind(text.kind);
        let (mut state, mut init, mut dtypes) = (vec![], vec![], vec![]);
        for (name, dtype, value) in &text.state {
            let dtype = self.errors.dtype(*dtype)?;
            let value = self.of_dtype(value, dtype)?;
            let Some(value) = self.pool.as_const(value) else {
                return self.errors.say(codes::IR_VALUE, name.at, "a fold starts from constants");
            };
            bound.push(name.text);
            state.push(self.fresh(*name, dtype));
            init.push(value);
            dtypes.push(dtype);
        }
        let axes = self.fold_axes(&text.axes);
        let step = text.step.iter().zip(&dtypes).map(|(e, &d)| self.of_dtype(e, d)).collect::<Option<Vec<_>>>();
        text.axes.iter().for_each(|a| self.unbind(a.name.text));
        let other = text.other.iter().zip(&dtypes).map(|(&name, &d)| self.fresh(name, d)).collect();
        bound.extend(text.other.iter().map(|name| name.text));
        let merge = text.merge.iter().zip(&dtypes).map(|(e, &d)| self.of_dtype(e, d)).collect::<Option<Vec<_>>>();
        Some(Fold { axes: axes?, kind: kind?, state, init, step: step?, other, merge: merge? })
    }

    fn fold_axes(&mut self, axes: &[AxisText]) -> Option<Vec<(AxisId, ExprId)>> {
        axes.iter().map(|a| self.bind_axis(a)).collect()
    }
}
