//! `str` and `bytes`.

use super::builtins::text;
use super::methods;
use super::numbers::of_class;
use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::{Dict, Interp, Row, Value};

pub fn install(it: &mut Interp) {
    methods(&it.types.str_, STR);
    methods(&it.types.bytes, BYTES);
}

const STR: &[Row] = &[
    ("__new__", "class object? encoding? errors?", |it, a| {
        let own = it.types.str_.clone();
        let text = a.get(1).map_or(Ok(String::new()), |v| it.str(v))?;
        Ok(of_class(a.at(0), &own, Value::from(text)))
    }),
    ("capitalize", "self", |_, a| Ok(capitalised(this(a)).into())),
    ("center", "self width fill?", |it, a| pad(it, a, '^')),
    ("count", "self part", |it, a| Ok(Value::Int(this(a).matches(&*text(it, a.at(1))?).count() as i64))),
    ("encode", "self encoding? errors?", |_, a| Ok(Value::Bytes(this(a).as_bytes().into()))),
    ("endswith", "self suffix", |it, a| affix(it, a, |text, part| text.ends_with(part))),
    ("expandtabs", "self size?", |_, a| Ok(this(a).replace('\t', "        ").into())),
    ("find", "self part start? end?", |it, a| find(it, a, false).map(Value::Int)),
    ("format", "self *args **named", |it, a| {
        let named: Dict = a.named.iter().map(|(name, value)| (name.into(), value.clone())).collect();
        it.format_template(this(a), &a.rest, &named).map(Value::from)
    }),
    ("format_map", "self mapping", |it, a| it.format_map(this(a), a.at(1)).map(Value::from)),
    ("index", "self part start? end?", |it, a| index(it, a, false)),
    ("isalnum", "self", |_, a| all(a, char::is_alphanumeric)),
    ("isalpha", "self", |_, a| all(a, char::is_alphabetic)),
    ("isascii", "self", |_, a| Ok(this(a).is_ascii().into())),
    ("isdecimal", "self", |_, a| all(a, |c| c.is_ascii_digit())),
    ("isdigit", "self", |_, a| all(a, |c| c.is_ascii_digit())),
    ("isidentifier", "self", |_, a| {
        let first = this(a).chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        Ok(Value::Bool(first && this(a).chars().all(|c| c.is_alphanumeric() || c == '_')))
    }),
    ("islower", "self", |_, a| cased(a, char::is_lowercase, char::is_uppercase)),
    ("isnumeric", "self", |_, a| all(a, char::is_numeric)),
    ("isspace", "self", |_, a| all(a, char::is_whitespace)),
    ("isupper", "self", |_, a| cased(a, char::is_uppercase, char::is_lowercase)),
    ("join", "self iterable", join),
    ("ljust", "self width fill?", |it, a| pad(it, a, '<')),
    ("lower", "self", |_, a| Ok(this(a).to_lowercase().into())),
    ("casefold", "self", |_, a| Ok(this(a).to_lowercase().into())),
    ("lstrip", "self chars?", |_, a| Ok(strip(a, true, false).into())),
    ("partition", "self separator", |it, a| partition(it, a, false)),
    ("removeprefix", "self prefix", |it, a| {
        let part = text(it, a.at(1))?;
        Ok(this(a).strip_prefix(&*part).unwrap_or(this(a)).into())
    }),
    ("removesuffix", "self suffix", |it, a| {
        let part = text(it, a.at(1))?;
        Ok(this(a).strip_suffix(&*part).unwrap_or(this(a)).into())
    }),
    ("replace", "self old new count?", replace),
    ("rfind", "self part start? end?", |it, a| find(it, a, true).map(Value::Int)),
    ("rindex", "self part start? end?", |it, a| index(it, a, true)),
    ("rjust", "self width fill?", |it, a| pad(it, a, '>')),
    ("rpartition", "self separator", |it, a| partition(it, a, true)),
    ("rsplit", "self sep? maxsplit?", |it, a| split(it, a, true)),
    ("rstrip", "self chars?", |_, a| Ok(strip(a, false, true).into())),
    ("split", "self sep? maxsplit?", |it, a| split(it, a, false)),
    ("splitlines", "self keepends?", |_, a| Ok(Value::list(this(a).lines().map(Value::from)))),
    ("startswith", "self prefix", |it, a| affix(it, a, |text, part| text.starts_with(part))),
    ("strip", "self chars?", |_, a| Ok(strip(a, true, true).into())),
    ("swapcase", "self", |_, a| {
        let swap = |c: char| if c.is_uppercase() { c.to_lowercase().to_string() } else { c.to_uppercase().to_string() };
        Ok(this(a).chars().map(swap).collect::<String>().into())
    }),
    ("title", "self", |_, a| {
        let mut inside = false;
        let title = |c: char| {
            let first = !std::mem::replace(&mut inside, c.is_alphabetic());
            if first { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() }
        };
        Ok(this(a).chars().map(title).collect::<String>().into())
    }),
    ("upper", "self", |_, a| Ok(this(a).to_uppercase().into())),
    ("zfill", "self width", |it, a| {
        let width = width(it, a.at(1))?;
        let (sign, digits) = this(a).split_at(this(a).starts_with(['-', '+']) as usize);
        let missing = width.saturating_sub(this(a).chars().count());
        Ok(format!("{sign}{}{digits}", "0".repeat(missing)).into())
    }),
];

