//! Snapshot tests of the IR, for this crate and for those that use it (feature `testing`).
//!
//! [`assert_ir!`](crate::assert_ir!) compares a program at a stage with a snapshot under [`insta`]. The text is canonical: values numbered by
//! position, types always written, no addresses and no times. On the way, the laws of the text form are checked: what is printed parses, and
//! prints as it was. Stages that depend on a target are printed for [`target`], so that a snapshot is the same on every machine.

use crate::Program;
use crate::model::Stage;
use cresset_ir::text::{self, Style};
use cresset_ir::{Diagnostic, FileId, Target, source, verify};

pub use crate::assert_ir;
pub use insta;

/// Compares the text of a program at a stage with the snapshot of this name, or of this test.
///
/// ```ignore
/// assert_ir!(program, Stage::Fused);
/// assert_ir!("digits_fused", program, Stage::Fused);
/// ```
#[macro_export]
macro_rules! assert_ir {
    ($program:expr, $stage:expr $(,)?) => {
        $crate::testing::insta::assert_snapshot!($crate::testing::canonical(&$program, $stage))
    };
    ($name:expr, $program:expr, $stage:expr $(,)?) => {
        $crate::testing::insta::assert_snapshot!($name, $crate::testing::canonical(&$program, $stage))
    };
}

/// The target of snapshots: this crate's CPU backend with a tile that no machine changes.
pub fn target() -> Target {
    Target { name: "snapshot".into(), tile: Some((6, 16)), ..crate::target() }
}

/// The text of a stage, after the laws of the text form were checked on it.
///
/// # Panics
/// When the stage cannot be reached, or a law does not hold: with the diagnostics.
pub fn canonical(program: &Program, stage: Stage) -> String {
    let text = program.dump_for(stage, &target()).unwrap_or_else(|d| panic!("{}", d.render(false)));
    match stage {
        Stage::Traced | Stage::Optimised { .. } | Stage::Fused => round_trip(&text, "program ", reprint_program),
        Stage::Kernel => round_trip(&text, "kernel ", |f| Ok(text::print_kernel(&text::parse_kernel(f)?, Style::default()))),
        Stage::Loops => round_trip(&text, "loops ", |f| Ok(text::print_loops(&text::parse_loops(f)?, Style::default()))),
        Stage::Plan => round_trip(&text, "plan ", |f| Ok(text::print_plan(&text::parse_plan(f)?, Style::default()))),
        Stage::Clif | Stage::Asm | Stage::Cuda => {}
    }
    text
}

fn reprint_program(file: FileId) -> Result<String, Vec<Diagnostic>> {
    let program = text::parse_program(file)?;
    verify(&program)?;
    Ok(program.print())
}

/// Parses and prints each part of a text; a part begins with a word at the start of a line.
fn round_trip(text: &str, word: &str, reprint: impl Fn(FileId) -> Result<String, Vec<Diagnostic>>) {
    let mut starts: Vec<usize> = text.match_indices(word).map(|m| m.0).filter(|&i| i == 0 || text[..i].ends_with('\n')).collect();
    starts.push(text.len());
    for part in starts.windows(2).map(|w| text[w[0]..w[1]].trim_end()) {
        match reprint(source::register("dump", part)) {
            Ok(again) => assert_eq!(again.trim_end(), part, "print(parse(text)) = text"),
            Err(problems) => panic!("a dump does not parse:\n{problems:#?}\n{part}"),
        }
    }
}
