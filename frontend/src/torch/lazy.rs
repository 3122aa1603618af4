//! Lazy tensors: operations recorded while a module is built, computed when a value is asked for.
//!
//! Invariants: sizes are known; a node never changes what it stands for. A random draw keeps the generator as it was, and the
//! generator has been moved on: so draws may be computed in any order, or never.

use cresset_ir::bound;
use cresset_ir::builder::{NamedAttrs, complete_attrs};
use cresset_ir::eval::Evaluate;
use cresset_ir::op::{Attr, Sig};
use cresset_ir::{Builder, Diagnostic, Facts, OpDef, Program, Result, Tensor, Tree, Type, codes};
use cresset_runtime::random::Generator;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Chains longer than this are computed when they are made, so that no recursion over them is deep.
const MAX_DEPTH: u32 = 2000;

pub struct Lazy {
    pub ty: Type,
    source: RefCell<Source>,
    depth: u32,
}

#[derive(Clone)]
enum Source {
    Known(Tensor),
    Op { op: &'static OpDef, operands: Vec<Rc<Lazy>>, attrs: Vec<Attr> },
    Draw(Rc<Generator>, Law),
}

/// A distribution with its parameters.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Law {
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    /// Integers of `low..high`.
    Integers {
        low: i64,
        high: i64,
    },
    Bernoulli {
        p: f64,
    },
    Permutation,
}

impl Lazy {
    pub fn known(tensor: Tensor) -> Rc<Lazy> {
        Rc::new(Lazy { ty: tensor.ty(), source: RefCell::new(Source::Known(tensor)), depth: 0 })
    }

    /// Records an op.
    ///
    /// # Errors
    /// What the op's schema and type rule say, and `E0505` for indices that are out of range: they are computed now, while their place in
    /// the source is known.
    pub fn op(op: &'static OpDef, operands: &[Rc<Lazy>], attrs: NamedAttrs, evaluate: &dyn Evaluate) -> Result<Rc<Lazy>> {
        let attrs = complete_attrs(op, attrs)?;
        let types: Vec<Type> = operands.iter().map(|o| o.ty.clone()).collect();
        let facts = Facts::default();
        let sig = Sig::new(op, &types, &attrs, &facts, &[]);
        let mut results = sig.infer()?;
        bound::check_call(&sig, |k| operands[k].value(evaluate))?;
        let ty = results.pop().filter(|_| results.is_empty()).expect("recorded ops have one result");
        let depth = operands.iter().map(|o| o.depth).max().unwrap_or(0) + 1;
        let source = RefCell::new(Source::Op { op, operands: operands.to_vec(), attrs });
        let lazy = Rc::new(Lazy { ty, source, depth: if depth > MAX_DEPTH { 0 } else { depth } });
        if depth > MAX_DEPTH {
            lazy.value(evaluate)?;
        }
        Ok(lazy)
    }

    /// Records a draw and moves the generator past it.
    pub fn draw(generator: &mut Generator, law: Law, ty: Type) -> Rc<Lazy> {
        let before = Rc::new(generator.clone());
        let count = numel(&ty);
        match law {
            Law::Uniform { .. } => generator.skip_uniform(count, ty.dtype),
            Law::Normal { .. } => generator.skip_normal(count, ty.dtype),
            Law::Integers { low, high } => generator.skip_randint(count, low, high),
            Law::Bernoulli { .. } => generator.skip_bernoulli(count, cresset_ir::DType::F64),
            Law::Permutation => generator.skip_randperm(count),
        }
        Rc::new(Lazy { ty, source: RefCell::new(Source::Draw(before, law)), depth: 0 })
    }

    /// The value if it has been computed.
    pub fn peek(&self) -> Option<Tensor> {
        match &*self.source.borrow() {
            Source::Known(tensor) => Some(tensor.clone()),
            _ => None,
        }
    }

    /// The value, computed now unless it has been.
    ///
    /// # Errors
    /// What the evaluation says.
    pub fn value(self: &Rc<Lazy>, evaluate: &dyn Evaluate) -> Result<Tensor> {
        compute(std::slice::from_ref(self), evaluate)?;
        Ok(self.peek().expect("computed above"))
    }
}

