//! Format specifications: `format(value, "08.3f")`, `"%5d" % x` and `"{:>8}".format(x)`.

use super::dict::Dict;
use super::interp::Interp;
use super::raise::Eval;
use super::repr;
use super::shared::Shared;
use super::value::Value;

/// Widths and precisions beyond this are refused.
const MAX_WIDTH: usize = 1 << 16;

/// `[[fill]align][sign][#][0][width][grouping][.precision][type]`
#[derive(Clone, Copy)]
struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(text: &str) -> Option<Spec> {
        let chars: Vec<char> = text.chars().collect();
        let mut spec =
            Spec { fill: ' ', align: None, sign: '-', alternate: false, width: 0, grouping: None, precision: None, kind: None };
        let mut at = 0;
        let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
        if is_align(chars.get(1)) {
            (spec.fill, spec.align, at) = (chars[0], Some(chars[1]), 2);
        } else if is_align(chars.first()) {
            (spec.align, at) = (Some(chars[0]), 1);
        }
        let take = |at: &mut usize, set: &str| chars.get(*at).copied().filter(|c| set.contains(*c)).inspect(|_| *at += 1);
        spec.sign = take(&mut at, "+- ").unwrap_or('-');
        spec.alternate = take(&mut at, "#").is_some();
        if take(&mut at, "0").is_some() && spec.align.is_none() {
            (spec.fill, spec.align) = ('0', Some('='));
        }
        spec.width = digits(&chars, &mut at)?.unwrap_or(0);
        spec.grouping = take(&mut at, ",_");
        if take(&mut at, ".").is_some() {
            spec.precision = Some(digits(&chars, &mut at)??);
        }
        spec.kind = chars.get(at).copied();
        (at + spec.kind.is_some() as usize == chars.len()).then_some(spec)
    }

    fn pad(&self, sign: &str, body: &str, default: char) -> String {
        let missing = self.width.saturating_sub(sign.chars().count() + body.chars().count());
        let fill = |n: usize| self.fill.to_string().repeat(n);
        match self.align.unwrap_or(default) {
            '<' => format!("{sign}{body}{}", fill(missing)),
            '^' => format!("{}{sign}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{sign}{}{body}", fill(missing)),
            _ => format!("{}{sign}{body}", fill(missing)),
        }
    }

    fn sign_of(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, '+') => "+",
            (false, ' ') => " ",
            _ => "",
        }
    }
}

/// A number in the text; the outer none is one that is too large.
fn digits(chars: &[char], at: &mut usize) -> Option<Option<usize>> {
    let start = *at;
    while chars.get(*at).is_some_and(char::is_ascii_digit) {
        *at += 1;
    }
    match chars[start..*at].iter().collect::<String>() {
        text if text.is_empty() => Some(None),
        text => text.parse().ok().filter(|&n| n <= MAX_WIDTH).map(Some),
    }
}

/// Formats an integer, float, boolean or string.
pub fn apply(value: &Value, text: &str) -> Result<String, String> {
    let spec = Spec::parse(text).ok_or_else(|| format!("Invalid format specifier '{text}'"))?;
    let unknown = |kind: char, name: &str| Err(format!("Unknown format code '{kind}' for object of type '{name}'"));
    match (value, spec.kind) {
        (Value::Str(s), None | Some('s')) => {
            let body: String = s.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
            Ok(spec.pad("", &body, '<'))
        }
        (Value::Str(_), Some(kind)) => unknown(kind, "str"),
        (Value::Bool(b), None) => Ok(spec.pad("", if *b { "True" } else { "False" }, '<')),
        (Value::Float(f), kind) => real(*f, spec, kind)
            .or_else(|| unknown(kind.unwrap_or(' '), "float").ok())
            .ok_or_else(|| format!("Unknown format code '{}' for object of type 'float'", kind.unwrap_or(' '))),
        (_, kind) => {
            let i = value.as_int().unwrap_or_default();
            match kind {
                Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => real(i as f64, spec, kind).ok_or_else(String::new),
                _ => integer(i, spec).map_or_else(|| unknown(kind.unwrap_or(' '), "int"), Ok),
            }
        }
    }
}

