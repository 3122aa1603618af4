//! Text from a trained character GPT: loads the PyTorch model file and its weights, compiles it once for every length, and continues a
//! prompt greedily.
//!
//! `cargo run --release --example generate`, or with a prompt of one's own: `-- "The licence"`.

use cresset::prelude::*;
use cresset::runtime::io::load_tensors;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// The model's longest sequence.
const BLOCK: usize = 128;

fn main() -> Result<()> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/chargpt");
    let start = Instant::now();
    let loader = cresset::load(&format!("{}:CharGpt()", data.join("chargpt.py").display()));
    let loader = loader.weights(&data.join("chargpt.safetensors")).input("tokens", spec!(i64[1, "T"]));
    let compiled = loader.program()?.compile(Device::Cpu)?;
    let ready = start.elapsed();

    let tokens = |name: &str| -> Result<Vec<i64>> { Ok(load_tensors(&data.join(name))?.tensors["tokens"].as_slice()?.to_vec()) };
    let prompt = match std::env::args().nth(1) {
        Some(text) => encode(&text),
        None => tokens("prompt.safetensors")?,
    };
    let own = std::env::args().len() > 1;

    print!("{}|", decode(&prompt));
    let start = Instant::now();
    let text = generate(&compiled, prompt.clone(), |token| {
        print!("{}", decode(&[token]));
        std::io::stdout().flush().ok();
    })?;
    let (made, seconds) = (text.len() - prompt.len(), start.elapsed().as_secs_f64());
    println!(
        "\n\nloaded and compiled in {:.0} ms; {made} tokens, {:.0} per second",
        ready.as_secs_f64() * 1e3,
        made as f64 / seconds
    );
    if !own {
        assert!(text == tokens("greedy.safetensors")?, "PyTorch's greedy continuation is another one");
        println!("all {made} tokens are those of PyTorch's greedy continuation");
    }
    Ok(())
}

/// Continues a sequence by the likeliest token until it is as long as the model can see.
fn generate(model: &Compiled, mut tokens: Vec<i64>, mut each: impl FnMut(i64)) -> Result<Vec<i64>> {
    while tokens.len() < BLOCK {
        let logits = model.run(&[Tensor::from_slice(&[1, tokens.len()], &tokens)?])?.swap_remove(0);
        let next = likeliest(&logits)?;
        each(next);
        tokens.push(next);
    }
    Ok(tokens)
}

/// The index of the greatest logit at the last position.
fn likeliest(logits: &Tensor) -> Result<i64> {
    let vocabulary = logits.shape().last().copied().unwrap_or(1);
    let last = logits.as_slice::<f32>()?.chunks(vocabulary).next_back().unwrap_or_default();
    let best = last.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    Ok(best.map_or(0, |(token, _)| token as i64))
}

/// Token 0 is a line break; the others are the printable characters from the space on.
fn encode(text: &str) -> Vec<i64> {
    let token = |c: char| if c.is_ascii_graphic() || c == ' ' { i64::from(u32::from(c)) - 31 } else { 0 };
    let all: Vec<i64> = text.chars().map(token).collect();
    if all.is_empty() { vec![0] } else { all }
}

fn decode(tokens: &[i64]) -> String {
    let char = |&t: &i64| u8::try_from(t + 31).ok().filter(|_| t > 0).map_or('\n', char::from);
    tokens.iter().map(char).collect()
}
