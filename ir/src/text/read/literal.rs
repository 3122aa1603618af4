//! Literals: numbers that fit their dtype, and strings without their quotes.

use super::Errors;
use crate::codes;
use crate::dtype::{Category, DType};
use crate::scalar::Scalar;
use crate::text::syntax::{Expr, ExprKind};

impl Errors {
    /// The constant that an expression writes, in the given dtype.
    pub fn scalar(&mut self, e: &Expr, dtype: DType) -> Option<Scalar> {
        number(&e.kind, false, dtype)
            .or_else(|| self.say(codes::IR_VALUE, e.at, format!("this is not a constant of dtype {dtype}")))
    }

    /// `0.5: f32`, or a number alone, which is an f64.
    pub fn typed_scalar(&mut self, e: &Expr) -> Option<Scalar> {
        match &e.kind {
            ExprKind::Typed(value, dtype) => {
                let dtype = self.dtype(*dtype)?;
                self.scalar(value, dtype)
            }
            _ => self.scalar(e, DType::F64),
        }
    }
}

fn number(e: &ExprKind, negative: bool, dtype: DType) -> Option<Scalar> {
    match (e, dtype.category()) {
        (ExprKind::Neg(inner), _) => number(&inner.kind, !negative, dtype),
        (ExprKind::Name("true"), Category::Bool) if !negative => Some(Scalar::bool(true)),
        (ExprKind::Name("false"), Category::Bool) if !negative => Some(Scalar::bool(false)),
        (ExprKind::Int(text), Category::Int) => integer(text, negative, dtype),
        (ExprKind::Int(text) | ExprKind::Float(text) | ExprKind::Name(text @ ("inf" | "nan")), Category::Float) => {
            float(text, negative, dtype)
        }
        _ => None,
    }
}

/// A decimal integer of up to 64 bits that the dtype holds.
pub fn integer(digits: &str, negative: bool, dtype: DType) -> Option<Scalar> {
    let magnitude = i128::from(digits.parse::<u64>().ok()?);
    let value = i64::try_from(if negative { -magnitude } else { magnitude }).ok()?;
    Some(Scalar::int(dtype, value)).filter(|s| s.as_i64() == value)
}

/// The nearest float. Those up to 32 bits are read as f32: their shortest texts are printed so.
pub fn float(text: &str, negative: bool, dtype: DType) -> Option<Scalar> {
    let sign = if negative { -1.0 } else { 1.0 };
    let value = match dtype {
        DType::F64 => text.parse::<f64>().ok()?,
        _ => text.parse::<f32>().ok()?.into(),
    };
    Some(Scalar::float(dtype, sign * value))
}

/// The text of a quoted string; `None` for an escape that does not exist.
pub fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let (mut out, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { escape(&mut chars)? } else { c });
    }
    Some(out)
}

/// Rust's escapes, as its debug form of strings writes them.
fn escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        c @ ('"' | '\'' | '\\') => c,
        'u' => {
            let (hex, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
            *chars = rest.chars();
            char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_survive_quoting() {
        for s in ["", "plain", "a \"b\" \\ c", "tab\tnl\nzero\0 é ∀ \u{202e} \u{7f}"] {
            assert_eq!(unquote(&format!("{s:?}")).as_deref(), Some(s));
        }
        assert_eq!(unquote(r#""\q""#), None);
    }

    #[test]
    fn integers_fit_their_dtype() {
        assert_eq!(integer("128", true, DType::I8).map(Scalar::as_i64), Some(-128));
        assert_eq!(integer("128", false, DType::I8), None);
        assert_eq!(integer("9223372036854775808", true, DType::I64).map(Scalar::as_i64), Some(i64::MIN));
        assert_eq!(integer("9223372036854775808", false, DType::I64), None);
    }
}
