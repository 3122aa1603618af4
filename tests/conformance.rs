//! Every op on every device against PyTorch: result types exactly, values within the rounding of their dtype.
//!
//! The expected values in `tests/golden/` are made by `tests/golden/make.py`.

use cresset::Device;
use cresset_ir::builder::complete_attrs;
use cresset_ir::op::{ALL, Meaning, OpDef, Sample, SampleOperand};
use cresset_ir::{Builder, DType, Dim, Facts, Program, Tensor, Tree, Type, eval};
use indexmap::IndexMap;
use serde_json::Value;

/// One row of a golden file.
struct Golden {
    call: String,
    ty: Type,
    values: Vec<f64>,
}

fn golden(op: &OpDef) -> Vec<Golden> {
    let path = format!("{}/tests/golden/{}.json", env!("CARGO_MANIFEST_DIR"), op.name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}; make.py writes it"));
    let rows: Vec<Value> = serde_json::from_str(&text).expect("make.py writes JSON");
    rows.iter().map(row).collect()
}

fn row(v: &Value) -> Golden {
    let list = |key: &str| v[key].as_array().expect("a list").clone();
    let shape: Vec<usize> = list("shape").iter().map(|d| d.as_u64().expect("a size") as usize).collect();
    let dtype = DType::parse(v["dtype"].as_str().expect("a dtype")).expect("a known dtype");
    let call = v["call"].as_str().expect("a call").to_owned();
    Golden { call, ty: Type::of(dtype, &shape), values: list("values").iter().map(number).collect() }
}

fn number(v: &Value) -> f64 {
    match v {
        Value::Bool(b) => *b as u8 as f64,
        Value::String(s) => s.parse().expect("nan, inf or -inf"),
        v => v.as_f64().expect("a number"),
    }
}

/// Relative and absolute tolerance: two units in the last place for halves, what another order of sums costs for the others.
fn tolerance(dtype: DType) -> (f64, f64) {
    match dtype {
        DType::F64 => (1e-12, 1e-14),
        DType::F32 => (1e-5, 1e-6),
        DType::F16 => (2.0 / 1024.0, 1e-7),
        DType::BF16 => (2.0 / 128.0, 1e-7),
        _ => (0.0, 0.0),
    }
}

fn close(dtype: DType, got: f64, want: f64) -> bool {
    let (relative, absolute) = tolerance(dtype);
    got == want || (got.is_nan() && want.is_nan()) || (got - want).abs() <= absolute + relative * want.abs()
}

/// The first element in which a result differs from what is expected.
fn mismatch(got: &Tensor, want: &Golden) -> Option<String> {
    if got.ty() != want.ty {
        return Some(format!("gives {}, PyTorch {}", got.ty(), want.ty));
    }
    let values: Vec<f64> = got.values().collect();
    let i = values.iter().zip(&want.values).position(|(&g, &w)| !close(got.dtype(), g, w))?;
    Some(format!("element {i} is {}, PyTorch's is {}", values[i], want.values[i]))
}

/// Checks a way to run calls against every golden row; all that differs is listed.
fn check(run: impl Fn(&'static OpDef, &Sample) -> cresset_ir::Result<Tensor>) {
    let mut differences = vec![];
    for &op in ALL.iter().filter(|op| !matches!(op.meaning, Meaning::Structural)) {
        let (samples, rows) = ((op.samples)(), golden(op));
        let calls = |v: Vec<String>| v.join("\n");
        let (have, want) = (samples.iter().map(Sample::to_string).collect(), rows.iter().map(|r| r.call.clone()).collect());
        assert_eq!(calls(have), calls(want), "samples and golden rows of `{}`: run make.py again", op.name);
        for (sample, want) in samples.iter().zip(&rows) {
            let found = run(op, sample).map_or_else(|d| Some(d.message().to_owned()), |got| mismatch(&got, want));
            differences.extend(found.map(|d| format!("{}({sample}): {d}", op.name)));
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

fn tensors(sample: &Sample) -> cresset_ir::Result<Vec<Tensor>> {
    sample.operands.iter().map(|x| Tensor::from_scalars(x.dtype, &x.shape, &x.values)).collect()
}

#[test]
fn the_definitions_agree() {
    check(|op, sample| Ok(eval::call(op, &tensors(sample)?, &complete_attrs(op, &sample.attrs)?)?.remove(0)));
}

/// A program of one call. With `symbolic`, every size above 1 is a symbol, one for each value: type rules, meanings and kernels must not
/// need numbers.
fn program(op: &'static OpDef, sample: &Sample, symbolic: bool) -> cresset::Result<cresset::Program> {
    let mut b = Builder::new("forward", Facts::default());
    let size = |&n: &usize| if symbolic && n > 1 { Dim::sym(&format!("S{n}")) } else { n.into() };
    let ty = |x: &SampleOperand| Type::new(x.dtype, x.shape.iter().map(size).collect::<Vec<_>>());
    let inputs: Vec<_> = sample.operands.iter().enumerate().map(|(k, x)| b.input(&format!("x{k}"), ty(x))).collect();
    let results = b.emit(op, &inputs, &sample.attrs)?;
    let (graph, facts) = b.finish(results, Tree::Leaf);
    let methods = [("forward".to_owned(), graph)].into_iter().collect();
    Ok(cresset::Program { ir: Program { facts, methods, ..Program::default() }, weights: IndexMap::new() })
}

fn on(device: Device, symbolic: bool) -> impl Fn(&'static OpDef, &Sample) -> cresset::Result<Tensor> {
    move |op, sample| Ok(program(op, sample, symbolic)?.compile(device)?.run(&tensors(sample)?)?.remove(0))
}

#[test]
fn the_reference_agrees_when_sizes_are_symbols() {
    check(on(Device::Reference, true));
}

#[test]
fn compiled_code_agrees() {
    check(on(Device::Cpu, false));
}

#[test]
fn compiled_code_agrees_when_sizes_are_symbols() {
    check(on(Device::Cpu, true));
}
