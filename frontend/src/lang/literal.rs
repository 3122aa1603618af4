//! The values of literals: numbers, and the escapes in strings.

use std::sync::Arc;

/// An integer: `Err` holds the decimal digits of one that does not fit.
pub type Int = Result<i64, Arc<str>>;

/// Decimal digits that an integer literal may have, as in CPython; conversion is quadratic in them.
const MAX_DIGITS: usize = 4300;

/// The value of digits with underscores; `None` when there are too many digits, or zeros before a decimal number.
pub fn int(text: &str, radix: u32) -> Option<Int> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(radix)).collect();
    let first = digits.iter().position(|&d| d != 0).unwrap_or(digits.len());
    let digits = &digits[first..];
    if (radix == 10 && first > 0 && !digits.is_empty()) || digits.len() > MAX_DIGITS {
        return None;
    }
    let small = digits.iter().try_fold(0i64, |n, &d| n.checked_mul(radix.into())?.checked_add(d.into()));
    Some(small.ok_or_else(|| decimal(digits, radix)))
}

/// Digits of any radix as decimal text.
fn decimal(digits: &[u32], radix: u32) -> Arc<str> {
    // Little-endian limbs of nine decimal digits.
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![];
    for &digit in digits {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let n = *limb * u64::from(radix) + carry;
            *limb = n % LIMB;
            carry = n / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text = limbs.pop().unwrap_or(0).to_string();
    limbs.iter().rev().for_each(|limb| text.push_str(&format!("{limb:09}")));
    text.into()
}

pub fn float(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok()
}

pub fn imaginary(text: &str) -> Option<f64> {
    float(text.trim_end_matches(['j', 'J']))
}

/// An escape that has no meaning: its byte range in the raw text, and why.
#[derive(Debug)]
pub struct BadEscape {
    pub at: usize,
    pub len: usize,
    pub why: &'static str,
}

/// One step through a raw literal.
enum Piece {
    Char(char),
    Byte(u8),
    Nothing,
    /// A character that Python's `str` can hold and UTF-8 cannot, or one called by its Unicode name.
    Opaque,
}

/// The text of a `str` literal; `None` when it holds characters that have no value here.
pub fn unescape(raw: &str) -> Result<Option<String>, BadEscape> {
    let mut out = Some(String::with_capacity(raw.len()));
    let mut at = 0;
    while at < raw.len() {
        match (piece(raw, &mut at, false)?, &mut out) {
            (Piece::Char(c), Some(out)) => out.push(c),
            (Piece::Byte(b), Some(out)) => out.push(char::from(b)),
            (Piece::Opaque, _) => out = None,
            _ => {}
        }
    }
    Ok(out)
}

/// The bytes of a `bytes` literal.
pub fn unescape_bytes(raw: &str) -> Result<Vec<u8>, BadEscape> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let start = at;
        match piece(raw, &mut at, true)? {
            Piece::Char(c) if c.is_ascii() => out.push(c as u8),
            Piece::Byte(b) => out.push(b),
            Piece::Nothing => {}
            _ => return Err(BadEscape { at: start, len: at - start, why: "a bytes literal holds ASCII characters only" }),
        }
    }
    Ok(out)
}

fn piece(raw: &str, at: &mut usize, bytes: bool) -> Result<Piece, BadEscape> {
    let start = *at;
    let rest = &raw[start..];
    let mut chars = rest.chars();
    let first = chars.next().unwrap_or_default();
    *at += first.len_utf8();
    if first == '\r' {
        // Python reads every line end as \n.
        *at += usize::from(rest.starts_with("\r\n"));
        return Ok(Piece::Char('\n'));
    }
    let Some(c) = chars.next().filter(|_| first == '\\') else { return Ok(Piece::Char(first)) };
    *at += c.len_utf8();
    Ok(match c {
        '\n' => Piece::Nothing,
        '\r' => {
            *at += usize::from(rest[1..].starts_with("\r\n"));
            Piece::Nothing
        }
        '\\' | '\'' | '"' => Piece::Char(c),
        'a' => Piece::Char('\x07'),
        'b' => Piece::Char('\x08'),
        'f' => Piece::Char('\x0C'),
        'n' => Piece::Char('\n'),
        'r' => Piece::Char('\r'),
        't' => Piece::Char('\t'),
        'v' => Piece::Char('\x0B'),
        '0'..='7' => octal(raw, start, at),
        'x' => Piece::Byte(hex(raw, start, at, 2)? as u8),
        'u' if !bytes => code_point(hex(raw, start, at, 4)?, start, *at)?,
        'U' if !bytes => code_point(hex(raw, start, at, 8)?, start, *at)?,
        'N' if !bytes => named(raw, start, at)?,
        // An unknown escape stands for itself, the backslash included.
        _ => {
            *at = start + 1;
            Piece::Char('\\')
        }
    })
}

fn octal(raw: &str, start: usize, at: &mut usize) -> Piece {
    let digits = raw[start + 1..].bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b));
    let (len, value) = digits.fold((0, 0u32), |(len, n), b| (len + 1, n * 8 + u32::from(b - b'0')));
    *at = start + 1 + len;
    u8::try_from(value).map_or(char::from_u32(value).map_or(Piece::Opaque, Piece::Char), Piece::Byte)
}

fn hex(raw: &str, start: usize, at: &mut usize, len: usize) -> Result<u32, BadEscape> {
    let digits = raw.get(*at..*at + len).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    let value = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
    *at += if value.is_some() { len } else { 0 };
    let why = match len {
        2 => r"'\x' wants two hexadecimal digits",
        4 => r"'\u' wants four hexadecimal digits",
        _ => r"'\U' wants eight hexadecimal digits",
    };
    value.ok_or(BadEscape { at: start, len: 2, why })
}

fn code_point(value: u32, start: usize, end: usize) -> Result<Piece, BadEscape> {
    match char::from_u32(value) {
        Some(c) => Ok(Piece::Char(c)),
        None if value <= 0xFFFF => Ok(Piece::Opaque),
        None => Err(BadEscape { at: start, len: end - start, why: "no such Unicode character" }),
    }
}

fn named(raw: &str, start: usize, at: &mut usize) -> Result<Piece, BadEscape> {
    let name = raw[*at..].strip_prefix('{').and_then(|rest| rest.find('}'));
    let len = name.filter(|&len| len > 0).ok_or(BadEscape {
        at: start,
        len: 2,
        why: r"'\N' wants the name of a character in braces",
    })?;
    *at += len + 2;
    Ok(Piece::Opaque)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_size() {
        assert_eq!(int("1_000", 10), Some(Ok(1000)));
        assert_eq!(int("0_0", 10), Some(Ok(0)));
        assert_eq!(int("007", 10), None);
        assert_eq!(int("ffff_ffff_ffff_ffff", 16), Some(Err("18446744073709551615".into())));
        assert_eq!(int("1_000000000_000000000_000000000", 10), Some(Err("1000000000000000000000000000".into())));
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape(r"a\n\x41\101\d\u00e9\\").unwrap().unwrap(), "a\nAA\\dé\\");
        assert_eq!(unescape(r"\ud800").unwrap(), None);
        assert_eq!(unescape(r"\N{BULLET}").unwrap(), None);
        assert_eq!(unescape_bytes(r"\xff\u").unwrap(), b"\xff\\u");
        assert!(unescape(r"\x4").is_err());
        assert!(unescape(r"\U00110000").is_err());
        assert!(unescape_bytes("é").is_err());
    }
}
