//! Calls: functions of the program, natives, classes and objects.

use super::dict::Dict;
use super::frame::{Frame, Names};
use super::generator::Generator;
use super::interp::Interp;
use super::iter::Iter;
use super::native::Args;
use super::object::{Body, Class, Def, Function, Instance};
use super::raise::Eval;
use super::shared::Shared;
use super::stmt::Flow;
use super::value::Value;
use crate::lang::ast::{Name, Param};
use std::rc::Rc;

impl Interp {
    pub fn call(&mut self, func: &Value, args: Args) -> Eval {
        self.step()?;
        match func {
            Value::Function(function) => self.call_function(function, args),
            Value::Native(native) => {
                self.deeper()?;
                let result = native.clone().call(self, args);
                result.map_err(|raise| self.located(raise))
            }
            Value::Method(method) => self.call(&method.func, args.with_first(method.this.clone())),
            Value::Class(class) => self.construct(class, args),
            Value::Instance(instance) => match instance.class().lookup("__call__") {
                Some(call) => self.call_with(&call, func, args),
                None => Err(self.not_callable(func)),
            },
            Value::Foreign(foreign) => {
                self.deeper()?;
                match foreign.clone().call(self, func, args.clone()).map_err(|raise| self.located(raise))? {
                    Some(value) => Ok(value),
                    None => match self.class_of(func).lookup("__call__") {
                        Some(call) => self.call_with(&call, func, args),
                        None => Err(self.not_callable(func)),
                    },
                }
            }
            Value::StaticMethod(inner) => self.call(inner, args),
            _ => Err(self.not_callable(func)),
        }
    }

    fn not_callable(&self, value: &Value) -> Box<super::raise::Raise> {
        self.type_error(format!("'{}' object is not callable", self.type_name(value)))
    }

    /// Calls an attribute of a class as bound to an object.
    fn call_with(&mut self, attribute: &Value, this: &Value, args: Args) -> Eval {
        match attribute {
            Value::Function(_) => self.call(attribute, args.with_first(this.clone())),
            _ => {
                let class = self.class_of(this);
                let bound = self.bind_attr(attribute.clone(), Some(this), &class)?;
                self.call(&bound, args)
            }
        }
    }

    /// Calls an attribute of a class with an object and positional arguments.
    pub fn call_bound<const N: usize>(&mut self, attribute: &Value, this: &Value, args: [Value; N]) -> Eval {
        self.call_with(attribute, this, Args::of(args))
    }

    /// Calls `name` of the object's class, as Python does for operators. None where the class has no such attribute.
    pub fn call_special<const N: usize>(&mut self, this: &Value, name: &str, args: [Value; N]) -> Eval<Option<Value>> {
        match self.class_of(this).lookup(name) {
            Some(attribute) if !attribute.is_none() => self.call_bound(&attribute, this, args).map(Some),
            _ => Ok(None),
        }
    }

    /// Calls a hook that a class holds for itself: `__class_iter__` and its kin.
    pub fn call_class_hook<const N: usize>(&mut self, class: &Rc<Class>, name: &str, args: [Value; N]) -> Eval<Option<Value>> {
        let Some(hook) = class.lookup(name) else { return Ok(None) };
        let hook = self.bind_attr(hook, None, class)?;
        self.call(&hook, Args::of(args)).map(Some)
    }

    /// Calls `object.name(args)`.
    pub fn call_method(&mut self, object: &Value, name: &str, args: Args) -> Eval {
        let method = self.getattr(object, name)?;
        self.call(&method, args)
    }

    /// How a callable goes in messages.
    pub fn callee(&self, func: &Value) -> Name {
        match func {
            Value::Function(f) => f.qualname.clone(),
            Value::Native(n) => n.name.clone(),
            Value::Class(c) => c.name.clone(),
            Value::Method(m) => self.callee(&m.func),
            other => self.type_name(other),
        }
    }

