//! Expressions: brackets where an operand binds looser than its place asks for.

use super::super::ast::*;
use super::string;

/// How tightly an expression binds; a place asks for a level or a tighter one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Commas, stars and yields stand without brackets.
    Tuple,
    Named,
    /// Conditionals and lambdas.
    Expr,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Term,
    Sign,
    Power,
    Await,
    Primary,
}

impl BinaryOp {
    fn level(self) -> Level {
        match self {
            BinaryOp::BitOr => Level::BitOr,
            BinaryOp::BitXor => Level::BitXor,
            BinaryOp::BitAnd => Level::BitAnd,
            BinaryOp::Shl | BinaryOp::Shr => Level::Shift,
            BinaryOp::Add | BinaryOp::Sub => Level::Sum,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod | BinaryOp::MatMul => Level::Term,
            BinaryOp::Pow => Level::Power,
        }
    }
}

fn level(e: &ExprKind) -> Level {
    match e {
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => Level::Tuple,
        ExprKind::Tuple(items) if !items.is_empty() => Level::Tuple,
        ExprKind::Named(..) => Level::Named,
        ExprKind::Conditional(_) | ExprKind::Lambda(_) => Level::Expr,
        ExprKind::Bool(BoolOp::Or, _) => Level::Or,
        ExprKind::Bool(BoolOp::And, _) => Level::And,
        ExprKind::Unary(UnaryOp::Not, _) => Level::Not,
        ExprKind::Compare(..) => Level::Compare,
        ExprKind::Binary(op, ..) => op.level(),
        ExprKind::Unary(..) => Level::Sign,
        ExprKind::Await(_) => Level::Await,
        _ => Level::Primary,
    }
}

pub fn write(out: &mut String, e: &Expr, place: Level) {
    let brackets = level(&e.kind) < place;
    if brackets {
        out.push('(');
    }
    kind(out, &e.kind);
    if brackets {
        out.push(')');
    }
}

