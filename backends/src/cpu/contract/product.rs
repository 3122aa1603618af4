//! Products: where rows and panels come from, and the sums of their products.
//!
//! A task lends a product a run of elements: first its rows, then its panels, then what the product needs that makes its rows.

use super::super::block::matmul::{MatmulArgs, MatmulKernel, Packed};
use super::super::compile::{Function, Functions, SharedCall};
use super::super::formula::Formula;
use super::super::jit::{Call, Module};
use super::super::scratch::with_scratch;
use super::tiling::{Again, even};
use cresset_ir::kernel::{BufId, ExprId, Exprs, Loops, Node, Stmt};
use cresset_ir::plan::{Contract, Product as Plan, Rows};
use cresset_ir::{Dim, Result};
use cresset_runtime::pool::Pool;
use std::ops::Range;
use std::sync::OnceLock;

/// Depth of one pass: the panels of a block of columns stay in L2 beside the rows.
const PASS: usize = 1024;

pub struct Product {
    kernel: &'static MatmulKernel,
    n: Formula,
    k: Formula,
    rows: Source,
    panel: Function,
    /// Whether panels differ from batch to batch.
    per_batch: bool,
    stored: bool,
    packed: OnceLock<Packed>,
}

enum Source {
    /// The argument with the rows, the element where a batch starts, elements between rows.
    InPlace(usize, Formula, Formula),
    Made(Function, Again),
    /// Another product, whose columns are this one's depth, and what is then done with its sums.
    Product(Box<Product>, Function),
}

/// One task, as its products see it.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub module: &'a Module,
    pub call: Call<'a>,
    pub batch: usize,
    /// The most rows that are taken at a time.
    pub chunk: usize,
    /// The scratch memory of loop programs.
    pub rest: *mut u8,
}

/// Rows as the micro-kernel takes them.
#[derive(Clone, Copy)]
pub struct RowView {
    start: *const f32,
    stride: usize,
}

impl RowView {
    pub fn skip(self, rows: usize) -> RowView {
        RowView { start: self.start.wrapping_add(rows * self.stride), ..self }
    }
}

/// The tile that sums are written to.
#[derive(Clone, Copy)]
pub struct Sums {
    pub start: *mut f32,
    pub stride: usize,
}

impl Run<'_> {
    /// # Safety
    /// As for [`Module::run`], for a function without a grid.
    pub unsafe fn call(&self, f: &Function, params: &[i64]) {
        // SAFETY: the caller vouches.
        unsafe { self.module.run(f.index, Call { params, ..self.call }, 0, 1, self.rest) }
    }
}

impl Product {
    pub fn new(
        plan: &Plan,
        batch: &Dim,
        kernel: &'static MatmulKernel,
        pool: &Exprs,
        functions: &mut Functions,
    ) -> Result<Product> {
        let syms = functions.syms.clone();
        let tile = Some(tile(&plan.panels));
        let rows = match &plan.rows {
            Rows::Packed(rows) => {
                let again = if computes(&rows.body) { Again::Compute } else { Again::Copy };
                Source::Made(functions.add(rows, tile)?, again)
            }
            Rows::Direct { exprs, buf, batch, start, stride } => {
                let formula = |e| Formula::of(e, exprs, &syms, Some(*batch));
                Source::InPlace(buf.0 as usize, formula(*start)?, formula(*stride)?)
            }
            Rows::Product { product, finish } => {
                let inner = Product::new(product, batch, kernel, pool, functions)?;
                Source::Product(Box::new(inner), functions.add(finish, tile)?)
            }
        };
        let per_batch = plan.panels.params.first().is_some_and(|p| mentions(&plan.panels, |n| *n == Node::Var(p.1)));
        let (n, k) = (Formula::of_dim(&plan.n, pool, &syms)?, Formula::of_dim(&plan.k, pool, &syms)?);
        // Panels whose number or place depends on the call cannot be kept.
        let fixed = plan.n.known().is_some() && plan.k.known().is_some() && (!per_batch || batch.known().is_some());
        let fixed = fixed && !mentions(&plan.panels, |n| matches!(n, Node::Sym(_)));
        let panel = functions.add(&plan.panels, tile)?;
        Ok(Product { kernel, n, k, rows, panel, per_batch, stored: plan.stored && fixed, packed: OnceLock::new() })
    }

    pub fn columns(&self, syms: &[i64]) -> usize {
        self.n.at(syms).max(0) as usize
    }

    pub fn depth(&self, syms: &[i64]) -> usize {
        self.k.at(syms).max(0) as usize
    }

    /// Multiply-adds per row.
    pub fn per_row(&self, syms: &[i64]) -> usize {
        let inner = if let Source::Product(inner, _) = &self.rows { inner.per_row(syms) } else { 0 };
        self.columns(syms).saturating_mul(self.depth(syms)).saturating_add(inner)
    }

