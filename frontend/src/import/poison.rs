//! What an import that was not found is bound to: using it is the error, importing it is not.
//!
//! Many model files import a library that construction and `forward` never touch. At the top level of a module a poison may be passed around,
//! configured and called, and gives poison again; called with one function, as a decorator, it gives the function. Inside of a function,
//! calling it is an error; computing with it is one everywhere.

use crate::eval::frame::Names;
use crate::eval::raise::{Eval, Raise};
use crate::eval::{Args, Class, Foreign, Interp, Truth, Value, builtin};
use crate::lang::ast::{BinaryOp, CompareOp, UnaryOp};
use cresset_ir::{Diagnostic, Span, codes};
use std::rc::Rc;

pub struct Poison {
    name: String,
    imported: Option<Span>,
    class: Rc<Class>,
}

impl Poison {
    pub fn new(name: String, imported: Option<Span>) -> Poison {
        Poison { name, imported, class: builtin("missing import", &[]) }
    }

    fn refuse(&self, it: &Interp) -> Box<Raise> {
        let top = self.name.split('.').next().unwrap_or(&self.name);
        let diagnostic = Diagnostic::error(codes::NOT_FOUND, format!("'{}' is used, and its import was not found", self.name));
        let diagnostic = diagnostic.at(it.span(), "used here").at(self.imported, "imported here");
        it.fatal(diagnostic.hint(format!(
            "add the folder that holds '{top}' to the search path (--path), or avoid it in construction and forward"
        )))
    }
}

impl Foreign for Poison {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.class.clone()
    }

    fn getattr(&self, it: &mut Interp, _: &Value, name: &str) -> Eval<Option<Value>> {
        match name {
            "__class__" => Ok(None),
            _ if name.starts_with("__") => Err(it.error("AttributeError", format!("'{}' was not found", self.name))),
            _ => Ok(Some(Value::foreign(Poison::new(format!("{}.{name}", self.name), self.imported)))),
        }
    }

    fn setattr(&self, _: &mut Interp, _: &Value, _: &str, _: Value) -> Eval<bool> {
        Ok(true)
    }

    fn call(&self, it: &mut Interp, this: &Value, args: Args) -> Eval<Option<Value>> {
        if let ([only @ (Value::Function(_) | Value::Class(_))], true) = (&args.pos[..], args.named.is_empty()) {
            return Ok(Some(only.clone()));
        }
        match it.calls.last().is_none_or(|call| matches!(call.frame.names, Names::Module)) {
            true => Ok(Some(this.clone())),
            false => Err(self.refuse(it)),
        }
    }

    fn unary(&self, it: &mut Interp, _: &Value, _: UnaryOp) -> Eval<Option<Value>> {
        Err(self.refuse(it))
    }

    fn binary(&self, it: &mut Interp, _: &Value, _: BinaryOp, _: &Value, _: bool) -> Eval<Option<Value>> {
        Err(self.refuse(it))
    }

    fn compare(&self, it: &mut Interp, _: &Value, _: CompareOp, _: &Value) -> Eval<Option<Value>> {
        Err(self.refuse(it))
    }

    fn contains(&self, it: &mut Interp, _: &Value, _: &Value) -> Eval<Option<bool>> {
        Err(self.refuse(it))
    }

    /// `Type[...]` in an alias.
    fn getitem(&self, _: &mut Interp, this: &Value, _: &Value) -> Eval<Option<Value>> {
        Ok(Some(this.clone()))
    }

    fn setitem(&self, it: &mut Interp, _: &Value, _: &Value, _: Value) -> Eval<bool> {
        Err(self.refuse(it))
    }

    fn len(&self, it: &mut Interp) -> Eval<Option<Value>> {
        Err(self.refuse(it))
    }

    fn iter(&self, it: &mut Interp, _: &Value) -> Eval<Option<Value>> {
        Err(self.refuse(it))
    }

    fn truth(&self, it: &mut Interp, _: &Value) -> Eval<Truth> {
        Err(self.refuse(it))
    }

    fn repr(&self, _: &mut Interp) -> Eval<String> {
        Ok(format!("<'{}', which was not found>", self.name))
    }

    fn index(&self, it: &mut Interp) -> Eval<Option<i64>> {
        Err(self.refuse(it))
    }
}

impl Interp {
    /// # Errors
    /// The diagnostic of a poison, where only a real value will do.
    pub(crate) fn refuse_poison(&self, value: &Value) -> Eval<()> {
        value.downcast::<Poison>().map_or(Ok(()), |poison| Err(poison.refuse(self)))
    }
}
