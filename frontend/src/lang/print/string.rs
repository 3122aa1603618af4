//! String literals: always double quotes, which Python 3.12 allows inside of an f-string's fields too.

use super::super::ast::{Conversion, StrPart};
use super::expr::{Level, write};
use std::fmt::Write;

pub fn text(out: &mut String, text: &str) {
    out.push('"');
    text.chars().for_each(|c| escape(out, c));
    out.push('"');
}

pub fn bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b\"");
    for &b in bytes {
        match b {
            b if b.is_ascii() => escape(out, char::from(b)),
            b => push(out, format_args!("\\x{b:02x}")),
        }
    }
    out.push('"');
}

fn push(out: &mut String, args: std::fmt::Arguments<'_>) {
    out.write_fmt(args).expect("writing to a string cannot fail");
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() && (c as u32) < 0x100 => push(out, format_args!("\\x{:02x}", c as u32)),
        c => out.push(c),
    }
}

pub fn joined(out: &mut String, parts: &[StrPart]) {
    out.push_str("f\"");
    for part in parts {
        match part {
            StrPart::Text(text) => text.chars().for_each(|c| match c {
                '{' | '}' => out.extend([c, c]),
                c => escape(out, c),
            }),
            field => write_field(out, field),
        }
    }
    out.push('"');
}

fn write_field(out: &mut String, part: &StrPart) {
    let StrPart::Field(field) = part else { return };
    let mut value = String::new();
    // The colon of a bare lambda would begin the format spec.
    write(&mut value, &field.value, Level::Or);
    // `{{` would be a brace.
    out.push_str(if value.starts_with('{') { "{ " } else { "{" });
    out.push_str(&value);
    out.push_str(match field.conversion {
        None => "",
        Some(Conversion::Str) => "!s",
        Some(Conversion::Repr) => "!r",
        Some(Conversion::Ascii) => "!a",
    });
    if !field.spec.is_empty() {
        out.push(':');
        field.spec.iter().for_each(|part| spec(out, part));
    }
    out.push('}');
}

/// In a format spec braces cannot be doubled: as text they are escapes.
fn spec(out: &mut String, part: &StrPart) {
    match part {
        StrPart::Text(text) => text.chars().for_each(|c| match c {
            '{' | '}' => push(out, format_args!("\\x{:02x}", c as u32)),
            c => escape(out, c),
        }),
        field => write_field(out, field),
    }
}
