//! The driver of contractions: packing, the matrix micro-kernel and the epilogue, tile by tile.
//!
//! A task owns a rectangle of rows and columns of one product. Within it, sums are made for blocks of at most [`BLOCK_ROWS`] micro-tiles
//! by `Contract::ACC_STRIDE` columns and go through the epilogue while they are in L1 or L2. Invariants: a launch allocates nothing but, once, the
//! panels of stored operands; the result does not depend on the number of threads, for no sum is split between tasks.
//! Unsafe code: addresses of rows, panels and tiles, and calls of routines on them.

#[cfg(test)]
mod tests;

use super::block::matmul::{MatmulArgs, MatmulKernel, Packed, matmul_for_cpu};
use super::compile::{Function, Functions, SharedCall};
use super::formula::Formula;
use super::jit::{Call, Module};
use super::scratch::with_scratch;
use cresset_ir::Result;
use cresset_ir::kernel::{BufId, ExprId, Loops, Node, Stmt, VarId};
use cresset_ir::plan::{Contract, Rows};
use cresset_runtime::pool::Pool;
use std::ops::Range;
use std::sync::OnceLock;

/// Micro-tiles of rows in a block of sums: the tile of sums stays in L1 or near it.
const BLOCK_ROWS: usize = 4;
/// Bytes of rows that go by a block of columns: half of L2 with the panels.
const ROW_BYTES: usize = 384 << 10;
/// Depth of one pass: the panels of a block of columns stay in L2 beside the rows.
const PASS: usize = 1024;
/// Floating-point operations below which a product is one task: 30 µs.
const INLINE: usize = 3_000_000;
const TASKS_PER_THREAD: usize = 4;

/// The compiled form of a contraction kernel.
pub struct Driver {
    kernel: &'static MatmulKernel,
    batch: Formula,
    m: Formula,
    n: Formula,
    k: Formula,
    rows: RowSource,
    panel: Function,
    /// Whether panels differ from batch to batch.
    panel_per_batch: bool,
    stored: bool,
    packed: OnceLock<Packed>,
    epilogue: Function,
}

enum RowSource {
    /// The argument with the rows, the element where a batch starts, elements between rows.
    Direct(usize, Formula, Formula),
    Packed(Function),
}

/// The numbers of a launch.
#[derive(Clone, Copy)]
struct Shape {
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
}

/// How a product is cut into tasks, and the rows that are taken at a time.
#[derive(Clone, Copy)]
struct Tiling {
    rows: usize,
    columns: usize,
    chunk: usize,
}

/// A rectangle of one product.
struct Task {
    batch: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// The scratch memory of a task: sums, rows, panels, and that of the loop programs.
#[derive(Clone, Copy)]
struct Workspace {
    acc: *mut f32,
    rows: *mut f32,
    panels: *mut f32,
    rest: *mut u8,
}

/// Rows as the micro-kernel takes them.
#[derive(Clone, Copy)]
struct RowView {
    start: *const f32,
    stride: usize,
}

/// What the tasks of a launch share.
#[derive(Clone, Copy)]
struct Launch<'a> {
    module: &'a Module,
    call: SharedCall<'a>,
    shape: Shape,
    tiling: Tiling,
    packed: Option<&'a Packed>,
}

impl Driver {
    pub fn new(c: &Contract, functions: &mut Functions) -> Result<Driver> {
        let syms = functions.syms.clone();
        let of = |dim| Formula::of_dim(dim, &c.epilogue.exprs, &syms);
        let (batch, m, n, k) = (of(&c.batch)?, of(&c.m)?, of(&c.n)?, of(&c.k)?);
        let tile = Some(Driver::tile(c));
        let rows = match &c.a {
            Rows::Packed(rows) => RowSource::Packed(functions.add(rows, tile)?),
            Rows::Direct { exprs, buf, batch, start, stride } => {
                let formula = |e| Formula::of(e, exprs, &syms, Some(*batch));
                RowSource::Direct(buf.0 as usize, formula(*start)?, formula(*stride)?)
            }
        };
        let panel_per_batch = c.b.params.first().is_some_and(|p| reads(&c.b, p.1));
        // Panels whose number depends on the call cannot be kept.
        let fixed = n.known().is_some() && k.known().is_some() && (!panel_per_batch || batch.known().is_some());
        Ok(Driver {
            kernel: matmul_for_cpu(),
            batch,
            m,
            n,
            k,
            rows,
            panel: functions.add(&c.b, tile)?,
            panel_per_batch,
            stored: c.b_is_stored && fixed,
            packed: OnceLock::new(),
            epilogue: functions.add(&c.epilogue, tile)?,
        })
    }