/// A generator prints its brackets itself: they are those of a call where it is the only argument.
fn kind(out: &mut String, e: &ExprKind) {
    match e {
        ExprKind::Name(name) => out.push_str(name),
        ExprKind::Constant(value) => constant(out, value),
        ExprKind::JoinedStr(parts) => string::joined(out, parts),
        ExprKind::Tuple(items) => tuple(out, items),
        ExprKind::List(items) => bracketed(out, "[", items, "]"),
        ExprKind::Set(items) => bracketed(out, "{", items, "}"),
        ExprKind::Dict(items) => dict(out, items),
        ExprKind::Unary(op, a) => {
            out.push_str(op.symbol());
            write(out, a, level(e));
        }
        ExprKind::Binary(op, a, b) => binary(out, *op, a, b),
        ExprKind::Bool(op, operands) => {
            let separator = format!(" {} ", op.symbol());
            // One level tighter: `(a or b) or c` is not `a or b or c`.
            let operand = if *op == BoolOp::Or { Level::And } else { Level::Not };
            separated(out, operands, &separator, |out, e| write(out, e, operand));
        }
        ExprKind::Compare(left, rest) => {
            write(out, left, Level::BitOr);
            for (op, right) in rest {
                out.extend([" ", op.symbol(), " "]);
                write(out, right, Level::BitOr);
            }
        }
        ExprKind::Conditional(c) => {
            write(out, &c.then, Level::Or);
            out.push_str(" if ");
            write(out, &c.test, Level::Or);
            out.push_str(" else ");
            write(out, &c.otherwise, Level::Expr);
        }
        ExprKind::Lambda(lambda) => {
            out.push_str("lambda");
            let params = params(&lambda.params);
            out.extend([if params.is_empty() { "" } else { " " }, &params, ": "]);
            write(out, &lambda.body, Level::Expr);
        }
        ExprKind::Comprehension(c) => {
            let (open, close) = match c.element {
                Element::List(_) => ("[", "]"),
                Element::Generator(_) => ("(", ")"),
                Element::Set(_) | Element::Dict(..) => ("{", "}"),
            };
            out.push_str(open);
            comprehension(out, c);
            out.push_str(close);
        }
        ExprKind::Named(name, value) => {
            out.extend([&name.kind, " := "]);
            write(out, value, Level::Expr);
        }
        ExprKind::Attribute(base, name) => {
            // `1.real` would be a float and a name.
            let number = matches!(base.kind, ExprKind::Constant(Constant::Int(_) | Constant::BigInt(_)));
            out.push_str(if number { "(" } else { "" });
            write(out, base, Level::Primary);
            out.extend([if number { ")." } else { "." }, &name.kind]);
        }
        ExprKind::Subscript(base, index) => {
            write(out, base, Level::Primary);
            out.push('[');
            write(out, index, Level::Tuple);
            out.push(']');
        }
        ExprKind::Slice(slice) => {
            slice.lower.iter().for_each(|e| write(out, e, Level::Expr));
            out.push(':');
            slice.upper.iter().for_each(|e| write(out, e, Level::Expr));
            if let Some(step) = &slice.step {
                out.push(':');
                write(out, step, Level::Expr);
            }
        }
        ExprKind::Call(c) => {
            write(out, &c.func, Level::Primary);
            arguments(out, &c.args, &c.keywords);
        }
        ExprKind::Starred(inner) => {
            out.push('*');
            write(out, inner, Level::BitOr);
        }
        ExprKind::Await(inner) => {
            out.push_str("await ");
            write(out, inner, Level::Primary);
        }
        ExprKind::Yield(value) => {
            out.push_str("yield");
            value.iter().for_each(|e| {
                out.push(' ');
                write(out, e, if matches!(e.kind, ExprKind::Tuple(_)) { Level::Tuple } else { Level::Expr });
            });
        }
        ExprKind::YieldFrom(value) => {
            out.push_str("yield from ");
            write(out, value, Level::Expr);
        }
    }
}

/// `a`, `b` and `c` with a separator between them.
pub fn separated<T>(out: &mut String, items: &[T], separator: &str, mut each: impl FnMut(&mut String, &T)) {
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i > 0 { separator } else { "" });
        each(out, item);
    }
}

fn bracketed(out: &mut String, open: &str, items: &[Expr], close: &str) {
    out.push_str(open);
    separated(out, items, ", ", |out, e| write(out, e, Level::Named));
    out.push_str(close);
}

fn tuple(out: &mut String, items: &[Expr]) {
    match items {
        [] => out.push_str("()"),
        [only] => {
            write(out, only, Level::Expr);
            out.push(',');
        }
        // A walrus gets brackets: without those of the tuple itself it could not stand.
        _ => separated(out, items, ", ", |out, e| write(out, e, Level::Expr)),
    }
}

fn dict(out: &mut String, items: &[DictItem]) {
    out.push('{');
    separated(out, items, ", ", |out, item| match item {
        DictItem::Pair(key, value) => {
            write(out, key, Level::Expr);
            out.push_str(": ");
            write(out, value, Level::Expr);
        }
        DictItem::Spread(mapping) => {
            out.push_str("**");
            write(out, mapping, Level::BitOr);
        }
    });
    out.push('}');
}

fn binary(out: &mut String, op: BinaryOp, a: &Expr, b: &Expr) {
    // `**` groups to the right, and takes a sign on its right only.
    let (left, right) = match op.level() {
        Level::Power => (Level::Await, Level::Sign),
        Level::BitOr => (Level::BitOr, Level::BitXor),
        Level::BitXor => (Level::BitXor, Level::BitAnd),
        Level::BitAnd => (Level::BitAnd, Level::Shift),
        Level::Shift => (Level::Shift, Level::Sum),
        Level::Sum => (Level::Sum, Level::Term),
        level => (level, Level::Sign),
    };
    write(out, a, left);
    out.extend([" ", op.symbol(), " "]);
    write(out, b, right);
}

