//! Frames: the variables of one run of a block of code, and how names find them.
//!
//! A closure keeps the frame around it, so a variable is shared by everything that sees it, as Python's cells are.

use super::dict::Dict;
use super::interp::Interp;
use super::object::{ClassCell, Def};
use super::raise::{Eval, Raise, nearest};
use super::shared::Shared;
use super::value::Value;
use crate::import::Module;
use crate::lang::ast::Name;
use crate::lang::scope::Scope;
use std::rc::Rc;

/// Which names a frame holds.
pub enum Names {
    Module,
    /// A class body: names are entries of the class's dict-to-be.
    Class(Shared<Dict>, Rc<Scope>),
    Function(Def),
    /// A comprehension's targets.
    Targets(Box<[Name]>),
}

pub struct Frame {
    pub names: Names,
    pub slots: Shared<Vec<Option<Value>>>,
    /// The frame around it in the source.
    pub parent: Option<Rc<Frame>>,
    pub module: Rc<Module>,
    pub class: Option<ClassCell>,
    /// Prefix of the qualified names of what is defined here.
    pub path: Name,
}

/// Where an assignment to a name goes.
enum Home<'a> {
    Slot(&'a Frame, usize),
    Dict(&'a Shared<Dict>),
    Global,
}

impl Frame {
    pub fn of_module(module: &Rc<Module>) -> Rc<Frame> {
        Rc::new(Frame {
            names: Names::Module,
            slots: Shared::default(),
            parent: None,
            module: module.clone(),
            class: None,
            path: "".into(),
        })
    }

    pub fn inside(parent: &Rc<Frame>, names: Names, class: Option<ClassCell>, path: Name) -> Rc<Frame> {
        let count = if let Names::Targets(names) = &names { names.len() } else { 0 };
        let class = class.or_else(|| parent.class.clone());
        let (module, parent) = (parent.module.clone(), Some(parent.clone()));
        Rc::new(Frame { names, slots: Shared::new(vec![None; count]), parent, module, class, path })
    }

    /// Forgets every variable.
    pub fn clear(&self) {
        self.slots.take();
        if let Names::Class(dict, _) = &self.names {
            dict.take();
        }
    }

    /// The function frame that the code belongs to: itself, or the one around its comprehensions.
    pub fn function(&self) -> Option<&Frame> {
        match (&self.names, &self.parent) {
            (Names::Function(_), _) => Some(self),
            (Names::Targets(_), Some(parent)) => parent.function(),
            _ => None,
        }
    }

    fn slot(&self, name: &str) -> Option<usize> {
        match &self.names {
            Names::Function(def) => def.scope().locals.get_index_of(name),
            Names::Targets(names) => names.iter().position(|n| **n == *name),
            Names::Module | Names::Class(..) => None,
        }
    }

    fn scope(&self) -> Option<&Scope> {
        match &self.names {
            Names::Function(def) => Some(def.scope()),
            Names::Class(_, scope) => Some(scope),
            Names::Module | Names::Targets(_) => None,
        }
    }

    fn home(&self, name: &str) -> Home<'_> {
        if self.scope().is_some_and(|s| s.globals.contains(name)) {
            return Home::Global;
        }
        if self.scope().is_some_and(|s| s.nonlocals.contains(name)) {
            return self.parent.as_ref().map_or(Home::Global, |p| p.enclosing(name));
        }
        match (&self.names, self.slot(name)) {
            (_, Some(slot)) => Home::Slot(self, slot),
            (Names::Class(dict, _), _) => Home::Dict(dict),
            (Names::Module, _) => Home::Global,
            _ => self.parent.as_ref().map_or(Home::Global, |p| p.home(name)),
        }
    }

    /// The innermost function frame that has the name.
    fn enclosing(&self, name: &str) -> Home<'_> {
        match (self.slot(name), &self.parent) {
            (Some(slot), _) => Home::Slot(self, slot),
            (None, Some(parent)) => parent.enclosing(name),
            (None, None) => Home::Global,
        }
    }

    /// The frame's variables with their values, in the order of first binding.
    pub fn locals(&self) -> Vec<(Name, Value)> {
        let named = |names: &mut dyn Iterator<Item = &Name>| {
            names.cloned().zip(self.slots.borrow().iter().cloned()).filter_map(|(n, v)| Some((n, v?))).collect()
        };
        let of_dict = |dict: &Dict| dict.iter().filter_map(|(k, v)| Some((k.value.as_str()?.into(), v.clone()))).collect();
        match &self.names {
            Names::Function(def) => named(&mut def.scope().locals.iter()),
            Names::Targets(names) => named(&mut names.iter()),
            Names::Class(dict, _) => of_dict(&dict.borrow()),
            Names::Module => of_dict(&self.module.globals.borrow()),
        }
    }

    /// The name of a variable by its slot.
    pub fn variable(&self, slot: usize) -> Option<Name> {
        match &self.names {
            Names::Function(def) => def.scope().locals.get_index(slot).cloned(),
            Names::Targets(names) => names.get(slot).cloned(),
            Names::Class(..) | Names::Module => None,
        }
    }

    /// The values of the local variables: what a branch that is traced starts from.
    pub fn snapshot(&self) -> Vec<Option<Value>> {
        self.slots.borrow().clone()
    }

    pub fn restore(&self, slots: Vec<Option<Value>>) {
        *self.slots.borrow_mut() = slots;
    }
}