    /// The buffer that the driver passes: it follows those of the launch.
    pub fn tile(c: &Contract) -> BufId {
        let found = c.b.buffers.iter().rposition(|b| b.name == "panel");
        BufId(found.expect("the program of `b` writes a panel") as u32)
    }

    /// # Safety
    /// As for `Launch::launch`: `args` are the buffers of the kernel for these `syms`.
    pub unsafe fn launch(&self, module: &Module, pool: &Pool, args: &[*mut u8], syms: &[i64]) {
        let size = |f: &Formula| f.at(syms).max(0) as usize;
        let shape = Shape { batch: size(&self.batch), m: size(&self.m), n: size(&self.n), k: size(&self.k) };
        if shape.batch * shape.m * shape.n == 0 {
            return;
        }
        let call = SharedCall(Call { buffers: args, syms, params: &[] });
        // SAFETY: the caller vouches.
        let packed = self.stored.then(|| self.packed.get_or_init(|| unsafe { self.pack_all(module, pool, call, shape) }));
        let tiling = self.tiling(shape, pool.threads());
        let launch = Launch { module, call, shape, tiling, packed };
        let (down, across) = (shape.m.div_ceil(tiling.rows), shape.n.div_ceil(tiling.columns));
        let bytes = self.workspace_bytes(&launch);
        pool.run(shape.batch * down * across, &|i, _| {
            let (row, column) = (i / across % down * tiling.rows, i % across * tiling.columns);
            let task = Task {
                batch: i / across / down,
                rows: row..(row + tiling.rows).min(shape.m),
                columns: column..(column + tiling.columns).min(shape.n),
            };
            with_scratch(bytes, |scratch| {
                // SAFETY: the caller vouches for the buffers; tasks own different rectangles; the workspace lies inside the scratch.
                unsafe { self.task(&launch, &task, self.workspace(&launch, scratch)) }
            });
        });
    }

    /// All panels of a stored operand, in parallel.
    ///
    /// # Safety
    /// As for [`Driver::launch`].
    unsafe fn pack_all(&self, module: &Module, pool: &Pool, call: SharedCall<'_>, shape: Shape) -> Packed {
        let (nr, per_batch) = (self.kernel.nr, shape.n.div_ceil(self.kernel.nr));
        let batches = if self.panel_per_batch { shape.batch } else { 1 };
        let mut packed = Packed::zeros(batches * per_batch * nr * shape.k);
        let start = packed.as_mut_ptr() as usize;
        let scratch = self.panel.scratch.at(call.get().syms).max(0) as usize;
        pool.run(batches * per_batch, &|i, _| {
            let panel = start + i * nr * shape.k * size_of::<f32>();
            let params = [(i / per_batch) as i64, (i % per_batch * nr) as i64, panel as i64];
            // SAFETY: the caller vouches for the buffers; each panel is one task's.
            with_scratch(scratch, |rest| unsafe {
                module.run(self.panel.index, Call { params: &params, ..call.get() }, 0, 1, rest)
            });
        });
        packed
    }

