//! Attributes, by the schema of their op.

use super::Errors;
use super::literal::unquote;
use super::size::Symbols;
use crate::codes;
use crate::op::{Attr, AttrDef, AttrKind, OpDef};
use crate::text::syntax::{At, Expr, ExprKind, NodeText, Word};

impl Errors {
    /// All attributes of a call, in the order of the schema.
    pub fn attrs(&mut self, op: &'static OpDef, node: &NodeText, symbols: &Symbols) -> Option<Vec<Attr>> {
        for (i, (name, _)) in node.attrs.iter().enumerate() {
            if op.attr_index(name.text).is_none() {
                self.unknown_attr(op, *name);
            } else if node.attrs[..i].iter().any(|(n, _)| n.text == name.text) {
                self.say::<()>(codes::IR_DUPLICATE, name.at, format!("the attribute `{}` is given twice", name.text));
            }
        }
        let label = node.label.map(|l| self.label(op, l));
        let mut one = |(k, def): (usize, &AttrDef)| match node.attrs.iter().find(|(n, _)| n.text == def.name) {
            Some((_, value)) => self.attr(def, value, symbols),
            None if k == 0 && label.is_some() => label.clone().flatten(),
            None => op
                .default_attr(k)
                .or_else(|| self.say(codes::IR_VALUE, node.op.at, format!("`{}` needs the attribute `{}`", op.name, def.name))),
        };
        let all: Vec<Option<Attr>> = op.attrs.iter().enumerate().map(&mut one).collect();
        all.into_iter().collect()
    }

    fn unknown_attr(&mut self, op: &OpDef, name: Word) {
        let has = match op.attrs.iter().map(|a| a.name).collect::<Vec<_>>().join(", ") {
            s if s.is_empty() => "it has none".to_owned(),
            s => format!("it has {s}"),
        };
        self.say::<()>(codes::IR_UNKNOWN, name.at, format!("`{}` has no attribute `{}`: {has}", op.name, name.text));
    }

    /// The name of a region, which stands after the op.
    fn label(&mut self, op: &OpDef, label: Word) -> Option<Attr> {
        match op.attrs.first() {
            Some(AttrDef { name: "name", kind: AttrKind::Str, .. }) => Some(Attr::Str(self.entry_name(label)?)),
            _ => self.say(codes::IR_VALUE, label.at, format!("`{}` takes no name", op.name)),
        }
    }

    fn attr(&mut self, def: &AttrDef, e: &Expr, symbols: &Symbols) -> Option<Attr> {
        let list = |e: &Expr| matches!(e.kind, ExprKind::List(_));
        match (def.kind, &e.kind) {
            (AttrKind::Bool, ExprKind::Name("true")) => Some(Attr::Bool(true)),
            (AttrKind::Bool, ExprKind::Name("false")) => Some(Attr::Bool(false)),
            (AttrKind::Int, _) if !list(e) => self.int(e).map(Attr::Int),
            (AttrKind::Ints, ExprKind::List(v)) => v.iter().map(|e| self.int(e)).collect::<Option<_>>().map(Attr::Ints),
            (AttrKind::Scalar, _) if !list(e) => self.typed_scalar(e).map(Attr::Scalar),
            (AttrKind::Dim, _) if !list(e) => self.size(e, symbols).map(Attr::Dim),
            (AttrKind::Dims, ExprKind::List(v)) => v.iter().map(|e| self.size(e, symbols)).collect::<Option<_>>().map(Attr::Dims),
            (AttrKind::DType, ExprKind::Name(text)) => self.dtype(Word { at: e.at, text }).map(Attr::DType),
            (AttrKind::Str, ExprKind::Str(text)) => self.string(e.at, text).map(Attr::Str),
            (kind, _) => self.say(codes::IR_VALUE, e.at, format!("the attribute `{}` is of kind {}", def.name, kind.name())),
        }
    }

    pub fn string(&mut self, at: At, quoted: &str) -> Option<String> {
        unquote(quoted).or_else(|| self.say(codes::IR_SYNTAX, at, "this string has an escape that does not exist"))
    }

    /// The name behind `@` or `%`, without quotes.
    pub fn entry_name(&mut self, word: Word) -> Option<String> {
        match word.text.get(1..).unwrap_or_default() {
            quoted if quoted.starts_with('"') => self.string(word.at, quoted),
            plain => Some(plain.to_owned()),
        }
    }
}
