//! The two trained models, end to end: PyTorch's answers from code that cresset compiled, and a snapshot of every stage on the way.

use cresset::model::{Loader, Stage};
use cresset::runtime::io::load_tensors;
use cresset::testing::{assert_ir, target};
use cresset::{Compiled, DType, Device, Options, Program, Tensor, spec};
use cresset_ir::Range;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn tensors(path: &str) -> IndexMap<String, Tensor> {
    load_tensors(&data(path)).expect("the data is there").tensors
}

/// The only tensor of a file.
fn only(path: &str) -> Tensor {
    tensors(path).swap_remove_index(0).expect("there is one").1
}

fn model(path: &str, constructor: &str) -> Loader {
    cresset::load(&format!("{}:{constructor}", data(path).display()))
}

/// The digit classifier for any number of images.
fn digits(weights: &str) -> Program {
    let loader = model("digits/digits_cnn.py", "DigitsCnn()").weights(&data(weights));
    loader.input("images", spec!(f32["B", 1, 8, 8])).program().expect("the model loads")
}

/// The language model for any number of sequences of any length.
fn chargpt() -> Program {
    let loader = model("chargpt/chargpt.py", "CharGpt()").weights(&data("chargpt/chargpt.safetensors"));
    let loader = loader.input("tokens", spec!(i64["B", "T"])).range("T", Range { min: 1, max: None });
    loader.program().expect("the model loads")
}

fn compile(program: &Program, device: Device) -> Compiled {
    program.compile(device).unwrap_or_else(|d| panic!("{d:?}"))
}

fn run(compiled: &Compiled, input: &Tensor) -> Tensor {
    compiled.run(std::slice::from_ref(input)).unwrap_or_else(|d| panic!("{d:?}")).swap_remove(0)
}

#[track_caller]
fn assert_close(a: &Tensor, b: &Tensor) {
    let difference = a.max_abs_diff(b).expect("equal shapes");
    assert!(difference <= 1e-4, "off by {difference}");
}

/// The first `n` rows of a tensor.
fn rows(t: &Tensor, n: usize) -> Tensor {
    let shape = [&[n], &t.shape()[1..]].concat();
    let bytes = t.bytes().len() / t.shape()[0] * n;
    Tensor::from_bytes(t.dtype(), &shape, &t.bytes()[..bytes]).expect("fewer rows fit")
}

/// A batch of one sequence: the first `n` of the prompt's tokens, over and over.
fn tokens(n: usize) -> Tensor {
    let prompt = only("chargpt/prompt.safetensors");
    let all = prompt.as_slice::<i64>().expect("tokens are i64");
    let ids: Vec<i64> = all.iter().copied().cycle().take(n).collect();
    Tensor::from_slice(&[1, n], &ids).expect("a row")
}

#[test]
fn digits_from_every_kind_of_weights() {
    for weights in ["digits/digits_cnn.safetensors", "digits/digits_cnn.pt", "digits/digits_cnn_torchscript.pt"] {
        let logits = run(&compile(&digits(weights), Device::Cpu), &only("digits/test.safetensors"));
        assert_close(&logits, &only("digits/expected.safetensors"));
    }
}

#[test]
fn digits_is_six_kernels() {
    let compiled = compile(&digits("digits/digits_cnn.safetensors"), Device::Cpu);
    let launches = compiled.kernels().expect("compiled code has kernels");
    assert!(launches <= 6, "{launches} kernels");
}

#[test]
fn digits_agrees_with_the_reference() {
    let program = digits("digits/digits_cnn.safetensors");
    let images = rows(&only("digits/test.safetensors"), 3);
    let compiled = run(&compile(&program, Device::Cpu), &images);
    assert_close(&compiled, &run(&compile(&program, Device::Reference), &images));
}

#[test]
fn chargpt_gives_what_pytorch_gives() {
    let program = chargpt();
    let compiled = compile(&program, Device::Cpu);
    let launches = compiled.kernels().expect("compiled code has kernels");
    assert!(launches <= 45, "{launches} kernels");
    let prompt = only("chargpt/prompt.safetensors");
    assert_close(&run(&compiled, &prompt), &only("chargpt/expected.safetensors"));
}

