//! What the grammar's rules build, and the checks that an LR(1) grammar leaves open: targets, argument order, strings.
//!
//! A failed check is noted and parsing goes on; the tree is then never handed out.

use super::ast::*;
use super::parse::MAX_ERRORS;
use super::scope::{Scope, each_bound};
use cresset_ir::{Diagnostic, FileId, Span, codes};
use indexmap::IndexSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a parse gives: the grammar's two start rules in one.
pub enum Parsed {
    Module(Vec<Stmt>),
    Expression(Expr),
}

/// One entry of a parameter list, before their order is checked.
pub enum ParamItem {
    Plain(Param),
    Slash(Span),
    Star(Span),
    VarArg(Param),
    KwArg(Param),
}

/// One argument of a call.
pub enum Argument {
    Positional(Expr),
    /// A generator without brackets of its own.
    Generator(Expr),
    Keyword(Keyword),
}

/// One entry of a mapping pattern.
pub enum MappingItem {
    Pair(Expr, Pattern),
    Rest(Ident),
}

/// One of adjacent string literals, which become one value.
pub enum Piece {
    Text(Option<Arc<str>>),
    Bytes(Arc<[u8]>),
    Format(Option<Vec<StrPart>>),
}

/// The state of one parse.
pub struct Context<'t> {
    pub file: FileId,
    pub text: &'t str,
    pub errors: Vec<Diagnostic>,
}

