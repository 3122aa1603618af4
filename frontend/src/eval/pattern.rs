//! `match`: patterns against values.

use super::frame::Frame;
use super::interp::Interp;
use super::raise::Eval;
use super::stmt::Flow;
use super::value::Value;
use crate::lang::ast::*;
use std::rc::Rc;

impl Interp {
    pub(super) fn match_stmt(&mut self, frame: &Rc<Frame>, subject: &Expr, cases: &[MatchCase]) -> Eval<Flow> {
        let subject = self.eval(frame, subject)?;
        for case in cases {
            self.span = Some(case.pattern.span);
            if !self.matches(frame, &case.pattern, &subject)? {
                continue;
            }
            let holds = match &case.guard {
                Some(guard) => {
                    let value = self.eval(frame, guard)?;
                    self.truth(&value)?
                }
                None => true,
            };
            if holds {
                return self.block(frame, &case.body);
            }
        }
        Ok(Flow::Normal)
    }

    fn matches(&mut self, frame: &Rc<Frame>, pattern: &Pattern, value: &Value) -> Eval<bool> {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Star(None) => Ok(true),
            PatternKind::Capture(name) => {
                self.store(frame, name, value.clone());
                Ok(true)
            }
            PatternKind::Star(Some(name)) => {
                self.store(frame, &name.kind, value.clone());
                Ok(true)
            }
            PatternKind::Value(e) => {
                let expected = self.eval(frame, e)?;
                match expected {
                    Value::None | Value::Bool(_) => Ok(expected.is(value)),
                    _ => self.equal(&expected, value),
                }
            }
            PatternKind::Or(patterns) => {
                for pattern in patterns {
                    if self.matches(frame, pattern, value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            PatternKind::As(pattern, name) => {
                let matched = self.matches(frame, pattern, value)?;
                if matched {
                    self.store(frame, &name.kind, value.clone());
                }
                Ok(matched)
            }
            PatternKind::Sequence(patterns) => self.match_sequence(frame, patterns, value),
            PatternKind::Mapping { items, rest } => self.match_mapping(frame, items, rest.as_ref(), value),
            PatternKind::Class { class, args, keywords } => self.match_class(frame, class, args, keywords, value),
        }
    }

    fn match_sequence(&mut self, frame: &Rc<Frame>, patterns: &[Pattern], value: &Value) -> Eval<bool> {
        let items = match value.primitive() {
            Value::List(_) | Value::Tuple(_) | Value::Range(_) => self.collect(value.primitive())?,
            _ => return Ok(false),
        };
        let star = patterns.iter().position(|p| matches!(p.kind, PatternKind::Star(_)));
        let needed = patterns.len() - star.is_some() as usize;
        if items.len() < needed || star.is_none() && items.len() > needed {
            return Ok(false);
        }
        let extra = items.len() - needed;
        let mut at = 0;
        for (i, pattern) in patterns.iter().enumerate() {
            let (item, width) = match star {
                Some(star) if star == i => (Value::list(items[at..at + extra].to_vec()), extra),
                _ => (items[at].clone(), 1),
            };
            at += width;
            if !self.matches(frame, pattern, &item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn match_mapping(&mut self, frame: &Rc<Frame>, items: &[(Expr, Pattern)], rest: Option<&Ident>, value: &Value) -> Eval<bool> {
        let Value::Dict(dict) = value.primitive() else { return Ok(false) };
        let mut left = dict.borrow().clone();
        for (key, pattern) in items {
            let key = self.eval(frame, key)?;
            let key = self.key_in(dict, &key)?;
            let Some(item) = left.remove(&key) else { return Ok(false) };
            if !self.matches(frame, pattern, &item)? {
                return Ok(false);
            }
        }
        if let Some(rest) = rest {
            self.store(frame, &rest.kind, Value::dict(left));
        }
        Ok(true)
    }

    fn match_class(
        &mut self,
        frame: &Rc<Frame>,
        class: &Expr,
        args: &[Pattern],
        named: &[(Ident, Pattern)],
        value: &Value,
    ) -> Eval<bool> {
        let class = self.eval(frame, class)?;
        if !self.isinstance(value, &class)? {
            return Ok(false);
        }
        let builtin = matches!(&class, Value::Class(c) if c.builtin);
        if let ([only], true) = (args, builtin) {
            return self.matches(frame, only, value);
        }
        let names = match args.is_empty() {
            true => vec![],
            false => {
                let names = self.getattr(&class, "__match_args__")?;
                self.collect(&names)?
            }
        };
        if names.len() < args.len() {
            return Err(self.type_error(format!(
                "the class accepts {} positional sub-patterns ({} given)",
                names.len(),
                args.len()
            )));
        }
        let positional = names.iter().zip(args).filter_map(|(name, p)| Some((name.as_str()?.to_owned(), p)));
        let all: Vec<(String, &Pattern)> = positional.chain(named.iter().map(|(n, p)| (n.kind.to_string(), p))).collect();
        for (name, pattern) in all {
            match self.getattr_opt(value, &name)? {
                Some(item) if self.matches(frame, pattern, &item)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}