const BYTES: &[Row] = &[("decode", "self encoding? errors?", |it, a| match a.at(0) {
    Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(e) => Err(it.error("UnicodeDecodeError", e.to_string())),
    },
    _ => Err(it.type_error("bytes are needed")),
})];

fn this(a: &Bound) -> &str {
    a.at(0).as_str().unwrap_or_default()
}

fn width(it: &mut Interp, value: &Value) -> Eval<usize> {
    let width = it.int(value)?.max(0) as usize;
    it.check_length(width)
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
}

fn all(a: &Bound, test: fn(char) -> bool) -> Eval {
    Ok(Value::Bool(!this(a).is_empty() && this(a).chars().all(test)))
}

fn cased(a: &Bound, some: fn(char) -> bool, none: fn(char) -> bool) -> Eval {
    Ok(Value::Bool(this(a).chars().any(some) && !this(a).chars().any(none)))
}

fn pad(it: &mut Interp, a: &Bound, align: char) -> Eval {
    let (width, fill) = (width(it, a.at(1))?, a.at(2).as_str().unwrap_or(" "));
    let missing = width.saturating_sub(this(a).chars().count());
    let (before, after) = match align {
        '<' => (0, missing),
        '>' => (missing, 0),
        _ => (missing / 2 + (missing & width & 1), missing - missing / 2 - (missing & width & 1)),
    };
    Ok(format!("{}{}{}", fill.repeat(before), this(a), fill.repeat(after)).into())
}

