//! Objects that code makes: functions, classes, instances, and what binds them together.

use super::dict::Dict;
use super::frame::Frame;
use super::shared::Shared;
use super::value::Value;
use crate::import::Module;
use crate::lang::ast::{Expr, FunctionDef, Lambda, Name, Params, Stmt};
use crate::lang::scope::Scope;
use cresset_ir::Span;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// The source of a function.
#[derive(Clone)]
pub enum Def {
    Function(Arc<FunctionDef>),
    Lambda(Arc<Lambda>),
}

/// What calling a function evaluates.
pub enum Body<'a> {
    Block(&'a [Stmt]),
    Expr(&'a Expr),
}

impl Def {
    pub fn params(&self) -> &Params {
        match self {
            Def::Function(def) => &def.params,
            Def::Lambda(lambda) => &lambda.params,
        }
    }

    pub fn scope(&self) -> &Scope {
        match self {
            Def::Function(def) => &def.scope,
            Def::Lambda(lambda) => &lambda.scope,
        }
    }

    pub fn body(&self) -> Body<'_> {
        match self {
            Def::Function(def) => Body::Block(&def.body),
            Def::Lambda(lambda) => Body::Expr(&lambda.body),
        }
    }

    pub fn name(&self) -> Name {
        match self {
            Def::Function(def) => def.name.kind.clone(),
            Def::Lambda(_) => "<lambda>".into(),
        }
    }

    pub fn span(&self) -> Span {
        match self {
            Def::Function(def) => def.name.span,
            Def::Lambda(lambda) => lambda.body.span,
        }
    }
}

/// The class whose body is being executed, known to its functions once it is made: what `super()` starts from.
pub type ClassCell = Rc<OnceCell<Rc<Class>>>;

/// A closure.
pub struct Function {
    pub def: Def,
    pub module: Rc<Module>,
    /// The frame around the definition, when that is not the module.
    pub closure: Option<Rc<Frame>>,
    /// Defaults, one for each of [`Params::single`].
    pub defaults: Vec<Option<Value>>,
    pub class: Option<ClassCell>,
    pub qualname: Name,
    /// Attributes that were set on the function.
    pub dict: Shared<Dict>,
}

/// A function with its first argument.
pub struct Method {
    pub this: Value,
    pub func: Value,
}

#[derive(Clone, Default)]
pub struct Property {
    pub get: Option<Value>,
    pub set: Option<Value>,
    pub delete: Option<Value>,
}

/// `super()`: attributes of `this` from after `start` in the order of its class.
pub struct Super {
    pub start: Rc<Class>,
    pub this: Value,
    pub class: Rc<Class>,
}

pub struct Class {
    pub name: Name,
    pub qualname: Name,
    pub bases: Vec<Rc<Class>>,
    /// The resolution order after the class itself.
    pub ancestors: Vec<Rc<Class>>,
    pub dict: Shared<Dict>,
    pub span: Option<Span>,
    /// Made by this crate and not by the program: its attributes cannot be assigned.
    pub builtin: bool,
    /// Whether `__getattribute__` is overridden here or above.
    pub hooked: Cell<bool>,
}

impl Class {
    /// The class and its ancestors, in resolution order.
    pub fn mro(self: &Rc<Class>) -> impl Iterator<Item = &Rc<Class>> {
        std::iter::once(self).chain(&self.ancestors)
    }

    /// The attribute as the first class in resolution order holds it, unbound.
    pub fn lookup(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.dict.borrow().get_str(name) {
            return Some(value.clone());
        }
        self.ancestors.iter().find_map(|class| class.dict.borrow().get_str(name).cloned())
    }

    pub fn is_subclass(self: &Rc<Class>, of: &Rc<Class>) -> bool {
        self.mro().any(|class| Rc::ptr_eq(class, of))
    }

    pub fn set(&self, name: &str, value: impl Into<Value>) {
        self.dict.borrow_mut().insert(name, value);
    }

    /// The class in resolution order that holds the attribute.
    pub fn owner<'a>(self: &'a Rc<Class>, name: &str) -> Option<&'a Rc<Class>> {
        self.mro().find(|class| class.dict.borrow().get_str(name).is_some())
    }
}

pub struct Instance {
    pub class: RefCell<Rc<Class>>,
    pub dict: Shared<Dict>,
    /// The built-in value that the instance extends: the dict of a `class Names(dict)`.
    pub base: Option<Value>,
}

impl Instance {
    pub fn new(class: Rc<Class>, base: Option<Value>) -> Rc<Instance> {
        Rc::new(Instance { class: RefCell::new(class), dict: Shared::default(), base })
    }

    pub fn class(&self) -> Rc<Class> {
        self.class.borrow().clone()
    }

    /// An entry of the instance's own dict.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.dict.borrow().get_str(name).cloned()
    }

    pub fn set(&self, name: &str, value: impl Into<Value>) {
        self.dict.borrow_mut().insert(name, value);
    }
}
