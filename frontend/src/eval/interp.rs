//! The interpreter: what is shared by everything that is evaluated, and the limits that keep an evaluation finite.

use super::control::Control;
use super::dict::Dict;
use super::frame::Frame;
use super::native::Args;
use super::object::Instance;
use super::raise::{Eval, Raise};
use super::shared::Shared;
use super::stack;
use super::types::Types;
use super::value::Value;
use crate::import::{Importer, Module};
use crate::stdlib;
use cresset_ir::{Diagnostic, FileId, Result, Span, codes, source};
use std::rc::{Rc, Weak};

/// Steps (statements, calls, items) before an evaluation is taken for endless.
pub const BUDGET: u64 = 50_000_000;

/// Python's recursion limit.
pub const MAX_CALLS: usize = 1000;

/// Elements and characters that one value may hold.
pub const MAX_LENGTH: usize = 1 << 27;

pub struct Interp {
    pub types: Types,
    pub builtins: Shared<Dict>,
    pub importer: Importer,
    /// The expression or statement that is being evaluated.
    pub span: Option<Span>,
    pub calls: Vec<Call>,
    /// Asked where control flow depends on values that are not known.
    pub control: Option<Rc<dyn Control>>,
    /// Receives what the program prints.
    pub print: Box<dyn FnMut(&str)>,
    /// What the user should know and what did not stop the evaluation.
    pub warnings: Vec<Diagnostic>,
    /// The steps that are left.
    pub budget: u64,
    /// Running loops with their iterations.
    pub(super) loops: Vec<(Span, u64)>,
    /// Exceptions whose handlers are running: what a bare `raise` raises again.
    pub(super) handling: Vec<Rc<Instance>>,
    /// Frames around closures, each once.
    pub(super) captured: Vec<Weak<Frame>>,
    /// Containers whose text is being made: one inside itself is cut short.
    pub(super) showing: Vec<usize>,
}

/// A running function.
pub struct Call {
    /// Where it was called.
    pub at: Option<Span>,
    pub frame: Rc<Frame>,
}

impl Default for Interp {
    fn default() -> Interp {
        Interp::new()
    }
}

/// Namespaces and frames hold functions, and functions hold them: counting references alone would free neither.
impl Drop for Interp {
    fn drop(&mut self) {
        self.captured.drain(..).filter_map(|frame| frame.upgrade()).for_each(|frame| frame.clear());
        let mut namespaces: Vec<_> = self.importer.namespaces().chain([self.builtins.clone()]).collect();
        while let Some(namespace) = namespaces.pop() {
            let taken = namespace.take();
            for value in taken.values() {
                match value {
                    Value::Class(class) => namespaces.extend(class.mro().map(|c| c.dict.clone())),
                    Value::Module(module) => namespaces.push(module.globals.clone()),
                    _ => {}
                }
            }
        }
    }
}

impl Interp {
    pub fn new() -> Interp {
        let mut it = Interp {
            types: Types::new(),
            builtins: Shared::default(),
            importer: Importer::default(),
            span: None,
            calls: vec![],
            control: None,
            print: Box::new(|text| eprint!("{text}")),
            warnings: vec![],
            budget: BUDGET,
            loops: vec![],
            handling: vec![],
            captured: vec![],
            showing: vec![],
        };
        stdlib::install(&mut it);
        it
    }

