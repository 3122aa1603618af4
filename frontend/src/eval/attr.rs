//! Attributes: lookup in Python's order, binding, assignment.

use super::class::docstring;
use super::dict::Dict;
use super::interp::Interp;
use super::journal;
use super::native::Args;
use super::object::{Body, Class, Function, Instance, Method, Super};
use super::raise::{Eval, Raise};
use super::value::Value;
use crate::lang::ast::Name;
use crate::stdlib;
use std::rc::Rc;

impl Interp {
    /// `object.name`
    ///
    /// # Errors
    /// `AttributeError`, and whatever properties raise.
    pub fn getattr(&mut self, object: &Value, name: &str) -> Eval {
        if let Value::Instance(instance) = object
            && instance.class.borrow().hooked.get()
        {
            return self.hooked(object, name);
        }
        match self.plain_getattr(object, name)? {
            Some(value) => Ok(value),
            None => match self.call_special(object, "__getattr__", [Value::from(name)])? {
                Some(value) => Ok(value),
                None => Err(self.no_attribute(object, name)),
            },
        }
    }

    /// Through the `__getattribute__` of the program.
    fn hooked(&mut self, object: &Value, name: &str) -> Eval {
        let result = self.call_special(object, "__getattribute__", [Value::from(name)]);
        match result {
            Ok(value) => Ok(value.unwrap_or(Value::None)),
            Err(raise) if self.is_exception(&raise, "AttributeError") => {
                self.call_special(object, "__getattr__", [Value::from(name)])?.ok_or(raise)
            }
            Err(raise) => Err(raise),
        }
    }

    /// `object.name`, or none where that would be an `AttributeError`.
    pub fn getattr_opt(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        if !matches!(object, Value::Instance(_) | Value::Foreign(_) | Value::Module(_)) {
            return self.plain_getattr(object, name);
        }
        match self.getattr(object, name) {
            Ok(value) => Ok(Some(value)),
            Err(raise) if self.is_exception(&raise, "AttributeError") => Ok(None),
            Err(raise) => Err(raise),
        }
    }

    pub fn no_attribute(&self, object: &Value, name: &str) -> Box<Raise> {
        let message = match object {
            Value::Module(module) => format!("module '{}' has no attribute '{name}'", module.name),
            Value::Class(class) => format!("type object '{}' has no attribute '{name}'", class.name),
            Value::Super(_) => format!("'super' object has no attribute '{name}'"),
            _ => format!("'{}' object has no attribute '{name}'", self.type_name(object)),
        };
        let error = Instance::new(self.types.exception("AttributeError"), None);
        error.set("args", Value::tuple([Value::from(message)]));
        error.set("name", name);
        error.set("obj", object.clone());
        self.throw(error)
    }

    /// `object.__getattribute__`: everything but `__getattr__`.
    pub fn plain_getattr(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        match object {
            Value::Instance(instance) => self.instance_attr(object, instance, name),
            Value::Class(class) => self.class_attr(class, name),
            Value::Module(module) => self.module_attr(&module.clone(), name),
            Value::Super(parent) => self.super_attr(&parent.clone(), name),
            Value::Foreign(foreign) => match foreign.clone().getattr(self, object, name)? {
                Some(value) => Ok(Some(value)),
                None => self.type_attr(object, name),
            },
            Value::Function(function) => match function_attr(function, name) {
                Some(value) => Ok(Some(value)),
                None => self.type_attr(object, name),
            },
            Value::Method(method) => Ok(match name {
                "__self__" => Some(method.this.clone()),
                "__func__" => Some(method.func.clone()),
                _ => self.plain_getattr(&method.func.clone(), name)?,
            }),
            Value::Native(native) if matches!(name, "__name__" | "__qualname__") => Ok(Some(Value::Str(native.name.clone()))),
            Value::Slice(s) => Ok(match name {
                "start" => Some(s.lower.clone()),
                "stop" => Some(s.upper.clone()),
                "step" => Some(s.step.clone()),
                _ => self.type_attr(object, name)?,
            }),
            Value::Range(r) if matches!(name, "start" | "stop" | "step") => Ok(Some(Value::Int(if name == "start" {
                r.start
            } else if name == "stop" {
                r.stop
            } else {
                r.step
            }))),
            Value::Property(p) => Ok(match name {
                "fget" => Some(p.get.clone().unwrap_or(Value::None)),
                "fset" => Some(p.set.clone().unwrap_or(Value::None)),
                _ => self.type_attr(object, name)?,
            }),
            Value::StaticMethod(f) | Value::ClassMethod(f) if name == "__func__" => Ok(Some((**f).clone())),
            _ => self.type_attr(object, name),
        }
    }

