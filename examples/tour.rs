//! One small model, all the way down: prints what every stage of the compiler makes of it.
//!
//! `cargo run --release --example tour`

use cresset::model::Stage;
use cresset::prelude::*;
use std::path::Path;

/// The stages, and what to look for in each.
#[rustfmt::skip]
const STAGES: &[(&str, Stage, &str)] = &[
    ("Traced",    Stage::Traced,                                       "What is known is gone: the calls, dropout in inference mode. Names, types and places remain."),
    ("Optimised", Stage::Optimised { after: None, limit: None },       "Composites are open; weights may be folded. Every op left has one element rule."),
    ("Fused",     Stage::Fused,                                        "Two regions, each one kernel: the activation rides on one product, the residual on the other."),
    ("Kernel",    Stage::Kernel,                                       "What is computed, from the element rules: no kernel knows what GELU is."),
    ("Loops",     Stage::Loops,                                        "How: panels for the matrix routine, and the epilogue over a tile that is still in cache."),
    ("CLIF",      Stage::Clif,                                         "The same statements for Cranelift."),
    ("CUDA",      Stage::Cuda,                                         "The same kernels without the matrix routine, as CUDA C++."),
    ("Plan",      Stage::Plan,                                         "Buffers with their lifetimes, and two launches."),
];

/// Lines of a stage that are shown.
const MOST_LINES: usize = 60;

fn main() -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ffn.py");
    let model = cresset::load(&format!("{}:FeedForward(128)", file.display())).input("x", spec!(f32["B", "T", 128]));
    title("Source", "An unmodified PyTorch model file.");
    println!("{}", std::fs::read_to_string(&file).unwrap_or_default());

    let program = model.program()?;
    title("Instantiated", "`FeedForward(128)` ran as normal code; these are its parameters, as PyTorch's seed 0 draws them.");
    for (name, value) in &program.weights {
        println!("{name:<12} {value}");
    }
    println!();
    for &(name, stage, what) in STAGES {
        title(name, what);
        shorten(&program.dump(stage)?);
    }

    title("Run", "One compilation, every size; the interpreter of the element rules as the judge.");
    let (compiled, reference) = (program.compile(Device::Cpu)?, program.compile(Device::Reference)?);
    for shape in [[1, 1, 128], [2, 7, 128]] {
        let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
        let x = [Tensor::from_slice(&shape, &values)?];
        let (y, wanted) = (compiled.run(&x)?.swap_remove(0), reference.run(&x)?.swap_remove(0));
        println!("{y}\n  differs from the reference by at most {:.1e}", y.max_abs_diff(&wanted)?);
    }
    Ok(())
}

fn title(name: &str, what: &str) {
    println!("# {name}\n\n{what}\n");
}

fn shorten(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().take(MOST_LINES).for_each(|l| println!("    {l}"));
    match lines.len().saturating_sub(MOST_LINES) {
        0 => println!(),
        more => println!("    ... {more} more lines\n"),
    }
}
