//! Contraction kernels: how the matrix routine gets its rows and panels, and what happens to its sums.
//!
//! The routine counts batches, rows, columns and depth; the kernel's axes are what those numbers are made of. Each loop program walks
//! its own numbers, and the axes in its offsets are replaced by their digits. What a row is made of is worked out where the rows are
//! packed: a norm reduces there, and attention's softmax runs over the sums of the product before it.

use super::counter::{Counter, count, replace_axes};
use super::loops::{body, share_axis};
use crate::lower::contract::stored_only;
use cresset_ir::dim::{Dim, Rel};
use cresset_ir::kernel::{
    AxisId, BufId, Buffer, Contraction, Ex, ExprId, Exprs, Kernel, LoopKind, Loops, Node, Rewriter, Role, Stage, Stmt, VarId,
};
use cresset_ir::plan::{Contract, Product, Rows};
use cresset_ir::{DType, Target, Type};
use std::collections::{BTreeSet, HashMap};

/// Schedules a contraction kernel for panels of `columns` columns. Offsets are flat.
pub fn schedule(kernel: &Kernel, columns: usize, target: &Target) -> Contract {
    let p = &kernel.exprs;
    let last = kernel.contractions.last().expect("a contraction kernel has contractions");
    let own = kernel.buffers.iter().filter(|b| b.role != Role::Scratch).count();
    let programs = Programs { kernel, p, columns, target, tile: BufId(own as u32) };
    Contract {
        name: kernel.name.clone(),
        batch: p.points(&last.batch),
        m: p.points(&last.m),
        product: programs.product(&kernel.contractions),
        epilogue: programs.epilogue(last),
        loc: kernel.loc,
    }
}

/// The loop programs of one kernel.
struct Programs<'a> {
    kernel: &'a Kernel,
    p: &'a Exprs,
    columns: usize,
    target: &'a Target,
    /// The buffer that the driver passes, behind those of the launch.
    tile: BufId,
}

fn var(p: &Exprs, x: Ex<'_>) -> VarId {
    match p.node(x.id()) {
        Node::Var(v) => v,
        n => unreachable!("a fresh variable is a variable, got {n:?}"),
    }
}