fn comprehension(out: &mut String, c: &Comprehension) {
    match &c.element {
        Element::List(e) | Element::Set(e) | Element::Generator(e) => write(out, e, Level::Named),
        Element::Dict(key, value) => {
            write(out, key, Level::Expr);
            out.push_str(": ");
            write(out, value, Level::Expr);
        }
    }
    for clause in &c.clauses {
        out.push_str(if clause.is_async { " async for " } else { " for " });
        target(out, &clause.target);
        out.push_str(" in ");
        write(out, &clause.iter, Level::Or);
        for condition in &clause.conditions {
            out.push_str(" if ");
            write(out, condition, Level::Or);
        }
    }
}

/// What `for` binds: a tuple stands without brackets.
pub fn target(out: &mut String, e: &Expr) {
    let tuple = matches!(&e.kind, ExprKind::Tuple(_));
    write(out, e, if tuple { Level::Tuple } else { Level::BitOr });
}

pub fn arguments(out: &mut String, args: &[Expr], keywords: &[Keyword]) {
    if let ([Expr { kind: ExprKind::Comprehension(c), .. }], []) = (args, keywords)
        && matches!(c.element, Element::Generator(_))
    {
        out.push('(');
        comprehension(out, c);
        return out.push(')');
    }
    out.push('(');
    separated(out, args, ", ", |out, e| match &e.kind {
        ExprKind::Starred(inner) => {
            out.push('*');
            write(out, inner, Level::Expr);
        }
        _ => write(out, e, Level::Named),
    });
    out.push_str(if args.is_empty() || keywords.is_empty() { "" } else { ", " });
    separated(out, keywords, ", ", |out, k| {
        match &k.name {
            Some(name) => out.extend([&name.kind, "="]),
            None => out.push_str("**"),
        }
        write(out, &k.value, Level::Expr);
    });
    out.push(')');
}

/// A parameter list without its brackets.
pub fn params(params: &Params) -> String {
    let mut items = vec![];
    items.extend(params.positional_only.iter().map(|p| param("", p)));
    if !params.positional_only.is_empty() {
        items.push("/".to_owned());
    }
    items.extend(params.args.iter().map(|p| param("", p)));
    match &params.vararg {
        Some(p) => items.push(param("*", p)),
        None if !params.keyword_only.is_empty() => items.push("*".to_owned()),
        None => {}
    }
    items.extend(params.keyword_only.iter().map(|p| param("", p)));
    items.extend(params.kwarg.iter().map(|p| param("**", p)));
    items.join(", ")
}

fn param(stars: &str, p: &Param) -> String {
    let mut out = format!("{stars}{}", p.name.kind);
    if let Some(annotation) = &p.annotation {
        out.push_str(": ");
        write(&mut out, annotation, Level::Expr);
    }
    if let Some(default) = &p.default {
        out.push_str(if p.annotation.is_some() { " = " } else { "=" });
        write(&mut out, default, Level::Expr);
    }
    out
}

fn constant(out: &mut String, value: &Constant) {
    match value {
        Constant::None => out.push_str("None"),
        Constant::Ellipsis => out.push_str("..."),
        Constant::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Constant::Int(n) => out.push_str(&n.to_string()),
        Constant::BigInt(digits) => out.push_str(digits),
        Constant::Float(x) => out.push_str(&float(*x)),
        Constant::Imaginary(x) => out.extend([&float(*x), "j"]),
        Constant::Str(text) => string::text(out, text),
        Constant::Bytes(bytes) => string::bytes(out, bytes),
        // Over several lines it needs brackets.
        Constant::Opaque(source) => out.extend(["(", source, ")"]),
    }
}

fn float(x: f64) -> String {
    // A literal that overflows is infinite, and no other one is.
    if x.is_infinite() { "1e999".to_owned() } else { format!("{x:?}") }
}
