//! Traced graphs, and what cannot be traced, as text.

use cresset_frontend::eval::{Args, Interp, Value};
use cresset_frontend::torch::{Session, Traced};
use cresset_ir::dim::Range;
use cresset_ir::eval::{Evaluate, Reference};
use cresset_ir::{DType, Dim, Facts, Result, Sym, Tensor, Type};
use std::path::Path;
use std::rc::Rc;

type Input<'a> = (&'a str, DType, &'a [Dim]);

/// Instantiates and traces, then looks at the result inside of the session's thread.
fn traced<T: Send>(
    spec: &str,
    input: Input,
    ranges: &[(&str, i64, i64)],
    look: impl FnOnce(Traced) -> Result<T> + Send,
) -> Result<T> {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join(spec).display().to_string();
    Interp::on_big_stack(|| {
        let mut session = Session::new(&[], Rc::new(Reference));
        session.manual_seed(0);
        let module = session.instantiate(&spec)?;
        session.train(&module, false)?;
        let ranges = ranges.iter().map(|&(name, min, max)| (Sym::new(name), Range { min, max: Some(max) })).collect();
        let (name, dtype, shape) = input;
        look(session.trace_forward(&module, &[(name, Type::new(dtype, shape))], Facts { ranges })?)
    })
}

fn text(spec: &str, input: Input, ranges: &[(&str, i64, i64)]) -> String {
    match traced(spec, input, ranges, |t| Ok(t.program.to_string())) {
        Ok(text) => text,
        Err(error) => panic!("{}", error.render(false)),
    }
}

/// A module of `torch/traced.py` on `f32[B, T, 4]`.
fn small(class: &str) -> Result<String> {
    let shape = [Dim::sym("B"), Dim::sym("T"), 4i64.into()];
    traced(&format!("tests/torch/traced.py:{class}()"), ("x", DType::F32, &shape), &[("B", 1, 8), ("T", 1, 64)], |t| {
        Ok(t.program.to_string())
    })
}

#[test]
fn a_session_frees_what_it_made() {
    for model in ["digits/digits_cnn.py:DigitsCnn()", "chargpt/chargpt.py:CharGpt()"] {
        let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(model).display().to_string();
        Interp::on_big_stack(|| {
            let mut session = Session::new(&[], Rc::new(Reference));
            let module = session.instantiate(&spec).expect("the model is there");
            let Value::Instance(instance) = &module else { panic!("a module is an instance") };
            let names = ["torch", "torch.nn", "dataclasses"];
            let modules = names.map(|name| Rc::downgrade(&session.it.import(name).expect("it is there")));
            let (torch, class) = (Rc::downgrade(&session.torch), Rc::downgrade(&instance.class()));
            drop((module, session));
            assert_eq!((torch.strong_count(), class.strong_count()), (0, 0), "{model}");
            assert_eq!(modules.map(|m| m.strong_count()), [0; 3], "{model}");
        });
    }
}

#[test]
fn digits_cnn() {
    let shape = [Dim::sym("B"), 1i64.into(), 8i64.into(), 8i64.into()];
    insta::assert_snapshot!(text(
        "../tests/data/digits/digits_cnn.py:DigitsCnn()",
        ("images", DType::F32, &shape),
        &[("B", 1, 64)]
    ));
}

#[test]
fn chargpt() {
    let spec = "../tests/data/chargpt/chargpt.py:CharGpt(Config(n_layer=1))";
    insta::assert_snapshot!(text(spec, ("tokens", DType::I64, &[Dim::sym("B"), Dim::sym("T")]), &[("B", 1, 8), ("T", 1, 1024)]));
}

