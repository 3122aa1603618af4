//! IR files: one behaviour each, said in the first line, shown by the snapshot beside the file.
//!
//! A file is comments and a program. The first line says what it shows; each `; run:` line adds a section to the snapshot:
//!
//! | line | section |
//! |---|---|
//! | `; run: pass NAME` | the program after one pass of the pipeline |
//! | `; run: pipeline` | the program after all graph passes |
//! | `; run: fuse` | and after fusion |
//! | `; run: kernel`, `loops`, `cuda`, `plan` | what follows from the fused program, for a fixed target |
//! | `; run: call f32[2, 3] ...` | the types of the results for inputs of these types, or why there are none; `i64[2](7 -1)` gives elements |
//! | `; run: verify` | what the verifier says |
//!
//! Laws that hold on every program without being asked for: the text is what it prints as; every dump parses back; passes and compiled
//! code compute what the reference computes.

use cresset::model::Stage;
use cresset::passes::{PIPELINE, manager};
use cresset::spec::InputSpec;
use cresset::{DType, Device, Program, Tensor, Type, testing};
use cresset_ir::eval::Reference;
use cresset_ir::{Diagnostic, Scalar, source, text, verify};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn files() {
    let mut paths = vec![];
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files"), &mut paths);
    assert!(!paths.is_empty(), "the folder of files is not empty");
    paths.iter().for_each(|p| check(p));
}

/// The IR files of a folder and those below it, in order.
fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(dir).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("the folder can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "ir") {
            out.push(path);
        }
    }
}

fn check(path: &Path) {
    let text = fs::read_to_string(path).expect("the file can be read");
    let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let runs: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("; run: ")).collect();
    assert!(text.starts_with("; ") && !text.starts_with("; run"), "{name}.ir: the first line says what the file shows");
    assert!(!runs.is_empty(), "{name}.ir: a `; run:` line says what to do");
    let mut out = String::new();
    for run in &runs {
        writeln!(out, "; {run}\n{}", section(&name, &text, run).trim_end()).expect("a string takes all text");
        out.push('\n');
    }
    if !runs.contains(&"verify") {
        laws(&name, &text);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.parent().expect("a file has a folder"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, out));
}

fn section(name: &str, text: &str, run: &str) -> String {
    if run == "verify" {
        return problems(name, text);
    }
    let program = program(name, text);
    match run.split_once(' ').unwrap_or((run, "")) {
        ("pass", pass) => after(&program, pass).to_string(),
        ("pipeline", _) => testing::canonical(&program, Stage::Optimised { after: None, limit: None }),
        ("fuse", _) => testing::canonical(&program, Stage::Fused),
        ("kernel", _) => testing::canonical(&program, Stage::Kernel),
        ("loops", _) => testing::canonical(&program, Stage::Loops),
        ("cuda", _) => testing::canonical(&program, Stage::Cuda),
        ("plan", _) => testing::canonical(&program, Stage::Plan),
        ("call", types) => call(&program, types),
        _ => panic!("{name}.ir: there is no run `{run}`"),
    }
}

/// The program of a file; every entry of its store gets values between 0.25 and 0.75.
fn program(name: &str, text: &str) -> Program {
    let mut program = Program::parse(&format!("{name}.ir"), text).unwrap_or_else(|d| panic!("{}", d.render(false)));
    program.weights = program.ir.store.iter().map(|(entry, e)| (entry.clone(), filled(&e.ty))).collect();
    program
}

/// What the parser and the verifier say of a file that is wrong.
fn problems(name: &str, text: &str) -> String {
    let program = text::parse_program(source::register(format!("{name}.ir"), text)).expect("it parses; the verifier refuses it");
    let all: Vec<Diagnostic> = verify(&program).err().expect("the verifier refuses it");
    all.iter().map(|d| format!("{}\n\n", d.render(false))).collect()
}

fn after(program: &Program, pass: &str) -> Program {
    let pass = PIPELINE.iter().find(|p| p.name == pass).unwrap_or_else(|| panic!("there is no pass `{pass}`"));
    let mut out = program.clone();
    let options = manager::Options { freeze: true, ..manager::Options::default() };
    manager::run(std::slice::from_ref(pass), &mut out.ir, &mut out.weights, &Reference, options).expect("the pass runs");
    same_results(program, &out.compile(Device::Reference).expect("the program is valid"), &inputs(program, SIZES[0]));
    out
}

