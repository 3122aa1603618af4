//! Which names a block of code binds: Python's scoping, decided before anything runs.
//!
//! A name that is bound anywhere in a function is local in all of it, unless declared `global` or `nonlocal`. Targets of a
//! comprehension live in the comprehension; a walrus in it binds in the function around.

use super::ast::*;
use super::visit::Children;
use indexmap::IndexSet;

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scope {
    /// Parameters first, then names in the order of their first binding.
    pub locals: IndexSet<Name>,
    pub globals: IndexSet<Name>,
    pub nonlocals: IndexSet<Name>,
    /// Whether the code holds a `yield` of its own.
    pub is_generator: bool,
}

impl Scope {
    /// The scope of a module's or class's statements, or of some of them.
    pub fn of_block(body: &[Stmt]) -> Scope {
        Scope::default().with_block(body)
    }

    pub fn of_function(params: &Params, body: &[Stmt]) -> Scope {
        Scope::of_params(params).with_block(body)
    }

    pub fn of_lambda(params: &Params, body: &Expr) -> Scope {
        let mut scope = Scope::of_params(params);
        scope.expr(body);
        scope
    }

    fn of_params(params: &Params) -> Scope {
        Scope { locals: params.iter().map(|p| p.name.kind.clone()).collect(), ..Scope::default() }
    }

    fn with_block(mut self, body: &[Stmt]) -> Scope {
        self.block(body);
        let (globals, nonlocals) = (&self.globals, &self.nonlocals);
        self.locals.retain(|name| !globals.contains(name) && !nonlocals.contains(name));
        self
    }

    fn bind(&mut self, name: &Name) {
        if !self.locals.contains(name) {
            self.locals.insert(name.clone());
        }
    }

    fn block(&mut self, body: &[Stmt]) {
        for stmt in body {
            stmt.each_child(&mut |e| self.expr(e));
            self.stmt(&stmt.kind);
            stmt.kind.each_block(&mut |block| self.block(block));
        }
    }

    fn stmt(&mut self, stmt: &StmtKind) {
        match stmt {
            StmtKind::Assign { targets, .. } | StmtKind::Delete(targets) => targets.iter().for_each(|t| self.target(t)),
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::For(s) => self.target(&s.target),
            StmtKind::With { items, .. } => items.iter().filter_map(|i| i.target.as_ref()).for_each(|t| self.target(t)),
            StmtKind::Try(s) => s.handlers.iter().filter_map(|h| h.name.as_ref()).for_each(|n| self.bind(&n.kind)),
            StmtKind::Import(names) => names.iter().for_each(|alias| self.bind(&alias.bound())),
            StmtKind::ImportFrom(ImportFrom { names: ImportNames::Some(names), .. }) => {
                names.iter().for_each(|n| self.bind(&n.alias.as_ref().unwrap_or(&n.name).kind));
            }
            StmtKind::Function(def) => self.bind(&def.name.kind),
            StmtKind::Class(def) => self.bind(&def.name.kind),
            StmtKind::TypeAlias { name, .. } => self.bind(&name.kind),
            StmtKind::Match { cases, .. } => cases.iter().for_each(|case| self.pattern(&case.pattern.kind)),
            StmtKind::Global(names) => self.globals.extend(names.iter().map(|n| n.kind.clone())),
            StmtKind::Nonlocal(names) => self.nonlocals.extend(names.iter().map(|n| n.kind.clone())),
            _ => {}
        }
    }

    fn target(&mut self, target: &Expr) {
        each_bound(target, &mut |name| self.bind(name));
    }

    fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Named(name, _) => self.bind(&name.kind),
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => self.is_generator = true,
            // A lambda's body is a scope of its own; its defaults are not.
            ExprKind::Lambda(lambda) => return lambda.params.each_child(&mut |child| self.expr(child)),
            _ => {}
        }
        e.kind.each_child(&mut |child| self.expr(child));
    }

    fn pattern(&mut self, pattern: &PatternKind) {
        match pattern {
            PatternKind::Capture(name) => self.bind(name),
            PatternKind::Star(name) => name.iter().for_each(|n| self.bind(&n.kind)),
            PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => patterns.iter().for_each(|p| self.pattern(&p.kind)),
            PatternKind::Mapping { items, rest } => {
                items.iter().for_each(|(_, p)| self.pattern(&p.kind));
                rest.iter().for_each(|n| self.bind(&n.kind));
            }
            PatternKind::Class { args, keywords, .. } => {
                args.iter().chain(keywords.iter().map(|(_, p)| p)).for_each(|p| self.pattern(&p.kind));
            }
            PatternKind::As(pattern, name) => {
                self.pattern(&pattern.kind);
                self.bind(&name.kind);
            }
            PatternKind::Wildcard | PatternKind::Value(_) => {}
        }
    }
}

/// The names that assigning to a target binds.
pub fn each_bound<'a>(target: &'a Expr, f: &mut dyn FnMut(&'a Name)) {
    match &target.kind {
        ExprKind::Name(name) => f(name),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|item| each_bound(item, f)),
        ExprKind::Starred(inner) => each_bound(inner, f),
        _ => {}
    }
}
