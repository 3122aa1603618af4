//! The reference backend: methods run by the definitions of their ops, node by node. Slow, and what every other backend is compared with.

use cresset_ir::eval;
use cresset_ir::{Program, Result, Tensor};
use cresset_runtime::{Signature, weights};
use indexmap::IndexMap;

/// A method of a program with its weights, run as the ops define it. It has the calls of a compiled one.
pub struct Reference {
    program: Program,
    method: String,
    signature: Signature,
    weights: IndexMap<String, Tensor>,
}

impl Reference {
    /// # Errors
    /// `E0601` for a method that does not exist, `E0504` when a tensor of the store is missing or not of its declared type.
    pub fn new(program: Program, method: &str, weights: &IndexMap<String, Tensor>) -> Result<Reference> {
        let signature = Signature::of_graph(program.method(method)?, &program.facts);
        let weights = weights::declared(&program, weights)?;
        Ok(Reference { program, method: method.to_owned(), signature, weights })
    }

    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The results of a call, in the order of the signature's tensors.
    ///
    /// # Errors
    /// `E0501` and `E0502` for inputs that do not fit, `E0503` for an index outside a tensor.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        eval::run(&self.program, &self.method, &|name| self.weights.get(name).cloned(), inputs)
    }

    /// The results by path, from inputs by name or position; see [`Signature::arrange`].
    pub fn run_named(&self, inputs: &IndexMap<String, Tensor>) -> Result<IndexMap<String, Tensor>> {
        self.signature.name_results(self.run(&self.signature.arrange(inputs)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cresset_ir::op::find;
    use cresset_ir::{Builder, DType, Dim, Facts, Tree, Type, codes};

    #[test]
    fn a_method_runs_by_name() {
        let mut b = Builder::new("forward", Facts::default());
        let ty = Type::new(DType::F32, [Dim::sym("N")]);
        let (x, y) = (b.input("x", ty.clone()), b.input("y", ty));
        let sum = b.op(find("add").unwrap(), &[x, y], &[]).unwrap();
        let (graph, facts) = b.finish(vec![sum], Tree::Leaf);
        let mut program = Program { name: "Sum".into(), facts, ..Program::default() };
        program.methods.insert("forward".into(), graph);
        let reference = Reference::new(program.clone(), "forward", &IndexMap::new()).unwrap();
        let of = |v: &[f32]| Tensor::from_slice(&[v.len()], v).unwrap();
        let named = |y: &[f32]| IndexMap::from([("y".to_string(), of(y)), ("0".to_string(), of(&[1.0, 2.0]))]);
        assert_eq!(reference.run_named(&named(&[10.0, 20.0])).unwrap()["0"], of(&[11.0, 22.0]));
        let error = reference.run_named(&named(&[10.0])).unwrap_err();
        assert_eq!(error.notes(), ["dimension 0 is 1, and N is 2: N = 2 from dimension 0 of `x`"]);
        let missing = Reference::new(program, "backward", &IndexMap::new()).err().unwrap();
        assert_eq!(
            (missing.code(), missing.message()),
            (codes::INVALID_GRAPH, "the program has no method `backward`; it has forward")
        );
    }
}
