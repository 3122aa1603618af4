//! The command line: arguments, one file per command, and how errors leave the process.

/// Writes to stdout, as `print!`, but a reader that has seen enough is no error.
macro_rules! out {
    ($($text:tt)*) => { $crate::cli::write(format_args!($($text)*)) };
}

/// A line to stdout; see `out!`.
macro_rules! outln {
    ($($text:tt)*) => { $crate::cli::write(format_args!("{}\n", format_args!($($text)*))) };
}

mod args;
mod bench;
mod check;
mod compile;
mod dump;
mod model;
mod reference;
mod run;
mod summary;

use clap::Parser;
use cresset_ir::Diagnostic;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// What a command gives: nothing, or every problem it found.
pub type Outcome = Result<(), Vec<Diagnostic>>;

/// A staged compiler for neural-network modules: PyTorch model files in, machine code out.
#[derive(Parser)]
#[command(name = "cresset", version, max_term_width = 100)]
enum Cli {
    /// Run a model file or a compiled artifact on tensors.
    Run(run::Run),
    /// Compile a model file to an artifact that runs anywhere.
    Compile(compile::Compile),
    /// Print a model at a stage of the compiler.
    Dump(dump::Dump),
    /// Parse, instantiate and trace; report every problem, run nothing.
    Check(check::Check),
    /// Time a model: latency, compile and load time, memory.
    Bench(bench::Bench),
    /// List the ops with their signatures and formulas.
    Ops(reference::Ops),
    /// List the passes in order, and why each is there.
    Passes,
    /// Explain a diagnostic code.
    Explain(reference::Explain),
}

/// Runs the command line. Status 0: success; 1: diagnostics on stderr; 2: wrong usage.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse() {
        Cli::Run(c) => c.run(),
        Cli::Compile(c) => c.run(),
        Cli::Dump(c) => c.run(),
        Cli::Check(c) => c.run(),
        Cli::Bench(c) => c.run(),
        Cli::Ops(c) => c.run(),
        Cli::Passes => reference::passes(),
        Cli::Explain(c) => c.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            report(&problems);
            ExitCode::FAILURE
        }
    }
}

/// Renders diagnostics on stderr, in colour on a terminal unless `NO_COLOR` is set.
fn report(problems: &[Diagnostic]) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    for d in problems {
        eprintln!("{}\n", d.render(color));
    }
}

/// Ends the process where stdout cannot take more: quietly when its reader has gone, with status 1 when it is full.
fn write(text: fmt::Arguments) {
    if let Err(e) = std::io::stdout().write_fmt(text) {
        let gone = e.kind() == std::io::ErrorKind::BrokenPipe;
        std::process::exit(if gone { 0 } else { 1 });
    }
}