    /// A function object: defaults are evaluated now, the body later.
    pub(super) fn closure(&mut self, frame: &Rc<Frame>, def: Def) -> Eval {
        let params = def.params().clone_positions();
        let defaults = params.iter().map(|p| p.map(|e| self.eval(frame, e)).transpose()).collect::<Eval<Vec<_>>>()?;
        let name = def.name();
        let qualname = if frame.path.is_empty() { name } else { format!("{}{name}", frame.path).into() };
        let closure = (!matches!(frame.names, Names::Module)).then(|| frame.clone());
        if closure.is_some() && Rc::weak_count(frame) == 0 {
            self.captured.push(Rc::downgrade(frame));
        }
        let (module, class) = (frame.module.clone(), frame.class.clone());
        drop(params);
        Ok(Value::Function(Rc::new(Function { def, module, closure, defaults, class, qualname, dict: Shared::default() })))
    }

    pub fn call_function(&mut self, function: &Rc<Function>, args: Args) -> Eval {
        let slots = self.bind_params(function, args)?;
        let frame = Rc::new(Frame {
            names: Names::Function(function.def.clone()),
            slots: Shared::new(slots),
            parent: function.closure.clone(),
            module: function.module.clone(),
            class: function.class.clone(),
            path: "".into(),
        });
        match &function.def {
            Def::Function(def) if def.is_async => return Err(self.unsupported("calling an 'async' function")),
            Def::Function(def) if def.scope.is_generator => {
                return Ok(Value::Iter(Iter::generator(Generator::new(def.clone(), frame))));
            }
            Def::Lambda(lambda) if lambda.scope.is_generator => return Err(self.unsupported("'yield' in a lambda")),
            _ => {}
        }
        let def = function.def.clone();
        let at = self.span;
        self.in_frame(&frame.clone(), |it| match def.body() {
            Body::Block(body) => match it.block(&frame, body)? {
                Flow::Return(value) => Ok(value),
                _ => Ok(Value::None),
            },
            Body::Expr(body) => it.eval(&frame, body),
        })
        .inspect(|_| self.span = at)
    }

    /// The first values of a function's variables.
    fn bind_params(&mut self, function: &Rc<Function>, args: Args) -> Eval<Vec<Option<Value>>> {
        let params = function.def.params();
        let mut slots = vec![None; function.def.scope().locals.len()];
        let positional: Vec<&Param> = params.positional_only.iter().chain(&params.args).collect();
        let (given, count) = (args.pos.len(), positional.len());
        let rest_slot = count;
        let keyword_only = count + params.vararg.is_some() as usize;
        let named_slot = keyword_only + params.keyword_only.len();

        let mut pos = args.pos.into_iter();
        for (slot, value) in slots.iter_mut().zip(pos.by_ref().take(count)) {
            *slot = Some(value);
        }
        match params.vararg {
            Some(_) => slots[rest_slot] = Some(Value::tuple(pos)),
            None if given > count => return Err(self.too_many(function, given)),
            None => {}
        }
        let mut extra = Dict::new();
        for (name, value) in args.named {
            let first_named = params.positional_only.len();
            let position = positional.iter().skip(first_named).position(|p| p.name.kind == name).map(|i| i + first_named);
            let position =
                position.or_else(|| params.keyword_only.iter().position(|p| p.name.kind == name).map(|i| keyword_only + i));
            match position {
                Some(i) if slots[i].is_some() => {
                    return Err(self.type_error(format!("{}() got multiple values for argument '{name}'", function.qualname)));
                }
                Some(i) => slots[i] = Some(value),
                None if params.kwarg.is_some() => drop(extra.insert(name, value)),
                None => return Err(self.unexpected(function, &name)),
            }
        }
        if params.kwarg.is_some() {
            slots[named_slot] = Some(Value::dict(extra));
        }
        let all = (0..count).chain(keyword_only..named_slot);
        for (slot, default) in all.zip(&function.defaults) {
            if slots[slot].is_none() {
                slots[slot] = default.clone();
            }
        }
        let missing = |range: std::ops::Range<usize>| -> Vec<Name> {
            let locals = &function.def.scope().locals;
            range.filter(|&i| slots[i].is_none()).filter_map(|i| locals.get_index(i).cloned()).collect()
        };
        for (kind, names) in [("positional", missing(0..count)), ("keyword-only", missing(keyword_only..named_slot))] {
            if !names.is_empty() {
                return Err(self.missing(function, kind, &names));
            }
        }
        Ok(slots)
    }