/// Computes these nodes in one graph.
pub fn compute(targets: &[Rc<Lazy>], evaluate: &dyn Evaluate) -> Result<()> {
    let wanted: Vec<&Rc<Lazy>> = targets.iter().filter(|t| t.peek().is_none()).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut graph = Recorder { builder: Builder::new("forward", Facts::default()), inputs: vec![], values: HashMap::new() };
    let results = wanted.iter().map(|t| graph.value(t)).collect::<Result<Vec<_>>>()?;
    let leaves = Tree::Tuple(vec![Tree::Leaf; results.len()]);
    let (method, facts) = graph.builder.finish(results, leaves);
    let program =
        Program { name: "eager".into(), facts, store: Default::default(), methods: [("forward".to_owned(), method)].into() };
    let tensors = evaluate.evaluate(&program, "forward", &graph.inputs, &|_| None)?;
    for (target, tensor) in wanted.iter().zip(tensors) {
        *target.source.borrow_mut() = Source::Known(tensor);
    }
    Ok(())
}

/// Builds the graph of what is not known yet.
struct Recorder {
    builder: Builder,
    inputs: Vec<Tensor>,
    values: HashMap<*const Lazy, cresset_ir::Value>,
}

impl Recorder {
    fn value(&mut self, lazy: &Rc<Lazy>) -> Result<cresset_ir::Value> {
        if let Some(&v) = self.values.get(&Rc::as_ptr(lazy)) {
            return Ok(v);
        }
        let source = lazy.source.borrow().clone();
        let v = match source {
            Source::Known(tensor) => self.input(lazy, tensor),
            Source::Draw(generator, law) => {
                let tensor = law.draw(&mut (*generator).clone(), &lazy.ty)?;
                *lazy.source.borrow_mut() = Source::Known(tensor.clone());
                self.input(lazy, tensor)
            }
            Source::Op { op, operands, attrs } => {
                let operands = operands.iter().map(|o| self.value(o)).collect::<Result<Vec<_>>>()?;
                self.builder.emit_with_blocks(op, &operands, attrs, vec![])?[0]
            }
        };
        self.values.insert(Rc::as_ptr(lazy), v);
        Ok(v)
    }

    fn input(&mut self, lazy: &Lazy, tensor: Tensor) -> cresset_ir::Value {
        let name = format!("x{}", self.inputs.len());
        self.inputs.push(tensor);
        self.builder.input(&name, lazy.ty.clone())
    }
}

fn numel(ty: &Type) -> usize {
    ty.known_shape().unwrap_or_default().iter().product()
}

impl Law {
    fn draw(self, generator: &mut Generator, ty: &Type) -> Result<Tensor> {
        let shape = ty.known_shape().unwrap_or_default();
        let mut out = Tensor::zeros(ty.dtype, &shape)?;
        let reals =
            |text: &str| Diagnostic::error(codes::DTYPE_MISMATCH, format!("{text} is not defined for {}", ty.dtype.torch_name()));
        match self {
            Law::Integers { low, high } => {
                let mut numbers = vec![0; out.numel()];
                generator.fill_randint(&mut numbers, low, high);
                return Tensor::from_slice(&shape, &numbers)?.cast(ty.dtype);
            }
            Law::Permutation => {
                let mut numbers = vec![0; out.numel()];
                generator.fill_randperm(&mut numbers);
                return Tensor::from_slice(&shape, &numbers)?.cast(ty.dtype);
            }
            Law::Bernoulli { p } => {
                let numbers: Vec<bool> = (0..out.numel()).map(|_| generator.bernoulli(p)).collect();
                return Tensor::from_slice(&shape, &numbers)?.cast(ty.dtype);
            }
            Law::Uniform { .. } | Law::Normal { .. } => {}
        }
        macro_rules! fill {
            ($($dtype:ident $type:ty),*) => {
                match (ty.dtype, self) {
                    $((cresset_ir::DType::$dtype, Law::Uniform { low, high }) => generator.fill_uniform(out.as_mut_slice::<$type>()?, low, high),
                    (cresset_ir::DType::$dtype, Law::Normal { mean, std }) => generator.fill_normal(out.as_mut_slice::<$type>()?, mean, std),)*
                    _ => return Err(reals("a random real")),
                }
            };
        }
        fill!(F16 half::f16, BF16 half::bf16, F32 f32, F64 f64);
        Ok(out)
    }
}
