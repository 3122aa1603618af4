//! `cresset check`: every problem of a model file, nothing executed.

use super::Outcome;
use super::args::{InputArgs, ModelArgs};
use clap::Args;

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    inputs: InputArgs,
}

impl Check {
    pub fn run(&self) -> Outcome {
        if !self.model.is_artifact() {
            // Syntax errors come all at once; what follows needs a tree.
            self.model.loader().map_err(|d| vec![d])?.parse()?;
        }
        let inputs = self.inputs.load().map_err(|d| vec![d])?;
        let program = self.model.program(inputs.as_ref()).map_err(|d| vec![d])?;
        cresset_ir::verify(&program.ir)?;
        outln!("{}: ok", self.model.model);
        Ok(())
    }
}
