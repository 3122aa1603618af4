//! Generators: functions that stop at `yield` and go on there.
//!
//! A suspended generator keeps the path to its `yield`: one [`Cursor`] per enclosing block. Going on walks down that path again, so no
//! statement before it is repeated. Statements without a `yield` inside run as everywhere. A `yield` may stand alone, on the right of an
//! assignment, or after `return`; deeper inside of an expression it is refused.

use super::frame::Frame;
use super::interp::Interp;
use super::iter::Iter;
use super::object::Instance;
use super::raise::{Eval, Raise};
use super::stmt::Flow;
use super::value::Value;
use crate::lang::ast::*;
use crate::lang::scope::Scope;
use std::rc::Rc;
use std::sync::Arc;

pub struct Generator {
    def: Arc<FunctionDef>,
    frame: Rc<Frame>,
    path: Vec<Cursor>,
    /// The block that is running, counted from the outermost.
    depth: usize,
    state: State,
    /// What `send` or `throw` put in the place of the `yield`: there while the path is walked down to it.
    input: Option<Eval>,
    result: Value,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Fresh,
    Suspended,
    Done,
}

/// A position in a block, and what the statement there has going on.
struct Cursor {
    index: usize,
    inside: Inside,
}

#[derive(Clone)]
enum Inside {
    Nothing,
    Yielding,
    /// `yield from`
    Delegating(Rc<Iter>),
    /// The branch of an `if` that was taken, or a case.
    Branch(usize),
    While,
    For(Rc<Iter>),
    Else,
    TryBody,
    /// A handler with its exception.
    Handler(usize, Rc<Instance>),
    TryElse,
    Finally(Box<Ended>),
    With(Vec<Value>),
}

/// How the guarded part of a `try` ended, kept while its `finally` is suspended.
#[derive(Clone)]
enum Ended {
    Flow(Flow),
    Exception(Rc<Instance>),
}

/// How a block was left, or that it was not: the generator gave a value.
enum Step {
    Flow(Flow),
    Yield(Value),
}

impl Generator {
    pub fn new(def: Arc<FunctionDef>, frame: Rc<Frame>) -> Generator {
        Generator { def, frame, path: vec![], depth: 0, state: State::Fresh, input: None, result: Value::None }
    }

    pub fn returned(&self) -> Value {
        self.result.clone()
    }

    /// Runs to the next `yield` or the end.
    pub fn resume(&mut self, it: &mut Interp, input: Eval) -> Eval<Option<Value>> {
        match self.state {
            State::Done => return input.map(|_| None),
            State::Fresh => {
                self.state = State::Done;
                input?;
            }
            State::Suspended => self.input = Some(input),
        }
        self.state = State::Done;
        self.depth = 0;
        let (def, frame) = (self.def.clone(), self.frame.clone());
        match it.in_frame(&frame, |it| self.block(it, &def.body))? {
            Step::Yield(value) => {
                self.state = State::Suspended;
                Ok(Some(value))
            }
            Step::Flow(flow) => {
                self.result = if let Flow::Return(value) = flow { value } else { Value::None };
                Ok(None)
            }
        }
    }

    pub fn has_ended(&self) -> bool {
        self.state == State::Done
    }

    fn resuming(&self) -> bool {
        self.input.is_some()
    }

    /// Runs a block, from where it was left when the generator goes on.
    fn block(&mut self, it: &mut Interp, body: &[Stmt]) -> Eval<Step> {
        let depth = self.depth;
        if !self.resuming() {
            self.path.truncate(depth);
            self.path.push(Cursor { index: 0, inside: Inside::Nothing });
        }
        self.depth += 1;
        let result = self.statements(it, body, depth);
        self.depth = depth;
        if !matches!(result, Ok(Step::Yield(_))) {
            self.path.truncate(depth);
        }
        result
    }

    fn statements(&mut self, it: &mut Interp, body: &[Stmt], depth: usize) -> Eval<Step> {
        loop {
            let Some(stmt) = self.path.get(depth).and_then(|c| body.get(c.index)) else { return Ok(Step::Flow(Flow::Normal)) };
            let step = match self.resuming() || yields(stmt) {
                true => self.stmt(it, stmt, depth)?,
                false => Step::Flow(it.stmt(&self.frame.clone(), stmt)?),
            };
            match step {
                Step::Flow(Flow::Normal) => {
                    self.path.truncate(depth + 1);
                    self.path[depth].index += 1;
                    self.path[depth].inside = Inside::Nothing;
                }
                left => return Ok(left),
            }
        }
    }

    fn enter(&mut self, depth: usize, inside: Inside) {
        self.path.truncate(depth + 1);
        if let Some(cursor) = self.path.get_mut(depth) {
            cursor.inside = inside;
        }
    }

