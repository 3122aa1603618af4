//! Signature: what callers of a method must know, and the checks that every backend makes of a call.

use crate::Tensor;
use cresset_ir::call::{Sizes, bind};
use cresset_ir::plan::Plan;
use cresset_ir::spelling::nearest;
use cresset_ir::{Bound, Diagnostic, Facts, Graph, Guard, Result, Tree, Type, codes};
use indexmap::IndexMap;

/// The inputs, the structure of the results and the conditions of a method.
#[derive(Clone, Debug)]
pub struct Signature {
    pub method: String,
    pub inputs: Vec<(String, Type)>,
    pub output: Tree,
    pub guards: Vec<Guard>,
    pub bounds: Vec<Bound>,
    pub facts: Facts,
}

impl Signature {
    pub fn of_graph(graph: &Graph, facts: &Facts) -> Signature {
        let input = |(name, &v): (&String, _)| (name.clone(), graph.ty(v).clone());
        Signature {
            method: graph.name.clone(),
            inputs: graph.inputs.iter().zip(&graph.body.params).map(input).collect(),
            output: graph.output.clone(),
            guards: graph.guards.clone(),
            bounds: graph.bounds.clone(),
            facts: facts.clone(),
        }
    }

    pub fn of_plan(plan: &Plan) -> Signature {
        Signature {
            method: plan.name.clone(),
            inputs: plan.inputs.clone(),
            output: plan.output.clone(),
            guards: plan.guards.clone(),
            bounds: plan.bounds.clone(),
            facts: plan.facts.clone(),
        }
    }

    /// Checks the inputs of a call and gives the values of the symbols.
    ///
    /// # Errors
    /// As [`bind`]: `E0501` for number, dtype or shape, `E0502` for guards and ranges, `E0505` for indices.
    pub fn bind(&self, inputs: &[Tensor]) -> Result<Sizes> {
        let declared: Vec<(&str, &Type)> = self.inputs.iter().map(|(name, ty)| (name.as_str(), ty)).collect();
        bind(&declared, inputs, &self.facts, &self.guards, &self.bounds)
    }

    /// The inputs in order, from tensors named after the inputs or their positions (`0`, `1`).
    ///
    /// # Errors
    /// `E0501` for a name that is no input, and for inputs that are missing.
    pub fn arrange(&self, named: &IndexMap<String, Tensor>) -> Result<Vec<Tensor>> {
        if let Some(name) = named.keys().find(|k| self.position(k).is_none()) {
            let error = self.error(format!("`{name}` is no input of `{}`", self.method));
            let missing = self.inputs.iter().map(|i| i.0.as_str()).filter(|n| !named.contains_key(*n));
            return Err(match nearest(name, missing) {
                Some(best) => error.hint(format!("did you mean `{best}`?")),
                None => error,
            });
        }
        let mut out: Vec<Option<Tensor>> = vec![None; self.inputs.len()];
        for (name, tensor) in named {
            let place = self.position(name).and_then(|k| out.get_mut(k));
            if place.is_some_and(|p| p.replace(tensor.clone()).is_some()) {
                return Err(self.error(format!("the input `{name}` is given twice, by name and by position")));
            }
        }
        let missing: Vec<&str> = self.inputs.iter().zip(&out).filter(|(_, t)| t.is_none()).map(|(i, _)| i.0.as_str()).collect();
        match missing[..] {
            [] => Ok(out.into_iter().flatten().collect()),
            [one] => Err(self.error(format!("the input `{one}` is missing"))),
            _ => Err(self.error(format!("the inputs {} are missing", missing.join(", ")))),
        }
    }

    fn position(&self, key: &str) -> Option<usize> {
        let by_name = self.inputs.iter().position(|i| i.0 == key);
        by_name.or_else(|| key.parse::<usize>().ok().filter(|k| *k < self.inputs.len() && k.to_string() == key))
    }

    fn error(&self, text: String) -> Diagnostic {
        let inputs: Vec<String> = self.inputs.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        Diagnostic::error(codes::INPUT_MISMATCH, text).note(format!("the inputs are {}", inputs.join(", ")))
    }

    /// The results by path; a number of the results becomes a 0-d tensor.
    pub fn name_results(&self, results: Vec<Tensor>) -> Result<IndexMap<String, Tensor>> {
        let mut results = results.into_iter();
        let mut out = IndexMap::new();
        for (path, number) in self.output.leaves() {
            let tensor = match number {
                Some(n) => Some(Tensor::from_scalars(n.dtype(), &[], &[n])?),
                None => results.next(),
            };
            out.extend(tensor.map(|t| (path, t)));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cresset_ir::{DType, Scalar};

    fn signature() -> Signature {
        let ty = Type::of(DType::F32, &[2]);
        Signature {
            method: "forward".into(),
            inputs: vec![("images".into(), ty.clone()), ("mask".into(), ty)],
            output: Tree::Dict(vec![
                ("logits".into(), Tree::Leaf),
                ("rest".into(), Tree::Tuple(vec![Tree::None, Tree::Number(Scalar::float(DType::F32, 0.5)), Tree::Leaf])),
            ]),
            guards: vec![],
            bounds: vec![],
            facts: Facts::default(),
        }
    }

    fn arrange(names: &[&str]) -> Result<Vec<f64>> {
        let tensor = |i| Tensor::from_slice(&[2], &[i as f32; 2]).unwrap();
        let named = names.iter().enumerate().map(|(i, n)| (n.to_string(), tensor(i))).collect();
        Ok(signature().arrange(&named)?.iter().map(|t| t.get_f64(0).unwrap()).collect())
    }

    #[test]
    fn inputs_come_by_name_or_position() {
        assert_eq!(arrange(&["images", "mask"]).unwrap(), [0.0, 1.0]);
        assert_eq!(arrange(&["mask", "images"]).unwrap(), [1.0, 0.0]);
        assert_eq!(arrange(&["1", "images"]).unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn wrong_names_are_explained() {
        let fail = |names: &[&str]| arrange(names).unwrap_err();
        let extra = fail(&["images", "msk"]);
        assert_eq!(extra.message(), "`msk` is no input of `forward`");
        assert_eq!(extra.hint_text(), Some("did you mean `mask`?"));
        assert_eq!(extra.notes(), ["the inputs are images: f32[2], mask: f32[2]"]);
        assert_eq!(fail(&["images", "mask", "2"]).message(), "`2` is no input of `forward`");
        assert_eq!(fail(&["images", "mask", "0"]).message(), "the input `0` is given twice, by name and by position");
        assert_eq!(fail(&["mask"]).message(), "the input `images` is missing");
        assert_eq!(fail(&[]).message(), "the inputs images, mask are missing");
    }

    #[test]
    fn results_are_named_by_their_structure() {
        let tensors = [1.0f32, 2.0].map(|v| Tensor::scalar(v).unwrap()).to_vec();
        let named = signature().name_results(tensors).unwrap();
        let shown: Vec<(&str, f64)> = named.iter().map(|(k, t)| (k.as_str(), t.get_f64(0).unwrap())).collect();
        assert_eq!(shown, [("logits", 1.0), ("rest.1", 0.5), ("rest.2", 2.0)]);
    }
}
