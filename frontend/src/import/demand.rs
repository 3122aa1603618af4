//! Names on demand: asking a module for one runs the statements that bind or change it, in source order.
//!
//! While a statement of a module runs, it sees only what stands before it, as when the file is executed from the top.

use super::module::{Module, State};
use crate::eval::interp::Interp;
use crate::eval::journal;
use crate::eval::raise::{Eval, Raise};
use crate::eval::{Frame, Value};
use crate::lang::ast::{ImportFrom, Name, Stmt, StmtKind};
use std::rc::Rc;

impl Interp {
    /// A name of a module's namespace, as code of the module sees it.
    pub fn global(&mut self, module: &Rc<Module>, name: &str) -> Eval<Option<Value>> {
        if let Some(code) = &module.code {
            self.demand(module, name, code.limit.get())?;
        }
        if let Some(value) = module.globals.borrow().get_str(name) {
            return Ok(Some(value.clone()));
        }
        self.star_imported(module, name)
    }

    /// Runs what a name needs of the statements before a limit.
    fn demand(&mut self, module: &Rc<Module>, name: &str, limit: usize) -> Eval<()> {
        let Some(code) = &module.code else { return Ok(()) };
        let Some(needs) = code.needs.borrow().get(name).cloned() else { return Ok(()) };
        for &i in needs.iter().filter(|&&i| i < limit) {
            self.run_statement(module, i, name)?;
        }
        if needs.iter().all(|&i| code.states.borrow()[i] == State::Done) {
            code.needs.borrow_mut().shift_remove(name);
        }
        Ok(())
    }

    fn run_statement(&mut self, module: &Rc<Module>, index: usize, asked: &str) -> Eval<()> {
        let Some(code) = &module.code else { return Ok(()) };
        if code.states.borrow()[index] != State::Pending {
            return Ok(());
        }
        let stmt = &code.tree.body[index];
        code.states.borrow_mut()[index] = State::Running;
        let limit = code.limit.replace(index);
        let strict = std::mem::replace(&mut self.importer.strict, false);
        let frame = Frame::of_module(module);
        let result = journal::paused(|| self.in_frame(&frame, |it| it.stmt(&frame, stmt)));
        self.importer.strict = strict;
        code.limit.set(limit);
        code.states.borrow_mut()[index] = if result.is_ok() { State::Done } else { State::Pending };
        match result {
            Err(raise) if is_side_effect(module, stmt, asked) => {
                code.states.borrow_mut()[index] = State::Done;
                self.skip(raise)
            }
            result => result.map(drop),
        }
    }

    /// A statement that only configures an imported module and fails is passed over, with a warning.
    fn skip(&mut self, raise: Box<Raise>) -> Eval<()> {
        let error = self.diagnose(raise);
        let mut warning =
            cresset_ir::Diagnostic::warning(error.code(), format!("this statement was passed over: {}", error.message()));
        for label in error.labels() {
            warning = warning.at(label.span, label.text.clone());
        }
        self.warnings.push(warning);
        Ok(())
    }

    /// Runs every statement that has not run.
    pub(crate) fn finish_module(&mut self, module: &Rc<Module>) -> Eval<()> {
        let count = module.code.as_ref().map_or(0, |code| code.tree.body.len());
        (0..count).try_for_each(|i| self.run_statement(module, i, ""))
    }

    /// A name that `from other import *` brings.
    fn star_imported(&mut self, module: &Rc<Module>, name: &str) -> Eval<Option<Value>> {
        let Some(code) = &module.code else { return Ok(None) };
        for &i in code.stars.iter().filter(|&&i| i < code.limit.get()).rev() {
            let StmtKind::ImportFrom(import) = &code.tree.body[i].kind else { continue };
            if code.states.borrow()[i] != State::Pending {
                continue;
            }
            code.states.borrow_mut()[i] = State::Running;
            let value = self.star_name(module, import, name);
            code.states.borrow_mut()[i] = State::Pending;
            if let Some(value) = value? {
                journal::paused(|| module.globals.borrow_mut().insert(name, value.clone()));
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn star_name(&mut self, module: &Rc<Module>, import: &ImportFrom, name: &str) -> Eval<Option<Value>> {
        let Some(other) = self.resolve(module, import)? else { return Ok(None) };
        match self.exports(&other, name)? {
            true => self.global(&other, name),
            false => Ok(None),
        }
    }

    /// Whether `import *` of a module brings a name: what its `__all__` lists, otherwise what has no leading underscore.
    pub(super) fn exports(&mut self, module: &Rc<Module>, name: &str) -> Eval<bool> {
        match self.global(module, "__all__")? {
            Some(all) => self.contains(&all, &Value::from(name)),
            None => Ok(!name.starts_with('_')),
        }
    }

    /// `module.name`: a name of its namespace, its `__getattr__`, or a module inside of it.
    pub(crate) fn module_attr(&mut self, module: &Rc<Module>, name: &str) -> Eval<Option<Value>> {
        if name == "__dict__" {
            self.finish_module(module)?;
            return Ok(Some(Value::Dict(module.globals.clone())));
        }
        if name == "__class__" {
            return Ok(Some(Value::Class(self.types.module.clone())));
        }
        // From outside, all of the module is there.
        if module.code.is_some() {
            self.demand(module, name, usize::MAX)?;
        }
        if let Some(value) = self.global(module, name)? {
            return Ok(Some(value));
        }
        if let Some(inner) = self.find_module(&format!("{}.{name}", module.name))? {
            return Ok(Some(Value::Module(inner)));
        }
        match self.global(module, "__getattr__")? {
            Some(hook) if !name.starts_with("__") => self.call(&hook, crate::eval::Args::of([Value::from(name)])).map(Some),
            _ => Ok(None),
        }
    }

    /// All names that `import *` of a module brings.
    pub(super) fn exported(&mut self, module: &Rc<Module>) -> Eval<Vec<Name>> {
        let mut names = vec![];
        for name in module.names() {
            if self.exports(module, &name)? {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// Whether a statement ran only for its effect on an imported module.
fn is_side_effect(module: &Module, stmt: &Stmt, asked: &str) -> bool {
    let imported = module
        .globals
        .borrow()
        .get_str(asked)
        .is_some_and(|v| matches!(v, Value::Module(_)) || v.downcast::<super::Poison>().is_some());
    imported && matches!(stmt.kind, StmtKind::Expr(_) | StmtKind::Assign { .. })
}
