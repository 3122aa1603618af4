//! Statements: one to a line, blocks indented by four.

use super::super::ast::*;
use super::expr::{self, Level, separated};
use super::pattern;

#[derive(Default)]
pub struct Printer {
    pub out: String,
    depth: usize,
}

impl Printer {
    pub fn block(&mut self, body: &[Stmt]) {
        body.iter().for_each(|stmt| self.stmt(&stmt.kind));
    }

    fn nested(&mut self, body: &[Stmt]) {
        self.depth += 1;
        self.block(body);
        self.depth -= 1;
    }

    fn line(&mut self, text: &str) {
        self.out.extend(std::iter::repeat_n("    ", self.depth).chain([text, "\n"]));
    }

    /// A header and its block.
    fn clause(&mut self, header: &str, body: &[Stmt]) {
        self.line(&format!("{header}:"));
        self.nested(body);
    }

    /// A clause that is left out when its block is empty.
    fn tail(&mut self, header: &str, body: &[Stmt]) {
        if !body.is_empty() {
            self.clause(header, body);
        }
    }

    fn stmt(&mut self, stmt: &StmtKind) {
        match stmt {
            StmtKind::If { branches, orelse } => {
                for (i, (test, body)) in branches.iter().enumerate() {
                    let word = if i == 0 { "if" } else { "elif" };
                    self.clause(&format!("{word} {}", at(test, Level::Named)), body);
                }
                self.tail("else", orelse);
            }
            StmtKind::While { test, body, orelse } => {
                self.clause(&format!("while {}", at(test, Level::Named)), body);
                self.tail("else", orelse);
            }
            StmtKind::For(s) => {
                let mut header = asynchronous(s.is_async, "for ");
                expr::target(&mut header, &s.target);
                self.clause(&format!("{header} in {}", list(&s.iter)), &s.body);
                self.tail("else", &s.orelse);
            }
            StmtKind::Try(s) => self.try_block(s),
            StmtKind::With { is_async, items, body } => {
                let mut header = asynchronous(*is_async, "with ");
                separated(&mut header, items, ", ", with_item);
                self.clause(&header, body);
            }
            StmtKind::Function(def) => self.function(def),
            StmtKind::Class(def) => self.class(def),
            StmtKind::Match { subject, cases } => {
                self.line(&format!(
                    "match {}:",
                    if let ExprKind::Named(..) = subject.kind { at(subject, Level::Named) } else { list(subject) }
                ));
                self.depth += 1;
                cases.iter().for_each(|case| self.case(case));
                self.depth -= 1;
            }
            simple_stmt => self.line(&simple(simple_stmt)),
        }
    }

    fn try_block(&mut self, s: &Try) {
        self.clause("try", &s.body);
        for handler in &s.handlers {
            let mut header = String::from(if s.star { "except*" } else { "except" });
            handler.exception.iter().for_each(|e| header.extend([" ", &at(e, Level::Expr)]));
            handler.name.iter().for_each(|name| header.extend([" as ", &name.kind]));
            self.clause(&header, &handler.body);
        }
        self.tail("else", &s.orelse);
        self.tail("finally", &s.finally);
    }

    fn decorators(&mut self, decorators: &[Expr]) {
        decorators.iter().for_each(|e| self.line(&format!("@{}", at(e, Level::Named))));
    }

    fn function(&mut self, def: &FunctionDef) {
        self.decorators(&def.decorators);
        let mut header = asynchronous(def.is_async, "def ");
        header.extend([&*def.name.kind, &type_params(&def.type_params), "(", &expr::params(&def.params), ")"]);
        def.returns.iter().for_each(|e| header.extend([" -> ", &at(e, Level::Expr)]));
        self.clause(&header, &def.body);
    }

    fn class(&mut self, def: &ClassDef) {
        self.decorators(&def.decorators);
        let mut header = format!("class {}{}", def.name.kind, type_params(&def.type_params));
        if !def.bases.is_empty() || !def.keywords.is_empty() {
            expr::arguments(&mut header, &def.bases, &def.keywords);
        }
        self.clause(&header, &def.body);
    }

    fn case(&mut self, case: &MatchCase) {
        let mut header = String::from("case ");
        pattern::write(&mut header, &case.pattern, false);
        case.guard.iter().for_each(|e| header.extend([" if ", &at(e, Level::Named)]));
        self.clause(&header, &case.body);
    }
}

