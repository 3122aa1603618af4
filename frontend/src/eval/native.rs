//! Functions written in Rust, and how arguments are bound to their parameters.
//!
//! Parameters are written as a row of words: `"iterable / * key? reverse?"`. A `?` marks one that may be left out, `*` begins the
//! keyword-only ones, `/` ends the positional-only ones, `*rest` and `**named` take what is left.

use super::interp::Interp;
use super::raise::Eval;
use super::value::Value;
use crate::lang::ast::Name;
use std::rc::Rc;

/// The arguments of a call.
#[derive(Clone, Default)]
pub struct Args {
    pub pos: Vec<Value>,
    pub named: Vec<(Name, Value)>,
}

impl Args {
    pub fn of(pos: impl IntoIterator<Item = Value>) -> Args {
        Args { pos: pos.into_iter().collect(), named: vec![] }
    }

    pub fn with_first(mut self, first: Value) -> Args {
        self.pos.insert(0, first);
        self
    }
}

/// Arguments in the order of the parameters.
#[derive(Default)]
pub struct Bound {
    values: Vec<Option<Value>>,
    pub rest: Vec<Value>,
    pub named: Vec<(Name, Value)>,
}

impl Bound {
    /// The argument; `None` (Python's) for one that was left out.
    pub fn at(&self, index: usize) -> &Value {
        self.get(index).unwrap_or(&Value::None)
    }

    pub fn get(&self, index: usize) -> Option<&Value> {
        self.values.get(index).and_then(Option::as_ref)
    }

    /// What was passed to `*rest` and `**named`.
    pub fn into_rest(self) -> Args {
        Args { pos: self.rest, named: self.named }
    }

    pub fn args(&self) -> Args {
        Args { pos: self.rest.clone(), named: self.named.clone() }
    }
}

pub type NativeFn = fn(&mut Interp, &Bound) -> Eval;

type Closure = dyn Fn(&mut Interp, &Bound) -> Eval;

enum Run {
    Plain(NativeFn),
    Closure(Box<Closure>),
}

pub struct Native {
    pub name: Name,
    params: Params,
    run: Run,
    /// Whether it takes the object as first argument when it is found in a class.
    pub is_method: bool,
}

enum Params {
    Static(&'static str),
    Owned(Box<str>),
}

/// A line of a table of functions: name, parameters, body.
pub type Row = (&'static str, &'static str, NativeFn);

impl Native {
    pub fn function(&(name, params, run): &Row) -> Value {
        Value::Native(Rc::new(Native {
            name: name.into(),
            params: Params::Static(params),
            run: Run::Plain(run),
            is_method: false,
        }))
    }

    pub fn method(&(name, params, run): &Row) -> Value {
        Value::Native(Rc::new(Native {
            name: name.into(),
            params: Params::Static(params),
            run: Run::Plain(run),
            is_method: true,
        }))
    }

    pub fn closure(name: &str, params: &str, run: impl Fn(&mut Interp, &Bound) -> Eval + 'static) -> Value {
        Value::Native(Native::new(name, params, run, false))
    }

    pub fn new(name: &str, params: &str, run: impl Fn(&mut Interp, &Bound) -> Eval + 'static, is_method: bool) -> Rc<Native> {
        Rc::new(Native { name: name.into(), params: Params::Owned(params.into()), run: Run::Closure(Box::new(run)), is_method })
    }

    pub fn call(&self, it: &mut Interp, args: Args) -> Eval {
        let params = match &self.params {
            Params::Static(text) => text,
            Params::Owned(text) => &**text,
        };
        let bound = bind(it, &self.name, params, args)?;
        match &self.run {
            Run::Plain(run) => run(it, &bound),
            Run::Closure(run) => run(it, &bound),
        }
    }
}

/// Binds arguments to a row of parameters.
///
/// # Errors
/// `TypeError` for an argument that is missing, unknown or given twice.
pub fn bind(it: &mut Interp, name: &str, params: &str, args: Args) -> Eval<Bound> {
    let mut bound = Bound::default();
    let mut slots: Vec<(&str, bool)> = vec![];
    let (mut positional, mut positional_only, mut keywords_only) = (0, 0, false);
    let (mut rest, mut others) = (false, false);
    for word in params.split_ascii_whitespace() {
        match word {
            "/" => positional_only = slots.len(),
            "*" => keywords_only = true,
            _ if word.starts_with("**") => others = true,
            _ if word.starts_with('*') => (rest, keywords_only) = (true, true),
            _ => {
                let (word, optional) = word.strip_suffix('?').map_or((word, false), |w| (w, true));
                slots.push((word, optional));
                positional += !keywords_only as usize;
            }
        }
    }
    bound.values = vec![None; slots.len()];
    let given = args.pos.len();
    for (i, value) in args.pos.into_iter().enumerate() {
        match i < positional {
            true => bound.values[i] = Some(value),
            false if rest => bound.rest.push(value),
            false => {
                let takes = if positional == 1 {
                    "1 positional argument".to_owned()
                } else {
                    format!("{positional} positional arguments")
                };
                return Err(it.type_error(format!("{name}() takes {takes} but {given} were given")));
            }
        }
    }
    for (word, value) in args.named {
        match slots.iter().position(|(slot, _)| **slot == *word).filter(|&i| i >= positional_only) {
            Some(i) if bound.values[i].is_some() => {
                return Err(it.type_error(format!("{name}() got multiple values for argument '{word}'")));
            }
            Some(i) => bound.values[i] = Some(value),
            None if others => bound.named.push((word, value)),
            None => return Err(it.type_error(format!("{name}() got an unexpected keyword argument '{word}'"))),
        }
    }
    match slots.iter().zip(&bound.values).find(|((_, optional), value)| !optional && value.is_none()) {
        Some(((slot, _), _)) => Err(it.type_error(format!("{name}() missing required argument '{slot}'"))),
        None => Ok(bound),
    }
}