impl Programs<'_> {
    /// The product of the last contraction; those before it make its rows.
    fn product(&self, chain: &[Contraction]) -> Product {
        let (c, before) = chain.split_last().expect("a product has a contraction");
        let rows = match before.last() {
            None => self.direct(c).unwrap_or_else(|| Rows::Packed(self.rows(c, None))),
            Some(inner) => Rows::Product { product: Box::new(self.product(before)), finish: self.rows(c, Some(inner)) },
        };
        Product {
            n: self.p.points(&c.n),
            k: self.p.points(&c.k),
            rows,
            panels: self.panel(c),
            stored: stored_only(self.p, c.b, &self.kernel.buffers),
        }
    }

    fn program(
        &self,
        part: &str,
        tile: (&str, Type, Role),
        params: &[(&str, Ex<'_>)],
        f: impl FnOnce(&mut Vec<Buffer>) -> Vec<Stmt>,
    ) -> Loops {
        let mut buffers = self.kernel.buffers[..self.tile.0 as usize].to_vec();
        buffers.push(Buffer { name: tile.0.into(), ty: tile.1, role: tile.2 });
        let body = f(&mut buffers);
        let params = params.iter().map(|&(name, v)| (name.to_owned(), var(self.p, v))).collect();
        let name = format!("{}.{part}", self.kernel.name);
        Loops { name, exprs: self.p.clone(), buffers, params, grid: vec![], body, loc: self.kernel.loc }
    }

    /// The rows where they are, if they are contiguous runs at a fixed distance.
    fn direct(&self, c: &Contraction) -> Option<Rows> {
        let p = self.p;
        let (batch, row, depth) = (Counter::new(p, &c.batch), Counter::new(p, &c.m), Counter::new(p, &c.k));
        let Node::Load(buf, at) = p.node(count(p, &[&batch, &row, &depth], c.a)) else { return None };
        if self.kernel.buffer(buf).ty.dtype != DType::F32 {
            return None;
        }
        let offset = p.poly(at[0]);
        let (mut start, mut stride) = (p.int(0), p.int(0));
        let mut unit = c.k.is_empty();
        for (m, coefficient) in offset.terms() {
            let free: BTreeSet<AxisId> = m.iter().flat_map(|&a| p.free_axes(a)).collect();
            let (in_row, in_depth) = (free.contains(&row.axis), free.contains(&depth.axis));
            let term = |skip: ExprId| m.iter().filter(|&&a| a != skip).fold(p.int(coefficient), |x, &a| x * p.ex(a));
            match (in_row, in_depth) {
                (false, false) => start = start + term(ExprId(u32::MAX)),
                (true, false) if m.iter().filter(|&&a| a == row.ex.id()).count() == 1 => stride = stride + term(row.ex.id()),
                (false, true) if m[..] == [depth.ex.id()] && coefficient == 1 => unit = true,
                _ => return None,
            }
        }
        if !unit || p.depends_on(stride.id(), row.axis) || p.depends_on(stride.id(), batch.axis) {
            return None;
        }
        // The driver works out places from sizes alone, and walks forwards.
        let data = p.reachable(&[start.id(), stride.id()]).into_iter().any(|e| matches!(p.node(e), Node::Load(..)));
        if data || p.decide(p.int(0).id(), Rel::Le, stride.id()) != Some(true) {
            return None;
        }
        let b = p.fresh_var(DType::I64);
        let start = replace_axes(p, &[(batch.axis, b.id())].into(), start.id());
        Some(Rows::Direct { exprs: p.clone(), buf, batch: var(p, b), start, stride: stride.id() })
    }

    /// `rows[r, k] = a`, for rows `first..first + count`: made from memory, or in place from the sums of `inner`.
    fn rows(&self, c: &Contraction, inner: Option<&Contraction>) -> Loops {
        let p = self.p;
        let (batch, row) = (Counter::new(p, &c.batch), Counter::new(p, &c.m));
        let (b, first, number) = (p.fresh_var(DType::I64), p.fresh_var(DType::I64), p.fresh_var(DType::I64));
        let r = p.axis(p.extent(row.axis));
        let depth = p.points(&c.k);
        let stride = if inner.is_some() { self.whole_tiles(&depth) } else { depth };
        let start = p.axis_ex(r) * p.dim(&stride);
        let sums = |_: ExprId, n: &Node| match (n, inner) {
            (Node::Load(buf, at), Some(i)) if *buf == i.acc => {
                let k = p.ex(*at.last().expect("sums have columns"));
                Some(p.load(self.tile, i.dtype, &[start + k]).id())
            }
            _ => None,
        };
        let value = count(p, &[&batch, &row], Rewriter::new(p, sums).run(c.a));
        let value = replace_axes(p, &[(batch.axis, b.id()), (row.axis, (first + p.axis_ex(r)).id())].into(), value);
        let at = start + p.position(&c.k);
        let mut stages = vec![Stage { out: self.tile, axes: c.k.clone(), at: vec![at.id()], value, combine: None }];
        if let [k] = c.k[..] {
            share_axis(p, &mut stages, k);
        }
        let ty = Type::new(DType::F32, [p.extent(row.axis), stride]);
        let (part, role) = if inner.is_some() { ("finish", Role::Scratch) } else { ("rows", Role::Result) };
        let params = [("batch", b), ("first_row", first), ("rows", number)];
        self.program(part, (Contract::ROWS, ty, role), &params, |buffers| {
            let body = body(p, self.target, buffers, &stages, &[r], &c.k, HashMap::new());
            vec![Stmt::For { axis: r, extent: number.id(), kind: LoopKind::Serial, body }]
        })
    }

    /// A number of columns rounded up to whole panels.
    fn whole_tiles(&self, n: &Dim) -> Dim {
        let width = Dim::from(self.columns);
        (n.clone() + width.clone() - 1i64.into()).floor_div(&width, &self.p.facts()) * width
    }

    /// `panel[k, j] = b` for the columns `first..first + columns`, zero beyond the last.
    fn panel(&self, c: &Contraction) -> Loops {
        let p = self.p;
        let (b, first) = (p.fresh_var(DType::I64), p.fresh_var(DType::I64));
        let (n, width) = (p.points(&c.n), Dim::from(self.columns));
        let inside = (first + p.dim(&width)).le(p.dim(&n));
        let whole = || self.columns_of(c, (b, first), false);
        let cut = || self.columns_of(c, (b, first), true);
        let ty = Type::new(DType::F32, [p.points(&c.k), width.clone()]);
        let params = [("batch", b), ("first_column", first)];
        self.program("panel", (Contract::PANEL, ty, Role::Result), &params, |_| {
            if n.modulo(&width, &p.facts()).is(0) {
                return whole();
            }
            // What is packed once need not be quick; a call's own panels are mostly whole.
            if stored_only(p, c.b, &self.kernel.buffers) || n.known().is_some_and(|n| n < self.columns as i64) {
                return cut();
            }
            vec![Stmt::If { cond: inside.id(), body: whole() }, Stmt::If { cond: (!inside).id(), body: cut() }]
        })
    }

    /// The loops that fill a panel; where it may be `cut` off by the last column, columns beyond it are zero.
    fn columns_of(&self, c: &Contraction, (b, first): (Ex<'_>, Ex<'_>), cut: bool) -> Vec<Stmt> {
        let p = self.p;
        let (batch, column) = (Counter::new(p, &c.batch), Counter::new(p, &c.n));
        let j = p.axis(self.columns.into());
        let (at, last) = (first + p.axis_ex(j), p.dim(&p.extent(column.axis)) - p.int(1));
        let read = if cut { at.min(last) } else { at };
        let value = count(p, &[&batch, &column], c.b);
        let value = p.ex(replace_axes(p, &[(batch.axis, b.id()), (column.axis, read.id())].into(), value));
        let value = if cut { at.le(last).select(value, value.lit(0.0)) } else { value };
        let to = p.position(&c.k) * p.int(self.columns as i64) + p.axis_ex(j);
        let store = Stmt::Store { buf: self.tile, at: vec![to.id()], value: value.id(), combine: None };
        nest(p, &c.k.iter().copied().chain([j]).collect::<Vec<_>>(), vec![store])
    }

    /// The stages over one tile: a serial loop over its rows, the columns in lanes.
    fn epilogue(&self, c: &Contraction) -> Loops {
        let p = self.p;
        let [batch, m, n] = [&c.batch, &c.m, &c.n].map(|axes| Counter::new(p, axes));
        let [b, i0, rows, j0, columns] = std::array::from_fn(|_| p.fresh_var(DType::I64));
        let (r, j) = (p.axis(p.extent(m.axis)), p.axis(Contract::ACC_STRIDE.into()));
        let (row, column) = (p.axis_ex(r), p.axis_ex(j));
        let sum = p.load(self.tile, c.dtype, &[row * p.int(Contract::ACC_STRIDE as i64) + column]).id();
        let mut take = Rewriter::new(p, |_, n| matches!(n, Node::Load(buf, _) if *buf == c.acc).then_some(sum));
        let places = [(batch.axis, b.id()), (m.axis, (i0 + row).id()), (n.axis, (j0 + column).id())].into();
        let mut place = |id: ExprId| replace_axes(p, &places, count(p, &[&batch, &m, &n], take.run(id)));
        let stages: Vec<Stage> = self
            .kernel
            .stages
            .iter()
            .map(|s| Stage { axes: vec![r, j], at: s.at.iter().map(|&e| place(e)).collect(), value: place(s.value), ..s.clone() })
            .collect();
        let counts: HashMap<AxisId, ExprId> = [(r, rows.id()), (j, columns.id())].into();
        let ty = Type::of(DType::F32, &[Contract::ACC_STRIDE, Contract::ACC_STRIDE]);
        let params = [("batch", b), ("first_row", i0), ("rows", rows), ("first_column", j0), ("columns", columns)];
        self.program("epilogue", (Contract::ACC, ty, Role::Operand), &params, |buffers| {
            body(p, self.target, buffers, &stages, &[], &[r, j], counts)
        })
    }
}

/// Serial loops around a lane loop.
pub fn nest(p: &Exprs, axes: &[AxisId], mut body: Vec<Stmt>) -> Vec<Stmt> {
    for (i, &axis) in axes.iter().enumerate().rev() {
        let kind = if i + 1 == axes.len() { LoopKind::Lane } else { LoopKind::Serial };
        body = vec![Stmt::For { axis, extent: p.dim(&p.extent(axis)).id(), kind, body }];
    }
    body
}