impl Context<'_> {
    pub fn span(&self, l: u32, r: u32) -> Span {
        Span { file: self.file, start: l, end: r.max(l) }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, label: &str) {
        self.report(Diagnostic::error(codes::SYNTAX, message).at(span, label));
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(diagnostic);
        }
    }

    pub fn node<T>(&self, l: u32, r: u32, kind: T) -> Node<T> {
        Node { kind, span: self.span(l, r) }
    }

    /// Every expression is made here: one that is too tall is cut.
    pub fn expr(&mut self, l: u32, r: u32, kind: ExprKind) -> Expr {
        let e = Expr::new(kind, self.span(l, r));
        if e.height() <= MAX_HEIGHT {
            return e;
        }
        self.error(e.span, format!("this expression is nested more than {MAX_HEIGHT} deep"), "split it into several statements");
        Expr::new(ExprKind::Constant(Constant::Ellipsis), e.span)
    }

    pub fn constant(&mut self, l: u32, r: u32, value: Constant) -> Expr {
        self.expr(l, r, ExprKind::Constant(value))
    }

    pub fn binary(&mut self, l: u32, r: u32, a: Expr, op: BinaryOp, b: Expr) -> Expr {
        self.expr(l, r, ExprKind::Binary(op, Box::new(a), Box::new(b)))
    }

    pub fn dotted(&self, l: u32, r: u32, first: Name, rest: Vec<Name>) -> Ident {
        let name = if rest.is_empty() {
            first
        } else {
            std::iter::once(&*first).chain(rest.iter().map(|n| &**n)).collect::<Vec<_>>().join(".").into()
        };
        self.node(l, r, name)
    }

    // ---- expressions

    /// A list without brackets: one expression alone is itself.
    pub fn tuple(&mut self, l: u32, r: u32, items: (Vec<Expr>, bool)) -> Expr {
        if let ([Expr { kind: ExprKind::Starred(_), span, .. }], false) = (&items.0[..], items.1) {
            self.error(*span, "a starred expression cannot stand alone", "a tuple of it ends with a comma");
        }
        self.subscript(l, r, items)
    }

    /// `x[*a]` is a tuple, unlike other lone stars.
    pub fn subscript(&mut self, l: u32, r: u32, (mut items, comma): (Vec<Expr>, bool)) -> Expr {
        match items.pop() {
            Some(only) if items.is_empty() && !comma && !matches!(only.kind, ExprKind::Starred(_)) => only,
            last => {
                items.extend(last);
                self.expr(l, r, ExprKind::Tuple(items))
            }
        }
    }

    pub fn lambda(&mut self, l: u32, r: u32, params: Vec<ParamItem>, body: Expr) -> Expr {
        let params = self.params(params);
        let scope = Scope::of_lambda(&params, &body);
        self.expr(l, r, ExprKind::Lambda(Arc::new(Lambda { params, body, scope })))
    }

    pub fn comprehension(&mut self, l: u32, r: u32, element: Element, clauses: Vec<Clause>) -> Expr {
        let mut locals = IndexSet::new();
        for clause in &clauses {
            each_bound(&clause.target, &mut |name| {
                locals.insert(name.clone());
            });
        }
        let locals = locals.into_iter().collect();
        if let Element::List(e) | Element::Set(e) | Element::Generator(e) = &element
            && matches!(e.kind, ExprKind::Starred(_))
        {
            self.error(e.span, "a starred expression cannot be the element of a comprehension", "");
        }
        self.expr(l, r, ExprKind::Comprehension(Box::new(Comprehension { element, clauses, locals })))
    }

    pub fn call(&mut self, l: u32, r: u32, func: Expr, arguments: Vec<Argument>) -> Expr {
        let (args, keywords) = self.arguments(arguments);
        self.expr(l, r, ExprKind::Call(Box::new(Call { func, args, keywords })))
    }

    fn arguments(&mut self, arguments: Vec<Argument>) -> (Vec<Expr>, Vec<Keyword>) {
        let count = arguments.len();
        let (mut args, mut keywords): (Vec<Expr>, Vec<Keyword>) = (vec![], vec![]);
        let mut spread = false;
        for argument in arguments {
            match argument {
                Argument::Keyword(keyword) => {
                    spread |= keyword.name.is_none();
                    keywords.push(keyword);
                }
                Argument::Generator(e) => {
                    if count > 1 {
                        self.error(e.span, "a generator among other arguments needs parentheses of its own", "");
                    }
                    args.push(e);
                }
                Argument::Positional(e) => {
                    if spread {
                        self.error(e.span, "a positional argument follows '**'", "");
                    } else if !matches!(e.kind, ExprKind::Starred(_)) && !keywords.is_empty() {
                        self.error(e.span, "a positional argument follows a keyword argument", "positional arguments come first");
                    }
                    args.push(e);
                }
            }
        }
        self.once("keyword argument", keywords.iter().filter_map(|k| k.name.as_ref()));
        (args, keywords)
    }

    /// Each name may appear once.
    fn once<'a>(&mut self, what: &str, names: impl Iterator<Item = &'a Ident>) {
        let mut seen = BTreeMap::new();
        for name in names {
            if let Some(first) = seen.insert(name.kind.clone(), name.span) {
                let message = format!("the {what} '{}' appears twice", name.kind);
                self.report(Diagnostic::error(codes::SYNTAX, message).at(name.span, "again here").at(first, "first here"));
            }
        }
    }

    // ---- strings

    pub fn append(&self, parts: Option<Vec<StrPart>>, more: Option<Vec<StrPart>>) -> Option<Vec<StrPart>> {
        let mut parts = parts?;
        parts.extend(more?);
        Some(parts)
    }

    /// A replacement field; `source` is the range of `x = ` in `{x = }`, which stands before the value as text.
    pub fn field(
        &mut self,
        value: Expr,
        source: Option<(u32, u32)>,
        conversion: Option<Ident>,
        spec: Option<Option<Vec<StrPart>>>,
    ) -> Option<Vec<StrPart>> {
        let plain = source.is_some() && spec.is_none();
        let conversion = match conversion.as_ref().map(|c| &*c.kind) {
            None => plain.then_some(Conversion::Repr),
            Some("s") => Some(Conversion::Str),
            Some("r") => Some(Conversion::Repr),
            Some("a") => Some(Conversion::Ascii),
            Some(other) => {
                let message = format!("'!{other}' is no conversion of an f-string; there are '!s', '!r' and '!a'");
                conversion.iter().for_each(|c| self.error(c.span, message.clone(), ""));
                None
            }
        };
        let spec = merged(spec.unwrap_or(Some(vec![]))?);
        let text = source.and_then(|(l, r)| self.text.get(l as usize..r as usize)).map(|t| StrPart::Text(t.into()));
        let field = StrPart::Field(Box::new(Field { value, conversion, spec }));
        Some(text.into_iter().chain([field]).collect())
    }

    /// Adjacent literals as one value.
    pub fn strings(&mut self, l: u32, r: u32, pieces: Vec<Piece>) -> Expr {
        let span = self.span(l, r);
        let kinds = pieces.iter().filter(|p| matches!(p, Piece::Bytes(_))).count();
        if kinds > 0 && kinds < pieces.len() {
            self.error(span, "bytes and text literals cannot be joined", "");
        }
        if kinds > 0 {
            let bytes = pieces.iter().flat_map(|p| if let Piece::Bytes(b) = p { &b[..] } else { &[] });
            return self.constant(l, r, Constant::Bytes(bytes.copied().collect()));
        }
        let mut parts = Some(vec![]);
        for piece in pieces {
            parts = match piece {
                Piece::Text(text) => self.append(parts, text.map(|t| vec![StrPart::Text(t)])),
                Piece::Format(more) => self.append(parts, more),
                Piece::Bytes(_) => parts,
            };
        }
        let parts = parts.map(merged);
        let kind = match parts.as_deref() {
            None => ExprKind::Constant(Constant::Opaque(self.text.get(l as usize..r as usize).unwrap_or_default().into())),
            Some([]) => ExprKind::Constant(Constant::Str("".into())),
            Some([StrPart::Text(text)]) => ExprKind::Constant(Constant::Str(text.clone())),
            Some(_) => ExprKind::JoinedStr(parts.unwrap_or_default()),
        };
        self.expr(l, r, kind)
    }

    // ---- statements

    pub fn assign(&mut self, first: Expr, mut rest: Vec<Expr>) -> StmtKind {
        let Some(value) = rest.pop() else { return StmtKind::Expr(first) };
        let targets: Vec<Expr> = std::iter::once(first).chain(rest).collect();
        targets.iter().for_each(|t| self.target(t));
        StmtKind::Assign { targets, value }
    }

    pub fn augmented(&mut self, target: Expr, op: BinaryOp, value: Expr) -> StmtKind {
        self.single_target(&target, "an augmented assignment");
        StmtKind::AugAssign { target, op, value }
    }

    pub fn annotated(&mut self, target: Expr, annotation: Expr, value: Option<Expr>) -> StmtKind {
        self.single_target(&target, "an annotation");
        StmtKind::AnnAssign { target, annotation, value }
    }

    fn single_target(&mut self, target: &Expr, of: &str) {
        match target.kind {
            ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Subscript(..) => {}
            ExprKind::Tuple(_) | ExprKind::List(_) => {
                self.error(target.span, format!("{of} takes one target"), "this has several")
            }
            _ => self.target(target),
        }
    }

    pub fn delete(&mut self, targets: Vec<Expr>) -> StmtKind {
        targets.iter().for_each(|t| self.target(t));
        StmtKind::Delete(targets)
    }

    /// Checks that an expression can be assigned to.
    pub fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Subscript(..) => {}
            ExprKind::Starred(inner) => self.target(inner),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                let stars: Vec<_> = items.iter().filter(|e| matches!(e.kind, ExprKind::Starred(_))).collect();
                if let [first, second, ..] = stars[..] {
                    let diagnostic = Diagnostic::error(codes::SYNTAX, "an assignment has at most one starred target");
                    self.report(diagnostic.at(second.span, "a second one").at(first.span, "the first one"));
                }
                items.iter().for_each(|item| self.target(item));
            }
            kind => {
                let diagnostic = Diagnostic::error(codes::SYNTAX, format!("cannot assign to {}", describe(kind)));
                let diagnostic = diagnostic.at(target.span, "this is no place to store a value");
                self.report(match kind {
                    ExprKind::Compare(..) => diagnostic.hint("'==' compares, '=' assigns"),
                    _ => diagnostic,
                });
            }
        }
    }

    pub fn for_loop(&mut self, is_async: bool, target: Expr, iter: Expr, body: Vec<Stmt>, orelse: Vec<Stmt>) -> StmtKind {
        self.target(&target);
        StmtKind::For(Box::new(For { is_async, target, iter, body, orelse }))
    }

    pub fn try_block(
        &mut self,
        body: Vec<Stmt>,
        handlers: Vec<(bool, Handler)>,
        orelse: Vec<Stmt>,
        finally: Vec<Stmt>,
    ) -> StmtKind {
        let star = handlers.iter().any(|h| h.0);
        if let Some((_, plain)) = handlers.iter().find(|h| star && !h.0) {
            let place = plain.exception.as_ref().map(|e| e.span).or(plain.body.first().map(|s| s.span));
            place.into_iter().for_each(|span| self.error(span, "a 'try' cannot have both 'except' and 'except*'", ""));
        }
        let bare = handlers.iter().position(|h| h.1.exception.is_none());
        if let Some(handler) = bare.and_then(|i| handlers.get(i + 1)) {
            let place = handler.1.exception.as_ref().map(|e| e.span);
            place.into_iter().for_each(|span| self.error(span, "an 'except' without an exception must be the last", ""));
        }
        StmtKind::Try(Try { body, star, handlers: handlers.into_iter().map(|h| h.1).collect(), orelse, finally })
    }

    /// `with (a, b):` holds two items, not a tuple; with a star in it, it is one.
    pub fn with(&mut self, is_async: bool, mut items: Vec<WithItem>, body: Vec<Stmt>) -> StmtKind {
        if let [WithItem { context: Expr { kind: ExprKind::Tuple(parts), .. }, target: None }] = &mut items[..]
            && !parts.is_empty()
            && !parts.iter().any(|e| matches!(e.kind, ExprKind::Starred(_)))
        {
            let parts = std::mem::take(parts);
            items = parts.into_iter().map(|context| WithItem { context, target: None }).collect();
        }
        StmtKind::With { is_async, items, body }
    }

    #[allow(clippy::too_many_arguments, reason = "one argument for each part of the rule")]
    pub fn function(
        &mut self,
        decorators: Vec<Expr>,
        is_async: bool,
        name: Ident,
        type_params: Vec<TypeParam>,
        params: Vec<ParamItem>,
        returns: Option<Expr>,
        body: Vec<Stmt>,
    ) -> StmtKind {
        let params = self.params(params);
        let scope = Scope::of_function(&params, &body);
        StmtKind::Function(Arc::new(FunctionDef { is_async, name, type_params, params, returns, decorators, body, scope }))
    }

    pub fn class(
        &mut self,
        decorators: Vec<Expr>,
        name: Ident,
        type_params: Vec<TypeParam>,
        arguments: Vec<Argument>,
        body: Vec<Stmt>,
    ) -> StmtKind {
        let (bases, keywords) = self.arguments(arguments);
        let scope = Scope::of_block(&body);
        StmtKind::Class(Arc::new(ClassDef { name, type_params, bases, keywords, decorators, body, scope }))
    }

    // ---- parameters

    fn params(&mut self, items: Vec<ParamItem>) -> Params {
        let mut params = Params::default();
        let mut star: Option<Span> = None;
        for item in items {
            self.param_order(&item, &params, star);
            match item {
                ParamItem::Plain(p) if star.is_some() => params.keyword_only.push(p),
                ParamItem::Plain(p) => params.args.push(p),
                ParamItem::Slash(_) => params.positional_only = std::mem::take(&mut params.args),
                ParamItem::Star(span) => star = Some(span),
                ParamItem::VarArg(p) => {
                    star = Some(p.name.span);
                    params.vararg = Some(p);
                }
                ParamItem::KwArg(p) => params.kwarg = Some(p),
            }
        }
        if let Some(span) = star.filter(|_| params.vararg.is_none() && params.keyword_only.is_empty()) {
            self.error(span, "no parameter follows this '*'", "keyword-only parameters come after it");
        }
        self.once("parameter", params.iter().map(|p| &p.name));
        params
    }

    fn param_order(&mut self, item: &ParamItem, before: &Params, star: Option<Span>) {
        let (span, default) = match item {
            ParamItem::Plain(p) => (p.name.span, p.default.is_some()),
            ParamItem::VarArg(p) | ParamItem::KwArg(p) => (p.name.span, true),
            ParamItem::Slash(span) | ParamItem::Star(span) => (*span, true),
        };
        if let Some(kwarg) = &before.kwarg {
            self.error(span, format!("nothing may follow the parameter '**{}'", kwarg.name.kind), "");
        }
        match item {
            ParamItem::Star(_) | ParamItem::VarArg(_) if star.is_some() => {
                self.error(span, "a second '*' among the parameters", "")
            }
            ParamItem::Slash(_) if star.is_some() => self.error(span, "'/' must come before '*'", ""),
            ParamItem::Slash(_) if !before.positional_only.is_empty() => {
                self.error(span, "a second '/' among the parameters", "")
            }
            ParamItem::Slash(_) if before.args.is_empty() => {
                self.error(span, "no parameter comes before this '/'", "positional-only parameters come before it");
            }
            _ => {}
        }
        let last = before.args.last().or(before.positional_only.last());
        if let Some(last) = last.filter(|p| star.is_none() && !default && p.default.is_some()) {
            let message = "a parameter without a default follows one with a default";
            let diagnostic = Diagnostic::error(codes::SYNTAX, message).at(span, "has no default").at(last.name.span, "has one");
            self.report(diagnostic);
        }
    }

    // ---- patterns

    pub fn capture(&self, name: Name) -> PatternKind {
        if &*name == "_" { PatternKind::Wildcard } else { PatternKind::Capture(name) }
    }

    pub fn star_pattern(&self, l: u32, r: u32, name: Ident) -> Pattern {
        let name = Some(name).filter(|n| &*n.kind != "_");
        self.node(l, r, PatternKind::Star(name))
    }

    pub fn open_pattern(&self, l: u32, r: u32, (mut items, comma): (Vec<Pattern>, bool)) -> Pattern {
        match items.pop() {
            Some(only) if items.is_empty() && !comma && !matches!(only.kind, PatternKind::Star(_)) => only,
            last => {
                items.extend(last);
                self.node(l, r, PatternKind::Sequence(items))
            }
        }
    }

    pub fn mapping_pattern(&mut self, entries: Vec<MappingItem>) -> PatternKind {
        let (mut items, mut rest) = (vec![], None::<Ident>);
        for entry in entries {
            if let Some(rest) = &rest {
                self.error(rest.span, "'**' must come last in a mapping pattern", "");
            }
            match entry {
                MappingItem::Pair(key, pattern) => items.push((key, pattern)),
                MappingItem::Rest(name) => rest = Some(name),
            }
        }
        PatternKind::Mapping { items, rest }
    }

    pub fn class_pattern(&mut self, class: Expr, arguments: Vec<(Option<Ident>, Pattern)>) -> PatternKind {
        let (mut args, mut keywords) = (vec![], vec![]);
        for (name, pattern) in arguments {
            match name {
                Some(name) => keywords.push((name, pattern)),
                None => {
                    if !keywords.is_empty() {
                        self.error(pattern.span, "a positional pattern follows a keyword pattern", "");
                    }
                    args.push(pattern);
                }
            }
        }
        PatternKind::Class { class, args, keywords }
    }
}

