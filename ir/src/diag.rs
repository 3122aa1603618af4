//! Diagnostics: the one error type from the lexer to a launch.
//!
//! A diagnostic is a value: a stable code, a message that states the two facts which disagree, labelled places in the
//! user's source, notes, and a hint. Text is rendered at the edge only, by [`Diagnostic::render`].

use crate::codes::Code;
use crate::source::Span;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;

pub type Result<T, E = Diagnostic> = std::result::Result<T, E>;

/// An error or a warning with its places. Boxed: `Result<T>` stays small.
#[derive(Clone, PartialEq)]
pub struct Diagnostic(Box<Body>);

#[derive(Clone, PartialEq)]
struct Body {
    code: Code,
    warning: bool,
    message: String,
    labels: Vec<Label>,
    notes: Vec<String>,
    hint: Option<String>,
}

/// A place, and what is to be said of it. The first label of a diagnostic is its primary one.
#[derive(Clone, PartialEq, Debug)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic(Box::new(Body { code, warning: false, message: message.into(), labels: vec![], notes: vec![], hint: None }))
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        let mut d = Diagnostic::error(code, message);
        d.0.warning = true;
        d
    }

    /// Adds a place; the first one added is the primary place.
    pub fn at(mut self, span: impl Into<Option<Span>>, text: impl Into<String>) -> Diagnostic {
        if let Some(span) = span.into() {
            self.0.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// Adds a place unless the diagnostic has one already: for callers that know a coarser place.
    pub fn or_at(self, span: impl Into<Option<Span>>) -> Diagnostic {
        if self.0.labels.is_empty() { self.at(span, "") } else { self }
    }

    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.0.notes.push(text.into());
        self
    }

    pub fn hint(mut self, text: impl Into<String>) -> Diagnostic {
        self.0.hint = Some(text.into());
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn is_warning(&self) -> bool {
        self.0.warning
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn labels(&self) -> &[Label] {
        &self.0.labels
    }

    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The full text, source excerpts underlined; `color` for a terminal.
    pub fn render(&self, color: bool) -> String {
        let body = &*self.0;
        let level = if body.warning { Level::WARNING } else { Level::ERROR };
        let title = level.primary_title(&body.message).id(body.code.to_string());
        // Labels of one file share an excerpt; files come in the order of their first label.
        let mut files: Vec<(crate::source::FileId, Vec<(usize, &Label)>)> = vec![];
        for (i, label) in body.labels.iter().enumerate() {
            match files.iter_mut().find(|f| f.0 == label.span.file) {
                Some(f) => f.1.push((i, label)),
                None => files.push((label.span.file, vec![(i, label)])),
            }
        }
        let sources: Vec<_> = files.iter().map(|f| f.0.source()).collect();
        let mut group = Group::with_title(title);
        for ((_, labels), source) in files.iter().zip(&sources) {
            let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
            for (i, label) in labels {
                let kind = if *i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                let annotation = kind.span(clamp(label.span, &source.text));
                let text = (!label.text.is_empty()).then_some(label.text.as_str());
                snippet = snippet.annotation(annotation.label(text));
            }
            group = group.element(snippet);
        }
        for note in &body.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(hint) = &body.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// A byte range that the renderer can underline: inside the text, on character borders.
fn clamp(span: Span, text: &str) -> std::ops::Range<usize> {
    let border = |mut i: usize| {
        i = i.min(text.len());
        while !text.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    let start = border(span.start as usize);
    start..border(span.end as usize).max(start)
}

/// One line: `error[E0203]: message (net.py:3:5)`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.0.warning { "warning" } else { "error" };
        write!(f, "{level}[{}]: {}", self.0.code, self.0.message)?;
        match self.0.labels.first() {
            Some(l) => write!(f, " ({})", l.span),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostic {}