    fn missing(&self, function: &Function, kind: &str, names: &[Name]) -> Box<super::raise::Raise> {
        let (count, s) = (names.len(), if names.len() == 1 { "" } else { "s" });
        let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
        let list = match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, [one])) => format!("{one} and {last}"),
            Some((last, rest)) => format!("{}, and {last}", rest.join(", ")),
            None => String::new(),
        };
        self.type_error(format!("{}() missing {count} required {kind} argument{s}: {list}", function.qualname))
    }

    fn too_many(&self, function: &Function, given: usize) -> Box<super::raise::Raise> {
        let params = function.def.params();
        let count = params.positional_only.len() + params.args.len();
        let optional = function.defaults.iter().take(count).filter(|d| d.is_some()).count();
        let takes = match optional {
            0 => format!("{count} positional argument{}", if count == 1 { "" } else { "s" }),
            _ => format!("from {} to {count} positional arguments", count - optional),
        };
        let were = if given == 1 { "was" } else { "were" };
        self.type_error(format!("{}() takes {takes} but {given} {were} given", function.qualname))
    }

    fn unexpected(&self, function: &Function, name: &str) -> Box<super::raise::Raise> {
        let params = function.def.params();
        let mut error = self.type_error(format!("{}() got an unexpected keyword argument '{name}'", function.qualname));
        if let super::raise::Raise::Exception(thrown) = &mut *error {
            let known = params.args.iter().chain(&params.keyword_only).map(|p| &*p.name.kind);
            thrown.hint = super::raise::nearest(name, known).map(|best| format!("did you mean '{best}'?"));
        }
        error
    }

    /// `Class(args)`: `__new__`, then `__init__` where that gave an instance of the class.
    pub fn construct(&mut self, class: &Rc<Class>, args: Args) -> Eval {
        if Rc::ptr_eq(class, &self.types.type_) && args.pos.len() == 1 {
            return Ok(Value::Class(self.class_of(&args.pos[0])));
        }
        let object = match class.lookup("__new__") {
            Some(Value::Native(new)) if class.owner("__new__").is_some_and(|owner| Rc::ptr_eq(owner, &self.types.object)) => {
                drop(new);
                self.plain_instance(class, &args)?
            }
            Some(new) => {
                let new = if let Value::StaticMethod(inner) = new { (*inner).clone() } else { new };
                self.call(&new, args.clone().with_first(Value::Class(class.clone())))?
            }
            None => self.plain_instance(class, &args)?,
        };
        let made = self.class_of(&object);
        if !made.is_subclass(class) {
            return Ok(object);
        }
        if let Some(init) = made.lookup("__init__")
            && made.owner("__init__").is_some_and(|owner| !Rc::ptr_eq(owner, &self.types.object))
        {
            let result = self.call_with(&init, &object, args)?;
            if !result.is_none() {
                return Err(self.type_error(format!("__init__() should return None, not '{}'", self.type_name(&result))));
            }
        }
        Ok(object)
    }

    /// `object.__new__(class)`
    pub(crate) fn plain_instance(&mut self, class: &Rc<Class>, args: &Args) -> Eval {
        let no_init = class.owner("__init__").is_none_or(|owner| Rc::ptr_eq(owner, &self.types.object));
        let no_new = class.owner("__new__").is_none_or(|owner| Rc::ptr_eq(owner, &self.types.object));
        if no_init && no_new && (!args.pos.is_empty() || !args.named.is_empty()) {
            return Err(self.type_error(format!("{}() takes no arguments", class.name)));
        }
        Ok(Value::Instance(Instance::new(class.clone(), None)))
    }
}

impl crate::lang::ast::Params {
    /// The defaults of the parameters that can have one: positional, then keyword-only.
    fn clone_positions(&self) -> Vec<Option<&crate::lang::ast::Expr>> {
        let params = self.positional_only.iter().chain(&self.args).chain(&self.keyword_only);
        params.map(|p| p.default.as_ref()).collect()
    }
}
