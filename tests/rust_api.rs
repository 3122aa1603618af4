//! Modules in Rust: derived, instantiated like normal code, the same graphs as their namesakes in the language, and compiled.

use cresset::ir::text::{Style, print_program};
use cresset::nn::ConvOptions;
use cresset::prelude::*;
use cresset::{Type, nn};
use std::path::Path;

#[derive(Module)]
struct Mlp {
    fc1: nn::Linear,
    drop: nn::Dropout,
    fc2: nn::Linear,
}

impl Mlp {
    fn new() -> Result<Mlp> {
        Ok(Mlp { fc1: nn::Linear::new(784, 512)?, drop: nn::Dropout::new(0.1), fc2: nn::Linear::new(512, 10)? })
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &nn::Tensor) -> Result<nn::Tensor> {
        self.fc2.forward(&self.drop.forward(&self.fc1.forward(x)?.relu()?)?)
    }
}

#[derive(Module)]
struct ConvNet {
    conv: nn::Conv2d,
    bn: nn::BatchNorm2d,
    head: nn::Linear,
}

impl ConvNet {
    fn new() -> Result<ConvNet> {
        let options = ConvOptions { padding: 1, bias: false, ..ConvOptions::default() };
        Ok(ConvNet { conv: nn::Conv2d::new(1, 4, 3, options)?, bn: nn::BatchNorm2d::new(4)?, head: nn::Linear::new(4, 10)? })
    }
}

impl Forward for ConvNet {
    fn forward(&self, x: &nn::Tensor) -> Result<nn::Tensor> {
        let x = self.bn.forward(&self.conv.forward(x)?)?.relu()?;
        self.head.forward(&x.adaptive_avg_pool2d(1, 1)?.flatten(1)?)
    }
}

#[derive(Module)]
struct Words {
    table: nn::Embedding,
    norm: nn::LayerNorm,
    body: nn::Sequential,
}

impl Words {
    fn new() -> Result<Words> {
        let body = nn::Sequential::new().then(nn::Linear::new(16, 32)?).then(nn::Linear::without_bias(32, 16)?);
        Ok(Words { table: nn::Embedding::new(50, 16)?, norm: nn::LayerNorm::new(16)?, body })
    }
}

impl Forward for Words {
    fn forward(&self, x: &nn::Tensor) -> Result<nn::Tensor> {
        let h = self.table.forward(x)?;
        h.add(&self.body.forward(&self.norm.forward(&h)?.gelu("none")?)?)
    }
}

/// The graph of the Python-syntax class of the same name.
fn python(class: &str, input: Type) -> Program {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layers/mlp.py");
    cresset::load(&format!("{}:{class}()", file.display())).input("x", input).program().unwrap_or_else(|d| panic!("{d:?}"))
}

/// The text without places: they are what differs between the languages.
fn text(program: &Program) -> String {
    print_program(&program.ir, Style { locs: false })
}

#[track_caller]
fn same_graph<M: Module + Forward>(class: &str, module: &M, input: Type) {
    let rust = cresset::trace(module, input.clone()).expect("the module traces");
    let python = python(class, input);
    let body = |t: &str| t.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    assert_eq!(body(&text(&rust)), body(&text(&python)));
}

#[test]
fn rust_and_python_trace_to_the_same_graph() -> Result<()> {
    same_graph("Mlp", &Mlp::new()?, spec!(f32["B", 784]));
    same_graph("ConvNet", &ConvNet::new()?, spec!(f32["B", 1, 8, 8]));
    same_graph("Words", &Words::new()?, spec!(i64["B", "T"]));
    Ok(())
}

#[test]
fn one_seed_gives_the_same_weights() -> Result<()> {
    nn::manual_seed(0);
    let state = nn::state_dict(&Mlp::new()?);
    let program = python("Mlp", spec!(f32["B", 784]));
    for (name, tensor) in &program.weights {
        assert!(tensor == &state[name], "{name} differs");
    }
    assert_eq!(program.weights.len(), 4);
    Ok(())
}

