//! `cresset compile`: a model file to an artifact.

use super::Outcome;
use super::args::{InputArgs, ModelArgs};
use clap::Args;
use cresset::{Options, Result};
use std::path::PathBuf;

#[derive(Args)]
pub struct Compile {
    #[command(flatten)]
    model: ModelArgs,
    /// Inputs whose types the model is compiled for, where --input-spec does not say.
    #[command(flatten)]
    inputs: InputArgs,
    /// The artifact to write.
    #[arg(long, short, value_name = "FILE.cst")]
    output: PathBuf,
}

impl Compile {
    pub fn run(&self) -> Outcome {
        self.execute().map_err(|d| vec![d])
    }

    fn execute(&self) -> Result<()> {
        let program = self.model.program(self.inputs.load()?.as_ref())?;
        // What cannot be compiled here is not worth writing.
        program.compile_with(&Options::default())?;
        program.save(&self.output)
    }
}
