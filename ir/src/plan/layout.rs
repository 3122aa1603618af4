//! Where the blocks of an arena lie: memory is shared over time.
//!
//! Best fit in order of decreasing size: each block goes into the smallest gap, between those that live at the same time and already
//! have a place, that holds it. The result never overlaps what is alive together, and its peak is compared with
//! [`Memory::lower_bound`](super::Memory::lower_bound).

use super::Block;

/// The alignment of every block: one cache line, one AVX-512 vector.
pub const ALIGN: usize = 64;

/// Byte offsets of the blocks of an arena.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    pub offsets: Vec<usize>,
    /// Bytes of the arena.
    pub total: usize,
}

impl Layout {
    /// Places blocks of the given sizes; `None` when they cannot be addressed.
    pub fn of(blocks: &[Block], sizes: &[usize]) -> Option<Layout> {
        let sizes = aligned(sizes)?;
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(sizes[i]), blocks[i].first, i));
        let (mut offsets, mut total) = (vec![0; blocks.len()], 0);
        // Blocks with a place, by offset.
        let mut placed: Vec<usize> = vec![];
        for i in order {
            let together = placed.iter().filter(|&&j| blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last);
            let offset = best_gap(together.map(|&j| (offsets[j], offsets[j] + sizes[j])), sizes[i]);
            offsets[i] = offset;
            total = total.max(offset.checked_add(sizes[i])?);
            placed.insert(placed.partition_point(|&j| offsets[j] <= offset), i);
        }
        (total <= isize::MAX as usize).then_some(Layout { offsets, total })
    }
}

/// The start of the smallest gap of at least `size` bytes between ranges that come by rising start; behind them all if there is none.
fn best_gap(taken: impl Iterator<Item = (usize, usize)>, size: usize) -> usize {
    let (mut end, mut best) = (0, None);
    for (from, to) in taken {
        if from > end && from - end >= size && best.is_none_or(|(gap, _)| from - end < gap) {
            best = Some((from - end, end));
        }
        end = end.max(to);
    }
    best.map_or(end, |(_, start)| start)
}

/// Sizes rounded up to [`ALIGN`].
pub(super) fn aligned(sizes: &[usize]) -> Option<Vec<usize>> {
    sizes.iter().map(|s| s.checked_next_multiple_of(ALIGN)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;

    fn blocks(rows: &[(i64, usize, usize)]) -> Vec<Block> {
        rows.iter().map(|&(size, first, last)| Block { size: size.into(), first, last }).collect()
    }

    fn check(rows: &[(i64, usize, usize)], expected: Memory) {
        let blocks = blocks(rows);
        let sizes: Vec<usize> = rows.iter().map(|r| r.0 as usize).collect();
        let layout = Layout::of(&blocks, &sizes).unwrap();
        for (i, a) in blocks.iter().enumerate() {
            for (j, b) in blocks.iter().enumerate().skip(i + 1) {
                let together = a.first <= b.last && b.first <= a.last;
                let (x, y) = (layout.offsets[i], layout.offsets[j]);
                assert!(!together || x + sizes[i] <= y || y + sizes[j] <= x, "{i} and {j} overlap in {layout:?}");
            }
        }
        assert!(layout.offsets.iter().all(|o| o % ALIGN == 0));
        assert_eq!(Memory::of(&blocks, &sizes), Some(expected));
    }

    #[test]
    fn a_chain_takes_two_turns() {
        let chain = [(64, 0, 1), (64, 1, 2), (64, 2, 3), (64, 3, 4)];
        check(&chain, Memory { peak: 128, lower_bound: 128, sum: 256 });
    }

    #[test]
    fn the_smallest_gap_is_taken() {
        let rows = [(1000, 0, 9), (500, 0, 2), (400, 0, 9), (200, 0, 4), (100, 0, 9), (190, 5, 9), (440, 3, 9)];
        check(&rows, Memory { peak: 2368, lower_bound: 2368, sum: 3008 });
    }

    #[test]
    fn nothing_takes_nothing() {
        check(&[], Memory { peak: 0, lower_bound: 0, sum: 0 });
        check(&[(0, 0, 1), (0, 0, 0)], Memory { peak: 0, lower_bound: 0, sum: 0 });
    }

    #[test]
    fn absurd_sizes_have_no_layout() {
        let blocks = blocks(&[(0, 0, 1), (0, 0, 1)]);
        for sizes in [[usize::MAX, 1], [isize::MAX as usize, isize::MAX as usize]] {
            assert_eq!(Layout::of(&blocks, &sizes), None);
        }
    }

    /// Random lifetimes: what is alive together never overlaps, and the peak lies between its bounds.
    #[test]
    fn random_blocks_never_overlap() {
        let mut seed = 7u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        };
        for _ in 0..200 {
            let rows: Vec<(i64, usize, usize)> =
                (0..20).map(|_| (next(500) as i64, next(10) as usize, next(10) as usize)).collect();
            let rows: Vec<_> = rows.into_iter().map(|(s, a, b)| (s, a.min(b), a.max(b))).collect();
            let all = blocks(&rows);
            let sizes: Vec<usize> = rows.iter().map(|r| r.0 as usize).collect();
            let memory = Memory::of(&all, &sizes).unwrap();
            assert!(memory.lower_bound <= memory.peak && memory.peak <= memory.sum);
            check(&rows, memory);
        }
    }
}