    /// Runs a function on a thread with a stack for deep recursion: an interpreter should be made and used inside.
    pub fn on_big_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
        stack::on_big_stack(run)
    }

    /// Evaluates an expression in a module's namespace. The text is shown in errors as `<name>`.
    ///
    /// # Errors
    /// Syntax errors, and what evaluating it raises. Of several syntax errors the first.
    pub fn eval_expr(&mut self, name: &str, text: &str, module: &Rc<Module>) -> Result<Value> {
        let file = source::register(name, text);
        let expr = crate::lang::parse_expression(file).map_err(first)?;
        let frame = Frame::of_module(module);
        self.run(|it| it.in_frame(&frame, |it| it.eval(&frame, &expr)))
    }

    /// Loads a text as a module named `name`, without evaluating anything yet.
    ///
    /// # Errors
    /// The first syntax error.
    pub fn load_source(&mut self, name: &str, file: FileId) -> Result<Rc<Module>> {
        Module::parse(name, file, None).map_err(first)
    }

    /// Evaluates every statement of a module, in order.
    pub fn run_module(&mut self, module: &Rc<Module>) -> Result<()> {
        let module = module.clone();
        self.run(|it| it.finish_module(&module))
    }

    /// Calls a value.
    pub fn invoke(&mut self, func: &Value, args: Args) -> Result<Value> {
        self.run(|it| it.call(func, args))
    }

    /// Runs something and turns what it raises into a diagnostic.
    pub fn run<T>(&mut self, code: impl FnOnce(&mut Interp) -> Eval<T>) -> Result<T> {
        let (depth, loops, handling) = (self.calls.len(), self.loops.len(), self.handling.len());
        let result = code(self);
        self.calls.truncate(depth);
        self.loops.truncate(loops);
        self.handling.truncate(handling);
        result.map_err(|raise| self.diagnose(raise))
    }

    /// Runs code with a frame on the stack of calls.
    pub fn in_frame<T>(&mut self, frame: &Rc<Frame>, code: impl FnOnce(&mut Interp) -> Eval<T>) -> Eval<T> {
        if self.calls.len() >= MAX_CALLS {
            return Err(self.error("RecursionError", "maximum recursion depth exceeded"));
        }
        self.deeper()?;
        let (at, loops) = (self.span, self.loops.len());
        self.calls.push(Call { at, frame: frame.clone() });
        let result = code(self);
        self.calls.pop();
        self.loops.truncate(loops);
        self.span = at;
        result
    }

    /// Checks that the machine stack has room for another level.
    pub fn deeper(&self) -> Eval<()> {
        match stack::has_room() {
            true => Ok(()),
            false => {
                Err(self.error("RecursionError", "maximum recursion depth exceeded: the values or calls are nested too deeply"))
            }
        }
    }

    /// Counts a step.
    ///
    /// # Errors
    /// A diagnostic at the loop with the most iterations once the budget is spent.
    pub fn step(&mut self) -> Eval<()> {
        match self.budget.checked_sub(1) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.endless()),
        }
    }

    fn endless(&self) -> Box<Raise> {
        let busiest = self.loops.iter().rev().max_by_key(|(_, count)| *count);
        let diagnostic = Diagnostic::error(codes::NO_END, "the evaluation does not come to an end");
        let diagnostic = match busiest {
            Some((span, count)) => diagnostic.at(*span, format!("this loop has run {count} times")),
            None => diagnostic,
        };
        self.fatal(diagnostic.hint("is this loop meant to end? Model construction and tracing run every iteration"))
    }

    /// Counts an iteration of the innermost loop.
    pub(super) fn iteration(&mut self) -> Eval<()> {
        if let Some((_, count)) = self.loops.last_mut() {
            *count += 1;
        }
        self.step()
    }

    /// The place that is being evaluated.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// The innermost place in a file of the user, the innermost of all otherwise.
    pub fn user_span(&self) -> Option<Span> {
        let own = |span: &Span| !span.file.source().name.starts_with('<');
        let all = || self.span.into_iter().chain(self.calls.iter().rev().filter_map(|c| c.at));
        all().find(own).or(self.span)
    }

    /// Whether something raised is an exception of a built-in class.
    pub fn is_exception(&self, raise: &Raise, class: &str) -> bool {
        match raise {
            Raise::Exception(thrown) => thrown.value.class().is_subclass(&self.types.exception(class)),
            Raise::Fatal(_) => false,
        }
    }

    /// A length that a new value may have.
    ///
    /// # Errors
    /// `MemoryError` beyond [`MAX_LENGTH`].
    pub fn check_length(&self, length: usize) -> Eval<usize> {
        match length <= MAX_LENGTH {
            true => Ok(length),
            false => Err(self.error("MemoryError", format!("a value of {length} elements"))),
        }
    }
}

/// The first of several syntax errors.
pub(crate) fn first(errors: Vec<Diagnostic>) -> Diagnostic {
    errors.into_iter().next().unwrap_or_else(|| Diagnostic::error(codes::SYNTAX, "the text cannot be parsed"))
}
