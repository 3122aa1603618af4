//! The import statements.

use super::module::Module;
use super::poison::Poison;
use crate::eval::raise::Eval;
use crate::eval::{Frame, Interp, Value};
use crate::lang::ast::{Alias, ImportFrom, ImportNames};
use std::rc::Rc;

impl Interp {
    /// `import a.b as c`
    pub(crate) fn import_stmt(&mut self, frame: &Rc<Frame>, alias: &Alias) -> Eval<()> {
        self.span = Some(alias.name.span);
        let full = &alias.name.kind;
        let found = self.find_module(full)?;
        let bound = alias.bound();
        let value = match (&alias.alias, found) {
            (Some(_), Some(module)) => Value::Module(module),
            (Some(_), None) => self.not_found(full)?,
            (None, Some(_)) => match self.find_module(&bound)? {
                Some(module) => Value::Module(module),
                None => self.not_found(&bound)?,
            },
            (None, None) => {
                let missing = self.not_found(full)?;
                self.find_module(&bound)?.map_or(missing, Value::Module)
            }
        };
        self.store(frame, &bound, value);
        Ok(())
    }

    /// `from ..module import names`
    pub(crate) fn import_from(&mut self, frame: &Rc<Frame>, import: &ImportFrom) -> Eval<()> {
        let place = self.span;
        let path = import.module.as_ref().map_or("", |m| &*m.kind);
        if path == "__future__" {
            return Ok(());
        }
        let module = self.resolve(&frame.module.clone(), import)?;
        match &import.names {
            ImportNames::Some(names) => {
                for alias in names {
                    self.span = Some(alias.name.span);
                    let value = match &module {
                        Some(module) => self.name_of_module(module, &alias.name.kind)?,
                        None => self.not_found_in(path, &alias.name.kind)?,
                    };
                    self.store(frame, &alias.alias.as_ref().unwrap_or(&alias.name).kind, value);
                }
            }
            ImportNames::Star => {
                let Some(module) = module else {
                    self.span = place;
                    return self.not_found(path).map(drop);
                };
                for name in self.exported(&module)? {
                    if let Some(value) = self.global(&module, &name)? {
                        self.store(frame, &name, value);
                    }
                }
            }
        }
        Ok(())
    }

    /// The module that a `from` names, seen from the one it stands in.
    pub(super) fn resolve(&mut self, module: &Rc<Module>, import: &ImportFrom) -> Eval<Option<Rc<Module>>> {
        let path = import.module.as_ref().map_or("", |m| &*m.kind);
        if import.level == 0 {
            return self.find_module(path);
        }
        let mut package: &str = &module.package;
        for _ in 1..import.level {
            package = package.rsplit_once('.').map_or("", |(parent, _)| parent);
        }
        match (package, path) {
            ("", "") => Ok(None),
            ("", path) => self.find_module(path),
            (package, "") => self.find_module(package),
            (package, path) => self.find_module(&format!("{package}.{path}")),
        }
    }

    fn name_of_module(&mut self, module: &Rc<Module>, name: &str) -> Eval {
        if let Some(value) = self.module_attr(module, name)? {
            return Ok(value);
        }
        if module.is_native && !self.importer.strict {
            return Ok(Value::foreign(Poison::new(format!("{}.{name}", module.name), self.span)));
        }
        let mut error = self.error("ImportError", format!("cannot import name '{name}' from '{}'", module.name));
        if let crate::eval::Raise::Exception(thrown) = &mut *error {
            let names = module.names();
            let best = crate::eval::raise::nearest(name, names.iter().map(|n| &**n));
            thrown.hint = best.map(|best| format!("did you mean '{best}'?"));
        }
        Err(error)
    }

    fn not_found_in(&mut self, module: &str, name: &str) -> Eval {
        match self.importer.strict {
            true => self.not_found(module),
            false => Ok(Value::foreign(Poison::new(format!("{module}.{name}"), self.span))),
        }
    }

    /// What an import that cannot be found gives: an exception where one is handled, otherwise a poison.
    fn not_found(&mut self, name: &str) -> Eval {
        match self.importer.strict {
            true => Err(self.error("ModuleNotFoundError", format!("No module named '{name}'"))),
            false => Ok(Value::foreign(Poison::new(name.to_owned(), self.span))),
        }
    }
}
