//! Source texts and places in them.
//!
//! Every text that a diagnostic may point into (model files, IR files, embedded library files, command-line
//! expressions) is registered once and named by a small number, so that a [`Span`] is twelve bytes and `Copy`.

use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

/// A registered source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(u32);

/// A half-open byte range in a source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

/// A registered text and the name under which it is shown.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
    /// Byte offset of each line's first character.
    lines: Vec<u32>,
}

fn table() -> &'static RwLock<Vec<Arc<Source>>> {
    static TABLE: OnceLock<RwLock<Vec<Arc<Source>>>> = OnceLock::new();
    TABLE.get_or_init(Default::default)
}

/// Registers a text; the same name and text give the same id.
pub fn register(name: impl Into<String>, text: impl Into<String>) -> FileId {
    let (name, text) = (name.into(), text.into());
    let mut table = table().write().unwrap_or_else(|e| e.into_inner());
    if let Some(i) = table.iter().position(|s| s.name == name && s.text == text) {
        return FileId(i as u32);
    }
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i as u32 + 1)).collect();
    table.push(Arc::new(Source { name, text, lines }));
    FileId(table.len() as u32 - 1)
}

impl FileId {
    pub fn source(self) -> Arc<Source> {
        table().read().unwrap_or_else(|e| e.into_inner())[self.0 as usize].clone()
    }
}

impl Source {
    /// One-based line and column (in characters) of a byte offset.
    pub fn line_col(&self, offset: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|&l| l <= offset).max(1);
        let start = self.lines[line - 1] as usize;
        let end = (offset as usize).min(self.text.len()).max(start);
        let col = self.text.get(start..end).map_or(end - start, |s| s.chars().count());
        (line, col + 1)
    }
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span { file, start: start as u32, end: end.max(start) as u32 }
    }

    /// The smallest span that covers both; spans of different files give the first.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The text under the span.
    pub fn text(self) -> String {
        self.file.source().text.get(self.start as usize..self.end as usize).unwrap_or_default().to_owned()
    }
}

/// `file:line:col`, the file by its last path component.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.file.source();
        let (line, col) = source.line_col(self.start);
        let name = source.name.rsplit('/').next().unwrap_or(&source.name);
        write!(f, "{name}:{line}:{col}")
    }
}
