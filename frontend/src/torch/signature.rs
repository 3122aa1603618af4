//! Signatures of the table: text as in PyTorch's documentation, and how arguments are bound to it.
//!
//! `"sum(input, dim=None, keepdim=False, *, dtype=None)"`: defaults are Python literals, `*` begins keyword-only parameters, `*size`
//! takes one sequence or many numbers.

use super::cx::Cx;
use crate::eval::native::Args;
use crate::eval::raise::Eval;
use crate::eval::value::Value;

pub struct Signature {
    params: Vec<Param>,
}

struct Param {
    name: &'static str,
    /// The text of the default.
    default: Option<&'static str>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// `*size`
    Variadic,
    KeywordOnly,
}

/// Other names under which NumPy's users pass arguments.
const ALIASES: &[(&str, &str)] =
    &[("axis", "dim"), ("keepdims", "keepdim"), ("x", "input"), ("a", "input"), ("x2", "other"), ("exponent", "other")];

/// Parameters that every factory takes and that say nothing here: where a tensor is and how it is stored.
const IGNORED: &[&str] =
    &["device", "layout", "pin_memory", "memory_format", "non_blocking", "requires_grad", "generator", "names"];

/// Arguments by parameter.
pub struct Bound<'s> {
    name: &'static str,
    signature: &'s Signature,
    values: Vec<Value>,
    given: Vec<bool>,
}

impl Signature {
    /// # Panics
    /// For a text that is no signature: the table's rows are constants, and a test parses them all.
    pub fn parse(text: &'static str) -> Signature {
        let (_, rest) = text.split_once('(').expect("a signature has parentheses");
        let body = rest.strip_suffix(')').expect("a signature ends with `)`");
        let mut params = vec![];
        let mut keyword_only = false;
        for word in split(body) {
            match word {
                "*" => keyword_only = true,
                _ if word.starts_with('*') => {
                    params.push(Param { name: &word[1..], default: None, kind: Kind::Variadic });
                    keyword_only = true;
                }
                _ => {
                    let (name, default) = word.split_once('=').map_or((word, None), |(n, d)| (n, Some(d)));
                    params.push(Param { name, default, kind: if keyword_only { Kind::KeywordOnly } else { Kind::Plain } });
                }
            }
        }
        Signature { params }
    }

    /// Binds arguments.
    ///
    /// # Errors
    /// `TypeError`, as PyTorch's argument parser words it.
    pub fn bind(&self, cx: &mut Cx, name: &'static str, args: Args) -> Eval<Bound<'_>> {
        let count = self.params.len();
        let mut slots: Vec<Option<Value>> = vec![None; count];
        let variadic = self.params.iter().position(|p| p.kind == Kind::Variadic);
        let positional = self.params.iter().take_while(|p| p.kind == Kind::Plain).count();
        let total = args.pos.len();
        let mut rest = vec![];
        for (i, value) in args.pos.into_iter().enumerate() {
            match (i < positional, variadic) {
                (true, _) => slots[i] = Some(value),
                (false, Some(_)) => rest.push(value),
                (false, None) => {
                    let text = format!("{name}() takes {positional} positional arguments but {total} were given");
                    return Err(cx.it.type_error(text));
                }
            }
        }
        if let (Some(i), false) = (variadic, rest.is_empty()) {
            slots[i] = Some(sequence(rest));
        }
        for (key, value) in args.named {
            match self.position(&key) {
                Some(i) if slots[i].is_some() => {
                    return Err(cx.it.type_error(format!("{name}() got multiple values for argument '{key}'")));
                }
                Some(i) => slots[i] = Some(value),
                None if IGNORED.contains(&&*key) => {}
                None if &*key == "out" => return Err(cx.unsupported(format!("the argument `out` of {name}"))),
                None => return Err(cx.it.type_error(format!("{name}() got an unexpected keyword argument '{key}'"))),
            }
        }
        let given: Vec<bool> = slots.iter().map(Option::is_some).collect();
        let missing: Vec<&Param> = self
            .params
            .iter()
            .zip(&given)
            .filter(|(p, given)| !**given && p.default.is_none() && p.kind != Kind::Variadic)
            .map(|x| x.0)
            .collect();
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|p| format!("\"{}\"", p.name)).collect();
            let text = format!("{name}() missing {} required positional arguments: {}", names.len(), names.join(", "));
            return Err(cx.it.type_error(text));
        }
        let fill = |(slot, p): (Option<Value>, &Param)| slot.unwrap_or_else(|| literal(p.default.unwrap_or("()")));
        let values = slots.into_iter().zip(&self.params).map(fill).collect();
        Ok(Bound { name, signature: self, values, given })
    }

    fn position(&self, name: &str) -> Option<usize> {
        let at = |name: &str| self.params.iter().position(|p| p.name == name);
        at(name).or_else(|| ALIASES.iter().filter(|(alias, _)| *alias == name).find_map(|(_, own)| at(own)))
    }

    pub fn has(&self, name: &str) -> bool {
        self.params.iter().any(|p| p.name == name)
    }
}

impl Bound<'_> {
    /// The first argument.
    pub fn first(&self) -> &Value {
        &self.values[0]
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    fn index(&self, name: &str) -> usize {
        self.signature.params.iter().position(|p| p.name == name).expect("rows ask for parameters of their own signature")
    }

    pub fn value(&self, name: &str) -> &Value {
        &self.values[self.index(name)]
    }

    /// Whether the caller passed it.
    pub fn given(&self, name: &str) -> bool {
        self.given[self.index(name)]
    }

    pub fn has(&self, name: &str) -> bool {
        self.signature.has(name)
    }
}

/// Many numbers, or one sequence of them.
fn sequence(mut values: Vec<Value>) -> Value {
    match &values[..] {
        [one] if matches!(one.primitive(), Value::Tuple(_) | Value::List(_)) => values.remove(0),
        _ => Value::tuple(values),
    }
}

/// The words of a parameter list; commas in brackets do not split.
fn split(body: &'static str) -> Vec<&'static str> {
    let (mut words, mut depth, mut start) = (vec![], 0, 0);
    for (i, c) in body.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                words.push(body[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    words.push(body[start..].trim());
    words.retain(|w| !w.is_empty());
    words
}

fn literal(text: &str) -> Value {
    match text {
        "None" => Value::None,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        "()" => Value::tuple([]),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(i), _) => Value::Int(i),
            (_, Ok(f)) => Value::Float(f),
            _ => text.trim_matches('\'').into(),
        },
    }
}
