//! A module: its namespace, and the statements that have not run yet.

use crate::eval::dict::Dict;
use crate::eval::native::Native;
use crate::eval::{Row, Shared, Value};
use crate::lang::ast::*;
use crate::lang::parse_module;
use crate::lang::scope::Scope;
use crate::lang::visit::Children;
use cresset_ir::{Diagnostic, FileId};
use indexmap::IndexMap;
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

pub struct Module {
    pub name: Name,
    /// The package that relative imports start from: the module itself when it is one.
    pub package: Name,
    /// Where modules inside of it are searched.
    pub folder: Option<PathBuf>,
    pub globals: Shared<Dict>,
    pub(super) code: Option<Code>,
    /// Part of this crate: a name that it lacks is one that is not supported, rather than a mistake.
    pub is_native: bool,
}

/// The statements of a module's top level.
pub(super) struct Code {
    pub tree: crate::lang::ast::Module,
    /// The statements that a name needs, in source order; names that need none any more are taken out.
    pub needs: RefCell<IndexMap<Name, Vec<usize>>>,
    pub stars: Vec<usize>,
    pub states: RefCell<Vec<State>>,
    /// The statement that is running: names see only what stands before it.
    pub limit: Cell<usize>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Pending,
    Running,
    Done,
}

impl Module {
    pub(crate) fn empty(name: &str, folder: Option<PathBuf>) -> Rc<Module> {
        Rc::new(Module::with(name, folder, None, false))
    }

    pub(crate) fn native(name: &str) -> Rc<Module> {
        Rc::new(Module::with(name, None, None, true))
    }

    /// A module of a parsed file; a `folder` makes it a package.
    pub(crate) fn parse(name: &str, file: FileId, folder: Option<PathBuf>) -> Result<Rc<Module>, Vec<Diagnostic>> {
        Module::parsed(name, file, folder, false)
    }

    /// A module that is written in the language and part of this crate.
    pub(crate) fn embedded(name: &str, file: FileId) -> Result<Rc<Module>, Vec<Diagnostic>> {
        Module::parsed(name, file, None, true)
    }

    fn parsed(name: &str, file: FileId, folder: Option<PathBuf>, is_native: bool) -> Result<Rc<Module>, Vec<Diagnostic>> {
        let tree = parse_module(file)?;
        let module = Module::with(name, folder, Some(Code::new(tree)), is_native);
        module.globals.borrow_mut().insert("__file__", file.source().name.as_str());
        Ok(Rc::new(module))
    }

    fn with(name: &str, folder: Option<PathBuf>, code: Option<Code>, is_native: bool) -> Module {
        let package = match (&folder, name.rsplit_once('.')) {
            (Some(_), _) => name,
            (None, Some((parent, _))) => parent,
            (None, None) => "",
        };
        let globals: Shared<Dict> = Shared::default();
        globals.borrow_mut().insert("__name__", name);
        globals.borrow_mut().insert("__package__", package);
        Module { name: name.into(), package: package.into(), folder, globals, code, is_native }
    }

    pub fn set(&self, name: &str, value: impl Into<Value>) {
        self.globals.borrow_mut().insert(name, value);
    }

    /// Adds functions from a table.
    pub fn define(&self, rows: &'static [Row]) {
        rows.iter().for_each(|row| self.set(row.0, Native::function(row)));
    }

    /// Every name that it binds, in the order of the source.
    pub fn names(&self) -> Vec<Name> {
        let mut names: indexmap::IndexSet<Name> = indexmap::IndexSet::new();
        if let Some(code) = &self.code {
            code.tree.body.iter().for_each(|s| names.extend(Scope::of_block(std::slice::from_ref(s)).locals));
        }
        names.extend(self.globals.borrow().keys().filter_map(|k| Some(Name::from(k.value.as_str()?))));
        names.into_iter().filter(|n| !n.starts_with("__") || &**n == "__all__").collect()
    }

    /// The classes and functions that the file defines at its top level, in order.
    pub fn definitions(&self) -> impl Iterator<Item = &Stmt> {
        let body = self.code.iter().flat_map(|code| &code.tree.body);
        body.filter(|s| matches!(s.kind, StmtKind::Function(_) | StmtKind::Class(_)))
    }

