//! Initial values: PyTorch's generator and PyTorch's order of draws, so that one seed gives the same weights.

use cresset_ir::{Result, Tensor};
use cresset_runtime::random::Generator;
use std::cell::RefCell;

thread_local! {
    static GENERATOR: RefCell<Generator> = RefCell::new(Generator::new(0));
}

/// Seeds the generator of this thread, as `torch.manual_seed`.
pub fn manual_seed(seed: u64) {
    GENERATOR.with_borrow_mut(|g| g.seed(seed));
}

/// f32 values uniform in `-bound..bound`.
pub fn uniform(shape: &[usize], bound: f64) -> Result<Tensor> {
    let mut out = Tensor::zeros(cresset_ir::DType::F32, shape)?;
    let values = out.as_mut_slice::<f32>()?;
    GENERATOR.with_borrow_mut(|g| g.fill_uniform(values, -bound, bound));
    Ok(out)
}

/// f32 values with mean 0 and standard deviation 1.
pub fn normal(shape: &[usize]) -> Result<Tensor> {
    let mut out = Tensor::zeros(cresset_ir::DType::F32, shape)?;
    let values = out.as_mut_slice::<f32>()?;
    GENERATOR.with_borrow_mut(|g| g.fill_normal(values, 0.0, 1.0));
    Ok(out)
}

/// All elements one number.
pub fn constant(shape: &[usize], value: f32) -> Result<Tensor> {
    let mut out = Tensor::zeros(cresset_ir::DType::F32, shape)?;
    out.as_mut_slice::<f32>()?.fill(value);
    Ok(out)
}

/// The default of weights with `fan_in` inputs per output: uniform in ±1/√fan_in (`kaiming_uniform_` with a = √5).
pub fn fan_in_uniform(shape: &[usize], fan_in: usize) -> Result<Tensor> {
    uniform(shape, if fan_in > 0 { 1.0 / (fan_in as f64).sqrt() } else { 0.0 })
}
