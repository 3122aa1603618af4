//! Statements.

use super::foreign::Truth;
use super::frame::Frame;
use super::interp::Interp;
use super::journal;
use super::object::{Def, Instance};
use super::raise::{Eval, Raise};
use super::value::Value;
use crate::lang::ast::*;
use std::rc::Rc;

/// How a block was left.
#[derive(Clone)]
pub enum Flow {
    Normal,
    Break,
    Continue,
    Return(Value),
}

impl Interp {
    pub fn block(&mut self, frame: &Rc<Frame>, body: &[Stmt]) -> Eval<Flow> {
        for stmt in body {
            match self.stmt(frame, stmt)? {
                Flow::Normal => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Normal)
    }

    pub fn stmt(&mut self, frame: &Rc<Frame>, stmt: &Stmt) -> Eval<Flow> {
        self.step()?;
        self.span = Some(stmt.span);
        let flow = self.run_stmt(frame, stmt);
        if journal::unplaced() {
            self.span = Some(stmt.span);
            journal::place(self.user_span());
        }
        flow
    }

    fn run_stmt(&mut self, frame: &Rc<Frame>, stmt: &Stmt) -> Eval<Flow> {
        match &stmt.kind {
            StmtKind::Expr(e) => drop(self.eval(frame, e)?),
            StmtKind::Assign { targets, value } => self.assign_all(frame, targets, value)?,
            StmtKind::AugAssign { target, op, value } => self.aug_assign(frame, target, *op, value)?,
            StmtKind::AnnAssign { target, annotation, value } => self.ann_assign(frame, target, annotation, value.as_ref())?,
            StmtKind::Return(value) => {
                return Ok(Flow::Return(value.as_ref().map_or(Ok(Value::None), |e| self.eval(frame, e))?));
            }
            StmtKind::Delete(targets) => targets.iter().try_for_each(|t| self.delete(frame, t))?,
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => {}
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Raise { exception, cause } => return Err(self.raise(frame, exception.as_ref(), cause.as_ref())?),
            StmtKind::Assert { test, message } => self.assert(frame, test, message.as_ref())?,
            StmtKind::Import(names) => names.iter().try_for_each(|alias| self.import_stmt(frame, alias))?,
            StmtKind::ImportFrom(import) => self.import_from(frame, import)?,
            StmtKind::If { branches, orelse } => return self.branches(frame, branches, orelse),
            StmtKind::While { test, body, orelse } => return self.while_loop(frame, test, body, orelse),
            StmtKind::For(s) => return self.for_loop(frame, s),
            StmtKind::Try(s) => return self.try_stmt(frame, s),
            StmtKind::With { is_async, items, body } => {
                self.reject_async(*is_async)?;
                return self.with(frame, items, &mut |it| it.block(frame, body));
            }
            StmtKind::Function(def) => {
                let decorators = self.decorators(frame, &def.decorators)?;
                let function = self.closure(frame, Def::Function(def.clone()))?;
                let value = self.decorate(decorators, function)?;
                self.store(frame, &def.name.kind, value);
            }
            StmtKind::Class(def) => self.class_stmt(frame, def, stmt.span)?,
            StmtKind::Match { subject, cases } => return self.match_stmt(frame, subject, cases),
            StmtKind::TypeAlias { name, value, .. } => {
                let value = self.eval(frame, value)?;
                self.store(frame, &name.kind, value);
            }
        }
        Ok(Flow::Normal)
    }

    pub(super) fn reject_async(&self, is_async: bool) -> Eval<()> {
        if is_async { Err(self.unsupported("'async'")) } else { Ok(()) }
    }

    /// The values of decorators, from the outermost in, with their places.
    pub(super) fn decorators(&mut self, frame: &Rc<Frame>, decorators: &[Expr]) -> Eval<Vec<Value>> {
        decorators.iter().map(|d| self.eval(frame, d)).collect()
    }

    pub(super) fn decorate(&mut self, decorators: Vec<Value>, value: Value) -> Eval {
        decorators.iter().rev().try_fold(value, |value, decorator| self.call(decorator, super::native::Args::of([value])))
    }

    pub(super) fn branches(&mut self, frame: &Rc<Frame>, branches: &[(Expr, Vec<Stmt>)], orelse: &[Stmt]) -> Eval<Flow> {
        let Some(((test, body), rest)) = branches.split_first() else { return self.block(frame, orelse) };
        let value = self.eval(frame, test)?;
        self.span = Some(test.span);
        match (self.truth_of(&value)?, self.control.clone()) {
            (Truth::Known(true), _) => self.block(frame, body),
            (Truth::Known(false), _) => self.branches(frame, rest, orelse),
            (Truth::Unknown(reason), None) => Err(self.fatal(reason)),
            (Truth::Unknown(_), Some(control)) => {
                let (then, otherwise) =
                    (&mut |it: &mut Interp| it.block(frame, body), &mut |it: &mut Interp| it.branches(frame, rest, orelse));
                control.branch(self, frame, &value, then, otherwise)
            }
        }
    }

    fn while_loop(&mut self, frame: &Rc<Frame>, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Eval<Flow> {
        self.loops.push((test.span, 0));
        loop {
            self.iteration()?;
            let value = self.eval(frame, test)?;
            self.span = Some(test.span);
            match (self.truth_of(&value)?, self.control.clone()) {
                (Truth::Known(true), _) => {}
                (Truth::Known(false), _) => break,
                (Truth::Unknown(reason), None) => return Err(self.fatal(reason)),
                (Truth::Unknown(_), Some(control)) => {
                    self.loops.pop();
                    let (test, body) =
                        (&mut |it: &mut Interp| it.eval(frame, test), &mut |it: &mut Interp| it.block(frame, body));
                    return match control.repeat(self, frame, &value, test, body)? {
                        Flow::Normal => self.block(frame, orelse),
                        flow => Ok(flow),
                    };
                }
            }
            match self.block(frame, body)? {
                Flow::Normal | Flow::Continue => {}
                flow => return Ok(self.left_loop(flow)),
            }
        }
        self.loops.pop();
        self.block(frame, orelse)
    }

    /// The flow around a loop that `break` or `return` has left.
    pub(super) fn left_loop(&mut self, flow: Flow) -> Flow {
        self.loops.pop();
        if matches!(flow, Flow::Break) { Flow::Normal } else { flow }
    }

    fn for_loop(&mut self, frame: &Rc<Frame>, s: &For) -> Eval<Flow> {
        self.reject_async(s.is_async)?;
        let iterable = self.eval(frame, &s.iter)?;
        self.span = Some(s.iter.span);
        if let (Value::Foreign(_), Some(control)) = (&iterable, self.control.clone()) {
            let body = &mut |it: &mut Interp, item| {
                it.assign(frame, &s.target, item)?;
                it.block(frame, &s.body)
            };
            match control.each(self, frame, &iterable, body)? {
                Some(Flow::Normal) => return self.block(frame, &s.orelse),
                Some(flow) => return Ok(flow),
                None => {}
            }
        }
        let iter = self.iter(&iterable)?;
        self.loops.push((s.iter.span, 0));
        while let Some(item) = iter.next(self)? {
            self.iteration()?;
            self.assign(frame, &s.target, item)?;
            match self.block(frame, &s.body)? {
                Flow::Normal | Flow::Continue => {}
                flow => return Ok(self.left_loop(flow)),
            }
            self.span = Some(s.iter.span);
        }
        self.loops.pop();
        self.block(frame, &s.orelse)
    }

    fn assert(&mut self, frame: &Rc<Frame>, test: &Expr, message: Option<&Expr>) -> Eval<()> {
        let value = self.eval(frame, test)?;
        self.span = Some(test.span);
        self.require(&value, &mut |it| message.map(|m| it.eval(frame, m)).transpose())
    }

    /// Goes on where a value is true, and raises `AssertionError` where it is not; what is not known yet becomes a condition of calls.
    pub fn require(&mut self, value: &Value, message: &mut dyn FnMut(&mut Interp) -> Eval<Option<Value>>) -> Eval<()> {
        let place = self.span;
        match (self.truth_of(value)?, self.control.clone()) {
            (Truth::Known(true), _) => return Ok(()),
            (Truth::Known(false), _) => {}
            (Truth::Unknown(reason), None) => return Err(self.fatal(reason)),
            (Truth::Unknown(_), Some(control)) => {
                return control.assume(self, value, &mut |it| Ok(message(it)?.unwrap_or(Value::None)));
            }
        }
        let message = message(self)?;
        self.span = place;
        let error = Instance::new(self.types.exception("AssertionError"), None);
        error.set("args", Value::tuple(message));
        Err(self.throw(error))
    }

    /// `raise exception from cause`; the error is what was raised instead, where even that fails.
    pub(super) fn raise(&mut self, frame: &Rc<Frame>, exception: Option<&Expr>, cause: Option<&Expr>) -> Eval<Box<Raise>> {
        let place = self.span;
        let Some(exception) = exception else {
            return Ok(match self.handling.last() {
                Some(error) => self.throw(error.clone()),
                None => self.error("RuntimeError", "No active exception to reraise"),
            });
        };
        let value = self.eval(frame, exception)?;
        let cause = cause.map(|c| self.eval(frame, c)).transpose()?;
        self.span = place;
        let error = self.exception_of(value)?;
        if let Some(cause) = cause {
            let cause = if cause.is_none() { cause } else { Value::Instance(self.exception_of(cause)?) };
            error.set("__cause__", cause);
        }
        Ok(self.throw(error))
    }

    /// An exception object: itself, or a new one of the class.
    pub(crate) fn exception_of(&mut self, value: Value) -> Eval<Rc<Instance>> {
        let value = if let Value::Class(_) = &value { self.call(&value, Default::default())? } else { value };
        match value {
            Value::Instance(i) if i.class().is_subclass(&self.types.exception("BaseException")) => Ok(i),
            _ => Err(self.type_error("exceptions must derive from BaseException")),
        }
    }

    fn try_stmt(&mut self, frame: &Rc<Frame>, s: &Try) -> Eval<Flow> {
        let result = self.guarded(frame, s);
        if s.finally.is_empty() || matches!(&result, Err(raise) if matches!(**raise, Raise::Fatal(_))) {
            return result;
        }
        match self.block(frame, &s.finally)? {
            Flow::Normal => result,
            flow => Ok(flow),
        }
    }

    /// The body of a `try` with its handlers.
    fn guarded(&mut self, frame: &Rc<Frame>, s: &Try) -> Eval<Flow> {
        let (calls, loops) = (self.calls.len(), self.loops.len());
        let strict = self.importer.strict;
        self.importer.strict = strict || s.handlers.iter().any(catches_imports);
        let result = self.block(frame, &s.body);
        self.importer.strict = strict;
        match result {
            Ok(Flow::Normal) => self.block(frame, &s.orelse),
            Err(raise) => {
                self.calls.truncate(calls);
                self.loops.truncate(loops);
                self.handle(frame, s, raise)
            }
            flow => flow,
        }
    }

    pub(super) fn handle(&mut self, frame: &Rc<Frame>, s: &Try, raise: Box<Raise>) -> Eval<Flow> {
        let Raise::Exception(thrown) = &*raise else { return Err(raise) };
        if s.star {
            return Err(self.unsupported("'except*'"));
        }
        let error = thrown.value.clone();
        for handler in &s.handlers {
            if !self.catches(frame, handler, &error)? {
                continue;
            }
            if let Some(name) = &handler.name {
                self.store(frame, &name.kind, Value::Instance(error.clone()));
            }
            self.handling.push(error);
            let flow = self.block(frame, &handler.body);
            self.handling.pop();
            if let Some(name) = &handler.name {
                let _ = self.unbind(frame, &name.kind);
            }
            return flow;
        }
        Err(raise)
    }

    fn catches(&mut self, frame: &Rc<Frame>, handler: &Handler, error: &Rc<Instance>) -> Eval<bool> {
        let Some(class) = &handler.exception else { return Ok(true) };
        let class = self.eval(frame, class)?;
        self.isinstance(&Value::Instance(error.clone()), &class)
    }

    /// `with items: body`
    pub(super) fn with(
        &mut self,
        frame: &Rc<Frame>,
        items: &[WithItem],
        body: &mut dyn FnMut(&mut Interp) -> Eval<Flow>,
    ) -> Eval<Flow> {
        let Some((item, rest)) = items.split_first() else { return body(self) };
        let manager = self.enter(frame, item)?;
        let (calls, loops) = (self.calls.len(), self.loops.len());
        let result = self.with(frame, rest, body);
        self.calls.truncate(calls);
        if result.is_err() {
            self.loops.truncate(loops);
        }
        self.span = Some(item.context.span);
        self.exit(&manager, result)
    }

    /// Enters a context manager and binds its target.
    pub(super) fn enter(&mut self, frame: &Rc<Frame>, item: &WithItem) -> Eval {
        let manager = self.eval(frame, &item.context)?;
        self.span = Some(item.context.span);
        let Some(value) = self.call_special(&manager, "__enter__", [])? else {
            let name = self.type_name(&manager);
            return Err(self.type_error(format!("'{name}' object does not support the context manager protocol")));
        };
        if let Some(target) = &item.target {
            self.assign(frame, target, value)?;
        }
        Ok(manager)
    }

    /// Leaves a context manager, which may swallow an exception.
    pub(super) fn exit(&mut self, manager: &Value, result: Eval<Flow>) -> Eval<Flow> {
        let error = match &result {
            Err(raise) => match &**raise {
                Raise::Exception(thrown) => Some(thrown.value.clone()),
                Raise::Fatal(_) => return result,
            },
            Ok(_) => None,
        };
        let args = match &error {
            Some(error) => [Value::Class(error.class()), Value::Instance(error.clone()), Value::None],
            None => [Value::None, Value::None, Value::None],
        };
        let answer = self.call_special(manager, "__exit__", args)?.unwrap_or(Value::None);
        match error.is_some() && self.truth(&answer)? {
            true => Ok(Flow::Normal),
            false => result,
        }
    }
}

/// Whether a handler is there for imports that fail.
fn catches_imports(handler: &Handler) -> bool {
    const CLASSES: [&str; 4] = ["ImportError", "ModuleNotFoundError", "Exception", "BaseException"];
    let named = |e: &Expr| match &e.kind {
        ExprKind::Name(name) => CLASSES.contains(&&**name),
        _ => false,
    };
    match &handler.exception {
        None => true,
        Some(Expr { kind: ExprKind::Tuple(items), .. }) => items.iter().any(named),
        Some(e) => named(e),
    }
}
