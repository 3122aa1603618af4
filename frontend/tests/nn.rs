//! `torch.nn`: programs that check themselves, and loading checkpoints.
//!
//! Every file in `nn/` holds its own assertions, recorded from PyTorch, and passes there too.

use cresset_frontend::eval::{Args, Interp, Value};
use cresset_frontend::lang::ast::BinaryOp;
use cresset_frontend::torch::nn::state;
use cresset_frontend::torch::{Cx, Session};
use cresset_ir::eval::{Evaluate, Reference};
use cresset_ir::{DType, Facts, Tensor};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn session() -> Session {
    let data = root().join("../tests/data");
    Session::new(&[root().join("tests/nn"), data.join("digits"), data.join("chargpt")], Rc::new(Reference))
}

#[test]
fn programs_hold_their_assertions() {
    let entries = std::fs::read_dir(root().join("tests/nn")).expect("the folder is part of the tests");
    let mut files: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "py")).collect();
    files.sort();
    let failures: Vec<String> =
        files.iter().filter_map(|path| run(path).err().map(|text| format!("{}\n{text}", path.display()))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Runs a file from top to bottom.
fn run(path: &Path) -> Result<(), String> {
    let path = path.to_path_buf();
    Interp::on_big_stack(move || {
        let mut session = session();
        let module = session.it.load_file(&path).map_err(|d| d.render(false))?;
        session.it.run_module(&module).map_err(|d| d.render(false))
    })
}

/// Makes a module of `tests/nn/small.py`, loads tensors into it, and gives the error or the sum of each parameter.
fn load(tensors: &[(&str, Tensor)], strict: bool) -> Result<Vec<(String, f64)>, String> {
    let tensors: IndexMap<String, Tensor> = tensors.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())).collect();
    Interp::on_big_stack(move || {
        let mut session = session();
        let spec = root().join("tests/nn/small.py").display().to_string() + ":Tied()";
        let module = session.instantiate(&spec).map_err(|d| d.render(false))?;
        let torch = session.torch.clone();
        let mut cx = Cx { it: &mut session.it, torch: &torch };
        state::load(&mut cx, &module, &tensors, strict).map_err(|d| d.render(false))?;
        let parameters = state::parameters(&mut cx, &module).map_err(|d| d.render(false))?;
        parameters.iter().map(|(name, tensor)| Ok((name.clone(), sum(&mut session.it, tensor)))).collect()
    })
}

fn sum(it: &mut Interp, tensor: &Value) -> f64 {
    let item = it.run(|it| {
        let sum = it.call_method(tensor, "sum", Default::default())?;
        it.call_method(&sum, "item", Default::default())
    });
    item.ok().and_then(|item| item.as_float()).expect("a number")
}

fn ones(shape: &[usize], dtype: DType) -> Tensor {
    Tensor::from_slice(shape, &vec![1f32; shape.iter().product()]).and_then(|t| t.cast(dtype)).expect("a tensor")
}

#[test]
fn a_checkpoint_is_cast_and_tied_weights_stay_tied() {
    let both = [("embed.weight", ones(&[4, 2], DType::F64)), ("head.weight", ones(&[4, 2], DType::F16))];
    assert_eq!(load(&both, true), Ok(vec![("embed.weight".to_owned(), 8.0)]));
    assert_eq!(load(&both[..1], false), Ok(vec![("embed.weight".to_owned(), 8.0)]));
}

#[test]
fn a_checkpoint_that_does_not_fit_names_everything_at_once() {
    let prefixed = [("module.embed.weight", ones(&[4, 2], DType::F32)), ("module.head.weight", ones(&[4, 2], DType::F32))];
    insta::assert_snapshot!("load_prefixed", load(&prefixed, true).expect_err("names differ"));
    let misspelt = [("embed.weigth", ones(&[4, 2], DType::F32)), ("head.weight", ones(&[2, 2], DType::F32))];
    insta::assert_snapshot!("load_misspelt", load(&misspelt, true).expect_err("names and shapes differ"));
}

#[test]
fn a_traced_module_computes_what_it_computes_eagerly() {
    let data: Vec<f32> = (0..24).map(|i| (i as f32).sin()).collect();
    let x = Tensor::from_slice(&[2, 3, 4], &data).expect("a tensor");
    for expr in ["encoder()", "attention()", "hooked()"] {
        let x = x.clone();
        let difference = Interp::on_big_stack(move || {
            let mut session = session();
            let spec = format!("{}:{expr}", root().join("tests/nn/small.py").display());
            let module = session.instantiate(&spec).map_err(|d| d.render(false))?;
            let traced = session.trace_forward(&module, &[("0", x.ty())], Facts::default()).map_err(|d| d.render(false))?;
            let weights = |name: &str| traced.values.get(name).ok();
            let results = Reference
                .evaluate(&traced.program, "forward", std::slice::from_ref(&x), &weights)
                .map_err(|d| d.render(false))?;
            let input = session.tensor(x);
            let eager = session.it.invoke(&module, Args::of([input])).map_err(|d| d.render(false))?;
            let result = session.tensor(results[0].clone());
            let difference = session.it.run(|it| {
                let difference = it.binary(BinaryOp::Sub, &eager, &result)?;
                let size = it.call_method(&difference, "abs", Args::default())?;
                it.call_method(&size, "max", Args::default())
            });
            let difference = difference.map_err(|d| d.render(false))?;
            Ok::<f64, String>(sum(&mut session.it, &difference))
        });
        assert!(difference.clone().unwrap_or_else(|d| panic!("{d}")) < 1e-6, "{expr}: {difference:?}");
    }
}
