//! Storage: the bytes behind tensors, in memory of our own or in a mapped file.
//!
//! Invariants: owned memory is initialised and begins on an [`ALIGN`]-byte border; bytes change only through `&mut Storage`, so
//! what is shared (in an `Arc`) never changes. A mapping begins on a page border; where a tensor lies inside it is up to the file.
//!
//! Trap: another process that truncates a mapped file makes later reads fault. Like every reader that maps weights, this one
//! trusts files to be replaced (renamed over), not rewritten, while in use.

use crate::{Diagnostic, Result, codes};
use std::alloc::{self, Layout};
use std::ptr::NonNull;

/// The alignment of owned memory: one cache line, one AVX-512 vector.
pub const ALIGN: usize = 64;

/// A byte buffer, owned or mapped.
pub struct Storage(Memory);

enum Memory {
    Owned { start: NonNull<u8>, len: usize },
    Mapped(Box<dyn AsRef<[u8]> + Send + Sync>),
}

// SAFETY: owned memory is reached only through `&self` (shared reads) and `&mut self` (exclusive writes), like a `Vec<u8>`.
unsafe impl Send for Storage {}
// SAFETY: as above; `&Storage` gives out nothing but `&[u8]`.
unsafe impl Sync for Storage {}

impl Storage {
    /// `len` zero bytes. Fails with `E0306` when that much memory cannot be had.
    pub fn zeroed(len: usize) -> Result<Storage> {
        let layout = Layout::from_size_align(len, ALIGN).map_err(|_| too_large(len))?;
        let start = match len {
            0 => Some(NonNull::<Line>::dangling().cast()),
            // SAFETY: the layout's size is not zero.
            _ => NonNull::new(unsafe { alloc::alloc_zeroed(layout) }),
        };
        Ok(Storage(Memory::Owned { start: start.ok_or_else(|| too_large(len))?, len }))
    }

    /// A copy of `bytes`, aligned.
    pub fn copy_of(bytes: &[u8]) -> Result<Storage> {
        let mut storage = Storage::zeroed(bytes.len())?;
        storage.bytes_mut().expect("zeroed storage is owned").copy_from_slice(bytes);
        Ok(storage)
    }

    /// Bytes that belong to a file; `map` gives the same ones each time it is asked.
    pub fn mapped(map: impl AsRef<[u8]> + Send + Sync + 'static) -> Storage {
        Storage(Memory::Mapped(Box::new(map)))
    }

    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            // SAFETY: `start` is valid for `len` initialised bytes while `self` lives, and nobody writes while `&self` is held.
            Memory::Owned { start, len } => unsafe { std::slice::from_raw_parts(start.as_ptr(), *len) },
            Memory::Mapped(map) => (**map).as_ref(),
        }
    }

    /// The bytes, for writing; `None` for a mapped file.
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        match &mut self.0 {
            // SAFETY: as in `bytes`, and `&mut self` makes the access exclusive.
            Memory::Owned { start, len } => Some(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), *len) }),
            Memory::Mapped(_) => None,
        }
    }

    /// Whether the bytes belong to a file.
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, Memory::Mapped(_))
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Memory::Owned { start, len } = self.0
            && len > 0
        {
            // SAFETY: `start` came from `alloc_zeroed` with this very layout, which was valid then.
            unsafe { alloc::dealloc(start.as_ptr(), Layout::from_size_align_unchecked(len, ALIGN)) }
        }
    }
}

/// Lends its alignment to the pointer of empty storage.
#[repr(align(64))]
struct Line;

fn too_large(len: usize) -> Diagnostic {
    Diagnostic::error(codes::TOO_LARGE, format!("{len} bytes are needed, more than memory can hold"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owned_memory_is_zeroed_and_aligned() {
        for len in [0, 1, 63, 64, 1000] {
            let storage = Storage::zeroed(len).unwrap();
            assert_eq!(storage.bytes().as_ptr() as usize % ALIGN, 0);
            assert!(storage.bytes().iter().all(|&b| b == 0) && storage.bytes().len() == len);
        }
    }

    #[test]
    fn absurd_sizes_are_refused() {
        for len in [usize::MAX, isize::MAX as usize, 1 << 60] {
            assert_eq!(Storage::zeroed(len).err().unwrap().code(), codes::TOO_LARGE);
        }
    }
}