    /// An attribute of the value's class, bound to it.
    fn type_attr(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        let class = self.class_of(object);
        match name {
            "__class__" => Ok(Some(Value::Class(class))),
            "__doc__" => Ok(Some(class.lookup(name).unwrap_or(Value::None))),
            _ => match class.lookup(name).or_else(|| stdlib::default_method(name)) {
                Some(attr) => self.bind_attr(attr, Some(object), &class).map(Some),
                None => Ok(None),
            },
        }
    }

    fn instance_attr(&mut self, object: &Value, instance: &Rc<Instance>, name: &str) -> Eval<Option<Value>> {
        let class = instance.class();
        let attr = class.lookup(name);
        if let Some(attr) = &attr
            && self.is_data_descriptor(attr)
        {
            return self.bind_attr(attr.clone(), Some(object), &class).map(Some);
        }
        if let Some(value) = instance.get(name) {
            return Ok(Some(value));
        }
        match (attr, name) {
            (Some(attr), _) => self.bind_attr(attr, Some(object), &class).map(Some),
            (None, "__dict__") => Ok(Some(Value::Dict(instance.dict.clone()))),
            (None, "__class__") => Ok(Some(Value::Class(class))),
            (None, "__doc__") => Ok(Some(Value::None)),
            (None, _) => match stdlib::default_method(name) {
                Some(attr) => self.bind_attr(attr, Some(object), &class).map(Some),
                None => Ok(None),
            },
        }
    }

    fn is_data_descriptor(&self, attr: &Value) -> bool {
        match attr {
            Value::Property(_) => true,
            Value::Instance(i) => i.class().lookup("__set__").is_some(),
            _ => false,
        }
    }

    /// What an attribute found in a class means for an object, or for the class itself.
    pub fn bind_attr(&mut self, attr: Value, this: Option<&Value>, class: &Rc<Class>) -> Eval {
        Ok(match (&attr, this) {
            (Value::Function(_), Some(this)) => Value::Method(Rc::new(Method { this: this.clone(), func: attr })),
            (Value::Native(native), Some(this)) if native.is_method => {
                Value::Method(Rc::new(Method { this: this.clone(), func: attr }))
            }
            (Value::StaticMethod(inner), _) => (**inner).clone(),
            (Value::ClassMethod(inner), _) => match (**inner).clone() {
                inner @ Value::Instance(_) => self.bind_attr(inner, Some(&Value::Class(class.clone())), class)?,
                inner => Value::Method(Rc::new(Method { this: Value::Class(class.clone()), func: inner })),
            },
            (Value::Property(property), Some(this)) => match &property.get {
                Some(get) => self.call(get, Args::of([this.clone()]))?,
                None => return Err(self.error("AttributeError", "property has no getter")),
            },
            (Value::Instance(i), _) if i.class().lookup("__get__").is_some() => {
                let this = this.cloned().unwrap_or(Value::None);
                let value = self.call_special(&attr, "__get__", [this, Value::Class(class.clone())])?;
                value.unwrap_or(Value::None)
            }
            _ => attr,
        })
    }