impl Interp {
    /// Reads a variable.
    ///
    /// # Errors
    /// `NameError`; `UnboundLocalError` for a local that has no value yet.
    pub fn load(&mut self, frame: &Rc<Frame>, name: &Name) -> Eval {
        let mut current = Some(frame);
        while let Some(f) = current {
            if let Some(slot) = f.slot(name) {
                return match f.slots.borrow().get(slot) {
                    Some(Some(value)) => Ok(value.clone()),
                    _ => Err(self.unbound(name, Rc::ptr_eq(f, frame))),
                };
            }
            if let (Names::Class(dict, _), true) = (&f.names, Rc::ptr_eq(f, frame))
                && let Some(value) = dict.borrow().get_str(name)
            {
                return Ok(value.clone());
            }
            if f.scope().is_some_and(|s| s.globals.contains(name)) {
                break;
            }
            current = f.parent.as_ref();
        }
        let module = frame.module.clone();
        if let Some(value) = self.global(&module, name)? {
            return Ok(value);
        }
        let value = self.builtins.borrow().get_str(name).cloned();
        value.ok_or_else(|| self.undefined(frame, name))
    }

    fn unbound(&self, name: &str, local: bool) -> Box<Raise> {
        match local {
            true => self.error(
                "UnboundLocalError",
                format!("cannot access local variable '{name}' where it is not associated with a value"),
            ),
            false => self.error(
                "NameError",
                format!("cannot access free variable '{name}' where it is not associated with a value in enclosing scope"),
            ),
        }
    }

    fn undefined(&mut self, frame: &Frame, name: &str) -> Box<Raise> {
        let mut names: Vec<Name> = vec![];
        let mut current = Some(frame);
        while let Some(f) = current {
            names.extend(f.locals().into_iter().map(|(n, _)| n));
            current = f.parent.as_deref();
        }
        names.extend(frame.module.names());
        names.extend(self.builtins.borrow().keys().filter_map(|k| Some(k.value.as_str()?.into())));
        let mut error = self.error("NameError", format!("name '{name}' is not defined"));
        if let Raise::Exception(thrown) = &mut *error {
            thrown.hint = nearest(name, names.iter().map(|n| &**n)).map(|best| format!("did you mean '{best}'?"));
        }
        error
    }

    pub fn store(&mut self, frame: &Rc<Frame>, name: &Name, value: Value) {
        match frame.home(name) {
            Home::Slot(f, slot) => {
                if let Some(place) = f.slots.borrow_mut().get_mut(slot) {
                    *place = Some(value);
                }
            }
            Home::Dict(dict) => drop(dict.borrow_mut().insert(name, value)),
            Home::Global => drop(frame.module.globals.borrow_mut().insert(name, value)),
        }
    }

    /// `del name`
    pub fn unbind(&mut self, frame: &Rc<Frame>, name: &Name) -> Eval<()> {
        let old = match frame.home(name) {
            Home::Slot(f, slot) => f.slots.borrow_mut().get_mut(slot).and_then(Option::take),
            Home::Dict(dict) => dict.borrow_mut().remove_str(name),
            Home::Global => frame.module.globals.borrow_mut().remove_str(name),
        };
        old.map(drop).ok_or_else(|| self.error("NameError", format!("name '{name}' is not defined")))
    }
}
