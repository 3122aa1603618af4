//! Executing a plan: one arena per run in flight, and no allocation besides the results.
//!
//! Invariants: a [`Frame`] is used by one run at a time; its pointers are valid for the bytes of their slots while that run lasts. Unsafe
//! code: launches and copies work on raw pointers.

use crate::Tensor;
use crate::launch::Launch;
use crate::signature::Signature;
use crate::sizing::{Fixed, Sizing};
use crate::storage::Storage;
use crate::weights::weight;
use cresset_ir::plan::{Block, Memory, Place, Plan, Slot, SlotInfo, Step, greatest_sizes};
use cresset_ir::{Result, Sym};
use indexmap::IndexMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sizings kept; beyond, the oldest is forgotten.
const SIZINGS: usize = 64;

/// A compiled method with its weights. Any number of threads may run it at once.
pub struct Executable {
    signature: Signature,
    symbols: Vec<Sym>,
    slots: Vec<SlotInfo>,
    steps: Vec<Step>,
    blocks: Vec<Block>,
    fixed: Option<Fixed>,
    /// By slot: weights and constants.
    constants: Vec<Option<Tensor>>,
    launcher: Arc<dyn Launch>,
    sizings: Mutex<Vec<Arc<Sizing>>>,
    frames: Mutex<Vec<Frame>>,
}

impl Executable {
    /// A plan whose kernels `launcher` runs, over the tensors of the program's store.
    ///
    /// # Errors
    /// `E0504` when a tensor is missing or not of its declared type.
    pub fn new(plan: Plan, launcher: Arc<dyn Launch>, weights: &IndexMap<String, Tensor>) -> Result<Executable> {
        let (signature, symbols) = (Signature::of_plan(&plan), plan.symbols());
        let Plan { slots, steps, blocks, layout, facts, .. } = plan;
        let constant = |slot: &SlotInfo| match &slot.place {
            Place::Stored(name) => weight(name, &slot.ty, weights).map(Some),
            Place::Const(c) => Tensor::from_scalars(c.dtype(), &[], &[*c]).map(Some),
            _ => Ok(None),
        };
        let constants = slots.iter().map(constant).collect::<Result<_>>()?;
        let fixed = layout.zip(greatest_sizes(&blocks, &facts)).map(|(layout, greatest)| Fixed { layout, greatest });
        let (sizings, frames) = (Mutex::default(), Mutex::default());
        Ok(Executable { signature, symbols, slots, steps, blocks, fixed, constants, launcher, sizings, frames })
    }

    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The results of a call, in the order of the signature's tensors.
    ///
    /// # Errors
    /// `E0501` and `E0502` for inputs that do not fit, `E0306` when memory cannot hold what they need.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut frame = lock(&self.frames).pop().unwrap_or_else(|| Frame::new(self));
        let results = self.run_in(&mut frame, inputs);
        lock(&self.frames).push(frame);
        results
    }

    /// The results by path, from inputs by name or position; see [`Signature::arrange`] and [`Executable::run`].
    pub fn run_named(&self, inputs: &IndexMap<String, Tensor>) -> Result<IndexMap<String, Tensor>> {
        self.signature.name_results(self.run(&self.signature.arrange(inputs)?)?)
    }

    /// The arena of a call with these inputs, and the least that it could have been.
    ///
    /// # Errors
    /// As [`Executable::run`].
    pub fn memory(&self, inputs: &[Tensor]) -> Result<Memory> {
        let sizing = self.sizing(inputs)?;
        let mut sizes = vec![0; self.blocks.len()];
        for (slot, &bytes) in self.slots.iter().zip(&sizing.bytes) {
            if let Place::Arena(block) = slot.place {
                sizes[block] = bytes;
            }
        }
        let memory = Memory::of(&self.blocks, &sizes).expect("a sizing has a layout");
        Ok(Memory { peak: sizing.layout.total, ..memory })
    }

    fn run_in(&self, frame: &mut Frame, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        if !frame.sizing.as_ref().is_some_and(|s| s.fits(inputs)) {
            frame.resize(self.sizing(inputs)?, &self.slots)?;
        }
        frame.run(self, inputs)
    }

    /// The sizing of a call; checks inputs of shapes that were not seen before.
    fn sizing(&self, inputs: &[Tensor]) -> Result<Arc<Sizing>> {
        if let Some(known) = lock(&self.sizings).iter().find(|s| s.fits(inputs)) {
            return Ok(known.clone());
        }
        let values = self.signature.bind(inputs)?;
        let sizing = Sizing::of(inputs, &self.symbols, &values, &self.slots, &self.blocks, self.fixed.as_ref())?;
        let sizing = Arc::new(sizing);
        let mut sizings = lock(&self.sizings);
        if sizings.len() == SIZINGS {
            sizings.remove(0);
        }
        sizings.push(sizing.clone());
        Ok(sizing)
    }
}

/// What an empty buffer points to. Nothing is written there; a guarded load reads element 0 where its guard fails, even of an empty buffer.
#[repr(align(64))]
struct Nothing([u8; 64]);

static NOTHING: Nothing = Nothing([0; 64]);

