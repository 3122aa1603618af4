//! Sessions: a file of modules, instantiated and traced. What the command line and the facade call.
//!
//! A session belongs to one thread, with a stack for deep recursion: make and use it inside of [`Interp::on_big_stack`].

use super::cx::Cx;
use super::handle::Handle;
use super::lazy::{self, Lazy};
use super::tensor::Tensor;
use super::trace::Input;
use super::{Torch, install};
use crate::eval::interp::Interp;
use crate::eval::native::Args;
use crate::eval::object::Class;
use crate::eval::value::Value;
use crate::import::Module;
use crate::lang::ast::StmtKind;
use cresset_ir::eval::Evaluate;
use cresset_ir::{Diagnostic, Facts, Program, Result, Type, codes};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub struct Session {
    pub it: Interp,
    pub torch: Rc<Torch>,
}

/// A parameter of a method.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    /// The text of a default would be of no use: whether there is one.
    pub has_default: bool,
}

/// A traced method, with the values of its store.
pub struct Traced {
    pub program: Program,
    pub values: Values,
}

/// The values of a program's store, computed when they are asked for.
pub struct Values {
    entries: IndexMap<String, Rc<Lazy>>,
    evaluate: Rc<dyn Evaluate>,
}

impl Values {
    /// The value of an entry.
    ///
    /// # Errors
    /// What its computation says; `E0504` for a name that is none.
    pub fn get(&self, name: &str) -> Result<cresset_ir::Tensor> {
        let missing = || Diagnostic::error(codes::MISSING_WEIGHT, format!("the program's store has no entry `{name}`"));
        self.entries.get(name).ok_or_else(missing)?.value(&*self.evaluate)
    }

    /// All values, in the order of the store.
    ///
    /// # Errors
    /// As [`Values::get`].
    pub fn all(&self) -> Result<IndexMap<String, cresset_ir::Tensor>> {
        let lazies: Vec<Rc<Lazy>> = self.entries.values().cloned().collect();
        lazy::compute(&lazies, &*self.evaluate)?;
        self.entries.iter().map(|(name, lazy)| Ok((name.clone(), lazy.value(&*self.evaluate)?))).collect()
    }
}

impl Session {
    /// An interpreter with torch, which finds modules in these folders.
    pub fn new(path: &[PathBuf], evaluate: Rc<dyn Evaluate>) -> Session {
        let mut it = Interp::new();
        it.importer.path.extend(path.iter().cloned());
        let torch = install(&mut it, evaluate);
        Session { it, torch }
    }

    /// Runs `torch.manual_seed(seed)`.
    pub fn manual_seed(&mut self, seed: u64) {
        *self.torch.generator.borrow_mut() = cresset_runtime::random::Generator::new(seed);
    }

    /// The value of `FILE:EXPR`: the expression is evaluated in the file's namespace. FILE may be the dotted name of a module; without
    /// EXPR it is the file's only class of modules that needs no arguments.
    ///
    /// # Errors
    /// Of syntax, of evaluation, and where no class, or several, could be meant.
    pub fn instantiate(&mut self, spec: &str) -> Result<Value> {
        let (file, expr) = match spec.split_once(".py:") {
            Some((file, expr)) => (format!("{file}.py"), Some(expr)),
            None if spec.ends_with(".py") => (spec.to_owned(), None),
            None => spec.split_once(':').map_or((spec.to_owned(), None), |(file, expr)| (file.to_owned(), Some(expr))),
        };
        let module = match file.ends_with(".py") {
            true => self.it.load_file(Path::new(&file))?,
            false => self.it.import(&file)?,
        };
        let Some(expr) = expr else { return self.only_module(&module) };
        let value = self.it.eval_expr("<expression>", expr, &module)?;
        if self.it.is_instance(&value, &self.torch.classes.module) {
            return Ok(value);
        }
        let class = self.it.class_of(&value);
        let text = format!("`{expr}` gives an object of class '{}', and an nn.Module is needed", class.name);
        Err(Diagnostic::error(codes::BAD_MODEL, text).hint("an expression that constructs the module: FILE.py:Net()"))
    }