fn integer(i: i64, spec: Spec) -> Option<String> {
    let magnitude = i.unsigned_abs();
    let (prefix, body, group) = match spec.kind {
        None | Some('d' | 'n') => ("", magnitude.to_string(), 3),
        Some('b') => ("0b", format!("{magnitude:b}"), 4),
        Some('o') => ("0o", format!("{magnitude:o}"), 4),
        Some('x') => ("0x", format!("{magnitude:x}"), 4),
        Some('X') => ("0X", format!("{magnitude:X}"), 4),
        Some('c') => return Some(spec.pad("", &char::from_u32(u32::try_from(i).ok()?)?.to_string(), '<')),
        _ => return None,
    };
    let sign = format!("{}{}", spec.sign_of(i < 0), if spec.alternate { prefix } else { "" });
    Some(spec.pad(&sign, &grouped(&body, spec.grouping, group), '>'))
}

fn grouped(digits: &str, separator: Option<char>, size: usize) -> String {
    let Some(separator) = separator else { return digits.to_owned() };
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(size) {
            text.push(separator);
        }
        text.push(c);
    }
    text
}

fn real(f: f64, spec: Spec, kind: Option<char>) -> Option<String> {
    let magnitude = f.abs();
    let precision = spec.precision.unwrap_or(6);
    let body = match kind {
        _ if !f.is_finite() => if f.is_nan() { "nan" } else { "inf" }.to_owned(),
        Some('f' | 'F') => format!("{magnitude:.precision$}"),
        Some('%') => format!("{:.precision$}%", magnitude * 100.0),
        Some('e' | 'E') => exponent(magnitude, precision),
        Some('g' | 'G') => general(magnitude, precision, spec.alternate),
        None => match spec.precision {
            None => repr::float(magnitude),
            Some(precision) => {
                let text = general(magnitude, precision, false);
                if text.contains(['.', 'e']) { text } else { text + ".0" }
            }
        },
        Some(_) => return None,
    };
    let body = if kind.is_some_and(|k| k.is_ascii_uppercase()) { body.to_uppercase() } else { body };
    let (whole, rest) = body.split_at(body.find(['.', 'e', 'E', '%']).unwrap_or(body.len()));
    let body = if f.is_finite() { grouped(whole, spec.grouping, 3) + rest } else { body };
    Some(spec.pad(spec.sign_of(f.is_sign_negative() && !f.is_nan()), &body, '>'))
}