    pub fn file(&self) -> Option<FileId> {
        self.code.as_ref().map(|code| code.tree.file)
    }
}

impl Code {
    fn new(tree: crate::lang::ast::Module) -> Code {
        let mut needs: IndexMap<Name, Vec<usize>> = IndexMap::new();
        let mut assigned: indexmap::IndexSet<Name> = indexmap::IndexSet::new();
        let mut stars = vec![];
        for (i, stmt) in tree.body.iter().enumerate() {
            let bound = Scope::of_block(std::slice::from_ref(stmt)).locals;
            let is_definition =
                matches!(stmt.kind, StmtKind::Function(_) | StmtKind::Class(_) | StmtKind::Import(_) | StmtKind::ImportFrom(_));
            for name in bound {
                if !is_definition {
                    assigned.insert(name.clone());
                }
                needs.entry(name).or_default().push(i);
            }
            if let StmtKind::ImportFrom(ImportFrom { names: ImportNames::Star, .. }) = stmt.kind {
                stars.push(i);
            }
        }
        for (i, stmt) in tree.body.iter().enumerate() {
            changes(stmt, &mut |name, is_argument| {
                if let Some(list) = needs.get_mut(name)
                    && (!is_argument || assigned.contains(name))
                    && list.last() != Some(&i)
                {
                    list.push(i);
                }
            });
        }
        for (name, list) in needs.iter_mut().filter(|(_, list)| list.len() > 1) {
            let between = list[0]..list[list.len() - 1];
            list.extend(between.filter(|&i| reads(&tree.body[i], name)));
        }
        needs.values_mut().for_each(|list| {
            list.sort_unstable();
            list.dedup();
        });
        let states = RefCell::new(vec![State::Pending; tree.body.len()]);
        Code { needs: RefCell::new(needs), stars, states, limit: Cell::new(usize::MAX), tree }
    }
}

/// The names whose values a statement may change without binding them: receivers of calls and stores, and arguments of calls that
/// stand as statements.
fn changes<'a>(stmt: &'a Stmt, found: &mut dyn FnMut(&'a Name, bool)) {
    match &stmt.kind {
        StmtKind::Expr(Expr { kind: ExprKind::Call(call), .. }) => {
            if let ExprKind::Attribute(object, _) = &call.func.kind {
                root(object).into_iter().for_each(|name| found(name, false));
            }
            for arg in call.args.iter().chain(call.keywords.iter().map(|k| &k.value)) {
                if let ExprKind::Name(name) = &arg.kind {
                    found(name, true);
                }
            }
        }
        StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| stored(t, found)),
        StmtKind::AugAssign { target, .. } => stored(target, found),
        StmtKind::Delete(targets) => targets.iter().for_each(|t| stored(t, found)),
        _ => {}
    }
    stmt.kind.each_block(&mut |block| block.iter().for_each(|s| changes(s, found)));
}

/// Whether an assignment reads a name: one between two bindings of the name has to run before the second.
fn reads(stmt: &Stmt, name: &Name) -> bool {
    fn mentions(e: &Expr, name: &Name) -> bool {
        let mut found = matches!(&e.kind, ExprKind::Name(n) if n == name);
        e.kind.each_child(&mut |child| found = found || mentions(child, name));
        found
    }
    match &stmt.kind {
        StmtKind::Assign { value, .. } | StmtKind::AnnAssign { value: Some(value), .. } => mentions(value, name),
        _ => false,
    }
}

fn stored<'a>(target: &'a Expr, found: &mut dyn FnMut(&'a Name, bool)) {
    match &target.kind {
        ExprKind::Attribute(object, _) | ExprKind::Subscript(object, _) => root(object).into_iter().for_each(|n| found(n, false)),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|t| stored(t, found)),
        _ => {}
    }
}

/// The name that a chain of attributes, items and calls starts from.
fn root(e: &Expr) -> Option<&Name> {
    match &e.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attribute(object, _) | ExprKind::Subscript(object, _) => root(object),
        ExprKind::Call(call) => match &call.func.kind {
            ExprKind::Attribute(object, _) => root(object),
            _ => None,
        },
        _ => None,
    }
}