    /// Tasks enough for all threads; rows are cut where packing them twice would cost more than reading panels twice.
    fn tiling(&self, shape: Shape, threads: usize) -> Tiling {
        let (mr, nr) = (self.kernel.mr, self.kernel.nr);
        let chunk = (ROW_BYTES / (4 * shape.k.max(1))).clamp(1, shape.m.max(mr)).next_multiple_of(mr);
        let work = 2 * shape.batch.saturating_mul(shape.m).saturating_mul(shape.n).saturating_mul(shape.k);
        if threads == 1 || work < INLINE {
            return Tiling { rows: shape.m, columns: shape.n, chunk };
        }
        let wanted = (threads * TASKS_PER_THREAD).div_ceil(shape.batch);
        let (most_rows, most_columns) = (shape.m.div_ceil(2 * mr), shape.n.div_ceil(2 * nr));
        let (down, across) = match self.rows {
            RowSource::Packed(_) if self.stored => {
                let down = wanted.min(most_rows);
                (down, wanted.div_ceil(down).min(most_columns))
            }
            _ => {
                let across = wanted.min(most_columns);
                (wanted.div_ceil(across).min(most_rows), across)
            }
        };
        Tiling { rows: shape.m.div_ceil(down), columns: shape.n.div_ceil(across).next_multiple_of(nr), chunk }
    }

    fn workspace_bytes(&self, launch: &Launch<'_>) -> usize {
        let (acc, rows, panels) = self.parts(launch);
        let of = |f: &Function| f.scratch.at(launch.call.get().syms).max(0) as usize;
        let rows_scratch = if let RowSource::Packed(f) = &self.rows { of(f) } else { 0 };
        4 * (acc + rows + panels) + of(&self.panel).max(of(&self.epilogue)).max(rows_scratch)
    }

    /// Elements of sums, of rows and of panels, in whole cache lines.
    fn parts(&self, launch: &Launch<'_>) -> (usize, usize, usize) {
        let k = launch.shape.k;
        let acc = BLOCK_ROWS * self.kernel.mr * Contract::ACC_STRIDE;
        let rows = if let RowSource::Packed(_) = self.rows { launch.tiling.chunk * k } else { 0 };
        let panels = if launch.packed.is_none() { Contract::ACC_STRIDE * k } else { 0 };
        (acc, rows.next_multiple_of(16), panels)
    }

    /// # Safety
    /// `scratch` holds [`Driver::workspace_bytes`].
    unsafe fn workspace(&self, launch: &Launch<'_>, scratch: *mut u8) -> Workspace {
        let (acc, rows, panels) = self.parts(launch);
        let start: *mut f32 = scratch.cast();
        // SAFETY: the parts lie one after the other in the scratch.
        unsafe {
            Workspace {
                acc: start,
                rows: start.add(acc),
                panels: start.add(acc + rows),
                rest: start.add(acc + rows + panels).cast(),
            }
        }
    }

    /// # Safety
    /// As for [`Driver::launch`]; the rectangle is this task's.
    unsafe fn task(&self, launch: &Launch<'_>, task: &Task, space: Workspace) {
        let chunks = || task.rows.clone().step_by(launch.tiling.chunk).map(|r| r..(r + launch.tiling.chunk).min(task.rows.end));
        let columns =
            || task.columns.clone().step_by(Contract::ACC_STRIDE).map(|c| c..(c + Contract::ACC_STRIDE).min(task.columns.end));
        // SAFETY: rows and columns are inside the task's, so inside the product.
        unsafe {
            if launch.packed.is_some() {
                for rows in chunks() {
                    let view = self.rows(launch, task.batch, &rows, space);
                    for columns in columns() {
                        self.block(
                            launch,
                            task.batch,
                            &rows,
                            &columns,
                            view,
                            self.panels(launch, task.batch, &columns, space),
                            space,
                        );
                    }
                }
                return;
            }
            for columns in columns() {
                let panels = self.panels(launch, task.batch, &columns, space);
                for rows in chunks() {
                    let view = self.rows(launch, task.batch, &rows, space);
                    self.block(launch, task.batch, &rows, &columns, view, panels, space);
                }
            }
        }
    }

    /// The rows where they are, or packed.
    ///
    /// # Safety
    /// As for [`Driver::task`].
    unsafe fn rows(&self, launch: &Launch<'_>, batch: usize, rows: &Range<usize>, space: Workspace) -> RowView {
        let call = launch.call.get();
        match &self.rows {
            RowSource::Direct(arg, start, stride) => {
                let stride = stride.at_var(call.syms, 0) as usize;
                let first = start.at_var(call.syms, batch as i64) as usize + rows.start * stride;
                RowView { start: call.buffers[*arg].cast::<f32>().wrapping_add(first), stride }
            }
            RowSource::Packed(pack) => {
                let params = [batch as i64, rows.start as i64, rows.len() as i64, space.rows as i64];
                // SAFETY: the caller vouches; the rows fit the workspace, which has a chunk of them.
                unsafe { launch.module.run(pack.index, Call { params: &params, ..call }, 0, 1, space.rest) };
                RowView { start: space.rows, stride: launch.shape.k }
            }
        }
    }