fn affix(it: &mut Interp, a: &Bound, test: fn(&str, &str) -> bool) -> Eval {
    match a.at(1) {
        Value::Tuple(parts) => {
            for part in parts.iter() {
                if test(this(a), &text(it, part)?) {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        part => Ok(Value::Bool(test(this(a), &text(it, part)?))),
    }
}

/// Positions are counted in characters; -1 where there is none.
fn find(it: &mut Interp, a: &Bound, last: bool) -> Eval<i64> {
    let part = text(it, a.at(1))?;
    let chars: Vec<char> = this(a).chars().collect();
    let mut bound = |i: usize, default: i64| a.get(i).filter(|v| !v.is_none()).map_or(Ok(default), |v| it.int(v));
    let len = chars.len() as i64;
    let clip = |i: i64| (if i < 0 { i + len } else { i }).clamp(0, len) as usize;
    let (start, end) = (clip(bound(2, 0)?), clip(bound(3, len)?));
    if start > end {
        return Ok(-1);
    }
    let window: String = chars[start..end].iter().collect();
    let at = if last { window.rfind(&*part) } else { window.find(&*part) };
    Ok(at.map_or(-1, |at| (start + window[..at].chars().count()) as i64))
}

fn index(it: &mut Interp, a: &Bound, last: bool) -> Eval {
    match find(it, a, last)? {
        -1 => Err(it.value_error("substring not found")),
        at => Ok(Value::Int(at)),
    }
}

fn join(it: &mut Interp, a: &Bound) -> Eval {
    let mut parts = vec![];
    for (i, item) in it.collect(a.at(1))?.into_iter().enumerate() {
        match item.as_str() {
            Some(part) => parts.push(part.to_owned()),
            None => {
                let name = it.type_name(&item);
                return Err(it.type_error(format!("sequence item {i}: expected str instance, {name} found")));
            }
        }
    }
    Ok(parts.join(this(a)).into())
}

fn strip(a: &Bound, start: bool, end: bool) -> &str {
    let set = a.at(1).as_str();
    let drop = |c: char| set.map_or(c.is_whitespace(), |set| set.contains(c));
    let text = if start { this(a).trim_start_matches(drop) } else { this(a) };
    if end { text.trim_end_matches(drop) } else { text }
}

fn partition(it: &mut Interp, a: &Bound, last: bool) -> Eval {
    let separator = text(it, a.at(1))?;
    if separator.is_empty() {
        return Err(it.value_error("empty separator"));
    }
    let found = if last { this(a).rsplit_once(&*separator) } else { this(a).split_once(&*separator) };
    Ok(Value::tuple(match found {
        Some((before, after)) => [Value::from(before), Value::from(separator.as_str()), Value::from(after)],
        None if last => ["".into(), "".into(), this(a).into()],
        None => [this(a).into(), "".into(), "".into()],
    }))
}

fn replace(it: &mut Interp, a: &Bound) -> Eval {
    let (old, new) = (text(it, a.at(1))?, text(it, a.at(2))?);
    let count = a.get(3).map_or(Ok(-1), |v| it.int(v))?;
    let sites = this(a).matches(&*old).count();
    it.check_length(this(a).len().saturating_add(sites.saturating_mul(new.len())))?;
    Ok(match usize::try_from(count) {
        Ok(count) => this(a).replacen(&*old, &new, count).into(),
        Err(_) => this(a).replace(&*old, &new).into(),
    })
}

fn split(it: &mut Interp, a: &Bound, last: bool) -> Eval {
    let limit = a.get(2).map_or(Ok(-1), |v| it.int(v))?;
    let limit = usize::try_from(limit).map_or(usize::MAX, |n| n.saturating_add(1));
    let parts: Vec<Value> = match a.get(1).filter(|v| !v.is_none()) {
        Some(separator) => {
            let separator = text(it, separator)?;
            if separator.is_empty() {
                return Err(it.value_error("empty separator"));
            }
            match last {
                true => this(a).rsplitn(limit, &*separator).map(Value::from).collect(),
                false => this(a).splitn(limit, &*separator).map(Value::from).collect(),
            }
        }
        None => words(this(a), limit, last),
    };
    Ok(Value::list(if last { parts.into_iter().rev().collect() } else { parts }))
}

/// The words of a text, at most `limit` parts: the last one is the rest. From the end when `last`.
fn words(text: &str, limit: usize, last: bool) -> Vec<Value> {
    let (mut parts, mut rest) = (vec![], text.trim());
    while !rest.is_empty() {
        let at = if last { rest.rfind(char::is_whitespace) } else { rest.find(char::is_whitespace) };
        let Some(at) = at.filter(|_| parts.len() + 1 < limit) else {
            parts.push(rest.into());
            break;
        };
        let (before, after) = (rest[..at].trim_end(), rest[at..].trim_start());
        parts.push(if last { after } else { before }.into());
        rest = if last { before } else { after };
    }
    parts
}