fn exponent(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// `%g`: significant digits, trailing zeros dropped.
fn general(f: f64, precision: usize, keep_zeros: bool) -> String {
    let precision = precision.max(1);
    let scientific = exponent(f, precision - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let trim = |text: &str| match keep_zeros || !text.contains('.') {
        true => text.to_owned(),
        false => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
    };
    match power >= -4 && power < precision as i32 {
        true => {
            let decimals = (precision as i32 - 1 - power).max(0) as usize;
            trim(&format!("{f:.decimals$}"))
        }
        false => {
            let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
            format!("{}e{exponent}", trim(digits))
        }
    }
}

impl Interp {
    /// `template % values`
    pub(super) fn percent(&mut self, template: &str, values: &Value) -> Eval<String> {
        let mut rest = match values {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        }
        .into_iter();
        let (mut text, mut chars) = (String::new(), template.chars().peekable());
        let mut keyed = false;
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            let mut key = None;
            if chars.next_if_eq(&'(').is_some() {
                let name: String = chars.by_ref().take_while(|c| *c != ')').collect();
                key = Some(self.getitem(values, &Value::from(name))?);
                keyed = true;
            }
            let mut spec = String::new();
            while let Some(c) = chars.next_if(|c| "#0- +*.123456789".contains(*c)) {
                match c {
                    '*' => match rest.next() {
                        Some(width) => spec.push_str(&self.int(&width)?.to_string()),
                        None => return Err(self.type_error("not enough arguments for format string")),
                    },
                    c => spec.push(c),
                }
            }
            while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
            let Some(kind) = chars.next() else { return Err(self.value_error("incomplete format")) };
            if kind == '%' {
                text.push('%');
                continue;
            }
            let Some(value) = key.or_else(|| rest.next()) else {
                return Err(self.type_error("not enough arguments for format string"));
            };
            text.push_str(&self.percent_field(&value, &spec, kind)?);
        }
        match keyed || rest.next().is_none() || matches!(values, Value::Dict(_)) {
            true => Ok(text),
            false => Err(self.type_error("not all arguments converted during string formatting")),
        }
    }

    fn percent_field(&mut self, value: &Value, flags: &str, kind: char) -> Eval<String> {
        // `-` is alignment to the left, and text is aligned to the right by default.
        let left = flags.contains('-');
        let flags: String = flags.chars().filter(|c| *c != '-').collect();
        let value = match kind {
            's' => Value::from(self.str(value)?),
            'r' | 'a' => Value::from(self.repr(value)?),
            'd' | 'i' | 'u' => match value.as_float() {
                Some(f) => Value::Int(value.as_int().unwrap_or(f as i64)),
                None => {
                    return Err(
                        self.type_error(format!("%{kind} format: a real number is required, not {}", self.type_name(value)))
                    );
                }
            },
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => match value.as_float() {
                Some(f) => Value::Float(f),
                None => return Err(self.type_error(format!("must be real number, not {}", self.type_name(value)))),
            },
            'x' | 'X' | 'o' | 'c' => value.primitive().clone(),
            _ => return Err(self.value_error(format!("unsupported format character '{kind}'"))),
        };
        let kind = match kind {
            'r' | 'a' => 's',
            'i' | 'u' => 'd',
            kind => kind,
        };
        let align = if left {
            "<"
        } else if kind == 's' {
            ">"
        } else {
            ""
        };
        let kind = if matches!(value, Value::Str(_)) { 's' } else { kind };
        self.format(&value, &format!("{align}{flags}{kind}"))
    }

    /// `template.format(*args, **named)`
    pub fn format_template(&mut self, template: &str, args: &[Value], named: &Dict) -> Eval<String> {
        let mut next = 0;
        self.template(template, args, named, &mut next)
    }

    fn template(&mut self, template: &str, args: &[Value], named: &Dict, next: &mut usize) -> Eval<String> {
        self.deeper()?;
        let (mut text, mut rest) = (String::new(), template);
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let tail = &rest[at..];
            if tail.starts_with("{{") || tail.starts_with("}}") {
                text.push_str(&tail[..1]);
                rest = &tail[2..];
                continue;
            }
            let Some(end) = closing(tail) else { return Err(self.value_error("unmatched brace in format string")) };
            let (field, spec) = split_field(&tail[1..end]);
            let (field, conversion) = field.split_once('!').map_or((field, ""), |(f, c)| (f, c));
            let mut value = self.field(field, args, named, next)?;
            if conversion == "r" {
                value = Value::from(self.repr(&value)?);
            } else if conversion == "s" {
                value = Value::from(self.str(&value)?);
            }
            let spec = self.template(spec, args, named, next)?;
            text.push_str(&self.format(&value, &spec)?);
            rest = &tail[end + 1..];
        }
        text.push_str(rest);
        Ok(text)
    }

    /// `0`, `name`, `name.attribute[key]`
    fn field(&mut self, field: &str, args: &[Value], named: &Dict, next: &mut usize) -> Eval {
        let (first, mut path) = field.split_at(field.find(['.', '[']).unwrap_or(field.len()));
        let position = match first {
            "" => {
                *next += 1;
                Some(*next - 1)
            }
            _ => first.parse().ok(),
        };
        let found = match position {
            Some(i) => args
                .get(i)
                .cloned()
                .ok_or_else(|| self.error("IndexError", "Replacement index out of range for positional args tuple")),
            None => named.get_str(first).cloned().ok_or_else(|| self.missing_key(&Value::from(first))),
        };
        let mut value = found?;
        while !path.is_empty() {
            let end = path[1..].find(['.', '[']).map_or(path.len(), |i| i + 1);
            let (step, rest) = path.split_at(end);
            value = match step.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
                Some(key) => {
                    let key = key.parse().map_or_else(|_| Value::from(key), Value::Int);
                    self.getitem(&value, &key)?
                }
                None => self.getattr(&value, step.trim_start_matches('.'))?,
            };
            path = rest;
        }
        Ok(value)
    }

    /// The arguments of `format_map`.
    pub fn format_map(&mut self, template: &str, mapping: &Value) -> Eval<String> {
        let dict = Shared::new(Dict::new());
        self.update(&dict, mapping)?;
        let named = dict.borrow().clone();
        self.format_template(template, &[], &named)
    }
}

/// The brace that closes the one at the start.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

/// A replacement field's expression and specification: parted by the first colon outside of brackets.
fn split_field(field: &str) -> (&str, &str) {
    let mut depth = 0;
    for (i, c) in field.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ':' if depth == 0 => return (&field[..i], &field[i + 1..]),
            _ => {}
        }
    }
    (field, "")
}