    fn class_attr(&mut self, class: &Rc<Class>, name: &str) -> Eval<Option<Value>> {
        if let Some(attr) = class.lookup(name).filter(|_| !(class.builtin && name == "__doc__")) {
            return self.bind_attr(attr, None, class).map(Some);
        }
        Ok(Some(match name {
            "__name__" => Value::Str(class.name.clone()),
            "__qualname__" => Value::Str(class.qualname.clone()),
            "__module__" => "builtins".into(),
            "__doc__" => Value::None,
            "__dict__" => Value::Dict(class.dict.clone()),
            "__mro__" => Value::tuple(class.mro().cloned().map(Value::Class)),
            "__bases__" => Value::tuple(class.bases.iter().cloned().map(Value::Class)),
            "__base__" => class.bases.first().cloned().map_or(Value::None, Value::Class),
            "__class__" => Value::Class(self.types.type_.clone()),
            "mro" => {
                let mro: Vec<Value> = class.mro().cloned().map(Value::Class).collect();
                super::native::Native::closure("mro", "", move |_, _| Ok(Value::list(mro.clone())))
            }
            "__annotations__" => Value::dict(Dict::new()),
            _ => return Ok(stdlib::default_method(name)),
        }))
    }

    fn super_attr(&mut self, parent: &Rc<Super>, name: &str) -> Eval<Option<Value>> {
        let after = parent.class.mro().skip_while(|c| !Rc::ptr_eq(c, &parent.start)).skip(1);
        let found = after.into_iter().find_map(|c| c.dict.borrow().get_str(name).cloned());
        match found.or_else(|| stdlib::default_method(name)) {
            Some(attr) if name == "__new__" => self.bind_attr(attr, None, &parent.class).map(Some),
            Some(attr) => self.bind_attr(attr, Some(&parent.this), &parent.class).map(Some),
            None => Ok(None),
        }
    }

    /// `object.name = value`
    pub fn setattr(&mut self, object: &Value, name: &str, value: Value) -> Eval<()> {
        if let Value::Instance(instance) = object {
            let class = instance.class();
            if let Some(owner) = class.owner("__setattr__").filter(|owner| !Rc::ptr_eq(owner, &self.types.object)) {
                let hook = owner.dict.borrow().get_str("__setattr__").cloned().unwrap_or(Value::None);
                return self.call_bound(&hook, object, [Value::from(name), value]).map(drop);
            }
        }
        self.plain_setattr(object, name, value)
    }

    /// `object.__setattr__`: descriptors, then the object's own dict.
    pub fn plain_setattr(&mut self, object: &Value, name: &str, value: Value) -> Eval<()> {
        match object {
            Value::Instance(instance) => self.set_instance(object, instance, name, value),
            Value::Class(class) if class.builtin => {
                Err(self.type_error(format!("cannot set '{name}' attribute of immutable type '{}'", class.name)))
            }
            Value::Class(class) => {
                class.set(name, value);
                class.hooked.set(class.hooked.get() || name == "__getattribute__");
                Ok(())
            }
            Value::Module(module) => {
                self.module_attr(&module.clone(), name)?;
                module.globals.borrow_mut().insert(name, value);
                Ok(())
            }
            Value::Function(function) => {
                function.dict.borrow_mut().insert(name, value);
                Ok(())
            }
            Value::Foreign(foreign) => match foreign.clone().setattr(self, object, name, value)? {
                true => Ok(()),
                false => Err(self.no_attribute(object, name)),
            },
            _ => Err(self.no_attribute(object, name)),
        }
    }

    fn set_instance(&mut self, object: &Value, instance: &Rc<Instance>, name: &str, value: Value) -> Eval<()> {
        match instance.class().lookup(name) {
            Some(Value::Property(property)) => match &property.set {
                Some(set) => self.call(&set.clone(), Args::of([object.clone(), value])).map(drop),
                None => {
                    let class = self.type_name(object);
                    Err(self.error("AttributeError", format!("property '{name}' of '{class}' object has no setter")))
                }
            },
            Some(attr @ Value::Instance(_)) if self.is_data_descriptor(&attr) => {
                self.call_special(&attr, "__set__", [object.clone(), value]).map(drop)
            }
            _ => match (name, value) {
                // The class of an object is not journaled.
                ("__class__", Value::Class(_)) if instance.dict.mark() < journal::epoch() => {
                    Err(self.unsupported("changing the class of an object that is older than the call"))
                }
                ("__class__", Value::Class(class)) => {
                    *instance.class.borrow_mut() = class;
                    Ok(())
                }
                ("__dict__", Value::Dict(dict)) => {
                    *instance.dict.borrow_mut() = dict.borrow().clone();
                    Ok(())
                }
                (_, value) => {
                    instance.set(name, value);
                    Ok(())
                }
            },
        }
    }

