//! Compilation of a plan: its loop programs become functions of one module, equal ones the same function.
//!
//! Translation is quick and done in order; machine code is made by two threads or more where there are enough functions. Unsafe code: launches, which trust
//! the executor for their buffers.

use super::codegen::{Translated, translate};
use super::contract::{Driver, tile};
use super::cost;
use super::formula::Formula;
use super::jit::{Call, Compiled, Compiler, Module, host};
use super::scratch::with_scratch;
use cranelift_codegen::ir::Function as Clif;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use cresset_ir::kernel::{BufId, Loops};
use cresset_ir::plan::{Code, Plan};
use cresset_ir::{Result, Sym};
use cresset_runtime::Launch;
use cresset_runtime::pool::Pool;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::thread;

/// Launches shorter than this run on the calling thread (picoseconds).
const INLINE: i64 = 30_000_000;
/// Tasks are no shorter than this (picoseconds), and no more than a few per thread.
const TASK: i64 = 8_000_000;
const TASKS_PER_THREAD: i64 = 4;

/// Fewer functions than this are compiled by one thread.
const PARALLEL: usize = 4;

/// The compiled kernels of a plan. It belongs to one set of stored values: their panels are packed on the first launch.
pub struct CpuProgram {
    module: Module,
    kernels: Vec<Kernel>,
    pool: Arc<Pool>,
}

enum Kernel {
    Loops(LoopKernel),
    Contract(Box<Driver>),
}

/// A function of the module, and the scratch memory it needs.
pub struct Function {
    pub index: usize,
    pub scratch: Formula,
}

struct LoopKernel {
    function: Function,
    grid: Vec<Formula>,
    /// Picoseconds per point.
    cost: Formula,
}

/// The code of one function as text.
pub struct Listing {
    pub name: String,
    pub clif: String,
    pub assembly: String,
}

/// Compiles the kernels of a plan for this machine.
///
/// # Errors
/// `E0701` for a kernel that is not legal here, `E0702` where Cranelift fails or does not know the machine.
pub fn compile(plan: &Plan, pool: Arc<Pool>) -> Result<CpuProgram> {
    let isa = host()?;
    let mut functions = Functions::new(plan.symbols(), isa.clone());
    let kernels = plan.kernels.iter().map(|code| functions.kernel(code)).collect::<Result<Vec<Kernel>>>()?;
    let compiled = machine_code(&isa, functions.clif)?;
    Ok(CpuProgram { module: Module::new(isa, &compiled)?, kernels, pool })
}

/// The functions of a kernel as Cranelift IR and as assembly.
///
/// # Errors
/// As [`compile`].
pub fn listings(code: &Code, syms: &[Sym]) -> Result<Vec<Listing>> {
    let isa = host()?;
    let mut compiler = Compiler::new(isa.clone());
    let mut listing = |(loops, tile): (&Loops, Option<BufId>)| {
        let func = translate(loops, syms, tile, &*isa, &mut FunctionBuilderContext::new())?.func;
        let clif = func.display().to_string();
        let assembly = compiler.compile(func, true)?.assembly.unwrap_or_default();
        Ok(Listing { name: loops.name.clone(), clif, assembly })
    };
    programs(code).into_iter().map(&mut listing).collect()
}

/// The loop programs of a kernel, each with the buffer that the driver passes.
fn programs(code: &Code) -> Vec<(&Loops, Option<BufId>)> {
    match code {
        Code::Loops(loops) => vec![(loops, None)],
        Code::Contract(c) => {
            let tile = Some(tile(&c.product.panels));
            c.programs().into_iter().map(|l| (l, tile)).collect()
        }
    }
}

/// Functions translated so far, each once.
pub struct Functions {
    pub syms: Vec<Sym>,
    isa: OwnedTargetIsa,
    context: FunctionBuilderContext,
    clif: Vec<Clif>,
    known: HashMap<u64, Vec<usize>>,
}

impl Functions {
    fn new(syms: Vec<Sym>, isa: OwnedTargetIsa) -> Functions {
        Functions { syms, isa, context: FunctionBuilderContext::new(), clif: vec![], known: HashMap::new() }
    }

    fn kernel(&mut self, code: &Code) -> Result<Kernel> {
        match code {
            Code::Loops(loops) => {
                let extent = |&(_, extent): &(_, _)| Formula::of(extent, &loops.exprs, &self.syms, None);
                let grid = loops.grid.iter().map(extent).collect::<Result<_>>()?;
                let cost = Formula::of_dim(&cost::per_point(loops), &loops.exprs, &self.syms)?;
                Ok(Kernel::Loops(LoopKernel { function: self.add(loops, None)?, grid, cost }))
            }
            Code::Contract(contract) => Ok(Kernel::Contract(Box::new(Driver::new(contract, self)?))),
        }
    }

