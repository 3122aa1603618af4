//! Programs: the typed IR of a model's methods with the tensors of its store.

use crate::compiled::{Compiled, Device, Options};
use crate::nn::{self, Forward, Module};
use cresset_ir::{Result, Tensor, Type, source, text};
use cresset_runtime::artifact;
use indexmap::IndexMap;
use std::fmt;
use std::path::Path;

/// A pure function of parameters, buffers and inputs, per method.
#[derive(Clone)]
pub struct Program {
    pub ir: cresset_ir::Program,
    /// The values of the store, by name.
    pub weights: IndexMap<String, Tensor>,
}

/// Traces a Rust module over an input of a type with known or symbolic sizes.
///
/// # Errors
/// What the ops of its `forward` say.
pub fn trace<M: Module + Forward>(module: &M, input: Type) -> Result<Program> {
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or("module");
    let (ir, weights) = nn::trace(module, name, input)?;
    Ok(Program { ir, weights })
}

impl Program {
    /// Parses the text of a program; the values of its store are to be put into `weights`.
    ///
    /// # Errors
    /// The first problem of the text, or of verification.
    pub fn parse(name: &str, text: &str) -> Result<Program> {
        let ir = text::parse_program(source::register(name, text)).map_err(|mut all| all.swap_remove(0))?;
        cresset_ir::verify(&ir).map_err(|mut all| all.swap_remove(0))?;
        Ok(Program { ir, weights: IndexMap::new() })
    }

    /// Writes the artifact: a zip of the manifest, the text of the IR and the weights.
    ///
    /// # Errors
    /// `E0402` when the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        artifact::save(path, &self.ir, &self.weights)
    }

    /// Reads an artifact; nothing in it is executed.
    ///
    /// # Errors
    /// `E04..` for files that are no artifacts, `E06..` for an IR that is not valid.
    pub fn open(path: &Path) -> Result<Program> {
        let (ir, weights) = artifact::load(path)?;
        Ok(Program { ir, weights })
    }

    /// Compiles `forward`, or the only method, for a device with the default options.
    ///
    /// # Errors
    /// `E07..` when a kernel cannot be compiled.
    pub fn compile(&self, device: Device) -> Result<Compiled> {
        self.compile_with(&Options { device, ..Options::default() })
    }

    /// Compiles a method.
    ///
    /// # Errors
    /// As [`Program::compile`].
    pub fn compile_with(&self, options: &Options) -> Result<Compiled> {
        Compiled::new(self, options)
    }
}

/// The text of the IR.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ir)
    }
}