/// Nothing that a lock protects here is left half-changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The memory of one run at a time: the arena, the pointer of each slot, and the arguments of a launch.
struct Frame {
    arena: Storage,
    sizing: Option<Arc<Sizing>>,
    /// By slot. Constants are set once, the arena's when sizes change, inputs and results in every run.
    pointers: Vec<*mut u8>,
    args: Vec<*mut u8>,
}

// SAFETY: what the pointers point to is either owned by the frame (its arena), kept by its executable (constants), or set anew at the
// beginning of each run (inputs and results); so a frame may go to another thread between runs.
unsafe impl Send for Frame {}

impl Frame {
    fn new(executable: &Executable) -> Frame {
        let pointer = |t: &Option<Tensor>| t.as_ref().map_or(std::ptr::null_mut(), |t| t.as_ptr().cast_mut());
        let arena = Storage::zeroed(0).expect("no bytes are always there");
        let pointers = executable.constants.iter().map(pointer).collect();
        Frame { arena, sizing: None, pointers, args: vec![] }
    }

    /// Gives the slots of the arena their places for a sizing.
    fn resize(&mut self, sizing: Arc<Sizing>, slots: &[SlotInfo]) -> Result<()> {
        if self.arena.bytes().len() < sizing.layout.total {
            // The old arena goes before the new one comes; until that succeeds, no sizing claims to be in place.
            self.sizing = None;
            self.arena = Storage::zeroed(0)?;
            self.arena = Storage::zeroed(sizing.layout.total)?;
        }
        let arena = self.arena.bytes_mut().expect("an arena is owned memory");
        let base = arena.as_mut_ptr();
        for (slot, pointer) in slots.iter().zip(&mut self.pointers) {
            if let Place::Arena(block) = slot.place {
                // A block lies inside the arena, or is empty at its end.
                *pointer = base.wrapping_add(sizing.layout.offsets[block]);
            }
        }
        self.sizing = Some(sizing);
        Ok(())
    }

    /// Runs the steps on inputs that fit the frame's sizing.
    fn run(&mut self, executable: &Executable, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let sizing = self.sizing.clone().expect("a frame is sized before it runs");
        debug_assert!(sizing.fits(inputs));
        let fresh = |(dtype, shape): &(_, Vec<usize>)| Tensor::zeros(*dtype, shape);
        let mut results = sizing.results.iter().map(fresh).collect::<Result<Vec<Tensor>>>()?;
        if cfg!(debug_assertions) {
            // What a plan reads before it is written, or leaves unwritten, is NaN in tests rather than zero.
            self.arena.bytes_mut().expect("an arena is owned memory").fill(0xff);
            results.iter_mut().try_for_each(|r| r.bytes_mut().map(|b| b.fill(0xff)))?;
        }
        for ((slot, pointer), &bytes) in executable.slots.iter().zip(&mut self.pointers).zip(&sizing.bytes) {
            match slot.place {
                _ if bytes == 0 => *pointer = NOTHING.0.as_ptr().cast_mut(),
                Place::Input(i) => *pointer = inputs[i].as_ptr().cast_mut(),
                Place::Output(i) => *pointer = results[i].bytes_mut()?.as_mut_ptr(),
                _ => {}
            }
        }
        // SAFETY: every slot now has a pointer that is valid for `sizing.bytes` of it and aligned to its element: constants and inputs
        // because their types were checked, results and arena because they were allocated for this sizing. Only results and arena
        // slots are written by a plan, each is written by one step at a time, and blocks alive together do not overlap.
        unsafe { self.steps(&executable.steps, &sizing, &*executable.launcher) };
        Ok(results)
    }

    /// # Safety
    /// Every slot that the steps touch has a pointer as [`Frame::run`] says.
    unsafe fn steps(&mut self, steps: &[Step], sizing: &Sizing, launcher: &dyn Launch) {
        for step in steps {
            match step {
                Step::Launch { kernel, args, .. } => {
                    self.args.clear();
                    self.args.extend(args.iter().map(|s| self.pointers[s.0 as usize]));
                    // SAFETY: as the caller promises, for the buffers of this kernel.
                    unsafe { launcher.launch(*kernel, &self.args, &sizing.syms) };
                }
                Step::Copy { from, to } => {
                    let bytes = sizing.bytes[from.0 as usize];
                    // SAFETY: both are valid for `bytes`, since they have one type, and a plan copies between slots that are alive
                    // at the same step, which do not overlap.
                    unsafe { std::ptr::copy_nonoverlapping(self.pointer(*from), self.pointer(*to), bytes) };
                }
                // SAFETY: the nested steps touch slots of the same plan; a condition is one byte.
                Step::If { cond, then, otherwise } => unsafe {
                    let branch = if self.holds(*cond) { then } else { otherwise };
                    self.steps(branch, sizing, launcher);
                },
                // SAFETY: as for `If`.
                Step::While { head, cond, body } => unsafe {
                    self.steps(head, sizing, launcher);
                    while self.holds(*cond) {
                        self.steps(body, sizing, launcher);
                        self.steps(head, sizing, launcher);
                    }
                },
            }
        }
    }

    fn pointer(&self, slot: Slot) -> *mut u8 {
        self.pointers[slot.0 as usize]
    }

    /// # Safety
    /// The slot's pointer is valid for a byte.
    unsafe fn holds(&self, cond: Slot) -> bool {
        // SAFETY: as the caller promises.
        unsafe { *self.pointer(cond) != 0 }
    }
}
