//! Damaged files: whatever bits flip and wherever a file ends, reading it gives tensors or a diagnostic, in bounded memory.

use cresset_runtime::parse_tensors;
use proptest::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The largest single allocation since the last reset; the files are a few KiB.
static LARGEST: AtomicUsize = AtomicUsize::new(0);
const LARGEST_ALLOWED: usize = 80 << 20;

struct Watched;

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

const SEEDS: [(&str, &[u8]); 9] = [
    ("a.pt", include_bytes!("files/dtypes.pt")),
    ("b.pt", include_bytes!("files/views.pt")),
    ("c.pt", include_bytes!("files/checkpoint.pt")),
    ("d.pt", include_bytes!("files/deflated.pt")),
    ("e.npz", include_bytes!("files/dtypes.npz")),
    ("f.npz", include_bytes!("files/deflated.npz")),
    ("g.npy", include_bytes!("files/fortran.npy")),
    ("h.npy", include_bytes!("files/version3.npy")),
    ("i.safetensors", include_bytes!("../../tests/data/chargpt/prompt.safetensors")),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        seed in 0..SEEDS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 0..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let (name, bytes) = SEEDS[seed];
        let mut bytes = bytes.to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        LARGEST.store(0, Relaxed);
        match parse_tensors(name, &bytes) {
            Ok(state) => state.tensors.values().for_each(|t| assert!(t.to_string().starts_with(t.dtype().name()))),
            Err(diagnostic) => assert!(diagnostic.message().contains(name)),
        }
        prop_assert!(LARGEST.load(Relaxed) <= LARGEST_ALLOWED);
    }
}
