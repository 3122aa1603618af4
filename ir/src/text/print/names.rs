//! Names as the grammar takes them: plain where they can be, quoted where they must.

use std::borrow::Cow;

/// Words of the grammar that may be names of ops, attributes and programs all the same.
const SOFT: [&str; 32] = [
    "program", "kernel", "loops", "plan", "dim", "param", "buffer", "const", "graph", "contract", "for", "of", "if", "fold",
    "over", "step", "merge", "block", "params", "grid", "slot", "arena", "steps", "launch", "copy", "while", "direct", "packed",
    "product", "finish", "panels", "epilogue",
];

/// Words of the grammar.
const HARD: [&str; 6] = ["in", "guard", "return", "else", "do", "let"];

/// A name of an op, an attribute or a program.
pub fn word(name: &str) -> Cow<'_, str> {
    if SOFT.contains(&name) { Cow::Borrowed(name) } else { ident(name) }
}

/// A name that is no word of the grammar; any other text in backticks.
pub fn ident(name: &str) -> Cow<'_, str> {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !SOFT.contains(&name) && !HARD.contains(&name) {
        return Cow::Borrowed(name);
    }
    let inner: String = name.chars().map(|c| if c == '`' || c == '\n' { '_' } else { c }).collect();
    Cow::Owned(if inner.is_empty() { "_".into() } else { format!("`{inner}`") })
}

/// `@fc.weight`, or `@"odd name"`.
pub fn entry(name: &str) -> String {
    sigil('@', name)
}

/// `%images`; names that look like numbers of values are quoted.
pub fn value(name: &str) -> String {
    if name.bytes().all(|b| b.is_ascii_digit()) { format!("%{name:?}") } else { sigil('%', name) }
}

fn sigil(sigil: char, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if plain { format!("{sigil}{name}") } else { format!("{sigil}{name:?}") }
}