#[test]
fn state_dicts_name_what_fields_hold() -> Result<()> {
    let names = |m: &dyn Module| nn::state_dict(m).keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&Mlp::new()?), ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
    assert_eq!(
        names(&Words::new()?),
        ["table.weight", "norm.weight", "norm.bias", "body.0.weight", "body.0.bias", "body.1.weight"]
    );
    let net = ConvNet::new()?;
    assert_eq!(
        nn::named_buffers(&net).keys().collect::<Vec<_>>(),
        ["bn.running_mean", "bn.running_var", "bn.num_batches_tracked"]
    );
    assert_eq!(nn::named_parameters(&net).len(), 5);
    Ok(())
}

#[test]
fn state_dicts_load_strictly() -> Result<()> {
    let (a, b) = (Mlp::new()?, Mlp::new()?);
    let mut state = nn::state_dict(&a);
    nn::load_state_dict(&b, &state)?;
    assert!(nn::state_dict(&b)["fc1.weight"] == state["fc1.weight"]);
    state.shift_remove("fc1.bias");
    state.insert("fc3.weight".into(), Tensor::zeros(DType::F32, &[2])?);
    state.insert("fc2.bias".into(), Tensor::zeros(DType::F32, &[11])?);
    let error = nn::load_state_dict(&b, &state).expect_err("three keys do not fit");
    insta::assert_snapshot!(error.message());
    Ok(())
}

#[test]
fn training_mode_reaches_every_layer() -> Result<()> {
    let mlp = Mlp::new()?;
    nn::train(&mlp, true);
    let error = mlp.forward(&Tensor::zeros(DType::F32, &[1, 784])?.into()).map(|_| ()).expect_err("dropout draws");
    assert!(error.message().contains("dropout"), "{error:?}");
    nn::train(&mlp, false);
    mlp.forward(&Tensor::zeros(DType::F32, &[1, 784])?.into())?;
    Ok(())
}

#[test]
fn compiled_agrees_with_eager_from_two_threads() -> Result<()> {
    let mlp = Mlp::new()?;
    let compiled = cresset::trace(&mlp, spec!(f32["B", 784]))?.compile(Device::Cpu)?;
    std::thread::scope(|scope| {
        for batch in [1usize, 7] {
            let (compiled, mlp) = (&compiled, &mlp);
            scope.spawn(move || {
                let values: Vec<f32> = (0..batch * 784).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
                let x = Tensor::from_slice(&[batch, 784], &values).expect("the sizes agree");
                let eager = mlp.forward(&x.clone().into()).expect("the sizes agree");
                for _ in 0..20 {
                    let y = compiled.run(std::slice::from_ref(&x)).expect("the sizes agree").swap_remove(0);
                    let difference = y.max_abs_diff(eager.known().expect("computed eagerly")).expect("equal shapes");
                    assert!(difference <= 1e-4, "off by {difference}");
                }
            });
        }
    });
    Ok(())
}

#[test]
fn indices_are_checked() -> Result<()> {
    let words = Words::new()?;
    let refused = "error[E0505]: index out of range: element [0, 1] of ";
    let tokens = Tensor::from_slice(&[1, 3], &[49, 50, -1])?;
    let eager = words.forward(&tokens.clone().into()).map(|_| ()).expect_err("there are 50 words");
    assert_eq!(eager.to_string(), format!("{refused}the indices is 50, outside 0..50"));
    let program = cresset::trace(&words, spec!(i32["B", "T"]))?;
    let tokens = tokens.cast(DType::I32)?;
    for device in [Device::Cpu, Device::Reference] {
        let compiled = program.compile(device)?;
        let error = compiled.run(std::slice::from_ref(&tokens)).map(|_| ()).expect_err("there are 50 words");
        assert_eq!(error.to_string(), format!("{refused}input `x` is 50, outside 0..50"));
        assert_eq!(error.notes(), ["used as an index in the module `table`"]);
        assert_eq!(compiled.run(&[Tensor::from_slice(&[1, 2], &[0, 49i32])?])?[0].shape(), [1, 2, 16]);
    }
    Ok(())
}
