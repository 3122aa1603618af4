//! Modules: found on the search path, among those written in Rust, or among the embedded library files.
//!
//! Nothing is evaluated when a module is found. A package's `__init__` is not run to reach a module inside of it; names are asked for one by
//! one ([`module`]). What cannot be found becomes a [`Poison`](poison::Poison).

mod demand;
pub mod module;
pub mod poison;
mod statement;

pub use module::Module;
pub use poison::Poison;

use crate::eval::journal;
use crate::eval::raise::Eval;
use crate::eval::{Dict, Interp, Shared, Value};
use crate::lang::ast::Name;
use cresset_ir::{Diagnostic, Result, codes, source};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Fills the namespace of a module that is written in Rust.
pub type Builder = fn(&mut Interp, &Rc<Module>);

#[derive(Default)]
pub struct Importer {
    /// Folders that are searched, in order.
    pub path: Vec<PathBuf>,
    /// Whether an import that fails raises: inside of `try ... except ImportError`.
    pub strict: bool,
    natives: IndexMap<&'static str, Builder>,
    embedded: IndexMap<&'static str, &'static str>,
    modules: IndexMap<Name, Rc<Module>>,
    /// `sys.modules`
    pub loaded: Shared<Dict>,
}

impl Importer {
    /// The namespaces of all modules that were found.
    pub fn namespaces(&self) -> impl Iterator<Item = Shared<Dict>> {
        self.modules.values().map(|module| module.globals.clone()).chain([self.loaded.clone()])
    }
}

/// What a dotted name stands for on the disk.
enum Found {
    File(PathBuf, Option<PathBuf>),
    /// A folder without `__init__.py`.
    Folder(PathBuf),
}

impl Interp {
    /// Adds a module that is written in Rust.
    pub fn register_native_module(&mut self, name: &'static str, builder: Builder) {
        self.importer.natives.insert(name, builder);
    }

    /// Adds a module that is written in the language and part of this crate.
    pub fn register_source_module(&mut self, name: &'static str, text: &'static str) {
        self.importer.embedded.insert(name, text);
    }

    /// Finds a module by its dotted name.
    ///
    /// # Errors
    /// `NOT_FOUND`, and the syntax errors of its file.
    pub fn import(&mut self, name: &str) -> Result<Rc<Module>> {
        let found = self.run(|it| it.find_module(name))?;
        found.ok_or_else(|| {
            let missing = Diagnostic::error(codes::NOT_FOUND, format!("no module named '{name}'"));
            missing.hint("is its folder on the search path (--path)?")
        })
    }

    /// Loads a file as a module; its folder is searched first from now on.
    ///
    /// # Errors
    /// `FILE_UNREADABLE`, and the first syntax error.
    pub fn load_file(&mut self, path: &Path) -> Result<Rc<Module>> {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        if self.importer.path.first() != Some(&folder) {
            self.importer.path.insert(0, folder);
        }
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let module = self.parse_file(&name, path, None)?;
        self.remember(&module);
        Ok(module)
    }

    fn parse_file(&mut self, name: &str, path: &Path, folder: Option<PathBuf>) -> Result<Rc<Module>> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Diagnostic::error(codes::FILE_UNREADABLE, format!("'{}' cannot be read: {e}", path.display())))?;
        let file = source::register(path.display().to_string(), text);
        Module::parse(name, file, folder).map_err(crate::eval::interp::first)
    }

    pub(crate) fn remember(&mut self, module: &Rc<Module>) {
        self.importer.modules.insert(module.name.clone(), module.clone());
        self.importer.loaded.borrow_mut().insert(&module.name, Value::Module(module.clone()));
    }

    /// The module of a dotted name, or none.
    pub fn find_module(&mut self, name: &str) -> Eval<Option<Rc<Module>>> {
        match self.importer.modules.get(name) {
            Some(module) => Ok(Some(module.clone())),
            None => journal::paused(|| self.find_new_module(name)),
        }
    }

    fn find_new_module(&mut self, name: &str) -> Eval<Option<Rc<Module>>> {
        if let Some((key, builder)) = self.importer.natives.get_key_value(name).map(|(k, b)| (*k, *b)) {
            let module = Module::native(key);
            self.remember(&module);
            builder(self, &module);
            return Ok(Some(module));
        }
        if let Some((key, text)) = self.importer.embedded.get_key_value(name).map(|(k, t)| (*k, *t)) {
            let file = source::register(format!("<stdlib>/{key}.py"), text);
            let module = Module::embedded(key, file).map_err(crate::eval::interp::first)?;
            self.remember(&module);
            return Ok(Some(module));
        }
        let folders = match name.rsplit_once('.') {
            None => self.importer.path.clone(),
            Some((parent, _)) => match self.find_module(parent)? {
                Some(parent) => parent.folder.iter().cloned().collect(),
                None => return Ok(None),
            },
        };
        let last = name.rsplit('.').next().unwrap_or(name);
        let module = match folders.iter().find_map(|folder| on_disk(folder, last)) {
            Some(Found::File(file, folder)) => self.parse_file(name, &file, folder)?,
            Some(Found::Folder(folder)) => Module::empty(name, Some(folder)),
            None => return Ok(None),
        };
        self.remember(&module);
        Ok(Some(module))
    }
}

/// The file of a module, by its dotted name, below one of some folders.
pub fn locate(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    let (parents, last) = name.rsplit_once('.').map_or(("", name), |(parents, last)| (parents, last));
    let below: PathBuf = parents.split('.').filter(|p| !p.is_empty()).collect();
    folders.iter().find_map(|folder| match on_disk(&folder.join(&below), last)? {
        Found::File(file, _) => Some(file),
        Found::Folder(_) => None,
    })
}

fn on_disk(folder: &Path, name: &str) -> Option<Found> {
    let inner = folder.join(name);
    let init = inner.join("__init__.py");
    if init.is_file() {
        return Some(Found::File(init, Some(inner)));
    }
    let file = folder.join(format!("{name}.py"));
    if file.is_file() {
        return Some(Found::File(file, None));
    }
    inner.is_dir().then_some(Found::Folder(inner))
}
