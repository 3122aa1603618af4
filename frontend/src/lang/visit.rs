//! What a node holds directly: the one place that walks over the tree's shape.

use super::ast::*;

/// The expressions directly below a node. Bodies of lambdas are included, bodies of functions and classes are not.
pub trait Children {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr));
}

impl<T: Children> Children for [T] {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.iter().for_each(|item| item.each_child(f));
    }
}

impl Children for Expr {
    /// The expression itself: what a list of expressions has as children.
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(self);
    }
}

impl<T: Children> Children for Option<T> {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.iter().for_each(|item| item.each_child(f));
    }
}

impl<T: Children> Children for Node<T> {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.kind.each_child(f);
    }
}

impl Children for ExprKind {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            ExprKind::Name(_) | ExprKind::Constant(_) => {}
            ExprKind::JoinedStr(parts) => parts.each_child(f),
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) | ExprKind::Bool(_, items) => {
                items.each_child(f)
            }
            ExprKind::Dict(items) => items.each_child(f),
            ExprKind::Unary(_, a) | ExprKind::Named(_, a) | ExprKind::Attribute(a, _) => f(a),
            ExprKind::Starred(a) | ExprKind::Await(a) | ExprKind::YieldFrom(a) => f(a),
            ExprKind::Binary(_, a, b) | ExprKind::Subscript(a, b) => [a, b].into_iter().for_each(|e| f(e)),
            ExprKind::Compare(left, rest) => {
                f(left);
                rest.iter().for_each(|(_, right)| f(right));
            }
            ExprKind::Conditional(c) => [&c.test, &c.then, &c.otherwise].into_iter().for_each(f),
            ExprKind::Lambda(lambda) => {
                lambda.params.each_child(f);
                f(&lambda.body);
            }
            ExprKind::Comprehension(c) => {
                c.element.each_child(f);
                c.clauses.each_child(f);
            }
            ExprKind::Slice(s) => [&s.lower, &s.upper, &s.step].into_iter().flatten().for_each(f),
            ExprKind::Call(call) => {
                f(&call.func);
                call.args.each_child(f);
                call.keywords.each_child(f);
            }
            ExprKind::Yield(value) => value.iter().for_each(|e| f(e)),
        }
    }
}

impl Children for StrPart {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        if let StrPart::Field(field) = self {
            f(&field.value);
            field.spec.each_child(f);
        }
    }
}

impl Children for DictItem {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            DictItem::Pair(key, value) => [key, value].into_iter().for_each(f),
            DictItem::Spread(mapping) => f(mapping),
        }
    }
}

impl Children for Element {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            Element::List(e) | Element::Set(e) | Element::Generator(e) => f(e),
            Element::Dict(key, value) => [key, value].into_iter().for_each(f),
        }
    }
}

impl Children for Clause {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(&self.target);
        f(&self.iter);
        self.conditions.each_child(f);
    }
}

impl Children for Keyword {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(&self.value);
    }
}

impl Children for Params {
    /// Defaults and annotations.
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.iter().for_each(|p| {
            p.annotation.each_child(f);
            p.default.each_child(f);
        });
    }
}

impl Children for WithItem {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(&self.context);
        self.target.each_child(f);
    }
}

impl Children for TypeParam {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.bound.each_child(f);
    }
}

impl Children for PatternKind {
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            PatternKind::Wildcard | PatternKind::Capture(_) | PatternKind::Star(_) => {}
            PatternKind::Value(e) => f(e),
            PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => patterns.each_child(f),
            PatternKind::Mapping { items, .. } => items.iter().for_each(|(key, pattern)| {
                f(key);
                pattern.each_child(f);
            }),
            PatternKind::Class { class, args, keywords } => {
                f(class);
                args.each_child(f);
                keywords.iter().for_each(|(_, pattern)| pattern.each_child(f));
            }
            PatternKind::As(pattern, _) => pattern.each_child(f),
        }
    }
}

impl Children for StmtKind {
    /// The statement's own expressions, without those of the blocks inside it.
    fn each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match self {
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Global(_) | StmtKind::Nonlocal(_) | StmtKind::Import(_) | StmtKind::ImportFrom(_) => {}
            StmtKind::Expr(e) => f(e),
            StmtKind::Assign { targets, value } => {
                targets.each_child(f);
                f(value);
            }
            StmtKind::AugAssign { target, value, .. } => [target, value].into_iter().for_each(f),
            StmtKind::AnnAssign { target, annotation, value } => {
                [target, annotation].into_iter().for_each(&mut *f);
                value.each_child(f);
            }
            StmtKind::Return(value) => value.each_child(f),
            StmtKind::Delete(targets) => targets.each_child(f),
            StmtKind::Raise { exception, cause } => [exception, cause].into_iter().flatten().for_each(f),
            StmtKind::Assert { test, message } => {
                f(test);
                message.each_child(f);
            }
            StmtKind::If { branches, .. } => branches.iter().for_each(|(test, _)| f(test)),
            StmtKind::While { test, .. } => f(test),
            StmtKind::For(s) => [&s.target, &s.iter].into_iter().for_each(f),
            StmtKind::Try(s) => s.handlers.iter().for_each(|h| h.exception.each_child(f)),
            StmtKind::With { items, .. } => items.each_child(f),
            StmtKind::Function(def) => {
                def.decorators.each_child(f);
                def.type_params.each_child(f);
                def.params.each_child(f);
                def.returns.each_child(f);
            }
            StmtKind::Class(def) => {
                def.decorators.each_child(f);
                def.type_params.each_child(f);
                def.bases.each_child(f);
                def.keywords.each_child(f);
            }
            StmtKind::Match { subject, cases } => {
                f(subject);
                cases.iter().for_each(|case| {
                    case.pattern.each_child(f);
                    case.guard.each_child(f);
                });
            }
            StmtKind::TypeAlias { type_params, value, .. } => {
                type_params.each_child(f);
                f(value);
            }
        }
    }
}

impl StmtKind {
    /// The blocks inside the statement that share its scope: all but bodies of functions and classes.
    pub fn each_block<'a>(&'a self, f: &mut dyn FnMut(&'a [Stmt])) {
        match self {
            StmtKind::If { branches, orelse } => {
                branches.iter().for_each(|(_, body)| f(body));
                f(orelse);
            }
            StmtKind::While { body, orelse, .. } => [body, orelse].into_iter().for_each(|b| f(b)),
            StmtKind::For(s) => [&s.body, &s.orelse].into_iter().for_each(|b| f(b)),
            StmtKind::Try(s) => {
                f(&s.body);
                s.handlers.iter().for_each(|h| f(&h.body));
                f(&s.orelse);
                f(&s.finally);
            }
            StmtKind::With { body, .. } => f(body),
            StmtKind::Match { cases, .. } => cases.iter().for_each(|case| f(&case.body)),
            _ => {}
        }
    }
}