#[test]
fn one_compilation_serves_every_length() {
    let program = chargpt();
    let compiled = compile(&program, Device::Cpu);
    let whole = run(&compiled, &tokens(128));
    for n in [1, 2, 17, 64, 127] {
        let logits = run(&compiled, &tokens(n));
        assert_eq!(logits.shape(), [1, n, 96]);
        // Attention is causal: a shorter sequence gives the logits of a longer one's beginning.
        let beginning = rows(&whole.reshape(&[128, 96]).expect("the same elements"), n);
        assert_close(&logits.reshape(&[n, 96]).expect("the same elements"), &beginning);
    }
    let error = compiled.run(&[tokens(129)]).expect_err("129 tokens are too many");
    assert!(error.message().contains("sequence of 129 tokens, at most 128"), "{error:?}");
}

#[test]
fn chargpt_agrees_with_the_reference() {
    let program = chargpt();
    let input = tokens(5);
    assert_close(&run(&compile(&program, Device::Cpu), &input), &run(&compile(&program, Device::Reference), &input));
}

#[test]
fn the_same_bits_from_any_number_of_threads() {
    let program = chargpt();
    let with = |threads| {
        let options = Options { threads: Some(threads), ..Options::default() };
        run(&program.compile_with(&options).expect("it compiles"), &tokens(33))
    };
    assert!(with(1).bytes() == with(2).bytes(), "threads share out work and change no sum");
}

#[test]
fn loading_twice_gives_the_same_text() {
    for load in [|| digits("digits/digits_cnn.safetensors"), chargpt] {
        let (a, b) = (load(), load());
        for stage in [Stage::Traced, Stage::Fused, Stage::Loops] {
            assert_eq!(a.dump_for(stage, &target()).expect("it prints"), b.dump_for(stage, &target()).expect("it prints"));
        }
    }
}

#[test]
fn an_artifact_is_the_program() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("chargpt.cst");
    let program = chargpt();
    program.save(&path).expect("the folder is writable");
    let opened = Program::open(&path).expect("it was just written");
    assert_eq!(opened.to_string(), program.to_string());
    let (a, b) = (compile(&program, Device::Cpu), compile(&opened, Device::Cpu));
    assert!(run(&a, &tokens(9)).bytes() == run(&b, &tokens(9)).bytes(), "the same program and weights, the same bits");
}

/// As PyTorch does, with its words: never an answer for a token that there is not.
#[test]
fn tokens_outside_of_the_vocabulary_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("chargpt.cst");
    let program = chargpt();
    program.save(&path).expect("the folder is writable");
    let opened = Program::open(&path).expect("it was just written");
    for (program, device) in [(&program, Device::Cpu), (&program, Device::Reference), (&opened, Device::Cpu)] {
        let compiled = compile(program, device);
        for token in [200i64, 96, -1, i64::MIN] {
            let tokens = Tensor::from_slice(&[2, 3], &[0, 95, 7, 8, token, -5]).expect("two rows");
            let error = compiled.run(&[tokens]).map(|_| ()).expect_err("the vocabulary has 96 characters");
            let text = format!("index out of range: element [1, 1] of input `tokens` is {token}, outside 0..96");
            assert_eq!((error.code().to_string(), error.message()), ("E0505".to_owned(), &text[..]));
        }
    }
}

#[test]
fn digits_at_every_stage() {
    stages("digits", &digits("digits/digits_cnn.safetensors"));
}

#[test]
fn chargpt_at_every_stage() {
    stages("chargpt", &chargpt());
}

fn stages(name: &str, program: &Program) {
    let all = [
        ("traced", Stage::Traced),
        ("optimised", Stage::Optimised { after: None, limit: None }),
        ("fused", Stage::Fused),
        ("kernel", Stage::Kernel),
        ("loops", Stage::Loops),
        ("cuda", Stage::Cuda),
        ("plan", Stage::Plan),
    ];
    for (stage, at) in all {
        assert_ir!(format!("{name}_{stage}"), program, at);
    }
}

#[test]
fn inputs_are_checked() {
    let compiled = compile(&digits("digits/digits_cnn.safetensors"), Device::Cpu);
    let of = |dtype, shape: &[usize]| compiled.run(&[Tensor::zeros(dtype, shape).expect("a small tensor")]).map(|_| ());
    for (dtype, shape) in [(DType::F64, &[2, 1, 8, 8][..]), (DType::F32, &[2, 3, 8, 8]), (DType::F32, &[1, 8, 8])] {
        let error = of(dtype, shape).expect_err("it does not fit");
        assert!(error.message().contains("images"), "{error:?}");
    }
}