fn at(e: &Expr, level: Level) -> String {
    let mut out = String::new();
    expr::write(&mut out, e, level);
    out
}

/// Where commas stand without brackets, and walruses and yields do not.
fn list(e: &Expr) -> String {
    at(e, if matches!(e.kind, ExprKind::Tuple(_)) { Level::Tuple } else { Level::Expr })
}

/// The right side of an assignment, or a statement: where a yield may stand too.
fn value(e: &Expr) -> String {
    at(e, if matches!(e.kind, ExprKind::Named(..)) { Level::Expr } else { Level::Tuple })
}

fn asynchronous(is_async: bool, word: &str) -> String {
    format!("{}{word}", if is_async { "async " } else { "" })
}

fn with_item(out: &mut String, item: &WithItem) {
    expr::write(out, &item.context, Level::Expr);
    if let Some(target) = &item.target {
        out.push_str(" as ");
        expr::write(out, target, Level::BitOr);
    }
}

fn type_params(params: &[TypeParam]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let mut out = String::from("[");
    separated(&mut out, params, ", ", |out, p| {
        let stars = match p.kind {
            TypeParamKind::Var => "",
            TypeParamKind::Tuple => "*",
            TypeParamKind::Spec => "**",
        };
        out.extend([stars, &p.name.kind]);
        p.bound.iter().for_each(|e| out.extend([": ", &at(e, Level::Expr)]));
    });
    out + "]"
}

fn names(names: &[Ident]) -> String {
    names.iter().map(|n| &*n.kind).collect::<Vec<_>>().join(", ")
}

fn aliases(names: &[Alias]) -> String {
    let mut out = String::new();
    separated(&mut out, names, ", ", |out, n| {
        out.push_str(&n.name.kind);
        n.alias.iter().for_each(|alias| out.extend([" as ", &alias.kind]));
    });
    out
}

/// A word, and what may follow it.
fn optional(word: &str, separator: &str, e: Option<&Expr>, print: fn(&Expr) -> String) -> String {
    e.map_or(word.to_owned(), |e| format!("{word}{separator}{}", print(e)))
}

/// A statement on one line, compound ones excepted.
fn simple(stmt: &StmtKind) -> String {
    let plain = |e: &Expr| at(e, Level::Expr);
    match stmt {
        StmtKind::Expr(e) => value(e),
        StmtKind::Assign { targets, value: v } => {
            let targets: Vec<String> = targets.iter().map(|t| list(t) + " = ").collect();
            targets.concat() + &value(v)
        }
        StmtKind::AugAssign { target, op, value: v } => format!("{} {}= {}", plain(target), op.symbol(), value(v)),
        StmtKind::AnnAssign { target, annotation, value: v } => {
            optional(&format!("{}: {}", plain(target), plain(annotation)), " = ", v.as_ref(), value)
        }
        StmtKind::Return(v) => optional("return", " ", v.as_ref(), list),
        StmtKind::Delete(targets) => {
            let mut out = String::from("del ");
            separated(&mut out, targets, ", ", |out, t| expr::write(out, t, Level::Expr));
            out
        }
        StmtKind::Pass => "pass".to_owned(),
        StmtKind::Break => "break".to_owned(),
        StmtKind::Continue => "continue".to_owned(),
        StmtKind::Raise { exception, cause } => {
            let raise = optional("raise", " ", exception.as_ref(), plain);
            optional(&raise, " from ", cause.as_ref(), plain)
        }
        StmtKind::Global(n) => format!("global {}", names(n)),
        StmtKind::Nonlocal(n) => format!("nonlocal {}", names(n)),
        StmtKind::Assert { test, message } => optional(&format!("assert {}", plain(test)), ", ", message.as_ref(), plain),
        StmtKind::Import(n) => format!("import {}", aliases(n)),
        StmtKind::ImportFrom(import) => {
            let module = import.module.as_ref().map_or("", |m| &m.kind);
            let names = match &import.names {
                ImportNames::Star => "*".to_owned(),
                ImportNames::Some(names) => aliases(names),
            };
            format!("from {}{module} import {names}", ".".repeat(import.level))
        }
        StmtKind::TypeAlias { name, type_params: t, value } => format!("type {}{} = {}", name.kind, type_params(t), plain(value)),
        _ => unreachable!("compound statements are printed by their own methods"),
    }
}
