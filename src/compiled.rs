//! Compiled methods: from a program through all passes to something that runs.

use crate::Program;
use crate::eager::Eager;
use cresset_backends::{cpu, reference};
use cresset_ir::eval::{Evaluate, Reference};
use cresset_ir::plan::Memory;
use cresset_ir::{Diagnostic, Result, Target, Tensor, codes};
use cresset_passes::{PIPELINE, compile, fuse, manager};
use cresset_runtime::pool::{Pool, default_threads};
use cresset_runtime::{Executable, Signature};
use indexmap::IndexMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where a program runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Device {
    /// Machine code for this CPU.
    #[default]
    Cpu,
    /// The interpreter that defines the ops.
    Reference,
}

/// How to compile.
#[derive(Clone, Default)]
pub struct Options {
    pub device: Device,
    /// The method; the only one if left out, `forward` among several.
    pub method: Option<String>,
    /// Threads; all cores if left out.
    pub threads: Option<usize>,
}

/// What compilation took.
#[derive(Clone, Copy, Default, Debug)]
pub struct Timing {
    /// Graph passes.
    pub passes: Duration,
    /// Fusion, lowering, scheduling and planning.
    pub kernels: Duration,
    /// Machine code and packed weights.
    pub code: Duration,
}

impl Timing {
    pub fn total(&self) -> Duration {
        self.passes + self.kernels + self.code
    }
}

/// A method that runs. Any number of threads may call it at once.
pub struct Compiled {
    runner: Runner,
    kernels: Option<usize>,
    pub timing: Timing,
}

enum Runner {
    Cpu(Box<Executable>),
    Reference(Box<reference::Reference>),
}

/// The CPU target, as passes see it.
pub fn target() -> Target {
    cpu::target()
}

/// The program after the graph passes, with the weights that they computed. `stop` is the last pass to run, `limit` a pass that makes so
/// many rewrites and no more.
///
/// # Errors
/// The problem of a pass, or of verification after it.
pub fn optimise(program: &Program, stop: Option<&str>, limit: Option<(&str, usize)>) -> Result<Program> {
    let mut named = stop.into_iter().chain(limit.map(|l| l.0));
    if let Some(name) = named.find(|n| !PIPELINE.iter().any(|p| p.name == *n)) {
        let names: Vec<_> = PIPELINE.iter().map(|p| p.name).collect();
        let error = Diagnostic::error(codes::BAD_OPTION, format!("there is no pass `{name}`"));
        return Err(error.hint(format!("the passes are {}", names.join(", "))));
    }
    pipeline(program, stop, limit, &Eager::default())
}

fn pipeline(program: &Program, stop: Option<&str>, limit: Option<(&str, usize)>, evaluate: &dyn Evaluate) -> Result<Program> {
    let mut out = program.clone();
    let options = manager::Options { freeze: true, stop_after: stop, limit, dump: None };
    manager::run(PIPELINE, &mut out.ir, &mut out.weights, evaluate, options)?;
    Ok(out)
}

/// The optimised program with its regions.
///
/// # Errors
/// As [`optimise`].
pub fn fused(program: &Program) -> Result<Program> {
    let mut out = optimise(program, None, None)?;
    fuse::fuse(&mut out.ir)?;
    Ok(out)
}

impl Compiled {
    pub(crate) fn new(program: &Program, options: &Options) -> Result<Compiled> {
        let method = method(program, options)?;
        let mut single = program.clone();
        single.ir.methods.retain(|name, _| *name == method);
        match options.device {
            Device::Reference => {
                let runner = reference::Reference::new(single.ir, &method, &single.weights)?;
                Ok(Compiled { runner: Runner::Reference(Box::new(runner)), kernels: None, timing: Timing::default() })
            }
            Device::Cpu => Compiled::for_cpu(&single, options, &Eager::default()),
        }
    }

    /// For this CPU, its own constants left to the interpreter: what computes constants is compiled so.
    pub(crate) fn plainly(program: &Program, options: &Options) -> Result<Compiled> {
        Compiled::for_cpu(program, options, &Reference)
    }

    fn for_cpu(program: &Program, options: &Options, evaluate: &dyn Evaluate) -> Result<Compiled> {
        let start = Instant::now();
        let mut out = pipeline(program, None, None, evaluate)?;
        let passes = start.elapsed();
        let mut plans = compile::fuse_and_plan(&mut out.ir, &cpu::target())?;
        let plan = plans.swap_remove(0);
        let kernels = start.elapsed() - passes;
        let pool = Pool::global(options.threads.unwrap_or_else(default_threads));
        let launcher = cpu::compile(&plan, pool)?;
        let launches = Some(plan.launches());
        let executable = Executable::new(plan, Arc::new(launcher), &out.weights)?;
        let timing = Timing { passes, kernels, code: start.elapsed() - passes - kernels };
        Ok(Compiled { runner: Runner::Cpu(Box::new(executable)), kernels: launches, timing })
    }

    /// The results for inputs in the order of the signature.
    ///
    /// # Errors
    /// `E05..` for inputs that do not fit.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        match &self.runner {
            Runner::Cpu(e) => e.run(inputs),
            Runner::Reference(r) => r.run(inputs),
        }
    }

    /// The results by path, for inputs by name or position.
    ///
    /// # Errors
    /// As [`Compiled::run`], and for names that are no inputs.
    pub fn run_named(&self, inputs: &IndexMap<String, Tensor>) -> Result<IndexMap<String, Tensor>> {
        let signature = self.signature();
        signature.name_results(self.run(&signature.arrange(inputs)?)?)
    }

    pub fn signature(&self) -> &Signature {
        match &self.runner {
            Runner::Cpu(e) => e.signature(),
            Runner::Reference(r) => r.signature(),
        }
    }

    /// The arena of a run with these inputs, on devices that have one.
    ///
    /// # Errors
    /// As [`Compiled::run`].
    pub fn memory(&self, inputs: &[Tensor]) -> Result<Option<Memory>> {
        match &self.runner {
            Runner::Cpu(e) => e.memory(inputs).map(Some),
            Runner::Reference(_) => Ok(None),
        }
    }

    /// Kernels that a run launches, on devices that have kernels.
    pub fn kernels(&self) -> Option<usize> {
        self.kernels
    }
}

/// The method that the options name, or the obvious one.
fn method(program: &Program, options: &Options) -> Result<String> {
    let methods = &program.ir.methods;
    let wanted = options.method.as_deref().or(if methods.len() == 1 { None } else { Some("forward") });
    let found = match wanted {
        Some(name) => methods.get_key_value(name).map(|(k, _)| k),
        None => methods.keys().next(),
    };
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = methods.keys().map(String::as_str).collect();
        let text = format!("the program has no method `{}`", wanted.unwrap_or("forward"));
        Diagnostic::error(codes::BAD_MODEL, text).note(format!("its methods are {}", names.join(", ")))
    })
}
