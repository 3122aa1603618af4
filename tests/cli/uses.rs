//! The command line, used as the README says.

use super::command::{cresset, tests};
use cresset::Tensor;
use cresset::runtime::io::load_tensors;
use std::path::Path;

const DIGITS: [&str; 3] = ["digits_cnn.py:DigitsCnn()", "--weights", "digits_cnn.safetensors"];

/// Runs a command on the digits model, in its folder.
fn digits(command: &str, args: &[&str]) -> String {
    let all = [&[command], &DIGITS[..], args].concat();
    cresset(&tests("data/digits"), &all).ok()
}

/// The only tensor of a file.
fn only(file: &Path) -> Tensor {
    let mut tensors = load_tensors(file).expect("the file has tensors").tensors;
    assert_eq!(tensors.len(), 1);
    tensors.swap_remove_index(0).expect("there is one").1
}

fn assert_close(file: &Path, expected: &str) {
    let difference = only(file).max_abs_diff(&only(&tests(expected))).expect("equal shapes");
    assert!(difference <= 1e-4, "off by {difference}");
}

#[test]
fn run_writes_what_pytorch_gives() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out.safetensors");
    let out_arg = out.to_str().expect("a plain path");
    assert_eq!(digits("run", &["--inputs", "test.safetensors", "--output", out_arg]), "");
    assert_close(&out, "data/digits/expected.safetensors");
    let pt =
        ["run", DIGITS[0], "--weights", "digits_cnn.pt", "--inputs", "test.safetensors", "--output", out_arg, "--threads", "1"];
    assert_eq!(cresset(&tests("data/digits"), &pt).ok(), "");
    assert_close(&out, "data/digits/expected.safetensors");
}

#[test]
fn run_without_output_prints_a_summary() {
    insta::assert_snapshot!(digits("run", &["--input-spec", "images=f32[2,1,8,8]", "--device", "reference"]));
}

#[test]
fn verbose_tells_of_memory() {
    let args = ["run", DIGITS[0], "--input-spec", "images=f32[B,1,8,8]", "--verbose"];
    let ran = cresset(&tests("data/digits"), &args);
    assert!(ran.stderr.contains("arena: peak 6144 bytes, lower bound 6144 bytes, 7424 without sharing\n"), "{}", ran.stderr);
}

#[test]
fn an_artifact_runs_where_the_model_file_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let (artifact, out) = (dir.path().join("digits.cst"), dir.path().join("out.npz"));
    let artifact_arg = artifact.to_str().expect("a plain path");
    digits("compile", &["--input-spec", "images=f32[B,1,8,8]", "-o", artifact_arg]);
    let inputs = tests("data/digits/test.safetensors");
    let args = [
        "run",
        artifact_arg,
        "--inputs",
        inputs.to_str().expect("a plain path"),
        "--output",
        out.to_str().expect("a plain path"),
    ];
    cresset(dir.path(), &args).ok();
    assert_close(&out, "data/digits/expected.safetensors");
}

#[test]
fn every_stage_prints() {
    for stage in ["ast", "traced", "optimised", "fused", "kernel", "loops", "clif", "asm", "cuda", "plan"] {
        let text = digits("dump", &["--input-spec", "images=f32[B,1,8,8]", "--stage", stage]);
        assert!(text.lines().count() > 10, "{stage}:\n{text}");
    }
    for stage in ["traced", "optimised", "fused"] {
        let text = digits("dump", &["--input-spec", "images=f32[B,1,8,8]", "--stage", stage, "--format", "dot"]);
        assert!(text.starts_with("digraph") && text.contains("conv2d"), "{stage}:\n{text}");
    }
}

#[test]
fn passes_can_be_stopped() {
    let args = ["--input-spec", "images=f32[B,1,8,8]", "--stage", "optimised", "--after", "freeze"];
    let norms = |more: &[&str]| digits("dump", &[&args[..], more].concat()).matches("= batch_norm(").count();
    // One rewrite of the pass per batch norm.
    assert_eq!((norms(&["--step", "0"]), norms(&["--step", "1"]), norms(&["--step", "2"]), norms(&[])), (3, 2, 1, 0));
}

#[test]
fn check_says_ok() {
    let out = digits("check", &["--input-spec", "images=f32[B,1,8,8]"]);
    assert_eq!(out, "digits_cnn.py:DigitsCnn(): ok\n");
}

#[test]
fn bench_prints_the_documented_figures() {
    let line = digits("bench", &["--input-spec", "images=f32[1,1,8,8]", "--seconds", "0.05", "--threads", "1", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
    let mut keys: Vec<&str> = figures.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        ["arena_bytes", "compile_ms", "device", "kernels", "load_ms", "median_ms", "min_ms", "peak_bytes", "threads"]
    );
    assert_eq!((figures["device"].as_str(), figures["threads"].as_u64()), (Some("cpu"), Some(1)));
}

#[test]
fn the_reference_is_printed() {
    let here = tests("");
    let passes = cresset(&here, &["passes"]).ok();
    assert!(cresset::passes::PIPELINE.iter().all(|p| passes.contains(p.name) && passes.contains(p.why)));
    let ops = cresset(&here, &["ops"]).ok();
    assert!(cresset_ir::op::ALL.iter().all(|op| ops.contains(op.doc)));
    let json: serde_json::Value = serde_json::from_str(&cresset(&here, &["ops", "--json"]).ok()).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(cresset_ir::op::ALL.len()));
    insta::assert_snapshot!("ops_softmax", cresset(&here, &["ops", "softmax"]).ok());
    insta::assert_snapshot!("explain", cresset(&here, &["explain", "E0301"]).ok());
}
