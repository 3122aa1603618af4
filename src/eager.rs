//! Values that are wanted while a model is built or optimised: few elements are interpreted, many are computed by compiled code.
//!
//! Both round as their functions do: a constant of many elements has the last bits of this machine's routines, as a result has.

use crate::Program;
use crate::compiled::{Compiled, Options};
use cresset_ir::Result;
use cresset_ir::eval::{Evaluate, Reference, Weights};
use cresset_ir::graph::Graph;
use cresset_ir::{Program as Ir, Tensor};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Elements that are interpreted sooner than a kernel for them is compiled.
const FEW: usize = 1 << 14;

/// Evaluates programs without a store. What it compiled it keeps, by the program's text: layers of a model come in equal shapes.
#[derive(Default)]
pub struct Eager {
    compiled: RefCell<HashMap<String, Option<Rc<Compiled>>>>,
}

impl Evaluate for Eager {
    fn evaluate(&self, program: &Ir, method: &str, inputs: &[Tensor], weights: &Weights) -> Result<Vec<Tensor>> {
        let large = program.store.is_empty() && program.method(method).is_ok_and(|g| elements(g).is_none_or(|n| n > FEW));
        match large.then(|| self.compile(program, method)).flatten() {
            Some(compiled) => compiled.run(inputs),
            None => Reference.evaluate(program, method, inputs, weights),
        }
    }
}

impl Eager {
    /// `None` where the compiler refuses the program: the reference says what is wrong, or computes it.
    fn compile(&self, program: &Ir, method: &str) -> Option<Rc<Compiled>> {
        let key = format!("{method}\n{}", program.print());
        if let Some(known) = self.compiled.borrow().get(&key) {
            return known.clone();
        }
        let mut whole = Program { ir: program.clone(), weights: Default::default() };
        whole.ir.methods.retain(|name, _| name == method);
        let options = Options { method: Some(method.to_owned()), ..Options::default() };
        let compiled = Compiled::plainly(&whole, &options).ok().map(Rc::new);
        self.compiled.borrow_mut().insert(key, compiled.clone());
        compiled
    }
}

/// Elements of all results in a graph; `None` where their number is not known.
fn elements(graph: &Graph) -> Option<usize> {
    let results = graph.body.nodes.iter().flat_map(|&n| &graph.node(n).results);
    results.map(|&v| graph.ty(v).numel().known().and_then(|n| usize::try_from(n).ok())).sum()
}
