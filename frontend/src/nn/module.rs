//! What makes a struct a module: a walk over the parameters, buffers and modules in its fields.

use super::Tensor;
use super::trace;
use cresset_ir::{Diagnostic, Result, codes};
use indexmap::IndexMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

/// A learned tensor, or a buffer. Clones are the same parameter: tied weights.
#[derive(Clone)]
pub struct Param(Arc<Body>);

struct Body {
    id: u64,
    value: RwLock<cresset_ir::Tensor>,
}

impl Param {
    pub fn new(value: cresset_ir::Tensor) -> Param {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Param(Arc::new(Body { id: NEXT.fetch_add(1, Ordering::Relaxed), value: RwLock::new(value) }))
    }

    /// The current elements.
    pub fn value(&self) -> cresset_ir::Tensor {
        self.0.value.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Replaces the elements. Fails with `E0301` when dtype or shape differ.
    pub fn set(&self, value: cresset_ir::Tensor) -> Result<()> {
        let mut own = self.0.value.write().unwrap_or_else(|e| e.into_inner());
        if own.ty() != value.ty() {
            let text = format!("a parameter of type {} cannot be set to a tensor of type {}", own.ty(), value.ty());
            return Err(Diagnostic::error(codes::SHAPE_MISMATCH, text));
        }
        *own = value;
        Ok(())
    }

    /// The parameter in an expression: its elements, or its name under a trace.
    pub fn tensor(&self) -> Result<Tensor> {
        trace::parameter(self).unwrap_or_else(|| Ok(self.value().into()))
    }

    pub(super) fn id(&self) -> u64 {
        self.0.id
    }
}

/// What a module holds.
pub enum Item<'a> {
    Param(&'a Param),
    Buffer(&'a Param),
    Module(&'a dyn Module),
    /// The flag that `train` sets.
    Training(&'a AtomicBool),
}

/// A struct whose fields are tracked. `#[derive(Module)]` visits them in order, each under its name.
pub trait Module {
    /// Calls `f` for everything that the module itself holds.
    fn visit<'a>(&'a self, f: &mut dyn FnMut(&str, Item<'a>));
}

/// A module of one tensor.
pub trait Forward {
    /// # Errors
    /// What the ops say.
    fn forward(&self, x: &Tensor) -> Result<Tensor>;
}

/// Calls `f` for every parameter and buffer with its qualified name, in the order of registration, tied ones each time.
fn walk<'a>(module: &'a dyn Module, prefix: &str, f: &mut dyn FnMut(String, Item<'a>)) {
    let mut inner: Vec<(String, &'a dyn Module)> = vec![];
    module.visit(&mut |name, item| {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        match item {
            Item::Module(m) => inner.push((path, m)),
            item => f(path, item),
        }
    });
    for (path, m) in inner {
        walk(m, &path, f);
    }
}

/// The parameters by qualified name; a tied one under its first.
pub fn named_parameters(module: &dyn Module) -> IndexMap<String, Param> {
    collect(module, |item| match item {
        Item::Param(p) => Some((*p).clone()),
        _ => None,
    })
}

/// The buffers by qualified name.
pub fn named_buffers(module: &dyn Module) -> IndexMap<String, Param> {
    collect(module, |item| match item {
        Item::Buffer(p) => Some((*p).clone()),
        _ => None,
    })
}

fn collect(module: &dyn Module, pick: impl Fn(&Item) -> Option<Param>) -> IndexMap<String, Param> {
    let mut out: IndexMap<String, Param> = IndexMap::new();
    walk(module, "", &mut |name, item| {
        if let Some(p) = pick(&item).filter(|p| !out.values().any(|o| o.id() == p.id())) {
            out.insert(name, p);
        }
    });
    out
}

/// Every parameter and buffer with its elements, tied ones under each of their names, as PyTorch's `state_dict`.
pub fn state_dict(module: &dyn Module) -> IndexMap<String, cresset_ir::Tensor> {
    let mut out = IndexMap::new();
    walk(module, "", &mut |name, item| {
        if let Item::Param(p) | Item::Buffer(p) = item {
            out.insert(name, p.value());
        }
    });
    out
}

/// Loads a state dict, strictly.
///
/// # Errors
/// `E0412` with every missing key, unexpected key and mismatched size, in PyTorch's words.
pub fn load_state_dict(module: &dyn Module, state: &IndexMap<String, cresset_ir::Tensor>) -> Result<()> {
    let mut own: IndexMap<String, Param> = IndexMap::new();
    walk(module, "", &mut |name, item| {
        if let Item::Param(p) | Item::Buffer(p) = item {
            own.insert(name, p.clone());
        }
    });
    let mut problems = vec![];
    let quoted = |keys: Vec<&String>| keys.iter().map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", ");
    let missing: Vec<&String> = own.keys().filter(|k| !state.contains_key(*k)).collect();
    let unexpected: Vec<&String> = state.keys().filter(|k| !own.contains_key(*k)).collect();
    if !missing.is_empty() {
        problems.push(format!("Missing key(s) in state_dict: {}. ", quoted(missing)));
    }
    if !unexpected.is_empty() {
        problems.push(format!("Unexpected key(s) in state_dict: {}. ", quoted(unexpected)));
    }
    for (name, p) in &own {
        if let Some(t) = state.get(name).filter(|t| t.shape() != p.value().shape()) {
            let (found, wanted) = (t.shape().to_vec(), p.value().shape().to_vec());
            problems.push(format!(
                "size mismatch for {name}: copying a param with shape torch.Size({found:?}) from checkpoint, \
                 the shape in current model is torch.Size({wanted:?})."
            ));
        }
    }
    if !problems.is_empty() {
        let text = format!("Error(s) in loading state_dict:\n\t{}", problems.join("\n\t"));
        return Err(Diagnostic::error(codes::SHAPE_MISMATCH, text));
    }
    own.iter().try_for_each(|(name, p)| p.set(state[name].cast(p.value().dtype())?))
}

/// Calls `f` for every module below `module` and itself, children first, with its path.
pub fn apply(module: &dyn Module, f: &mut dyn FnMut(&str, &dyn Module)) {
    fn go(module: &dyn Module, path: &str, f: &mut dyn FnMut(&str, &dyn Module)) {
        module.visit(&mut |name, item| {
            if let Item::Module(m) = item {
                go(m, &if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }, f);
            }
        });
        f(path, module);
    }
    go(module, "", f);
}

/// Sets the mode of every module: training, or inference.
pub fn train(module: &dyn Module, mode: bool) {
    walk(module, "", &mut |_, item| {
        if let Item::Training(flag) = item {
            flag.store(mode, Ordering::Relaxed);
        }
    });
}

/// How `#[derive(Module)]` treats a field, by its type: parameters, modules, and collections of them are tracked, everything else is not.
pub mod track {
    use super::{Item, Module, Param};

    /// Wraps a reference to a field; method lookup prefers the implementation with fewer references.
    pub struct Field<'a, T: ?Sized>(pub &'a T);

    /// Fields that hold something.
    pub trait Tracked<'a> {
        fn track(&self, name: &str, f: &mut dyn FnMut(&str, Item<'a>));
    }

    /// All other fields.
    pub trait Untracked<'a> {
        fn track(&self, _name: &str, _f: &mut dyn FnMut(&str, Item<'a>)) {}
    }

    impl<'a, T: Holds> Tracked<'a> for Field<'a, T> {
        fn track(&self, name: &str, f: &mut dyn FnMut(&str, Item<'a>)) {
            self.0.hold(name, f);
        }
    }

    impl<'a, T: ?Sized> Untracked<'a> for &Field<'a, T> {}

    /// A type that a module may hold.
    pub trait Holds {
        fn hold<'a>(&'a self, name: &str, f: &mut dyn FnMut(&str, Item<'a>));
    }

    impl Holds for Param {
        fn hold<'a>(&'a self, name: &str, f: &mut dyn FnMut(&str, Item<'a>)) {
            f(name, Item::Param(self));
        }
    }

    impl<M: Module> Holds for M {
        fn hold<'a>(&'a self, name: &str, f: &mut dyn FnMut(&str, Item<'a>)) {
            f(name, Item::Module(self));
        }
    }

    impl<T: Holds> Holds for Option<T> {
        fn hold<'a>(&'a self, name: &str, f: &mut dyn FnMut(&str, Item<'a>)) {
            if let Some(inner) = self {
                inner.hold(name, f);
            }
        }
    }

    impl<T: Holds> Holds for Vec<T> {
        fn hold<'a>(&'a self, name: &str, f: &mut dyn FnMut(&str, Item<'a>)) {
            for (i, inner) in self.iter().enumerate() {
                inner.hold(&format!("{name}.{i}"), f);
            }
        }
    }
}
