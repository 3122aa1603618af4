//! `cresset bench`: latency of a compiled model, and what it took to get there.

use super::Outcome;
use super::args::{DeviceArgs, InputArgs, ModelArgs};
use super::run::samples;
use clap::Args;
use cresset::{Compiled, Result, Tensor};
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Seconds to measure for.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs that are not counted: caches, the pool and the arena come up.
const WARM_UP: usize = 10;

impl Bench {
    pub fn run(&self) -> Outcome {
        self.execute().map_err(|d| vec![d])
    }

    fn execute(&self) -> Result<()> {
        let inputs = self.inputs.load()?;
        let start = Instant::now();
        let program = self.model.program(inputs.as_ref())?;
        let load = start.elapsed();
        let compiled = program.compile_with(&self.device.options(&self.model.method))?;
        let inputs = inputs.map_or_else(|| samples(&compiled, &program), Ok)?;
        let inputs = compiled.signature().arrange(&inputs)?;
        let arena = compiled.memory(&inputs)?.map_or(0, |m| m.peak);
        let times = measure(&compiled, &inputs, Duration::from_secs_f64(self.seconds.clamp(0.0, 3600.0)))?;
        let ms = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e3;
        let threads = self.device.threads.unwrap_or_else(cresset_runtime::pool::default_threads);
        let kernels = compiled.kernels().unwrap_or(0);
        let figures = serde_json::json!({
            "median_ms": ms(times[times.len() / 2]),
            "min_ms": ms(times[0]),
            "compile_ms": ms(compiled.timing.total()),
            "load_ms": ms(load),
            "peak_bytes": peak_bytes(),
            "arena_bytes": arena,
            "kernels": kernels,
            "threads": threads,
            "device": if compiled.kernels().is_some() { "cpu" } else { "reference" },
        });
        if self.json {
            outln!("{figures}");
            return Ok(());
        }
        for (name, value) in figures.as_object().into_iter().flatten() {
            outln!("{name:<12} {value}");
        }
        Ok(())
    }
}

/// Sorted times of single runs.
fn measure(compiled: &Compiled, inputs: &[Tensor], budget: Duration) -> Result<Vec<Duration>> {
    for _ in 0..WARM_UP {
        compiled.run(inputs)?;
    }
    let (start, mut times) = (Instant::now(), vec![]);
    while times.is_empty() || start.elapsed() < budget {
        let one = Instant::now();
        compiled.run(inputs)?;
        times.push(one.elapsed());
    }
    times.sort();
    Ok(times)
}

/// The process's peak resident memory, where the system tells it; 0 elsewhere.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