#[test]
fn small_modules() {
    let all: Vec<String> =
        ["Shapes", "InPlace", "Guarded"].iter().map(|class| small(class).unwrap_or_else(|e| e.render(false))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

/// State that a later call would read is refused, by name; what no call reads before it writes it is not.
#[test]
fn calls_leave_nothing_that_later_ones_read() {
    let source = include_str!("torch/states.py");
    let (refused, traced_) = source.split_once("# Traced:").expect("the file has two parts");
    let classes = |text: &str| -> Vec<String> {
        let names = text.lines().filter_map(|line| line.strip_prefix("class ")?.split('(').next());
        names.filter(|name| *name != "Base").map(str::to_owned).collect()
    };
    let outcome = |class: &str, size: Dim| {
        let shape = [size, 2i64.into()];
        let spec = format!("tests/torch/states.py:{class}()");
        traced(&spec, ("x", DType::F32, &shape), &[("T", 1, 64)], |t| Ok(t.program.to_string()))
    };
    for class in classes(traced_) {
        for size in [3i64.into(), Dim::sym("T")] {
            if let Err(error) = outcome(&class, size) {
                panic!("{class}: {}", error.render(false));
            }
        }
    }
    let words = classes(refused).into_iter().map(|class| match outcome(&class, Dim::sym("T")) {
        Ok(text) => format!("{class} is traced\n{text}"),
        Err(error) => error.render(false).replace(env!("CARGO_MANIFEST_DIR"), ""),
    });
    insta::assert_snapshot!(words.collect::<Vec<_>>().join("\n\n"));
}

/// What is a condition of calling the graph, and what is refused at once.
#[test]
fn indices_put_conditions_on_calls() {
    let conditions = |class: &str| {
        let spec = format!("tests/torch/indexed.py:{class}()");
        let shape = [Dim::sym("B"), Dim::sym("T")];
        let text = traced(&spec, ("x", DType::I32, &shape), &[("B", 1, 8), ("T", 1, 64)], |t| Ok(t.program.to_string()));
        match text {
            Ok(text) => text.lines().filter(|line| line.starts_with("    guard")).map(|line| format!("{line}\n")).collect(),
            Err(error) => error.render(false).replace(env!("CARGO_MANIFEST_DIR"), "") + "\n",
        }
    };
    let conditional = ["Moved", "FromTheEnd", "Joined", "Tightest", "Gathered", "Positions", "StoredIntoSizes"];
    let free = ["Sliced", "Computed"];
    let refused = ["Stored", "Known", "TooFar", "Eager"];
    let all = conditional.iter().chain(&free).chain(&refused).map(|class| format!("{class}:\n{}", conditions(class)));
    insta::assert_snapshot!(all.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_cannot_be_traced_says_why() {
    let classes = ["Branches", "SizeBranches", "Loops", "Items", "Stateful", "Noise", "Mismatch"];
    let all: Vec<String> = classes
        .iter()
        .map(|class| match small(class) {
            Ok(text) => text,
            Err(error) => error.render(false).replace(env!("CARGO_MANIFEST_DIR"), ""),
        })
        .collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

/// With the weights of a checkpoint, the traced graph and the module called on tensors compute what PyTorch did.
#[test]
fn a_trace_computes_what_pytorch_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/digits");
    let load = |name: &str| Ok(cresset_runtime::load_tensors(&folder.join(name))?.tensors);
    let first = |tensor: &Tensor, n: usize| {
        let shape = [&[n], &tensor.shape()[1..]].concat();
        let bytes = tensor.bytes().len() / tensor.shape()[0] * n;
        Tensor::from_bytes(tensor.dtype(), &shape, &tensor.bytes()[..bytes])
    };
    let differences: Result<[f64; 2]> = Interp::on_big_stack(|| {
        let mut session = Session::new(&[], Rc::new(Reference));
        let module = session.instantiate(&folder.join("digits_cnn.py").display().to_string())?;
        session.load_state_dict(&module, load("digits_cnn.safetensors")?)?;
        session.train(&module, false)?;
        let images = first(&load("test.safetensors")?["images"], 2)?;
        let expected = first(&load("expected.safetensors")?["0"], 2)?;
        let argument = session.tensor(images.clone());
        let eager = session.it.invoke(&module, Args::of([argument]))?;
        let eager = session.elements(&eager)?;
        let shape = [Dim::sym("B"), 1i64.into(), 8i64.into(), 8i64.into()];
        let traced = session.trace_forward(&module, &[("images", Type::new(DType::F32, shape.to_vec()))], Facts::default())?;
        let values = traced.values.all()?;
        let outputs = Reference.evaluate(&traced.program, "forward", &[images], &|name| values.get(name).cloned())?;
        Ok([eager.max_abs_diff(&expected)?, outputs[0].max_abs_diff(&expected)?])
    });
    match differences {
        Ok(differences) => assert!(differences.iter().all(|d| *d < 1e-4), "{differences:?}"),
        Err(error) => panic!("{}", error.render(false)),
    }
}

#[test]
fn a_file_with_one_module_needs_no_expression() {
    let spec = "../tests/data/digits/digits_cnn.py";
    let shape = [2i64.into(), 1i64.into(), 8i64.into(), 8i64.into()];
    let names = traced(spec, ("images", DType::F32, &shape), &[], |t| Ok(t.program.name)).map_err(|e| e.render(false));
    assert_eq!(names.as_deref(), Ok("DigitsCnn"));
}
