//! Options that several commands share.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which model, and how it is to be understood.
#[derive(Args, Clone)]
pub struct ModelArgs {
    /// FILE.py:EXPR (an expression that constructs the module), FILE.py, package.module:EXPR, or an artifact FILE.cst.
    pub model: String,
    /// Weights: safetensors, or a torch.save file (.pt, .pth), which is read without executing anything.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// A directory on the module search path; the file's own directory comes first. Repeatable.
    #[arg(long = "path", value_name = "DIR")]
    pub paths: Vec<PathBuf>,
    /// The method to trace.
    #[arg(long, default_value = "forward")]
    pub method: String,
    /// The type of an input, sizes by number or name: x=f32[B,3,224,224]. Repeatable.
    #[arg(long = "input-spec", value_name = "NAME=TYPE")]
    pub input_specs: Vec<String>,
    /// The range of a named size: T=1..128. Repeatable.
    #[arg(long = "dim", value_name = "NAME=MIN..MAX")]
    pub dims: Vec<String>,
    /// A non-tensor argument of the method as a Python literal. Repeatable.
    #[arg(long = "arg", value_name = "NAME=LITERAL")]
    pub literals: Vec<String>,
    /// The seed of random initialisation, as torch.manual_seed.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Where a model runs.
#[derive(Args, Clone)]
pub struct DeviceArgs {
    /// The device.
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
    /// Threads to use; all cores by default.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum DeviceName {
    /// Compiled code on the CPU.
    Cpu,
    /// The interpreter that defines what every op means; slow.
    Reference,
}

/// Where input tensors come from.
#[derive(Args, Clone)]
pub struct InputArgs {
    /// Inputs: safetensors, .npy or .npz, keyed by the method's parameter names or by position "0", "1", ...
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
}
