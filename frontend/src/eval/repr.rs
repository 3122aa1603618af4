//! Values as text: `str` and `repr`.

use super::dict::Dict;
use super::interp::Interp;
use super::native::Args;
use super::object::Instance;
use super::raise::Eval;
use super::value::{Part, Range, Value};
use std::rc::Rc;

impl Interp {
    /// `str(value)`
    pub fn str(&mut self, value: &Value) -> Eval<String> {
        match value {
            Value::Str(s) => Ok(s.to_string()),
            Value::Foreign(foreign) => foreign.clone().str(self).map_err(|r| self.located(r)),
            Value::Instance(instance) => {
                if let Some(text) = self.call_special(value, "__str__", [])? {
                    return self.expect_text(text, "__str__");
                }
                self.instance_str(value, instance)
            }
            _ => self.repr(value),
        }
    }

    fn instance_str(&mut self, value: &Value, instance: &Rc<Instance>) -> Eval<String> {
        if self.is_instance(value, &self.types.exception("BaseException")) {
            return self.exception_text(instance);
        }
        match &instance.base {
            Some(base @ Value::Str(_)) if instance.class().lookup("__repr__").is_none() => self.str(&base.clone()),
            _ => self.repr(value),
        }
    }

    /// `object.__str__`
    pub(crate) fn default_str(&mut self, value: &Value) -> Eval<String> {
        match value {
            Value::Instance(instance) => self.instance_str(value, instance),
            _ => self.str(value),
        }
    }

    /// `object.__repr__`
    pub(crate) fn default_repr(&mut self, value: &Value) -> Eval<String> {
        match value {
            Value::Instance(instance) => self.plain_repr(instance),
            _ => self.repr(value),
        }
    }

