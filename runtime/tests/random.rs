//! The generator against PyTorch: `golden/random.json` (made by `golden/make_random.py`), and the laws of skipping.

use cresset_ir::DType;
use cresset_runtime::random::{Generator, Sample};
use half::{bf16, f16};
use serde_json::Value;

#[test]
fn numbers_equal_pytorch() {
    let cases: Value = serde_json::from_str(include_str!("golden/random.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let mut generator = Generator::new(case["seed"].as_u64().unwrap());
        for call in case["calls"].as_array().unwrap() {
            let gives: Vec<f64> = call["gives"].as_array().unwrap().iter().map(|v| hex(v.as_str().unwrap())).collect();
            let got = brief(run(&mut generator, call));
            assert_eq!(got.len(), gives.len());
            // The platform's double log, sin and cos may differ in the last bit.
            let bound = if call["call"] == "normal" && (call["dtype"] == "float64" || call["n"].as_u64() < Some(16)) {
                1e-6
            } else {
                0.0
            };
            for (g, e) in got.iter().zip(&gives) {
                assert!((g - e).abs() <= bound * e.abs(), "seed {}: {g} where PyTorch has {e} in {call}", case["seed"]);
            }
        }
    }
}

fn run(generator: &mut Generator, call: &Value) -> Vec<f64> {
    let before = generator.clone();
    let n = call["n"].as_u64().unwrap() as usize;
    let result = match call["dtype"].as_str().unwrap() {
        "float32" => fill::<f32>(generator, call, n),
        "float64" => fill::<f64>(generator, call, n),
        "float16" => fill::<f16>(generator, call, n),
        "bfloat16" => fill::<bf16>(generator, call, n),
        "int64" => fill::<f64>(generator, call, n),
        other => panic!("no such dtype: {other}"),
    };
    let mut skipped = before;
    skip(&mut skipped, call, n);
    assert_eq!(skipped.draws(), generator.draws(), "{call}");
    assert_eq!(skipped.clone().next_u64(), generator.clone().next_u64(), "{call}");
    result
}

fn fill<T: Sample + Default>(generator: &mut Generator, call: &Value, n: usize) -> Vec<f64> {
    let mut out = vec![T::default(); n];
    let mut ints = vec![0; n];
    match call["call"].as_str().unwrap() {
        "uniform" => generator.fill_uniform(&mut out, real(&call["a"]), real(&call["b"])),
        "normal" => generator.fill_normal(&mut out, real(&call["a"]), real(&call["b"])),
        "bernoulli" => {
            return (0..n).map(|_| f64::from(generator.bernoulli(T::round(real(&call["a"]))))).collect();
        }
        "randint" => generator.fill_randint(&mut ints, call["a"].as_i64().unwrap(), call["b"].as_i64().unwrap()),
        "randperm" => generator.fill_randperm(&mut ints),
        other => panic!("no such call: {other}"),
    }
    match call["dtype"] == "int64" {
        true => ints.into_iter().map(|v| v as f64).collect(),
        false => out.into_iter().map(T::widen).collect(),
    }
}

fn skip(generator: &mut Generator, call: &Value, n: usize) {
    let dtype = DType::all().find(|d| d.torch_name().strip_prefix("torch.") == call["dtype"].as_str()).unwrap();
    match call["call"].as_str().unwrap() {
        "uniform" => generator.skip_uniform(n, dtype),
        "normal" => generator.skip_normal(n, dtype),
        "bernoulli" => generator.skip_bernoulli(n, dtype),
        "randint" => generator.skip_randint(n, call["a"].as_i64().unwrap(), call["b"].as_i64().unwrap()),
        _ => generator.skip_randperm(n),
    }
}

/// The first and the last four numbers, as the golden file keeps them.
fn brief(values: Vec<f64>) -> Vec<f64> {
    if values.len() <= 8 { values } else { [&values[..4], &values[values.len() - 4..]].concat() }
}

fn real(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Reads Python's `float.hex` notation: `-0x1.8p+3`.
fn hex(text: &str) -> f64 {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (mantissa, exponent) = rest.strip_prefix("0x").unwrap().split_once('p').unwrap();
    let digits = mantissa.replace('.', "");
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let whole = u64::from_str_radix(&digits, 16).unwrap() as f64;
    sign * whole * 2f64.powi(exponent.parse::<i32>().unwrap() - 4 * places)
}

#[test]
fn a_seed_counts_modulo_two_to_the_32() {
    assert_eq!(Generator::new(7).next_u64(), Generator::new(7 + (1 << 32)).next_u64());
}

#[test]
fn seeding_starts_over() {
    let mut generator = Generator::new(3);
    let first = generator.next_u32();
    generator.fill_normal(&mut [0f32; 3], 0.0, 1.0);
    generator.seed(3);
    assert_eq!((generator.draws(), generator.initial_seed(), generator.next_u32()), (0, 3, first));
}

#[test]
fn skips_may_be_long_and_empty() {
    let mut drawn = Generator::new(9);
    let mut skipped = drawn.clone();
    for n in [0, 1, 623, 624, 625, 1248, 5000] {
        for _ in 0..n {
            drawn.next_u32();
        }
        skipped.skip_uniform(n, DType::F32);
        assert_eq!(drawn.next_u32(), skipped.next_u32());
    }
}
