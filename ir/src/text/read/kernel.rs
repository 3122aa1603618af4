//! Kernels as stages.

use super::Errors;
use super::formula::Formulas;
use super::size::Symbols;
use crate::codes;
use crate::kernel::{AxisId, Contraction, ExprId, Exprs, Kernel, Node, ScalarOp, Stage};
use crate::text::syntax::{AxisText, Binary, ContractionText, ExprKind, KernelText, StoreText, Word};

pub fn kernel(text: &KernelText, errors: &mut Errors) -> Option<Kernel> {
    let name = errors.entry_name(text.name)?;
    let facts = errors.facts(&text.dims);
    let symbols = Symbols::of(&facts);
    let buffers = errors.buffers(&text.buffers, &symbols)?;
    let exprs = Exprs::new(facts);
    let loc = errors.loc(text.at, text.place);
    let mut f = Formulas::new(errors, &exprs, &symbols, &buffers);
    let contractions = text.contractions.iter().map(|c| f.contraction(c)).collect::<Option<_>>()?;
    let stages: Vec<Option<Stage>> = text.stages.iter().map(|(axes, store)| f.stage(axes, store)).collect();
    let stages = stages.into_iter().collect::<Option<_>>()?;
    Some(Kernel { name, exprs, buffers, contractions, stages, loc })
}

impl Formulas<'_> {
    fn contraction(&mut self, text: &ContractionText) -> Option<Contraction> {
        let acc = self.buffer(text.acc);
        let mut all = text.groups.iter().chain([&text.k]).map(|g| self.stage_axes(g)).collect::<Option<Vec<_>>>()?;
        let (k, n, m, batch) = (all.pop()?, all.pop()?, all.pop()?, all.pop()?);
        let ExprKind::Binary(Binary::Mul, two) = &text.product.kind else {
            return self.errors.say(codes::IR_VALUE, text.product.at, "a contraction sums a product: `a * b`");
        };
        let (a, b) = (self.formula(&two[0]), self.formula(&two[1]));
        let dtype = self.errors.dtype(text.dtype)?;
        Some(Contraction { acc: acc?.0, batch, m, n, k, a: a?, b: b?, dtype })
    }

    fn stage(&mut self, axes: &[AxisText], store: &StoreText) -> Option<Stage> {
        let axes = self.stage_axes(axes)?;
        let (out, at, value, combine) = self.store(store)?;
        Some(Stage { out, axes, at, value, combine })
    }

    /// Axes of a stage stay in scope: later stages may be over the same.
    fn stage_axes(&mut self, axes: &[AxisText]) -> Option<Vec<AxisId>> {
        axes.iter().map(|a| if a.extent.is_some() { Some(self.bind_axis(a)?.0) } else { self.bound_axis(a.name) }).collect()
    }

    fn bound_axis(&mut self, name: Word) -> Option<AxisId> {
        match self.named(name.text).map(|id| self.pool.node(id)) {
            Some(Node::Axis(a)) => Some(a),
            _ => self.errors.say(codes::IR_UNKNOWN, name.at, format!("no axis `{}` is bound before this", name.text)),
        }
    }

    /// Buffer, index, value, and how it is combined.
    pub fn store(&mut self, text: &StoreText) -> Option<(crate::kernel::BufId, Vec<ExprId>, ExprId, Option<ScalarOp>)> {
        let out = self.buffer(text.out);
        let at = self.indices(&text.at);
        let combine = match text.combine {
            None => None,
            Some(op) => match ScalarOp::parse(op.text).filter(|o| o.arity() == 2) {
                Some(op) => Some(op),
                None => return self.errors.say(codes::IR_UNKNOWN, op.at, format!("nothing is combined by `{}`", op.text)),
            },
        };
        let (out, dtype) = out?;
        let value = self.of_dtype(&text.value, dtype)?;
        Some((out, at?, value, combine))
    }
}