/// `f32[2, 3] i64[3](4 0 9)` as inputs: the types of the results, or the diagnostic.
fn call(program: &Program, inputs: &str) -> String {
    let mut tensors: Vec<Tensor> = vec![];
    for part in inputs.split_inclusive([']', ')']).map(str::trim) {
        match (part.strip_prefix('('), tensors.last_mut()) {
            (Some(elements), Some(x)) => fill(x, elements.trim_end_matches(')')),
            _ => tensors.push(filled(&InputSpec::parse(&format!("x={part}")).expect("a type").ty)),
        }
    }
    match program.compile(Device::Cpu).expect("the program compiles").run(&tensors) {
        Ok(results) => results.iter().map(|t| format!("{}\n", t.ty())).collect(),
        Err(d) => d.render(false),
    }
}

/// Overwrites the elements of a tensor by integers.
fn fill(x: &mut Tensor, elements: &str) {
    let elements = elements.split(' ').map(|e| e.parse().expect("an integer"));
    elements.enumerate().for_each(|(i, e)| x.set(i, Scalar::int(x.dtype(), e)).expect("an element"));
}

fn laws(name: &str, text: &str) {
    let program = program(name, text);
    let body: String = text.lines().skip_while(|l| l.starts_with(';')).map(|l| format!("{l}\n")).collect();
    assert_eq!(program.to_string(), body, "{name}.ir: print(parse(text)) = text");
    let compiled = program.compile(Device::Cpu).unwrap_or_else(|d| panic!("{name}.ir: {d:?}"));
    SIZES.iter().for_each(|&n| same_results(&program, &compiled, &inputs(&program, n)));
}

/// A compiled form of a program gives what the reference gives for the program.
fn same_results(program: &Program, compiled: &cresset::Compiled, inputs: &[Tensor]) {
    let wanted = program.compile(Device::Reference).and_then(|r| r.run(inputs)).unwrap_or_else(|d| panic!("{d:?}"));
    let found = compiled.run(inputs).unwrap_or_else(|d| panic!("{d:?}"));
    for (w, f) in wanted.iter().zip(&found) {
        let difference = w.max_abs_diff(f).expect("the shapes are equal");
        assert!(difference <= 1e-4, "{}: off by {difference}", program.ir.name);
    }
}

/// What named sizes are tried with: less than a tile, and more than a tile and some.
const SIZES: [i64; 2] = [3, 37];

/// Inputs for `forward`: named sizes are `n`, or the nearest that they may be.
fn inputs(program: &Program, n: i64) -> Vec<Tensor> {
    let graph = program.ir.method("forward").expect("the method is called forward");
    let size = |s: &cresset_ir::Sym| {
        let range = program.ir.facts.range(s);
        Some(range.max.map_or(n, |m| m.min(n)).max(range.min))
    };
    let known = |ty: &Type| {
        let shape = ty.shape.iter().map(|d| d.eval(&size).expect("a size within its range")).map(cresset_ir::Dim::from);
        filled(&Type::new(ty.dtype, shape.collect::<Vec<_>>()))
    };
    graph.body.params.iter().map(|&v| known(graph.ty(v))).collect()
}

/// A tensor of a type with known sizes: a pattern of numbers that is not symmetric, small integers, alternating bools.
fn filled(ty: &Type) -> Tensor {
    let shape: Vec<usize> =
        ty.shape.iter().map(|d| d.known().and_then(|n| usize::try_from(n).ok()).expect("a known size")).collect();
    let values: Vec<f32> = (0..shape.iter().product::<usize>())
        .map(|i| match ty.dtype {
            d if d.is_float() => 0.25 + ((i * 7 + i / 5) % 11) as f32 / 20.0,
            DType::Bool => (i % 2) as f32,
            _ => (i % 3) as f32,
        })
        .collect();
    Tensor::from_slice(&shape, &values).and_then(|t| t.cast(ty.dtype)).expect("a small tensor")
}
