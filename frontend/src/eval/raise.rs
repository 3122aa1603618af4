//! What ends an evaluation early: Python exceptions, which the program can catch, and diagnostics, which it cannot.
//!
//! An exception that nothing catches becomes a [`Diagnostic`]: its code by the exception's class, its place where the user's own code
//! raised it, and the chain of calls that led there.

use super::interp::Interp;
use super::object::{Class, Instance};
use super::value::Value;
use cresset_ir::{Code, Diagnostic, Span, codes, spelling};
use std::rc::Rc;

pub type Eval<T = Value> = Result<T, Box<Raise>>;

pub enum Raise {
    Exception(Thrown),
    Fatal(Diagnostic),
}

/// An exception on its way up.
pub struct Thrown {
    pub value: Rc<Instance>,
    pub trace: Trace,
    pub hint: Option<String>,
}

/// Where something happened: the place, and the calls around it from the innermost out.
#[derive(Clone, Default)]
pub struct Trace {
    pub at: Option<Span>,
    pub calls: Vec<Span>,
    /// Calls between the inner and the outer ones listed.
    pub skipped: usize,
}

/// Calls listed on each end of a long chain.
const SHOWN: usize = 4;

impl From<Diagnostic> for Box<Raise> {
    fn from(diagnostic: Diagnostic) -> Box<Raise> {
        Box::new(Raise::Fatal(diagnostic))
    }
}

impl Trace {
    /// The innermost place in the user's own files, and the user's calls around it.
    fn in_user_code(&self) -> (Option<Span>, &[Span]) {
        let own = |span: &Span| !is_embedded(*span);
        match self.at {
            Some(at) if is_embedded(at) => match self.calls.iter().position(own) {
                Some(i) => (Some(self.calls[i]), &self.calls[i + 1..]),
                None => (Some(at), &self.calls),
            },
            at => (at, &self.calls),
        }
    }

    /// Adds the place and the chain of calls to a diagnostic.
    pub fn label(&self, mut diagnostic: Diagnostic, text: &str) -> Diagnostic {
        let (at, calls) = self.in_user_code();
        diagnostic = if diagnostic.labels().is_empty() { diagnostic.at(at, text) } else { diagnostic };
        for (i, call) in calls.iter().enumerate() {
            if i == SHOWN && self.skipped > 0 {
                diagnostic = diagnostic.note(format!("{} calls in between are not shown", self.skipped));
            }
            if !is_embedded(*call) && diagnostic.labels().iter().all(|l| l.span != *call) {
                diagnostic = diagnostic.at(*call, "called from here");
            }
        }
        diagnostic
    }
}

/// Library files that are part of this crate are named `<stdlib>/...`.
fn is_embedded(span: Span) -> bool {
    span.file.source().name.starts_with('<')
}

/// The code of an uncaught exception, by the first class in its resolution order that is listed.
const CODES: &[(&str, Code)] = &[
    ("NameError", codes::UNDEFINED_NAME),
    ("AttributeError", codes::NO_ATTRIBUTE),
    ("TypeError", codes::PYTHON_TYPE),
    ("ValueError", codes::PYTHON_VALUE),
    ("LookupError", codes::PYTHON_VALUE),
    ("ArithmeticError", codes::PYTHON_VALUE),
    ("AssertionError", codes::ASSERTION),
    ("ImportError", codes::NOT_FOUND),
    ("RecursionError", codes::RECURSION),
    ("BaseException", codes::RAISED),
];

impl Interp {
    /// Where the evaluation is.
    pub fn trace(&self) -> Trace {
        let all = || self.calls.iter().rev().filter_map(|call| call.at);
        let count = all().count();
        let skipped = count.saturating_sub(2 * SHOWN);
        let calls = match skipped {
            0 => all().collect(),
            _ => all().take(SHOWN).chain(all().skip(count - SHOWN)).collect(),
        };
        Trace { at: self.span, calls, skipped }
    }

