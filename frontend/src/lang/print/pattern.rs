//! Patterns of `match`.

use super::super::ast::*;
use super::expr::{self, Level, separated};

/// A pattern; `closed` asks for brackets around alternatives and `as`.
pub fn write(out: &mut String, pattern: &Pattern, closed: bool) {
    let brackets = closed && matches!(pattern.kind, PatternKind::Or(_) | PatternKind::As(..));
    out.push_str(if brackets { "(" } else { "" });
    kind(out, &pattern.kind);
    out.push_str(if brackets { ")" } else { "" });
}

fn kind(out: &mut String, pattern: &PatternKind) {
    match pattern {
        PatternKind::Wildcard => out.push('_'),
        PatternKind::Capture(name) => out.push_str(name),
        PatternKind::Value(e) => expr::write(out, e, Level::Sum),
        PatternKind::Sequence(items) => {
            out.push('[');
            separated(out, items, ", ", |out, p| write(out, p, false));
            out.push(']');
        }
        PatternKind::Star(name) => out.extend(["*", name.as_ref().map_or("_", |n| &n.kind)]),
        PatternKind::Mapping { items, rest } => {
            out.push('{');
            separated(out, items, ", ", |out, (key, p)| {
                expr::write(out, key, Level::Sum);
                out.push_str(": ");
                write(out, p, false);
            });
            if let Some(rest) = rest {
                out.extend([if items.is_empty() { "**" } else { ", **" }, &rest.kind]);
            }
            out.push('}');
        }
        PatternKind::Class { class, args, keywords } => {
            expr::write(out, class, Level::Primary);
            out.push('(');
            separated(out, args, ", ", |out, p| write(out, p, false));
            out.push_str(if args.is_empty() || keywords.is_empty() { "" } else { ", " });
            separated(out, keywords, ", ", |out, (name, p)| {
                out.extend([&name.kind, "="]);
                write(out, p, false);
            });
            out.push(')');
        }
        PatternKind::Or(patterns) => separated(out, patterns, " | ", |out, p| write(out, p, true)),
        PatternKind::As(pattern, name) => {
            write(out, pattern, matches!(pattern.kind, PatternKind::As(..)));
            out.extend([" as ", &name.kind]);
        }
    }
}
