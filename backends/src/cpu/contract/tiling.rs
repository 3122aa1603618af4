//! How a launch is cut into tasks.

use super::super::block::matmul::MatmulKernel;

/// Bytes of rows that go by a block of columns: half of L2 with the panels.
const ROW_BYTES: usize = 384 << 10;
/// Floating-point operations below which a product is one task: 30 µs.
const INLINE: usize = 3_000_000;
const TASKS_PER_THREAD: usize = 4;

/// What it takes to get a row again, for other columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// It is read where it is.
    Free,
    Copy,
    /// It is worked out: by reductions or by another product.
    Compute,
}

/// The numbers of a launch.
#[derive(Clone, Copy)]
pub struct Work {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    /// Multiply-adds per row of a batch.
    pub per_row: usize,
    pub again: Again,
    /// Whether panels are kept, so that more rows do not pack them again.
    pub stored: bool,
}

/// Rows and columns of a task, and the rows that are taken at a time.
#[derive(Clone, Copy)]
pub struct Tiling {
    pub rows: usize,
    pub columns: usize,
    pub chunk: usize,
}

impl Tiling {
    /// Tasks enough for all threads. Rows are cut first where they cost more to have twice than panels do.
    pub fn of(work: Work, kernel: &MatmulKernel, threads: usize) -> Tiling {
        let Work { batch, m, n, .. } = work;
        let chunk = (ROW_BYTES / (4 * work.k.max(1))).clamp(1, m.max(kernel.mr)).next_multiple_of(kernel.mr);
        let operations = batch.saturating_mul(m).saturating_mul(work.per_row).saturating_mul(2);
        if threads == 1 || operations < INLINE {
            return Tiling { rows: m, columns: n, chunk };
        }
        let wanted = (threads * TASKS_PER_THREAD).div_ceil(batch);
        let (most_rows, most_columns) = (m.div_ceil(2 * kernel.mr), n.div_ceil(2 * kernel.nr));
        let (down, across) = match work.again {
            Again::Compute => {
                let down = wanted.min(most_rows);
                // Few tasks should be as many for each thread.
                let down = if down > threads { down / threads * threads } else { down };
                (down, threads.div_ceil(batch * down).min(most_columns))
            }
            // Each task reads all its panels and all its rows: the longer side is cut. To copy rows twice costs more than to read panels.
            again if work.stored && (again == Again::Copy || m >= n) => {
                let down = wanted.min(most_rows);
                (down, wanted.div_ceil(down).min(most_columns))
            }
            _ => {
                let across = wanted.min(most_columns);
                (wanted.div_ceil(across).min(most_rows), across)
            }
        };
        Tiling { rows: m.div_ceil(down), columns: n.div_ceil(across).next_multiple_of(kernel.nr), chunk }
    }
}

/// A range in pieces of `size`; the last may be shorter.
pub fn pieces(range: &std::ops::Range<usize>, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
    let end = range.end;
    range.clone().step_by(size.max(1)).map(move |start| start..(start + size).min(end))
}

/// A range in pieces of at most `most`, as equal as can be: a last piece of two rows would waste most of a micro-tile.
pub fn even(range: std::ops::Range<usize>, most: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let (start, len) = (range.start, range.len());
    let pieces = len.div_ceil(most);
    (0..pieces).map(move |i| start + len * i / pieces..start + len * (i + 1) / pieces)
}
