//! Contraction kernels: how the matrix routine gets its rows and panels, and what happens to its sums.
//!
//! The routine counts batches, rows, columns and depth; the kernel's axes are what those numbers are made of. Each loop program walks
//! its own numbers, and the axes in its offsets are replaced by their digits, which mostly rejoin into the number itself.

use super::loops::body;
use crate::lower::contract::stored_only;
use cresset_ir::dim::Dim;
use cresset_ir::kernel::{
    AxisId, Buffer, Contraction, Ex, ExprId, Exprs, Kernel, LoopKind, Loops, Node, Rewriter, Role, Stage, Stmt, VarId, reduce,
};
use cresset_ir::plan::{Contract, Rows};
use cresset_ir::{DType, Target, Type};
use std::collections::{BTreeSet, HashMap};

/// Schedules a contraction kernel for a tile of `columns` columns. Offsets are flat.
pub fn schedule(kernel: Kernel, c: Contraction, columns: usize, target: &Target) -> Contract {
    let p = &kernel.exprs;
    let size = |axes: &[AxisId]| axes.iter().map(|&a| p.extent(a)).product::<Dim>();
    let (batch, m, n, k) = (size(&c.batch), size(&c.m), size(&c.n), size(&c.k));
    let own = |name: &str, ty: Type, role: Role| {
        let mut buffers = kernel.buffers.clone();
        buffers[c.acc.0 as usize] = Buffer { name: name.into(), ty, role };
        buffers
    };
    let stored = stored_only(p, c.b, &kernel.buffers);
    Contract {
        name: kernel.name.clone(),
        a: rows(&kernel, &c, &own("rows", Type::new(DType::F32, [m.clone(), k.clone()]), Role::Result)),
        b: panel(&kernel, &c, columns, own("panel", Type::new(DType::F32, [k.clone(), columns.into()]), Role::Result)),
        b_is_stored: stored,
        epilogue: epilogue(&kernel, &c, target, own("acc", acc_type(), Role::Operand)),
        batch,
        m,
        n,
        k,
        loc: kernel.loc,
    }
}

/// The kernel with its contraction written as a reduction again, for targets without a matrix routine.
pub fn as_loops(mut kernel: Kernel, c: Contraction) -> Kernel {
    let p = &kernel.exprs;
    let sum = p.reduce(&reduce::SUM, &c.k, &[p.ex(c.a) * p.ex(c.b)])[0].id();
    let mut rewrite = Rewriter::new(p, |_, n| matches!(n, Node::Load(b, _) if *b == c.acc).then_some(sum));
    let stages: Vec<Stage> = kernel.stages.iter().map(|s| Stage { value: rewrite.run(s.value), ..s.clone() }).collect();
    kernel.stages = stages;
    kernel
}

fn acc_type() -> Type {
    Type::of(DType::F32, &[Contract::ACC_STRIDE, Contract::ACC_STRIDE])
}

/// A number that counts the points of several axes, and the axes as its digits.
struct Counter<'a> {
    axis: AxisId,
    ex: Ex<'a>,
    digits: Vec<(AxisId, ExprId)>,
}