    /// Translates a program, or finds the equal one.
    pub fn add(&mut self, loops: &Loops, tile: Option<BufId>) -> Result<Function> {
        let Translated { func, scratch } = translate(loops, &self.syms, tile, &*self.isa, &mut self.context)?;
        let scratch = Formula::of_dim(&scratch, &loops.exprs, &self.syms)?;
        let same = self.known.entry(key(&func)).or_default();
        let equal = |&&i: &&usize| self.clif[i].stencil == func.stencil && calls(&self.clif[i]).eq(calls(&func));
        if let Some(&index) = same.iter().find(equal) {
            return Ok(Function { index, scratch });
        }
        let index = self.clif.len();
        same.push(index);
        self.clif.push(func);
        Ok(Function { index, scratch })
    }
}

fn key(func: &Clif) -> u64 {
    let mut hasher = DefaultHasher::new();
    func.stencil.hash(&mut hasher);
    hasher.finish()
}

/// What a function calls: the stencil only numbers it.
fn calls(func: &Clif) -> impl Iterator<Item = u32> {
    func.params.user_named_funcs().values().map(|name| name.index)
}

/// Compiles functions, in parallel where it pays.
fn machine_code(isa: &OwnedTargetIsa, functions: Vec<Clif>) -> Result<Vec<Compiled>> {
    let serial = |functions: Vec<Clif>| -> Result<Vec<Compiled>> {
        let mut compiler = Compiler::new(isa.clone());
        functions.into_iter().map(|f| compiler.compile(f, false)).collect()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    if functions.len() < PARALLEL || threads == 1 {
        return serial(functions);
    }
    let share = functions.len().div_ceil(threads);
    let mut rest = functions;
    thread::scope(|scope| {
        let mut workers = vec![];
        while !rest.is_empty() {
            let part: Vec<Clif> = rest.drain(..share.min(rest.len())).collect();
            workers.push(scope.spawn(|| serial(part)));
        }
        let mut all = vec![];
        for worker in workers {
            all.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}

impl LoopKernel {
    /// # Safety
    /// As [`Launch::launch`].
    unsafe fn launch(&self, module: &Module, pool: &Pool, args: &[*mut u8], syms: &[i64]) {
        let points = self.grid.iter().map(|f| f.at(syms).max(0)).product::<i64>();
        let tasks = tasks(points.saturating_mul(self.cost.at(syms).max(1)), points, pool);
        let scratch = self.function.scratch.at(syms).max(0) as usize;
        let call = SharedCall(Call { buffers: args, syms, params: &[] });
        pool.run(tasks as usize, &|task, _| {
            let border = |i: usize| (points as i128 * i as i128 / tasks as i128) as i64;
            with_scratch(scratch, |scratch| {
                // SAFETY: the caller vouches for the buffers; points of a grid write different elements; scratch is this thread's.
                unsafe { module.run(self.function.index, call.get(), border(task), border(task + 1), scratch) }
            });
        });
    }
}

/// How many tasks a launch of so many picoseconds and points is cut into.
fn tasks(time: i64, points: i64, pool: &Pool) -> i64 {
    if points <= 1 || time < INLINE {
        return points.min(1);
    }
    (time / TASK).clamp(1, TASKS_PER_THREAD * pool.threads() as i64).min(points)
}

/// The arguments of a launch, in the hands of all its tasks.
#[derive(Clone, Copy)]
pub struct SharedCall<'a>(pub Call<'a>);

// SAFETY: the pointers are only handed on to generated code, whose tasks write different elements.
unsafe impl Sync for SharedCall<'_> {}

impl<'a> SharedCall<'a> {
    pub fn get(&self) -> Call<'a> {
        self.0
    }
}

impl Launch for CpuProgram {
    unsafe fn launch(&self, kernel: usize, args: &[*mut u8], syms: &[i64]) {
        match &self.kernels[kernel] {
            // SAFETY: the caller vouches.
            Kernel::Loops(loops) => unsafe { loops.launch(&self.module, &self.pool, args, syms) },
            // SAFETY: the caller vouches.
            Kernel::Contract(driver) => unsafe { driver.launch(&self.module, &self.pool, args, syms) },
        }
    }
}
