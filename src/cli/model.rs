//! From the arguments of a command to a program: an artifact, or a model file that is traced.

use super::args::ModelArgs;
use cresset::model::Loader;
use cresset::spec::{InputSpec, parse_range};
use cresset::{Diagnostic, Program, Result, Tensor, Type};
use cresset_ir::codes;
use indexmap::IndexMap;
use std::path::Path;

impl ModelArgs {
    /// Whether the model is a compiled artifact.
    pub fn is_artifact(&self) -> bool {
        Path::new(&self.model).extension().is_some_and(|e| e == "cst")
    }

    /// The program; inputs without a specification have the types of `examples`.
    pub fn program(&self, examples: Option<&IndexMap<String, Tensor>>) -> Result<Program> {
        if self.is_artifact() {
            return self.artifact();
        }
        let mut loader = self.loader()?;
        for (name, tensor) in examples.into_iter().flatten() {
            loader = loader.example(name, tensor.ty());
        }
        loader.program()
    }

    fn artifact(&self) -> Result<Program> {
        let given = [
            ("--weights", self.weights.is_some()),
            ("--input-spec", !self.input_specs.is_empty()),
            ("--dim", !self.dims.is_empty()),
            ("--arg", !self.literals.is_empty()),
            ("--path", !self.paths.is_empty()),
        ];
        if let Some((option, _)) = given.iter().find(|o| o.1) {
            let text = format!("{option} has no effect on an artifact: it was fixed when {} was compiled", self.model);
            return Err(Diagnostic::error(codes::BAD_OPTION, text));
        }
        Program::open(Path::new(&self.model))
    }

    /// The model file with everything the options say about it.
    pub fn loader(&self) -> Result<Loader> {
        let mut loader = cresset::load(&self.model).method(&self.method).seed(self.seed);
        for dir in &self.paths {
            loader = loader.path(dir);
        }
        if let Some(file) = &self.weights {
            loader = loader.weights(file);
        }
        for spec in &self.input_specs {
            let InputSpec { name, ty } = InputSpec::parse(spec)?;
            loader = loader.input(&name, ty);
        }
        for range in &self.dims {
            let (sym, range) = parse_range(range)?;
            loader = loader.range(sym.name(), range);
        }
        for literal in &self.literals {
            let (name, value) = literal.split_once('=').ok_or_else(|| {
                Diagnostic::error(codes::BAD_OPTION, format!("cannot read --arg {literal}: expected NAME=LITERAL"))
            })?;
            loader = loader.literal(name, value);
        }
        Ok(loader)
    }
}

/// A seeded tensor for an input: small floats, zero-or-one bools, and integers that are valid for small tables.
pub fn sample(ty: &Type, size: &dyn Fn(&cresset_ir::Dim) -> Option<usize>) -> Result<Tensor> {
    let shape: Option<Vec<usize>> = ty.shape.iter().map(size).collect();
    let shape =
        shape.ok_or_else(|| Diagnostic::error(codes::NO_INPUTS, format!("the size of an input of type {ty} is not known")))?;
    let (low, high) = if ty.dtype.is_float() { (-1.0, 1.0) } else { (0.0, 2.0) };
    let mut tensor = Tensor::zeros(cresset_ir::DType::F32, &shape)?;
    cresset_runtime::random::Generator::new(0).fill_uniform(tensor.as_mut_slice::<f32>()?, low, high);
    tensor.cast(ty.dtype)
}
