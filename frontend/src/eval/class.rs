//! Class statements: from a body to a class object.

use super::dict::Dict;
use super::frame::{Frame, Names};
use super::interp::Interp;
use super::native::Args;
use super::object::{Class, ClassCell};
use super::raise::Eval;
use super::shared::Shared;
use super::types::{class, linearise};
use super::value::Value;
use crate::lang::ast::{ClassDef, Constant, Expr, ExprKind, Name, Stmt, StmtKind};
use cresset_ir::Span;
use std::cell::OnceCell;
use std::rc::Rc;

/// Metaclasses whose effect is part of the classes that use them.
const METACLASSES: &[&str] = &["type", "ABCMeta", "EnumMeta", "EnumType"];

impl Interp {
    pub(super) fn class_stmt(&mut self, frame: &Rc<Frame>, def: &ClassDef, span: Span) -> Eval<()> {
        let decorators = self.decorators(frame, &def.decorators)?;
        let bases = self.bases(frame, &def.bases)?;
        let mut named = vec![];
        for keyword in &def.keywords {
            let value = self.eval(frame, &keyword.value)?;
            match &keyword.name {
                Some(name) if &*name.kind == "metaclass" => self.check_metaclass(&value)?,
                Some(name) => named.push((name.kind.clone(), value)),
                None => return Err(self.unsupported("'**' in a class statement")),
            }
        }
        let name = &def.name.kind;
        let qualname: Name = format!("{}{name}", frame.path).into();
        let cell: ClassCell = Rc::new(OnceCell::new());
        let dict = Shared::new(Dict::new());
        dict.borrow_mut().insert("__module__", Value::Str(frame.module.name.clone()));
        dict.borrow_mut().insert("__qualname__", Value::Str(qualname.clone()));
        if let Some(doc) = docstring(&def.body) {
            dict.borrow_mut().insert("__doc__", Value::Str(doc.clone()));
        }
        let names = Names::Class(dict.clone(), Rc::new(def.scope.clone()));
        let body = Frame::inside(frame, names, Some(cell.clone()), format!("{qualname}.").into());
        self.block(&body, &def.body)?;
        self.span = Some(span);
        let made =
            self.make_class(name.clone(), qualname, bases, dict, Some(def.name.span), &cell, Args { pos: vec![], named })?;
        let value = self.decorate(decorators, Value::Class(made))?;
        self.store(frame, name, value);
        Ok(())
    }

    fn check_metaclass(&self, meta: &Value) -> Eval<()> {
        match meta {
            Value::Class(class) if METACLASSES.contains(&&*class.name) => Ok(()),
            _ => Err(self.unsupported("a metaclass")),
        }
    }

    fn bases(&mut self, frame: &Rc<Frame>, exprs: &[Expr]) -> Eval<Vec<Rc<Class>>> {
        let mut bases: Vec<Rc<Class>> = vec![];
        for expr in exprs {
            for value in self.items(frame, std::slice::from_ref(expr))? {
                self.span = Some(expr.span);
                match value {
                    Value::Class(class) => bases.push(class),
                    other => {
                        self.refuse_poison(&other)?;
                        return Err(
                            self.type_error(format!("a base of a class must be a class, not '{}'", self.type_name(&other)))
                        );
                    }
                }
            }
        }
        Ok(bases)
    }

    /// Makes a class of a finished body, and tells its descriptors and its parent.
    #[allow(clippy::too_many_arguments)]
    pub fn make_class(
        &mut self,
        name: Name,
        qualname: Name,
        mut bases: Vec<Rc<Class>>,
        dict: Shared<Dict>,
        span: Option<Span>,
        cell: &ClassCell,
        args: Args,
    ) -> Eval<Rc<Class>> {
        if bases.is_empty() {
            bases.push(self.types.object.clone());
        }
        let Some(ancestors) = linearise(&bases) else {
            let names: Vec<&str> = bases.iter().map(|b| &*b.name).collect();
            let names = names.join(", ");
            return Err(self.type_error(format!("Cannot create a consistent method resolution order (MRO) for bases {names}")));
        };
        if dict.borrow().get_str("__eq__").is_some() && dict.borrow().get_str("__hash__").is_none() {
            dict.borrow_mut().insert("__hash__", Value::None);
        }
        let made = class(name, qualname, bases, ancestors, dict, span, false);
        let _ = cell.set(made.clone());
        self.announce(&made)?;
        if let Some(init) = made.ancestors.iter().find_map(|a| a.dict.borrow().get_str("__init_subclass__").cloned()) {
            let init = if let Value::ClassMethod(inner) = init { (*inner).clone() } else { init };
            self.call(&init, args.with_first(Value::Class(made.clone())))?;
        }
        Ok(made)
    }

    /// Calls `__set_name__` of the objects in the class's body.
    fn announce(&mut self, class: &Rc<Class>) -> Eval<()> {
        let objects: Vec<(Value, Value)> = {
            let dict = class.dict.borrow();
            dict.iter().filter(|(_, v)| matches!(v, Value::Instance(_))).map(|(k, v)| (k.value.clone(), v.clone())).collect()
        };
        for (name, object) in objects {
            self.call_special(&object, "__set_name__", [Value::Class(class.clone()), name])?;
        }
        Ok(())
    }
}

/// The string that a body begins with.
pub(super) fn docstring(body: &[Stmt]) -> Option<&Name> {
    match &body.first()?.kind {
        StmtKind::Expr(Expr { kind: ExprKind::Constant(Constant::Str(text)), .. }) => Some(text),
        _ => None,
    }
}