    /// A Python exception of a built-in class, raised here.
    pub fn error(&self, class: &str, message: impl Into<String>) -> Box<Raise> {
        let class = self.types.exception(class);
        let value = Instance::new(class, None);
        value.set("args", Value::tuple([Value::from(message.into())]));
        self.throw(value)
    }

    /// Raises an exception object here.
    pub fn throw(&self, value: Rc<Instance>) -> Box<Raise> {
        Box::new(Raise::Exception(Thrown { value, trace: self.trace(), hint: None }))
    }

    pub fn type_error(&self, message: impl Into<String>) -> Box<Raise> {
        self.error("TypeError", message)
    }

    pub fn value_error(&self, message: impl Into<String>) -> Box<Raise> {
        self.error("ValueError", message)
    }

    pub fn overflow(&self) -> Box<Raise> {
        self.error("OverflowError", "integer beyond 64 bits")
    }

    /// A part of the language that parses and is not run.
    pub fn unsupported(&self, what: impl std::fmt::Display) -> Box<Raise> {
        let diagnostic = Diagnostic::error(codes::UNSUPPORTED, format!("{what}: accepted by the parser, not by the evaluator"));
        self.fatal(diagnostic)
    }

    /// An error that the program cannot catch, with the place where the evaluation is.
    pub fn fatal(&self, diagnostic: Diagnostic) -> Box<Raise> {
        Box::new(Raise::Fatal(self.trace().label(diagnostic, "")))
    }

    /// Adds the place to a diagnostic that came from a layer which knows none.
    #[expect(clippy::boxed_local, reason = "it is what `Eval` carries")]
    pub fn located(&self, raise: Box<Raise>) -> Box<Raise> {
        match *raise {
            Raise::Fatal(d) if d.labels().is_empty() => self.fatal(d),
            other => Box::new(other),
        }
    }

    /// Turns what ended the evaluation into the diagnostic that a user reads.
    #[expect(clippy::boxed_local, reason = "it is what `Eval` carries")]
    pub fn diagnose(&mut self, raise: Box<Raise>) -> Diagnostic {
        match *raise {
            Raise::Fatal(diagnostic) => diagnostic,
            Raise::Exception(thrown) => self.uncaught(thrown),
        }
    }

    fn uncaught(&mut self, thrown: Thrown) -> Diagnostic {
        let class = thrown.value.class();
        let code = CODES.iter().find(|(name, _)| is_kind(&class, name)).map_or(codes::RAISED, |(_, code)| *code);
        let message =
            self.str(&Value::Instance(thrown.value.clone())).unwrap_or_else(|_| "an exception that cannot be printed".into());
        let text = match code {
            codes::UNDEFINED_NAME | codes::NO_ATTRIBUTE | codes::PYTHON_TYPE | codes::NOT_FOUND if class.builtin => {
                message.clone()
            }
            _ if message.is_empty() => class.name.to_string(),
            _ => format!("{}: {message}", class.name),
        };
        let mut diagnostic = thrown.trace.label(Diagnostic::error(code, text), "raised here");
        if let Some(Value::Instance(cause)) = thrown.value.get("__cause__") {
            let text = self.str(&Value::Instance(cause.clone())).unwrap_or_default();
            diagnostic = diagnostic.note(format!("caused by {}: {text}", cause.class().name));
        }
        match thrown.hint.or_else(|| self.attribute_hint(&thrown.value)) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }

    /// "did you mean", from the attributes of the object that lacked one.
    fn attribute_hint(&mut self, error: &Instance) -> Option<String> {
        let (object, name) = (error.get("obj")?, error.get("name")?);
        let names = self.dir(&object).ok()?;
        nearest(name.as_str()?, names.iter().map(|n| &**n)).map(|best| format!("did you mean '{best}'?"))
    }
}

/// Whether a class or one of its ancestors has a name.
fn is_kind(class: &Rc<Class>, name: &str) -> bool {
    class.mro().any(|c| c.builtin && &*c.name == name)
}

/// The candidate that is a likely misspelling of a name. Python's own names (`__eq__`) are never meant.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    spelling::nearest(name, candidates.filter(|c| !c.starts_with("__")))
}
