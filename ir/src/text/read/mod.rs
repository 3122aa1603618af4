//! From syntax trees to the IR: names are looked up, literals get their dtypes, counts are compared.
//!
//! A reader goes on after an error where it can, so that one run reports several. `None` means that an error was reported.

mod attr;
mod formula;
mod kernel;
mod literal;
mod loops;
mod plan;
mod program;
mod size;

pub use kernel::kernel;
pub use loops::loops;
pub use plan::plan;
pub use program::program;

use super::parse::MAX_ERRORS;
use super::syntax::{At, Word};
use crate::codes::{self, Code};
use crate::diag::Diagnostic;
use crate::dtype::DType;
use crate::loc::{Loc, Place};
use crate::source::{FileId, Span};

/// What was wrong so far.
pub struct Errors {
    file: FileId,
    found: Vec<Diagnostic>,
}

impl Errors {
    pub fn new(file: FileId) -> Errors {
        Errors { file, found: vec![] }
    }

    pub fn add(&mut self, diagnostic: Diagnostic) {
        if self.found.len() < MAX_ERRORS {
            self.found.push(diagnostic);
        }
    }

    fn span(&self, at: At) -> Span {
        Span { file: self.file, start: at.start, end: at.end }
    }

    /// Reports; `None`, so that readers can end with it.
    fn say<T>(&mut self, code: Code, at: At, message: impl Into<String>) -> Option<T> {
        self.add(Diagnostic::error(code, message).at(self.span(at), ""));
        None
    }

    /// The value, unless something was reported on the way.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Diagnostic>> {
        match read {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(self.found),
        }
    }

    /// The place of a node: its text, shown as the place that the text names.
    fn loc(&self, at: At, place: Option<&str>) -> Loc {
        let shown = place.unwrap_or_default();
        let scope = shown.split_once("in ").map_or("", |(_, scope)| scope);
        Loc::intern(Place { span: Some(self.span(at)), scope: scope.into(), from: vec![], shown: Some(shown.into()) })
    }

    fn dtype(&mut self, word: Word) -> Option<DType> {
        let all = || DType::all().map(DType::name).collect::<Vec<_>>().join(", ");
        DType::parse(word.text).or_else(|| {
            let message = format!("`{}` is not a dtype", word.text);
            self.add(Diagnostic::error(codes::IR_UNKNOWN, message).at(self.span(word.at), format!("the dtypes are {}", all())));
            None
        })
    }
}