    pub fn again(&self) -> Again {
        match self.rows {
            Source::InPlace(..) => Again::Free,
            Source::Made(_, again) => again,
            Source::Product(..) => Again::Compute,
        }
    }

    pub fn is_stored(&self) -> bool {
        self.stored
    }

    /// Bytes of scratch memory that the loop programs need.
    pub fn scratch(&self, syms: &[i64]) -> usize {
        let of = |f: &Function| f.scratch.at(syms).max(0) as usize;
        let rows = match &self.rows {
            Source::InPlace(..) => 0,
            Source::Made(f, _) => of(f),
            Source::Product(inner, f) => of(f).max(inner.scratch(syms)),
        };
        rows.max(of(&self.panel))
    }

    /// Elements between rows.
    fn stride(&self, syms: &[i64]) -> usize {
        let k = self.depth(syms);
        if matches!(self.rows, Source::Product(..)) { k.next_multiple_of(self.kernel.nr) } else { k }
    }

    /// Elements of rows and of panels, in whole cache lines.
    fn parts(&self, syms: &[i64], chunk: usize, columns: usize) -> (usize, usize) {
        let rows = if matches!(self.rows, Source::InPlace(..)) { 0 } else { chunk * self.stride(syms) };
        let panels = if self.stored { 0 } else { columns.next_multiple_of(self.kernel.nr) * self.depth(syms) };
        (rows.next_multiple_of(16), panels.next_multiple_of(16))
    }

    /// Elements to lend for `chunk` rows and `columns` columns at a time.
    pub fn space(&self, syms: &[i64], chunk: usize, columns: usize) -> usize {
        let (rows, panels) = self.parts(syms, chunk, columns);
        let inner = if let Source::Product(inner, _) = &self.rows { inner.space(syms, chunk, inner.columns(syms)) } else { 0 };
        rows + panels + inner
    }

    /// Packs the panels of stored operands, once, in parallel.
    ///
    /// # Safety
    /// As for `Launch::launch`.
    pub unsafe fn keep(&self, module: &Module, pool: &Pool, call: SharedCall<'_>, batch: usize) {
        if let Source::Product(inner, _) = &self.rows {
            // SAFETY: the caller vouches.
            unsafe { inner.keep(module, pool, call, batch) };
        }
        if !self.stored {
            return;
        }
        self.packed.get_or_init(|| {
            let (syms, nr) = (call.get().syms, self.kernel.nr);
            let (k, per_batch) = (self.depth(syms), self.columns(syms).div_ceil(nr));
            let panels = per_batch * if self.per_batch { batch } else { 1 };
            let mut packed = Packed::zeros(panels * nr * k);
            let start = packed.as_mut_ptr() as usize;
            let scratch = self.panel.scratch.at(syms).max(0) as usize;
            pool.run(panels, &|i, _| {
                let panel = start + i * nr * k * size_of::<f32>();
                let params = [(i / per_batch) as i64, (i % per_batch * nr) as i64, panel as i64];
                // SAFETY: the caller vouches for the buffers; each panel is one task's.
                with_scratch(scratch, |rest| unsafe {
                    module.run(self.panel.index, Call { params: &params, ..call.get() }, 0, 1, rest)
                });
            });
            packed
        });
    }

    /// The panels of some columns, kept or packed now, and all those of the product that makes the rows.
    ///
    /// # Safety
    /// `space` holds [`Product::space`] elements for these columns, and is the task's own; the columns are inside the product.
    pub unsafe fn panels(&self, run: &Run<'_>, columns: &Range<usize>, space: *mut f32) -> *const f32 {
        let (syms, nr) = (run.call.syms, self.kernel.nr);
        let (rows, panels) = self.parts(syms, run.chunk, columns.len());
        if let Source::Product(inner, _) = &self.rows {
            // SAFETY: the caller vouches.
            unsafe { inner.panels(run, &(0..inner.columns(syms)), space.wrapping_add(rows + panels)) };
        }
        if let Some(kept) = self.kept(run, columns.start) {
            return kept;
        }
        let (k, start) = (self.depth(syms), space.wrapping_add(rows));
        for (i, column) in columns.clone().step_by(nr).enumerate() {
            let panel = start.wrapping_add(i * nr * k);
            // SAFETY: the caller vouches; the space has room for a panel of every `nr` columns.
            unsafe { run.call(&self.panel, &[run.batch as i64, column as i64, panel as i64]) };
        }
        start
    }

    /// The panels from a column on, if they are kept.
    fn kept(&self, run: &Run<'_>, column: usize) -> Option<*const f32> {
        let (syms, nr) = (run.call.syms, self.kernel.nr);
        let before = if self.per_batch { run.batch * self.columns(syms).div_ceil(nr) } else { 0 };
        self.packed.get().map(|p| p[(before + column / nr) * nr * self.depth(syms)..].as_ptr())
    }

