//! Memory with a fence: generated code, which no sanitizer sees, runs on buffers that end where no page is.
//!
//! Tensors, the arena, scratch and packed panels are all aligned to [`ALIGN`] bytes, and an allocator tells them by that. Each gets pages of
//! its own, as near to their end as its alignment allows; then comes a page that faults. Reading or writing beyond a buffer ends the
//! test with a signal.
#![cfg(target_os = "linux")]

#[path = "conformance.rs"]
mod conformance;

use cresset::{DType, Device, Program, Tensor, spec};
use cresset_ir::plan::ALIGN;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::path::Path;

struct Fence;

#[global_allocator]
static FENCE: Fence = Fence;

/// A multiple of every page size in use.
const PAGE: usize = 1 << 16;

unsafe extern "C" {
    fn mmap(start: *mut c_void, len: usize, access: i32, flags: i32, file: i32, offset: isize) -> *mut c_void;
    fn mprotect(start: *mut c_void, len: usize, access: i32) -> i32;
    fn munmap(start: *mut c_void, len: usize) -> i32;
}

const NONE: i32 = 0;
const READ_WRITE: i32 = 3;
const PRIVATE_ANONYMOUS: i32 = 0x22;

/// Bytes from the first page to the fence, and those that the allocation leaves free before it. The layouts of allocations are no larger
/// than an address can be.
fn room(layout: Layout) -> (usize, usize) {
    let pages = layout.size().next_multiple_of(PAGE);
    (pages, pages - layout.size().next_multiple_of(layout.align()))
}

// SAFETY: memory comes from `System`, or is a fresh mapping that holds the layout at its alignment, for `PAGE` is a multiple of that.
unsafe impl GlobalAlloc for Fence {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !(ALIGN..=PAGE).contains(&layout.align()) || layout.size() > 1 << 40 {
            // SAFETY: as the caller promises.
            return unsafe { System.alloc(layout) };
        }
        let (pages, before) = room(layout);
        // SAFETY: a new mapping takes nobody's memory; its last page is ours to protect.
        unsafe {
            let start = mmap(std::ptr::null_mut(), pages + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
            if start.addr() == usize::MAX || mprotect(start.byte_add(pages), PAGE, NONE) != 0 {
                return std::ptr::null_mut();
            }
            start.cast::<u8>().add(before)
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if !(ALIGN..=PAGE).contains(&layout.align()) || layout.size() > 1 << 40 {
            // SAFETY: as the caller promises.
            return unsafe { System.dealloc(memory, layout) };
        }
        let (pages, before) = room(layout);
        // SAFETY: the mapping that `alloc` made.
        unsafe { munmap(memory.sub(before).cast(), pages + PAGE) };
    }
}

fn data(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn program(model: &str, weights: &str, name: &str, ty: cresset_ir::Type) -> Program {
    let loader = cresset::load(&data(model).display().to_string()).weights(&data(weights));
    loader.input(name, ty).program().expect("the model loads")
}

/// Runs a compiled model on zeros of each shape.
fn runs(program: &Program, dtype: DType, shapes: &[&[usize]]) {
    let compiled = program.compile(Device::Cpu).expect("it compiles");
    for shape in shapes {
        compiled.run(&[Tensor::zeros(dtype, shape).expect("a small tensor")]).expect("it runs");
    }
}

#[test]
fn models_stay_inside_of_their_memory() {
    let images = spec!(f32["B", 1, 8, 8]);
    let digits = program("digits/digits_cnn.py:DigitsCnn()", "digits/digits_cnn.safetensors", "images", images);
    runs(&digits, DType::F32, &[&[1, 1, 8, 8], &[7, 1, 8, 8], &[32, 1, 8, 8]]);
    let tokens = spec!(i64["B", "T"]);
    let chargpt = program("chargpt/chargpt.py:CharGpt()", "chargpt/chargpt.safetensors", "tokens", tokens);
    runs(&chargpt, DType::I64, &[&[1, 1], &[1, 17], &[3, 31], &[2, 128]]);
}

#[test]
#[ignore = "it ends the process: the proof that the fence stands"]
fn what_is_beyond_a_buffer_faults() {
    let tensor = Tensor::zeros(DType::F32, &[16]).expect("a small tensor");
    // SAFETY: none, on purpose: this reads the fence.
    let beyond = unsafe { tensor.as_ptr().add(64).read_volatile() };
    panic!("read {beyond}");
}