    fn expect_text(&self, text: Value, method: &str) -> Eval<String> {
        match text.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.type_error(format!("{method} returned non-string (type {})", self.type_name(&text)))),
        }
    }

    /// What an exception says: its arguments.
    fn exception_text(&mut self, error: &Rc<Instance>) -> Eval<String> {
        let args = match error.get("args") {
            Some(Value::Tuple(args)) => args,
            _ => return Ok(String::new()),
        };
        match &*args {
            [] => Ok(String::new()),
            [key] if error.class().is_subclass(&self.types.exception("KeyError")) => self.repr(key),
            [message] => self.str(message),
            _ => self.repr(&Value::Tuple(args)),
        }
    }

    /// `repr(value)`
    pub fn repr(&mut self, value: &Value) -> Eval<String> {
        self.deeper()?;
        Ok(match value {
            Value::None => "None".into(),
            Value::Ellipsis => "Ellipsis".into(),
            Value::NotImplemented => "NotImplemented".into(),
            Value::Bool(b) => if *b { "True" } else { "False" }.into(),
            Value::Int(i) => i.to_string(),
            Value::Float(f) => float(*f),
            Value::Str(s) => quoted(s),
            Value::Bytes(bytes) => format!("b{}", quoted_bytes(bytes)),
            Value::Tuple(items) => match &**items {
                [only] => format!("({},)", self.repr(only)?),
                items => format!("({})", self.reprs(items)?),
            },
            Value::List(items) => {
                if self.showing.contains(&value.address()) {
                    return Ok("[...]".into());
                }
                let items = items.borrow().clone();
                let text = self.nested(value, |it| it.reprs(&items))?;
                format!("[{text}]")
            }
            Value::Dict(dict) => {
                if self.showing.contains(&value.address()) {
                    return Ok("{...}".into());
                }
                let dict = dict.borrow().clone();
                let text = self.nested(value, |it| it.entries(&dict))?;
                format!("{{{text}}}")
            }
            Value::View(view) => {
                let items: Vec<Value> = view.dict.borrow().iter().map(|(k, v)| view.part.of(&k.value, v)).collect();
                let name = match view.part {
                    Part::Keys => "dict_keys",
                    Part::Values => "dict_values",
                    Part::Items => "dict_items",
                };
                format!("{name}([{}])", self.reprs(&items)?)
            }
            Value::Set(set) => {
                let items: Vec<Value> = set.items.borrow().keys().map(|k| k.value.clone()).collect();
                match (set.frozen, items.is_empty()) {
                    (false, true) => "set()".into(),
                    (true, true) => "frozenset()".into(),
                    (false, false) => format!("{{{}}}", self.reprs(&items)?),
                    (true, false) => format!("frozenset({{{}}})", self.reprs(&items)?),
                }
            }
            Value::Slice(s) => {
                format!("slice({}, {}, {})", self.repr(&s.lower)?, self.repr(&s.upper)?, self.repr(&s.step)?)
            }
            Value::Range(Range { start, stop, step: 1 }) => format!("range({start}, {stop})"),
            Value::Range(Range { start, stop, step }) => format!("range({start}, {stop}, {step})"),
            Value::Function(f) => format!("<function {}>", f.qualname),
            Value::Method(m) => format!("<bound method {} of {}>", self.callee(&m.func), self.repr(&m.this)?),
            Value::Native(n) => format!("<built-in function {}>", n.name),
            Value::Class(class) => match class.dict.borrow().get_str("__module__").and_then(Value::as_str) {
                Some(module) => format!("<class '{module}.{}'>", class.qualname),
                None => format!("<class '{}'>", class.qualname),
            },
            Value::Module(m) => format!("<module '{}'>", m.name),
            Value::Foreign(foreign) => return foreign.clone().repr(self).map_err(|r| self.located(r)),
            Value::Instance(instance) => return self.repr_instance(value, &instance.clone()),
            other => format!("<{} object>", self.type_name(other)),
        })
    }

    fn repr_instance(&mut self, value: &Value, instance: &Rc<Instance>) -> Eval<String> {
        if let Some(text) = self.call_special(value, "__repr__", [])? {
            return self.expect_text(text, "__repr__");
        }
        self.plain_repr(instance)
    }

    fn plain_repr(&mut self, instance: &Rc<Instance>) -> Eval<String> {
        let class = instance.class();
        if class.is_subclass(&self.types.exception("BaseException")) {
            let text = match instance.get("args") {
                Some(Value::Tuple(args)) => self.reprs(&args)?,
                _ => String::new(),
            };
            return Ok(format!("{}({text})", class.name));
        }
        if let Some(base) = &instance.base {
            return self.repr(&base.clone());
        }
        let module = class.dict.borrow().get_str("__module__").and_then(Value::as_str).map(|m| format!("{m}."));
        Ok(format!("<{}{} object>", module.unwrap_or_default(), class.qualname))
    }

    fn nested(&mut self, value: &Value, text: impl FnOnce(&mut Interp) -> Eval<String>) -> Eval<String> {
        self.showing.push(value.address());
        let result = text(self);
        self.showing.pop();
        result
    }

    fn reprs(&mut self, items: &[Value]) -> Eval<String> {
        let texts = items.iter().map(|item| self.repr(item)).collect::<Eval<Vec<_>>>()?;
        Ok(texts.join(", "))
    }

    fn entries(&mut self, dict: &Dict) -> Eval<String> {
        let texts =
            dict.iter().map(|(k, v)| Ok(format!("{}: {}", self.repr(&k.value)?, self.repr(v)?))).collect::<Eval<Vec<_>>>()?;
        Ok(texts.join(", "))
    }

    /// `format(value, spec)`
    pub fn format(&mut self, value: &Value, spec: &str) -> Eval<String> {
        if let Value::Instance(instance) = value {
            if let Some(text) = self.call_special(value, "__format__", [Value::from(spec)])? {
                return self.expect_text(text, "__format__");
            }
            if spec.is_empty() || instance.base.is_none() {
                return if spec.is_empty() { self.str(value) } else { self.bad_format(value) };
            }
        }
        if let Value::Foreign(foreign) = value {
            return match foreign.clone().format(self, spec).map_err(|r| self.located(r))? {
                Some(text) => Ok(text),
                None if spec.is_empty() => self.str(value),
                None => self.bad_format(value),
            };
        }
        if spec.is_empty() {
            return self.str(value);
        }
        match value.primitive() {
            Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bool(_) => {
                match super::format::apply(value.primitive(), spec) {
                    Ok(text) => Ok(text),
                    Err(message) => Err(self.value_error(message)),
                }
            }
            _ => self.bad_format(value),
        }
    }

    fn bad_format(&self, value: &Value) -> Eval<String> {
        Err(self.type_error(format!("unsupported format string passed to {}.__format__", self.type_name(value))))
    }

    /// Writes what `print` was given.
    pub fn print_line(&mut self, args: Args, separator: &str, end: &str) -> Eval<()> {
        let texts = args.pos.iter().map(|v| self.str(v)).collect::<Eval<Vec<_>>>()?;
        (self.print)(&(texts.join(separator) + end));
        Ok(())
    }
}

/// The shortest decimal that reads back as the same number, laid out as Python does.
pub fn float(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf" } else { "-inf" }.into();
    }
    let text = format!("{f:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        -4..=15 => {
            let plain = format!("{f}");
            if plain.contains('.') { plain } else { plain + ".0" }
        }
        _ => format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

fn escape(c: char, quote: char) -> String {
    match c {
        '\\' => "\\\\".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        c if c == quote => format!("\\{c}"),
        c if (c as u32) < 32 || c as u32 == 127 => format!("\\x{:02x}", c as u32),
        c => c.into(),
    }
}

pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let inner: String = text.chars().map(|c| escape(c, quote)).collect();
    format!("{quote}{inner}{quote}")
}

fn quoted_bytes(bytes: &[u8]) -> String {
    let inner: String = bytes.iter().map(|&b| if b < 127 { escape(b as char, '\'') } else { format!("\\x{b:02x}") }).collect();
    format!("'{inner}'")
}