    fn stmt(&mut self, it: &mut Interp, stmt: &Stmt, depth: usize) -> Eval<Step> {
        let inside = self.path[depth].inside.clone();
        let frame = self.frame.clone();
        if !self.resuming() {
            it.step()?;
            it.span = Some(stmt.span);
        }
        match &stmt.kind {
            StmtKind::Expr(e) => self.yielded(it, e, depth, &mut |_, _| Ok(Flow::Normal)),
            StmtKind::Assign { targets, value } => self.yielded(it, value, depth, &mut |it, value| {
                targets.iter().try_for_each(|t| it.assign(&frame, t, value.clone()))?;
                Ok(Flow::Normal)
            }),
            StmtKind::Return(Some(value)) => self.yielded(it, value, depth, &mut |_, value| Ok(Flow::Return(value))),
            StmtKind::If { branches, orelse } => {
                let taken = match inside {
                    Inside::Branch(i) => i,
                    _ => self.choose(it, branches)?,
                };
                self.enter_new(depth, Inside::Branch(taken));
                self.block(it, branches.get(taken).map_or(orelse, |(_, body)| body))
            }
            StmtKind::While { test, body, orelse } => self.while_loop(it, test, body, orelse, depth, inside),
            StmtKind::For(s) => self.for_loop(it, s, depth, inside),
            StmtKind::Try(s) => self.try_stmt(it, s, depth, inside),
            StmtKind::With { items, body, .. } => self.with(it, items, body, depth, inside),
            _ => Err(it.unsupported("'yield' in this statement")),
        }
    }

    /// Marks what the statement at a level is doing, unless it was so when the generator stopped.
    fn enter_new(&mut self, depth: usize, inside: Inside) {
        if !self.resuming() {
            self.enter(depth, inside);
        }
    }

    fn choose(&mut self, it: &mut Interp, branches: &[(Expr, Vec<Stmt>)]) -> Eval<usize> {
        for (i, (test, _)) in branches.iter().enumerate() {
            if self.holds(it, test)? {
                return Ok(i);
            }
        }
        Ok(branches.len())
    }

    fn holds(&self, it: &mut Interp, test: &Expr) -> Eval<bool> {
        let value = it.eval(&self.frame, test)?;
        it.span = Some(test.span);
        it.truth(&value)
    }

    /// A statement around one `yield`: stops there, and goes on with what was sent.
    fn yielded(
        &mut self,
        it: &mut Interp,
        e: &Expr,
        depth: usize,
        then: &mut dyn FnMut(&mut Interp, Value) -> Eval<Flow>,
    ) -> Eval<Step> {
        let frame = self.frame.clone();
        let value = match (&e.kind, self.path[depth].inside.clone()) {
            (ExprKind::Yield(_), Inside::Yielding) => self.input.take().unwrap_or(Ok(Value::None))?,
            (ExprKind::Yield(value), _) => {
                let value = value.as_ref().map_or(Ok(Value::None), |e| it.eval(&frame, e))?;
                self.enter(depth, Inside::Yielding);
                return Ok(Step::Yield(value));
            }
            (ExprKind::YieldFrom(inner), inside) => {
                let iter = match inside {
                    Inside::Delegating(iter) => iter,
                    _ => {
                        let iterable = it.eval(&frame, inner)?;
                        it.span = Some(e.span);
                        it.iter(&iterable)?
                    }
                };
                self.enter(depth, Inside::Delegating(iter.clone()));
                let input = self.input.take().unwrap_or(Ok(Value::None));
                match iter.resume(it, input)? {
                    Some(value) => return Ok(Step::Yield(value)),
                    None => iter.returned(),
                }
            }
            _ => it.eval(&frame, e)?,
        };
        then(it, value).map(Step::Flow)
    }

    fn while_loop(
        &mut self,
        it: &mut Interp,
        test: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
        depth: usize,
        inside: Inside,
    ) -> Eval<Step> {
        if matches!(inside, Inside::Else) {
            return self.block(it, orelse);
        }
        loop {
            if !self.resuming() {
                it.step()?;
                if !self.holds(it, test)? {
                    self.enter(depth, Inside::Else);
                    return self.block(it, orelse);
                }
                self.enter(depth, Inside::While);
            }
            match self.block(it, body)? {
                Step::Flow(Flow::Normal | Flow::Continue) => {}
                Step::Flow(Flow::Break) => return Ok(Step::Flow(Flow::Normal)),
                left => return Ok(left),
            }
        }
    }

