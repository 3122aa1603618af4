//! The side of cresset in `tests/parity`: runs entries of model files, a line of JSON in, a line of JSON out, until stdin ends.
//!
//! A job is `{"model", "inputs", "prefix", "weights", "output", "device", "threads"}`: files of tensors, where the inputs of the job are those
//! whose names start with `prefix`, in the order of the numbers that follow. The answer is `{"results"}`, their names in order, or
//! `{"code", "message", "text"}` where the model is refused.

use cresset::{Device, Diagnostic, Options, Result, Tensor, Type};
use cresset_runtime::io::{load_tensors, save_tensors};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let job: Value = serde_json::from_str(&line?)?;
        let answer = match run(&job) {
            Ok(names) => json!({ "results": names }),
            Err(d) => json!({ "code": d.code().to_string(), "message": d.message(), "text": d.render(false) }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// Writes the results to the file `output` and gives their names in order.
fn run(job: &Value) -> Result<Vec<String>> {
    let text = |key: &str| job[key].as_str().unwrap_or_default();
    let inputs = inputs(Path::new(text("inputs")), text("prefix"))?;
    let mut loader = cresset::load(text("model"));
    if let Some(weights) = job["weights"].as_str() {
        loader = loader.weights(Path::new(weights));
    }
    for (k, x) in inputs.iter().enumerate() {
        loader = loader.input(&k.to_string(), Type::of(x.dtype(), x.shape()));
    }
    let device = if text("device") == "reference" { Device::Reference } else { Device::Cpu };
    let threads = job["threads"].as_u64().map(|n| n as usize);
    let options = Options { device, threads, method: Some("forward".into()) };
    let compiled = loader.program()?.compile_with(&options)?;
    let results = compiled.run(&inputs)?;
    let results = compiled.signature().name_results(results)?;
    save_tensors(Path::new(text("output")), &results)?;
    Ok(results.into_keys().collect())
}

/// The tensors `prefix0`, `prefix1`, … of a file.
fn inputs(file: &Path, prefix: &str) -> Result<Vec<Tensor>, Diagnostic> {
    let tensors: IndexMap<String, Tensor> = load_tensors(file)?.tensors;
    Ok((0..).map_while(|k| tensors.get(&format!("{prefix}{k}")).cloned()).collect())
}
