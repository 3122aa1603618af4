//! A module written in Rust: instantiated like normal code, traced, compiled, called from two threads, compared with its own eager run.
//!
//! `cargo run --release --example mlp`

use cresset::prelude::*;

#[derive(Module)]
struct Mlp {
    fc1: nn::Linear,
    fc2: nn::Linear,
}

impl Forward for Mlp {
    fn forward(&self, x: &nn::Tensor) -> Result<nn::Tensor> {
        self.fc2.forward(&self.fc1.forward(x)?.relu()?)
    }
}

fn main() -> Result<()> {
    nn::manual_seed(0);
    let mlp = Mlp { fc1: nn::Linear::new(784, 512)?, fc2: nn::Linear::new(512, 10)? };
    for (name, parameter) in nn::named_parameters(&mlp) {
        println!("{name:<11} {}", parameter.value().ty());
    }

    let program = cresset::trace(&mlp, spec!(f32["B", 784]))?;
    println!("\n{program}");
    let compiled = program.compile(Device::Cpu)?;

    std::thread::scope(|scope| {
        let both = [3, 64].map(|batch| {
            scope.spawn({
                let (mlp, compiled) = (&mlp, &compiled);
                move || compare(mlp, compiled, batch)
            })
        });
        both.into_iter().try_for_each(|thread| thread.join().expect("a thread that does not panic"))
    })
}

/// Runs a batch through the compiled code and through the layers themselves.
fn compare(mlp: &Mlp, compiled: &Compiled, batch: usize) -> Result<()> {
    let values: Vec<f32> = (0..batch * 784).map(|i| (i % 255) as f32 / 255.0).collect();
    let x = Tensor::from_slice(&[batch, 784], &values)?;
    let y = compiled.run(std::slice::from_ref(&x))?.swap_remove(0);
    let eager = mlp.forward(&x.into())?;
    let difference = y.max_abs_diff(eager.known().expect("known inputs give known results"))?;
    println!("batch {batch:>2}: {}, compiled and eager differ by at most {difference:.1e}", y.ty());
    assert!(difference < 1e-4);
    Ok(())
}