/// The parts of an f-string with neighbouring texts as one.
fn merged(parts: Vec<StrPart>) -> Vec<StrPart> {
    let mut out = vec![];
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Text(more) => text.push_str(&more),
            field => {
                out.extend(take_text(&mut text));
                out.push(field);
            }
        }
    }
    out.extend(take_text(&mut text));
    out
}

fn take_text(text: &mut String) -> Option<StrPart> {
    let text = std::mem::take(text);
    (!text.is_empty()).then(|| StrPart::Text(text.into()))
}

/// What an expression is, for "cannot assign to ...".
fn describe(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Name(_) => "a name",
        ExprKind::Constant(Constant::None) => "None",
        ExprKind::Constant(Constant::Bool(_)) => "True or False",
        ExprKind::Constant(Constant::Ellipsis) => "'...'",
        ExprKind::Constant(_) => "a literal",
        ExprKind::JoinedStr(_) => "an f-string",
        ExprKind::Tuple(_) => "a tuple",
        ExprKind::List(_) => "a list",
        ExprKind::Set(_) => "a set",
        ExprKind::Dict(_) => "a dict",
        ExprKind::Unary(..) | ExprKind::Binary(..) | ExprKind::Bool(..) => "the result of an operator",
        ExprKind::Compare(..) => "a comparison",
        ExprKind::Conditional(_) => "a conditional expression",
        ExprKind::Lambda(_) => "a lambda",
        ExprKind::Comprehension(_) => "a comprehension",
        ExprKind::Named(..) => "an assignment expression",
        ExprKind::Attribute(..) => "an attribute",
        ExprKind::Subscript(..) => "an element",
        ExprKind::Slice(_) => "a slice",
        ExprKind::Call(_) => "the result of a call",
        ExprKind::Starred(_) => "a starred expression",
        ExprKind::Await(_) => "the result of 'await'",
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => "the result of 'yield'",
    }
}
