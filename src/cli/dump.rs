//! `cresset dump`: a model at a stage of the compiler.

use super::Outcome;
use super::args::{InputArgs, ModelArgs};
use clap::{Args, ValueEnum};
use cresset::{Diagnostic, Result, model::Stage};
use cresset_ir::codes;

#[derive(Args)]
pub struct Dump {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    inputs: InputArgs,
    /// The stage.
    #[arg(long, value_enum)]
    stage: StageName,
    /// With --stage optimised: the last pass to run.
    #[arg(long, value_name = "PASS")]
    after: Option<String>,
    /// With --after: stop that pass after so many rewrites.
    #[arg(long, value_name = "N", requires = "after")]
    step: Option<usize>,
    /// The form.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(ValueEnum, Clone, Copy, PartialEq)]
enum StageName {
    Ast,
    Traced,
    Optimised,
    Fused,
    Kernel,
    Loops,
    Clif,
    Asm,
    Cuda,
    Plan,
}

#[derive(ValueEnum, Clone, Copy, PartialEq)]
enum Format {
    Text,
    /// Graphviz, of the graph stages.
    Dot,
}

impl Dump {
    pub fn run(&self) -> Outcome {
        if self.stage == StageName::Ast {
            let module = self.model.loader().map_err(|d| vec![d])?.parse()?;
            out!("{module}");
            return Ok(());
        }
        self.execute().map_err(|d| vec![d])
    }

    fn execute(&self) -> Result<()> {
        if self.after.is_some() && self.stage != StageName::Optimised {
            return Err(Diagnostic::error(codes::BAD_OPTION, "--after goes with --stage optimised"));
        }
        let program = self.model.program(self.inputs.load()?.as_ref())?;
        let limit = self.after.as_deref().zip(self.step);
        let stage = match self.stage {
            StageName::Ast => unreachable!("printed without tracing"),
            StageName::Traced => Stage::Traced,
            StageName::Optimised => Stage::Optimised { after: self.after.as_deref(), limit },
            StageName::Fused => Stage::Fused,
            StageName::Kernel => Stage::Kernel,
            StageName::Loops => Stage::Loops,
            StageName::Clif => Stage::Clif,
            StageName::Asm => Stage::Asm,
            StageName::Cuda => Stage::Cuda,
            StageName::Plan => Stage::Plan,
        };
        let text = match self.format {
            Format::Text => program.dump(stage)?,
            Format::Dot => program.dot(stage)?,
        };
        out!("{text}");
        Ok(())
    }
}