    fn only_module(&mut self, module: &Rc<Module>) -> Result<Value> {
        let mut candidates = vec![];
        let names: Vec<_> = module
            .definitions()
            .filter_map(|s| if let StmtKind::Class(c) = &s.kind { Some(c.name.kind.clone()) } else { None })
            .collect();
        for name in names {
            if let Value::Class(class) = self.it.eval_expr("<class>", &name, module)?
                && class.is_subclass(&self.torch.classes.module)
                && needs_no_arguments(&class)
            {
                candidates.push(class);
            }
        }
        // A class that another candidate extends or uses is not told from one that is meant.
        match &candidates[..] {
            [class] => {
                let class = Value::Class(class.clone());
                self.it.invoke(&class, Args::default())
            }
            [] => Err(Diagnostic::error(
                codes::PYTHON_VALUE,
                format!("'{}' has no class of modules that needs no arguments", module.name),
            )
            .hint("say how to make the module: FILE.py:'Net(10)'")),
            several => {
                let names: Vec<_> = several.iter().map(|c| c.name.to_string()).collect();
                Err(Diagnostic::error(
                    codes::PYTHON_VALUE,
                    format!("'{}' has several classes of modules: {}", module.name, names.join(", ")),
                )
                .hint("say which: FILE.py:'Net()'"))
            }
        }
    }

    /// Puts a module into inference mode, or back.
    ///
    /// # Errors
    /// What the module's own `train` raises.
    pub fn train(&mut self, module: &Value, mode: bool) -> Result<()> {
        let train = self.it.run(|it| it.getattr(module, "train"))?;
        self.it.invoke(&train, Args::of([Value::Bool(mode)])).map(drop)
    }

    /// The parameters of a method after `self`, in order. `*args` and `**kwargs` are not listed.
    ///
    /// # Errors
    /// Where the object has no such method.
    pub fn signature(&mut self, module: &Value, method: &str) -> Result<Vec<Parameter>> {
        let found = self.it.run(|it| it.getattr(module, method))?;
        let (function, bound) = match &found {
            Value::Method(m) => (m.func.clone(), true),
            other => (other.clone(), false),
        };
        let Value::Function(function) = &function else { return Ok(vec![]) };
        let params = function.def.params();
        let described = params.single().zip(&function.defaults);
        Ok(described
            .skip(bound as usize)
            .map(|(p, default)| Parameter { name: p.name.kind.to_string(), has_default: default.is_some() })
            .collect())
    }

    /// Replaces the module's parameters and buffers, as `module.load_state_dict` does.
    ///
    /// # Errors
    /// `CHECKPOINT_MISMATCH` with PyTorch's list of missing, unexpected and mismatched keys.
    pub fn load_state_dict(
        &mut self,
        module: &Value,
        tensors: impl IntoIterator<Item = (String, cresset_ir::Tensor)>,
    ) -> Result<()> {
        let torch = self.torch.clone();
        let tensors = tensors.into_iter().collect();
        super::nn::state::load(&mut Cx { it: &mut self.it, torch: &torch }, module, &tensors, true)
    }

    /// A tensor of known elements as a value of the language.
    pub fn tensor(&self, tensor: cresset_ir::Tensor) -> Value {
        Value::Foreign(Tensor::new(&self.torch, Handle::Lazy(Lazy::known(tensor))))
    }

    /// The elements of a tensor that the program computed.
    ///
    /// # Errors
    /// Where the value is no tensor, and what its computation says.
    pub fn elements(&mut self, value: &Value) -> Result<cresset_ir::Tensor> {
        let torch = self.torch.clone();
        self.it.run(|it| match value.downcast::<Tensor>() {
            Some(tensor) => super::item::elements(&mut Cx { it, torch: &torch }, tensor),
            None => Err(it.type_error(format!("a Tensor is needed, not '{}'", it.type_name(value)))),
        })
    }

    /// Traces a method. Inputs are passed by name; names that are numbers by position. `facts` holds the ranges of the symbols in their
    /// types.
    ///
    /// # Errors
    /// What `forward` raises, and what cannot be traced.
    pub fn trace(&mut self, module: &Value, method: &str, inputs: Vec<(String, Input)>, facts: Facts) -> Result<Traced> {
        let torch = self.torch.clone();
        let outcome = self.it.run(|it| Cx { it, torch: &torch }.trace(module, method, &inputs, &facts))?;
        Ok(Traced { program: outcome.program, values: Values { entries: outcome.values, evaluate: torch.evaluate.clone() } })
    }

    /// Traces `forward` on tensors alone.
    ///
    /// # Errors
    /// As [`Session::trace`].
    pub fn trace_forward(&mut self, module: &Value, inputs: &[(&str, Type)], facts: Facts) -> Result<Traced> {
        let inputs = inputs.iter().map(|(name, ty)| ((*name).to_owned(), Input::Tensor(ty.clone()))).collect();
        self.trace(module, "forward", inputs, facts)
    }
}

/// Whether every parameter of a class's `__init__` after `self` has a default.
fn needs_no_arguments(class: &Rc<Class>) -> bool {
    match class.lookup("__init__") {
        Some(Value::Function(function)) => function.defaults.iter().skip(1).all(Option::is_some),
        _ => true,
    }
}