impl<'a> Counter<'a> {
    fn new(p: &'a Exprs, axes: &[AxisId]) -> Counter<'a> {
        let total: Dim = axes.iter().map(|&a| p.extent(a)).product();
        let axis = p.axis(total);
        let ex = p.axis_ex(axis);
        let mut rest = Dim::from(1i64);
        let mut digits = vec![];
        for (i, &a) in axes.iter().enumerate().rev() {
            let high = ex.floor_div(p.dim(&rest));
            let digit = if i == 0 { high } else { high.modulo(p.dim(&p.extent(a))) };
            digits.push((a, digit.id()));
            rest = rest * p.extent(a);
        }
        Counter { axis, ex, digits }
    }
}

/// Replaces axes by digits of counters.
fn substitute(p: &Exprs, counters: &[&Counter<'_>], id: ExprId) -> ExprId {
    let map: HashMap<AxisId, ExprId> = counters.iter().flat_map(|c| c.digits.iter().copied()).collect();
    replace_axes(p, &map, id)
}

fn replace_axes(p: &Exprs, map: &HashMap<AxisId, ExprId>, id: ExprId) -> ExprId {
    let place = |_: ExprId, n: &Node| match n {
        Node::Axis(a) => map.get(a).copied(),
        _ => None,
    };
    Rewriter::new(p, place).run(id)
}

fn var(p: &Exprs, x: Ex<'_>) -> VarId {
    match p.node(x.id()) {
        Node::Var(v) => v,
        n => unreachable!("a fresh variable is a variable, got {n:?}"),
    }
}

/// The rows of `a`: in place where they are contiguous runs at a fixed distance, copied otherwise.
fn rows(kernel: &Kernel, c: &Contraction, buffers: &[Buffer]) -> Rows {
    let p = &kernel.exprs;
    direct(p, c, &kernel.buffers).unwrap_or_else(|| Rows::Packed(packed_rows(kernel, c, buffers.to_vec())))
}

fn direct(p: &Exprs, c: &Contraction, buffers: &[Buffer]) -> Option<Rows> {
    let (batch, row, depth) = (Counter::new(p, &c.batch), Counter::new(p, &c.m), Counter::new(p, &c.k));
    let Node::Load(buf, at) = p.node(substitute(p, &[&batch, &row, &depth], c.a)) else { return None };
    if buffers[buf.0 as usize].ty.dtype != DType::F32 {
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
    let b = p.fresh_var(DType::I64);
    let start = replace_axes(p, &[(batch.axis, b.id())].into(), start.id());
    Some(Rows::Direct { exprs: p.clone(), buf, batch: var(p, b), start, stride: stride.id() })
}

/// `rows[r, k] = a`, for rows `first..first + count`.
fn packed_rows(kernel: &Kernel, c: &Contraction, buffers: Vec<Buffer>) -> Loops {
    let p = &kernel.exprs;
    let (batch, row) = (Counter::new(p, &c.batch), Counter::new(p, &c.m));
    let (b, first, count) = (p.fresh_var(DType::I64), p.fresh_var(DType::I64), p.fresh_var(DType::I64));
    let r = p.axis(p.extent(row.axis));
    let value = substitute(p, &[&batch, &row], c.a);
    let value = replace_axes(p, &[(batch.axis, b.id()), (row.axis, (first + p.axis_ex(r)).id())].into(), value);
    let at = c.k.iter().fold(p.axis_ex(r), |at, &k| at * p.dim(&p.extent(k)) + p.axis_ex(k));
    let store = Stmt::Store { buf: c.acc, at: vec![at.id()], value, combine: None };
    let nest = nest(p, &c.k, vec![store]);
    let body = vec![Stmt::For { axis: r, extent: count.id(), kind: LoopKind::Serial, body: nest }];
    let params = vec![("batch".into(), var(p, b)), ("first_row".into(), var(p, first)), ("rows".into(), var(p, count))];
    Loops { name: format!("{}.rows", kernel.name), exprs: p.clone(), buffers, params, grid: vec![], body, loc: kernel.loc }
}

/// Serial loops around a lane loop.
fn nest(p: &Exprs, axes: &[AxisId], mut body: Vec<Stmt>) -> Vec<Stmt> {
    for (i, &axis) in axes.iter().enumerate().rev() {
        let kind = if i + 1 == axes.len() { LoopKind::Lane } else { LoopKind::Serial };
        body = vec![Stmt::For { axis, extent: p.dim(&p.extent(axis)).id(), kind, body }];
    }
    body
}

/// `panel[k, j] = b` for the columns `first..first + columns`, zero beyond the last.
fn panel(kernel: &Kernel, c: &Contraction, columns: usize, buffers: Vec<Buffer>) -> Loops {
    let p = &kernel.exprs;
    let (batch, column) = (Counter::new(p, &c.batch), Counter::new(p, &c.n));
    let (b, first) = (p.fresh_var(DType::I64), p.fresh_var(DType::I64));
    let j = p.axis(columns.into());
    let at_column = first + p.axis_ex(j);
    let value = substitute(p, &[&batch, &column], c.b);
    let value = replace_axes(p, &[(batch.axis, b.id()), (column.axis, at_column.id())].into(), value);
    let inside = at_column.lt(p.dim(&p.extent(column.axis)));
    let value = inside.select(p.ex(value), p.ex(value).lit(0.0));
    let depth = c.k.iter().fold(p.int(0), |at, &k| at * p.dim(&p.extent(k)) + p.axis_ex(k));
    let at = depth * p.int(columns as i64) + p.axis_ex(j);
    let store = Stmt::Store { buf: c.acc, at: vec![at.id()], value: value.id(), combine: None };
    let axes: Vec<AxisId> = c.k.iter().copied().chain([j]).collect();
    let params = vec![("batch".into(), var(p, b)), ("first_column".into(), var(p, first))];
    Loops {
        name: format!("{}.panel", kernel.name),
        exprs: p.clone(),
        buffers,
        params,
        grid: vec![],
        body: nest(p, &axes, vec![store]),
        loc: kernel.loc,
    }
}

/// The stages over one tile: a serial loop over its rows, the columns in lanes.
fn epilogue(kernel: &Kernel, c: &Contraction, target: &Target, mut buffers: Vec<Buffer>) -> Loops {
    let p = &kernel.exprs;
    let counters = [Counter::new(p, &c.batch), Counter::new(p, &c.m), Counter::new(p, &c.n)];
    let [b, i0, rows, j0, columns] = std::array::from_fn(|_| p.fresh_var(DType::I64));
    let (r, j) = (p.axis(p.extent(counters[1].axis)), p.axis(Contract::ACC_STRIDE.into()));
    let (row, column) = (p.axis_ex(r), p.axis_ex(j));
    let sum = p.load(c.acc, c.dtype, &[row * p.int(Contract::ACC_STRIDE as i64) + column]).id();
    let mut take = Rewriter::new(p, |_, n| matches!(n, Node::Load(buf, _) if *buf == c.acc).then_some(sum));
    let places = [(counters[0].axis, b.id()), (counters[1].axis, (i0 + row).id()), (counters[2].axis, (j0 + column).id())].into();
    let [batch, m, n] = &counters;
    let place = |id: ExprId| replace_axes(p, &places, substitute(p, &[batch, m, n], id));
    let mut stages = vec![];
    for s in &kernel.stages {
        let value = take.run(s.value);
        stages.push(Stage { axes: vec![r, j], at: s.at.iter().map(|&e| place(e)).collect(), value: place(value), ..s.clone() });
    }
    let counts: HashMap<AxisId, ExprId> = [(r, rows.id()), (j, columns.id())].into();
    let statements = body(p, target, &mut buffers, &stages, &[], &[r, j], counts);
    let names = ["batch", "first_row", "rows", "first_column", "columns"];
    let params = names.iter().zip([b, i0, rows, j0, columns]).map(|(n, v)| ((*n).to_owned(), var(p, v))).collect();
    Loops {
        name: format!("{}.epilogue", kernel.name),
        exprs: p.clone(),
        buffers,
        params,
        grid: vec![],
        body: statements,
        loc: kernel.loc,
    }
}
