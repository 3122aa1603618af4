//! `torch` for the language: tensors with PyTorch's storage semantics, lazy while modules are built, traced while `forward` runs;
//! the table of functions; symbolic sizes; the tracer.
//!
//! Invariants: nothing here computes elements (values are asked of an [`Evaluate`]); a tensor operation is an op of the IR, recorded or
//! traced; what cannot be done faithfully is refused.

mod args;
mod context;
mod control;
mod cx;
mod dtype;
mod handle;
mod index;
mod item;
mod lazy;
mod module;
pub mod nn;
mod number;
mod output;
pub mod promote;
mod same;
pub mod session;
mod settle;
mod signature;
mod size;
mod stride;
mod table;
mod tensor;
mod trace;
mod view;

pub use cx::{Cx, Number, Operand};
pub use dtype::{DTypeObject, Device};
pub use handle::{Handle, Storage};
pub use lazy::{Law, Lazy};
pub use module::install;
pub use session::{Session, Traced, Values};
pub use size::{SymBool, SymInt};
pub use tensor::Tensor;
pub use trace::Input;

use crate::eval::interp::Interp;
use crate::eval::object::Class;
use crate::eval::raise::Eval;
use crate::eval::shared::Shared;
use crate::eval::types::builtin;
use crate::eval::value::Value;
use cresset_ir::eval::Evaluate;
use cresset_ir::{DType, Facts};
use cresset_runtime::random::Generator;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use trace::Trace;

/// torch's state in one interpreter.
pub struct Torch {
    pub classes: Classes,
    /// Computes values when the program asks for them.
    pub evaluate: Rc<dyn Evaluate>,
    pub default_dtype: Shared<DType>,
    /// Whether gradients are recorded, as `torch.is_grad_enabled()` tells it. Nothing else reads it.
    pub grad: Shared<bool>,
    /// The generator of `torch.manual_seed`.
    pub generator: Shared<Generator>,
    /// The table.
    functions: Vec<table::Function>,
    trace: RefCell<Option<Trace>>,
    traces: Cell<u64>,
}

/// The classes of torch's objects.
pub struct Classes {
    pub tensor: Rc<Class>,
    pub parameter: Rc<Class>,
    pub buffer: Rc<Class>,
    pub dtype: Rc<Class>,
    pub device: Rc<Class>,
    pub size: Rc<Class>,
    pub sym_int: Rc<Class>,
    pub sym_bool: Rc<Class>,
    /// `torch.nn.Module`
    pub module: Rc<Class>,
    pub generator: Rc<Class>,
}

/// The seed of PyTorch's generator when nobody sets one is not fixed; here it is.
const SEED: u64 = 0;

impl Torch {
    pub fn new(it: &Interp, evaluate: Rc<dyn Evaluate>) -> Rc<Torch> {
        let t = &it.types;
        let tensor = builtin("Tensor", &[&t.object]);
        let classes = Classes {
            parameter: builtin("Parameter", &[&tensor]),
            buffer: builtin("Buffer", &[&tensor]),
            tensor,
            dtype: builtin("dtype", &[&t.object]),
            device: builtin("device", &[&t.object]),
            size: builtin("Size", &[&t.tuple]),
            sym_int: builtin("SymInt", &[&t.int]),
            sym_bool: builtin("SymBool", &[&t.object]),
            module: builtin("Module", &[&t.object]),
            generator: builtin("Generator", &[&t.object]),
        };
        Rc::new(Torch {
            classes,
            evaluate,
            default_dtype: Shared::new(DType::F32),
            grad: Shared::new(true),
            generator: Shared::new(Generator::new(SEED)),
            functions: table::functions(),
            trace: RefCell::new(None),
            traces: Cell::new(0),
        })
    }

    /// Whether `forward` is being traced.
    pub fn tracing(&self) -> bool {
        self.trace.borrow().is_some()
    }

    /// What is known of symbolic sizes.
    pub fn facts(&self) -> Facts {
        self.trace.borrow().as_ref().map_or_else(Facts::default, |t| t.builder.facts.clone())
    }

    /// Runs the call of a module: nodes that are traced meanwhile carry its path in the module tree.
    pub fn in_module<T>(&self, it: &mut Interp, module: &Value, run: impl FnOnce(&mut Interp) -> Eval<T>) -> Eval<T> {
        let entered = self.trace.borrow_mut().as_mut().and_then(|t| t.enter(module));
        let result = run(it);
        if let (Some(outer), Some(trace)) = (entered, &mut *self.trace.borrow_mut()) {
            trace.scope = outer;
        }
        result
    }
}
