//! `cresset run`: a model on tensors.

use super::Outcome;
use super::args::{DeviceArgs, DeviceName, InputArgs, ModelArgs};
use super::model::sample;
use super::summary::summary;
use clap::Args;
use cresset::{Compiled, Device, Options, Program, Result, Tensor};
use cresset_runtime::io::{load_tensors, save_tensors};
use indexmap::IndexMap;
use std::path::PathBuf;

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Where the results go: .safetensors, .npz, or .npy for one tensor. Without it, a summary is printed.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Tell what was compiled and how long it took, on stderr.
    #[arg(long, short)]
    verbose: bool,
}

impl DeviceArgs {
    /// The options of compilation.
    pub fn options(&self, method: &str) -> Options {
        let device = match self.device {
            DeviceName::Cpu => Device::Cpu,
            DeviceName::Reference => Device::Reference,
        };
        Options { device, method: Some(method.to_owned()), threads: self.threads }
    }
}

impl InputArgs {
    /// The tensors of the file.
    pub fn load(&self) -> Result<Option<IndexMap<String, Tensor>>> {
        self.inputs.as_ref().map(|file| Ok(load_tensors(file)?.tensors)).transpose()
    }
}

impl Run {
    pub fn run(&self) -> Outcome {
        self.execute().map_err(|d| vec![d])
    }

    fn execute(&self) -> Result<()> {
        let inputs = self.inputs.load()?;
        let program = self.model.program(inputs.as_ref())?;
        let compiled = program.compile_with(&self.device.options(&self.model.method))?;
        let inputs = match inputs {
            Some(inputs) => inputs,
            None => samples(&compiled, &program)?,
        };
        if self.verbose {
            tell(&compiled, &inputs)?;
        }
        let results = compiled.run_named(&inputs)?;
        match &self.output {
            Some(file) => save_tensors(file, &results),
            None => {
                out!("{}", summary(&results));
                Ok(())
            }
        }
    }
}

/// Seeded inputs for the declared types; symbolic sizes at 1, or at the least they may be.
pub fn samples(compiled: &Compiled, program: &Program) -> Result<IndexMap<String, Tensor>> {
    let facts = &program.ir.facts;
    let size = |d: &cresset_ir::Dim| d.eval(&|s| Some(facts.range(s).min.max(1))).and_then(|n| usize::try_from(n).ok());
    compiled.signature().inputs.iter().map(|(name, ty)| Ok((name.clone(), sample(ty, &size)?))).collect()
}

fn tell(compiled: &Compiled, inputs: &IndexMap<String, Tensor>) -> Result<()> {
    let ms = |d: std::time::Duration| d.as_secs_f64() * 1e3;
    let t = &compiled.timing;
    eprintln!(
        "compiled in {:.1} ms: passes {:.1}, kernels {:.1}, code {:.1}",
        ms(t.total()),
        ms(t.passes),
        ms(t.kernels),
        ms(t.code)
    );
    if let Some(kernels) = compiled.kernels() {
        eprintln!("{kernels} kernels");
    }
    if let Some(memory) = compiled.memory(&compiled.signature().arrange(inputs)?)? {
        eprintln!("arena: {memory}");
    }
    Ok(())
}
