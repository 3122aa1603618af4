//! The pass manager: runs a list of passes, verifies after each, times each, and stops where it is told to.

use cresset_ir::{Diagnostic, Evaluate, Program, Result, Tensor, verify};
use indexmap::IndexMap;
use std::time::{Duration, Instant};

/// A transformation of a program that keeps its meaning.
pub struct Pass {
    pub name: &'static str,
    /// Why it stands where it stands.
    pub why: &'static str,
    /// Gives the number of rewrites.
    pub run: fn(&mut Program, &mut Cx) -> Result<usize>,
}

/// What passes may use besides the program.
pub struct Cx<'a> {
    /// Values of the store, by name; passes that compute constants add theirs.
    pub weights: &'a mut IndexMap<String, Tensor>,
    /// Whether parameters and buffers are final, so that values computed from them are constants.
    pub freeze: bool,
    pub evaluate: &'a dyn Evaluate,
    /// Rewrites that the running pass may still make.
    pub fuel: usize,
}

/// Sees the program after a pass.
pub type Dump<'a> = dyn FnMut(&Report, &Program) + 'a;

/// How to run a pipeline.
#[derive(Default)]
pub struct Options<'a> {
    /// See [`Cx::freeze`].
    pub freeze: bool,
    /// The last pass to run.
    pub stop_after: Option<&'a str>,
    /// The pass named makes so many rewrites and no more: to bisect a miscompilation.
    pub limit: Option<(&'a str, usize)>,
    /// Called after each pass.
    pub dump: Option<&'a mut Dump<'a>>,
}

/// What a pass did.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    pub pass: &'static str,
    pub rewrites: usize,
    pub time: Duration,
    /// Nodes of all methods afterwards.
    pub nodes: usize,
}

/// Rewrites of one pass on one program: far above what any model needs, so that two rules that undo each other end.
const MOST_REWRITES: usize = 1 << 22;

/// Runs passes in order.
///
/// # Errors
/// Whatever a pass gives, and the first problem that the verifier finds, with the name of the pass that made it.
pub fn run(
    passes: &[Pass],
    program: &mut Program,
    weights: &mut IndexMap<String, Tensor>,
    evaluate: &dyn Evaluate,
    mut options: Options,
) -> Result<Vec<Report>> {
    let mut reports = vec![];
    for pass in passes {
        let fuel = options.limit.filter(|l| l.0 == pass.name).map_or(MOST_REWRITES, |l| l.1);
        let start = Instant::now();
        let mut cx = Cx { weights, freeze: options.freeze, evaluate, fuel };
        let rewrites = (pass.run)(program, &mut cx)?;
        let nodes = program.methods.values().map(|g| g.live_nodes().len()).sum();
        let report = Report { pass: pass.name, rewrites, time: start.elapsed(), nodes };
        verify(program).map_err(|problems| blame(pass, problems))?;
        if let Some(dump) = &mut options.dump {
            dump(&report, program);
        }
        reports.push(report);
        let limited = options.limit.is_some_and(|l| l == (pass.name, rewrites));
        if limited || options.stop_after == Some(pass.name) {
            break;
        }
    }
    Ok(reports)
}

fn blame(pass: &Pass, problems: Vec<Diagnostic>) -> Diagnostic {
    let first = problems.into_iter().next().expect("the verifier fails with at least one problem");
    first.note(format!("found after the pass `{}`", pass.name))
}