    fn for_loop(&mut self, it: &mut Interp, s: &For, depth: usize, inside: Inside) -> Eval<Step> {
        let frame = self.frame.clone();
        let iter = match inside {
            Inside::Else => return self.block(it, &s.orelse),
            Inside::For(iter) => iter,
            _ => {
                it.reject_async(s.is_async)?;
                let iterable = it.eval(&frame, &s.iter)?;
                it.span = Some(s.iter.span);
                it.iter(&iterable)?
            }
        };
        loop {
            if !self.resuming() {
                it.step()?;
                let Some(item) = iter.next(it)? else {
                    self.enter(depth, Inside::Else);
                    return self.block(it, &s.orelse);
                };
                it.assign(&frame, &s.target, item)?;
                self.enter(depth, Inside::For(iter.clone()));
            }
            match self.block(it, &s.body)? {
                Step::Flow(Flow::Normal | Flow::Continue) => {}
                Step::Flow(Flow::Break) => return Ok(Step::Flow(Flow::Normal)),
                left => return Ok(left),
            }
        }
    }

    fn try_stmt(&mut self, it: &mut Interp, s: &Try, depth: usize, inside: Inside) -> Eval<Step> {
        if let Inside::Finally(ended) = inside {
            return self.finally(it, s, depth, *ended);
        }
        match self.guarded(it, s, depth, inside) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            result if s.finally.is_empty() => result,
            Ok(Step::Flow(flow)) => self.finally(it, s, depth, Ended::Flow(flow)),
            Err(raise) => match *raise {
                Raise::Exception(thrown) => self.finally(it, s, depth, Ended::Exception(thrown.value)),
                fatal => Err(Box::new(fatal)),
            },
        }
    }

    fn finally(&mut self, it: &mut Interp, s: &Try, depth: usize, ended: Ended) -> Eval<Step> {
        self.enter_new(depth, Inside::Finally(Box::new(ended.clone())));
        match (self.block(it, &s.finally)?, ended) {
            (Step::Flow(Flow::Normal), Ended::Flow(flow)) => Ok(Step::Flow(flow)),
            (Step::Flow(Flow::Normal), Ended::Exception(error)) => Err(it.throw(error)),
            (left, _) => Ok(left),
        }
    }

    fn guarded(&mut self, it: &mut Interp, s: &Try, depth: usize, inside: Inside) -> Eval<Step> {
        let handler = match inside {
            Inside::Handler(i, error) => Some((i, error)),
            Inside::TryElse => return self.block(it, &s.orelse),
            _ => {
                self.enter_new(depth, Inside::TryBody);
                let calls = it.calls.len();
                match self.block(it, &s.body) {
                    Ok(Step::Flow(Flow::Normal)) => {
                        self.enter(depth, Inside::TryElse);
                        return self.block(it, &s.orelse);
                    }
                    Ok(step) => return Ok(step),
                    Err(raise) => {
                        it.calls.truncate(calls);
                        self.handler(it, s, raise)?
                    }
                }
            }
        };
        let Some((i, error)) = handler else { return Ok(Step::Flow(Flow::Normal)) };
        self.enter_new(depth, Inside::Handler(i, error.clone()));
        it.handling.push(error);
        let result = self.block(it, s.handlers.get(i).map_or(&[], |h| &h.body));
        it.handling.pop();
        result
    }

    /// The handler that takes an exception, its name bound.
    fn handler(&mut self, it: &mut Interp, s: &Try, raise: Box<Raise>) -> Eval<Option<(usize, Rc<Instance>)>> {
        let Raise::Exception(thrown) = &*raise else { return Err(raise) };
        let (frame, error) = (self.frame.clone(), thrown.value.clone());
        for (i, handler) in s.handlers.iter().enumerate() {
            let class = handler.exception.as_ref().map(|e| it.eval(&frame, e)).transpose()?;
            if let Some(class) = class
                && !it.isinstance(&Value::Instance(error.clone()), &class)?
            {
                continue;
            }
            if let Some(name) = &handler.name {
                it.store(&frame, &name.kind, Value::Instance(error.clone()));
            }
            return Ok(Some((i, error)));
        }
        Err(raise)
    }

    fn with(&mut self, it: &mut Interp, items: &[WithItem], body: &[Stmt], depth: usize, inside: Inside) -> Eval<Step> {
        let managers = match inside {
            Inside::With(managers) => managers,
            _ => {
                let frame = self.frame.clone();
                items.iter().map(|item| it.enter(&frame, item)).collect::<Eval<Vec<_>>>()?
            }
        };
        self.enter_new(depth, Inside::With(managers.clone()));
        let result = match self.block(it, body) {
            Ok(Step::Yield(value)) => return Ok(Step::Yield(value)),
            Ok(Step::Flow(flow)) => Ok(flow),
            Err(raise) => Err(raise),
        };
        managers.iter().rev().fold(result, |result, manager| it.exit(manager, result)).map(Step::Flow)
    }
}

/// Whether a statement holds a `yield` of its own function.
fn yields(stmt: &Stmt) -> bool {
    Scope::of_block(std::slice::from_ref(stmt)).is_generator
}