    /// Some rows: where they are, packed, or worked out.
    ///
    /// # Safety
    /// As for [`Product::panels`], called before for `columns` columns; there are at most a chunk of rows, inside the product.
    pub unsafe fn rows(&self, run: &Run<'_>, rows: &Range<usize>, columns: usize, space: *mut f32) -> RowView {
        let syms = run.call.syms;
        let params = [run.batch, rows.start, rows.len(), space as usize].map(|p| p as i64);
        match &self.rows {
            Source::InPlace(arg, start, stride) => {
                let stride = stride.at_var(syms, 0) as usize;
                let first = start.at_var(syms, run.batch as i64) as usize + rows.start * stride;
                return RowView { start: run.call.buffers[*arg].cast::<f32>().wrapping_add(first), stride };
            }
            // SAFETY: the caller vouches; the space begins with room for a chunk of rows.
            Source::Made(pack, _) => unsafe { run.call(pack, &params) },
            Source::Product(inner, finish) => {
                let (own_rows, own_panels) = self.parts(syms, run.chunk, columns);
                let n = inner.columns(syms);
                let below = space.wrapping_add(own_rows + own_panels);
                let panels = inner.kept(run, 0).unwrap_or(below.wrapping_add(inner.parts(syms, run.chunk, n).0));
                let out = Sums { start: space, stride: self.stride(syms) };
                // SAFETY: the caller vouches; a row of the space has room for all columns of the inner product in whole panels.
                unsafe {
                    let view = inner.rows(run, rows, n, below);
                    inner.sums(rows.len(), n, inner.depth(syms), view, panels, out);
                    run.call(finish, &params);
                }
            }
        }
        RowView { start: space, stride: self.stride(syms) }
    }

    /// `out = rows · panels` for `m` rows and `n` columns, in passes over the depth.
    ///
    /// # Safety
    /// `view` has `m` rows of `k` elements, `panels` the panels of `n` columns, `out` `m` rows of that many columns in whole panels.
    pub unsafe fn sums(&self, m: usize, n: usize, k: usize, view: RowView, panels: *const f32, out: Sums) {
        let MatmulKernel { mr, nr, run, .. } = *self.kernel;
        // An empty depth still has sums: zeros.
        let passes = if k == 0 { 1 } else { k.div_ceil(PASS + PASS / 2) };
        for pass in 0..passes {
            let (first, last) = (k * pass / passes, k * (pass + 1) / passes);
            for j in (0..n).step_by(nr) {
                for part in even(0..m, mr) {
                    let args = MatmulArgs {
                        m: part.len(),
                        k: last - first,
                        a: view.start.wrapping_add(part.start * view.stride + first),
                        a_row_stride: view.stride,
                        a_k_stride: 1,
                        b: panels.wrapping_add(j * k + first * nr),
                        c: out.start.wrapping_add(part.start * out.stride + j),
                        c_row_stride: out.stride,
                        accumulate: pass > 0,
                    };
                    // SAFETY: the caller vouches; the kernel is one that this CPU runs, and a part has 1 to `mr` rows.
                    unsafe { run(&args) };
                }
            }
        }
    }
}

/// The buffer that the driver passes: it follows those of the launch.
pub fn tile(panels: &Loops) -> BufId {
    let found = panels.buffers.iter().rposition(|b| b.name == Contract::PANEL);
    BufId(found.expect("the program of panels writes one") as u32)
}

/// Whether rows are worked out, and not just copied.
fn computes(body: &[Stmt]) -> bool {
    body.iter().any(|s| match s {
        Stmt::For { body, .. } | Stmt::If { body, .. } => computes(body),
        Stmt::Fold(_) | Stmt::Block { .. } => true,
        Stmt::Let { .. } | Stmt::Store { .. } => false,
    })
}

/// Whether a program depends on something.
fn mentions(loops: &Loops, what: impl Fn(&Node) -> bool) -> bool {
    let mut roots = vec![];
    collect(&loops.body, &mut roots);
    loops.exprs.reachable(&roots).into_iter().any(|e| what(&loops.exprs.node(e)))
}

/// The expressions of some statements.
fn collect(body: &[Stmt], out: &mut Vec<ExprId>) {
    for stmt in body {
        match stmt {
            Stmt::For { extent, body, .. } => {
                out.push(*extent);
                collect(body, out);
            }
            Stmt::Let { value, .. } => out.push(*value),
            Stmt::Store { at, value, .. } => out.extend(at.iter().chain([value])),
            Stmt::Fold(fold) => out.extend(fold.axes.iter().map(|a| &a.1).chain(&fold.step)),
            Stmt::Block { len, .. } => out.push(*len),
            Stmt::If { cond, body } => {
                out.push(*cond);
                collect(body, out);
            }
        }
    }
}