    /// `del object.name`
    pub fn delattr(&mut self, object: &Value, name: &str) -> Eval<()> {
        if let Value::Instance(instance) = object {
            let class = instance.class();
            if let Some(owner) = class.owner("__delattr__").filter(|owner| !Rc::ptr_eq(owner, &self.types.object)) {
                let hook = owner.dict.borrow().get_str("__delattr__").cloned().unwrap_or(Value::None);
                return self.call_bound(&hook, object, [Value::from(name)]).map(drop);
            }
        }
        self.plain_delattr(object, name)
    }

    pub fn plain_delattr(&mut self, object: &Value, name: &str) -> Eval<()> {
        let removed = match object {
            Value::Instance(instance) => match instance.class().lookup(name) {
                Some(Value::Property(p)) if p.delete.is_some() => {
                    return self.call(&p.delete.clone().unwrap_or(Value::None), Args::of([object.clone()])).map(drop);
                }
                _ => instance.dict.borrow_mut().remove_str(name),
            },
            Value::Class(class) if !class.builtin => class.dict.borrow_mut().remove_str(name),
            Value::Module(module) => module.globals.borrow_mut().remove_str(name),
            Value::Function(function) => function.dict.borrow_mut().remove_str(name),
            _ => None,
        };
        removed.map(drop).ok_or_else(|| self.no_attribute(object, name))
    }

    /// `dir(object)`: sorted.
    pub fn dir(&mut self, object: &Value) -> Eval<Vec<Name>> {
        if let Value::Instance(_) | Value::Foreign(_) = object
            && let Some(names) = self.call_special(object, "__dir__", [])?
        {
            return Ok(self.collect(&names)?.iter().filter_map(|n| n.as_str().map(Name::from)).collect());
        }
        Ok(self.own_names(object))
    }

    /// Names of an object's dict and of its classes; of a module's namespace.
    pub(crate) fn own_names(&self, object: &Value) -> Vec<Name> {
        let mut names = vec![];
        let mut add = |dict: &Dict| names.extend(dict.keys().filter_map(|k| k.value.as_str().map(Name::from)));
        self.class_of(object).mro().for_each(|c| add(&c.dict.borrow()));
        match object {
            Value::Instance(i) => add(&i.dict.borrow()),
            Value::Class(c) => c.mro().for_each(|c| add(&c.dict.borrow())),
            Value::Module(m) => names = m.names(),
            _ => {}
        }
        names.sort();
        names.dedup();
        names
    }
}

fn function_attr(function: &Rc<Function>, name: &str) -> Option<Value> {
    if let Some(value) = function.dict.borrow().get_str(name) {
        return Some(value.clone());
    }
    Some(match name {
        "__name__" => Value::Str(function.def.name()),
        "__qualname__" => Value::Str(function.qualname.clone()),
        "__module__" => Value::Str(function.module.name.clone()),
        "__dict__" => Value::Dict(function.dict.clone()),
        "__globals__" => Value::Dict(function.module.globals.clone()),
        "__doc__" => match function.def.body() {
            Body::Block(body) => docstring(body).cloned().map_or(Value::None, Value::Str),
            Body::Expr(_) => Value::None,
        },
        "__defaults__" => Value::tuple(function.defaults.iter().flatten().cloned()),
        "__annotations__" => {
            let params = function.def.params().iter();
            let known = params.filter_map(|p| Some(((&p.name.kind).into(), p.annotation.as_ref()?.span.text().into())));
            Value::dict(known.collect())
        }
        _ => return None,
    })
}