    /// The panels of a block of columns, kept or packed now.
    ///
    /// # Safety
    /// As for [`Driver::task`].
    unsafe fn panels(&self, launch: &Launch<'_>, batch: usize, columns: &Range<usize>, space: Workspace) -> *const f32 {
        let (nr, k) = (self.kernel.nr, launch.shape.k);
        if let Some(packed) = launch.packed {
            let first = if self.panel_per_batch { batch * launch.shape.n.div_ceil(nr) } else { 0 };
            return packed[(first + columns.start / nr) * nr * k..].as_ptr();
        }
        for (i, column) in columns.clone().step_by(nr).enumerate() {
            let panel = space.panels.wrapping_add(i * nr * k);
            let params = [batch as i64, column as i64, panel as i64];
            // SAFETY: the caller vouches; a block has at most `ACC_STRIDE / nr` panels.
            unsafe { launch.module.run(self.panel.index, Call { params: &params, ..launch.call.get() }, 0, 1, space.rest) };
        }
        space.panels
    }

    /// Sums for some rows and a block of columns, and their epilogue.
    ///
    /// # Safety
    /// As for [`Driver::task`]; `view` and `panels` are those of the rows and columns.
    #[expect(clippy::too_many_arguments, reason = "a rectangle, its operands and its workspace")]
    unsafe fn block(
        &self,
        launch: &Launch<'_>,
        batch: usize,
        rows: &Range<usize>,
        columns: &Range<usize>,
        view: RowView,
        panels: *const f32,
        space: Workspace,
    ) {
        for part in even(rows.clone(), BLOCK_ROWS * self.kernel.mr) {
            let start = view.start.wrapping_add((part.start - rows.start) * view.stride);
            // SAFETY: the caller vouches; the tile of sums has room for the part.
            unsafe { self.sums(part.len(), columns.len(), launch.shape.k, RowView { start, ..view }, panels, space.acc) };
            let params = [batch, part.start, part.len(), columns.start, columns.len(), space.acc as usize].map(|p| p as i64);
            let call = Call { params: &params, ..launch.call.get() };
            // SAFETY: the caller vouches; the elements of the rectangle are this task's.
            unsafe { launch.module.run(self.epilogue.index, call, 0, 1, space.rest) };
        }
    }

    /// `acc = rows · panels`, in passes over the depth.
    ///
    /// # Safety
    /// `view` has `m` rows of `k` elements, `panels` the panels of `n` columns, `acc` is a tile of at least `m` rows.
    unsafe fn sums(&self, m: usize, n: usize, k: usize, view: RowView, panels: *const f32, acc: *mut f32) {
        let (mr, nr) = (self.kernel.mr, self.kernel.nr);
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
                        c: acc.wrapping_add(part.start * Contract::ACC_STRIDE + j),
                        c_row_stride: Contract::ACC_STRIDE,
                        accumulate: pass > 0,
                    };
                    // SAFETY: the caller vouches; the kernel is one that this CPU runs, and a part has 1 to `mr` rows.
                    unsafe { (self.kernel.run)(&args) };
                }
            }
        }
    }
}

/// A range in pieces of at most `most`, as equal as can be: a last piece of two rows would waste most of a micro-tile.
fn even(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let (start, len) = (range.start, range.len());
    let pieces = len.div_ceil(most);
    (0..pieces).map(move |i| start + len * i / pieces..start + len * (i + 1) / pieces)
}

/// Whether a program depends on a parameter.
fn reads(loops: &Loops, var: VarId) -> bool {
    let mut roots = vec![];
    collect(&loops.body, &mut roots);
    loops.exprs.reachable(&roots).into_iter().any(|e| loops.exprs.node(e) == Node::Var(var))
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
