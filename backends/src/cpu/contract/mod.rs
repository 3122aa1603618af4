//! The driver of contractions: packing, the matrix micro-kernel and the epilogue, tile by tile.
//!
//! - [`product`]: rows and panels, and sums of their products.
//! - [`tiling`]: how a launch is cut into tasks.
//!
//! A task owns a rectangle of rows and columns of one product. Within it, sums are made for blocks of at most [`BLOCK_ROWS`] micro-tiles
//! by `Contract::ACC_STRIDE` columns and go through the epilogue while they are in L1 or L2. Rows that are worked out (a norm, attention's
//! scores) are made for a chunk of rows and then used for all columns. Invariants: a launch allocates nothing but, once, the panels of
//! stored operands; the result does not depend on the number of threads, for no sum is split between tasks.
//! Unsafe code: addresses of rows, panels and tiles, and calls of routines on them.

mod product;
#[cfg(test)]
mod tests;
mod tiling;

use super::block::matmul::{MatmulKernel, matmul_for_cpu};
use super::compile::{Function, Functions, SharedCall};
use super::formula::Formula;
use super::jit::{Call, Module};
use super::scratch::with_scratch;
use cresset_ir::Result;
use cresset_ir::plan::Contract;
use cresset_runtime::pool::Pool;
pub use product::tile;
use product::{Product, RowView, Run, Sums};
use std::ops::Range;
use tiling::{Again, Tiling, Work, even, pieces};

/// Micro-tiles of rows in a block of sums: the tile of sums stays in L1 or near it.
const BLOCK_ROWS: usize = 4;

/// The compiled form of a contraction kernel.
pub struct Driver {
    kernel: &'static MatmulKernel,
    batch: Formula,
    m: Formula,
    product: Product,
    epilogue: Function,
}

/// A rectangle of one product, and how it is worked through.
struct Task {
    rows: Range<usize>,
    columns: Range<usize>,
    /// Columns whose panels are at hand at a time: all of them, or a block.
    at_hand: usize,
}

impl Driver {
    pub fn new(c: &Contract, functions: &mut Functions) -> Result<Driver> {
        let (pool, syms, kernel) = (&c.epilogue.exprs, functions.syms.clone(), matmul_for_cpu());
        let (batch, m) = (Formula::of_dim(&c.batch, pool, &syms)?, Formula::of_dim(&c.m, pool, &syms)?);
        let product = Product::new(&c.product, &c.batch, kernel, pool, functions)?;
        let epilogue = functions.add(&c.epilogue, Some(tile(&c.product.panels)))?;
        Ok(Driver { kernel, batch, m, product, epilogue })
    }

    /// # Safety
    /// As for `Launch::launch`: `args` are the buffers of the kernel for these `syms`.
    pub unsafe fn launch(&self, module: &Module, pool: &Pool, args: &[*mut u8], syms: &[i64]) {
        let size = |f: &Formula| f.at(syms).max(0) as usize;
        let (batch, m, n) = (size(&self.batch), size(&self.m), self.product.columns(syms));
        if batch * m * n == 0 {
            return;
        }
        let call = SharedCall(Call { buffers: args, syms, params: &[] });
        // SAFETY: the caller vouches.
        unsafe { self.product.keep(module, pool, call, batch) };
        let (again, stored) = (self.product.again(), self.product.is_stored());
        let work = Work { batch, m, n, k: self.product.depth(syms), per_row: self.product.per_row(syms), again, stored };
        let tiling = Tiling::of(work, self.kernel, pool.threads());
        // Rows that are worked out are used for all columns; otherwise panels that are packed now are used for all rows.
        let at_hand = if stored || again == Again::Compute { tiling.columns } else { Contract::ACC_STRIDE };
        let elements = self.sums_len() + self.product.space(syms, tiling.chunk, at_hand.min(tiling.columns));
        let bytes = elements * size_of::<f32>();
        let rest = self.product.scratch(syms).max(size(&self.epilogue.scratch));
        let (down, across) = (m.div_ceil(tiling.rows), n.div_ceil(tiling.columns));
        pool.run(batch * down * across, &|i, _| {
            let (row, column) = (i / across % down * tiling.rows, i % across * tiling.columns);
            let (rows, columns) = (row..(row + tiling.rows).min(m), column..(column + tiling.columns).min(n));
            let task = Task { rows, columns, at_hand };
            with_scratch(bytes + rest, |scratch| {
                let rest = scratch.wrapping_add(bytes);
                let run = Run { module, call: call.get(), batch: i / across / down, chunk: tiling.chunk, rest };
                // SAFETY: the caller vouches for the buffers; tasks own different rectangles; the scratch holds what its parts need.
                unsafe { self.task(&run, &task, scratch.cast()) }
            });
        });
    }

    /// Elements of a tile of sums.
    fn sums_len(&self) -> usize {
        BLOCK_ROWS * self.kernel.mr * Contract::ACC_STRIDE
    }

    /// # Safety
    /// As for [`Driver::launch`]; the rectangle is this task's, and `scratch` its own.
    unsafe fn task(&self, run: &Run<'_>, task: &Task, scratch: *mut f32) {
        let (space, k) = (scratch.wrapping_add(self.sums_len()), self.product.depth(run.call.syms));
        for columns in pieces(&task.columns, task.at_hand) {
            // SAFETY: rows and columns are inside the task's, so inside the product; the space is what the product asked for.
            let panels = unsafe { self.product.panels(run, &columns, space) };
            for rows in pieces(&task.rows, run.chunk) {
                // SAFETY: as above.
                let view = unsafe { self.product.rows(run, &rows, columns.len(), space) };
                for block in pieces(&columns, Contract::ACC_STRIDE) {
                    let panels = panels.wrapping_add((block.start - columns.start) * k);
                    // SAFETY: as above.
                    unsafe { self.block(run, &rows, &block, view, panels, scratch) };
                }
            }
        }
    }

    /// Sums for some rows and a block of columns, and their epilogue.
    ///
    /// # Safety
    /// As for [`Driver::task`]; `view` and `panels` are those of the rows and columns; `sums` is a tile.
    unsafe fn block(
        &self,
        run: &Run<'_>,
        rows: &Range<usize>,
        columns: &Range<usize>,
        view: RowView,
        panels: *const f32,
        sums: *mut f32,
    ) {
        let k = self.product.depth(run.call.syms);
        for part in even(rows.clone(), BLOCK_ROWS * self.kernel.mr) {
            let out = Sums { start: sums, stride: Contract::ACC_STRIDE };
            let params = [run.batch, part.start, part.len(), columns.start, columns.len(), sums as usize].map(|p| p as i64);
            // SAFETY: the caller vouches; the tile of sums has room for the part, and the elements of the rectangle are this task's.
            unsafe {
                self.product.sums(part.len(), columns.len(), k, view.skip(part.start - rows.start), panels, out);
                run.call(&self.epilogue, &params);
            }
        }
    }
}
