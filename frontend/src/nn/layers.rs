//! Layers: plain structs over the ops of the IR, with PyTorch's names, defaults and initial values.

use super::Tensor;
use super::init::{constant, fan_in_uniform, normal, uniform};
use super::module::{Forward, Item, Module, Param};
use cresset_ir::op::{Attr, conv, index, matmul, norm};
use cresset_ir::{Diagnostic, Result, codes};
use std::sync::atomic::{AtomicBool, Ordering};

/// `x·Wᵀ + b` over the last dimension.
pub struct Linear {
    pub weight: Param,
    pub bias: Option<Param>,
}

impl Linear {
    /// # Errors
    /// `E0306` when memory cannot hold the weights.
    pub fn new(in_features: usize, out_features: usize) -> Result<Linear> {
        let weight = fan_in_uniform(&[out_features, in_features], in_features)?;
        let bound = if in_features > 0 { 1.0 / (in_features as f64).sqrt() } else { 0.0 };
        let bias = uniform(&[out_features], bound)?;
        Ok(Linear { weight: Param::new(weight), bias: Some(Param::new(bias)) })
    }

    /// Without bias.
    ///
    /// # Errors
    /// As [`Linear::new`].
    pub fn without_bias(in_features: usize, out_features: usize) -> Result<Linear> {
        let weight = fan_in_uniform(&[out_features, in_features], in_features)?;
        Ok(Linear { weight: Param::new(weight), bias: None })
    }
}

impl Forward for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        with_bias(&matmul::LINEAR, x, &self.weight, &self.bias, &[])
    }
}

/// An op of x, a weight, and a bias if there is one.
fn with_bias(
    op: &'static cresset_ir::OpDef,
    x: &Tensor,
    weight: &Param,
    bias: &Option<Param>,
    attrs: &[(&str, Attr)],
) -> Result<Tensor> {
    let weight = weight.tensor()?;
    match bias {
        Some(b) => Tensor::apply(op, &[x, &weight, &b.tensor()?], attrs),
        None => Tensor::apply(op, &[x, &weight], attrs),
    }
}

/// How a convolution walks: stride, zero padding and dilation of both dimensions, groups of channels.
#[derive(Clone, Copy)]
pub struct ConvOptions {
    pub stride: i64,
    pub padding: i64,
    pub dilation: i64,
    pub groups: usize,
    pub bias: bool,
}

impl Default for ConvOptions {
    fn default() -> ConvOptions {
        ConvOptions { stride: 1, padding: 0, dilation: 1, groups: 1, bias: true }
    }
}

/// A convolution over `[N, C, H, W]`.
pub struct Conv2d {
    pub weight: Param,
    pub bias: Option<Param>,
    options: ConvOptions,
}

impl Conv2d {
    /// # Errors
    /// `E0305` when the groups do not divide the channels, `E0306` when memory cannot hold the weights.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize, options: ConvOptions) -> Result<Conv2d> {
        let g = options.groups;
        if g == 0 || !in_channels.is_multiple_of(g) || !out_channels.is_multiple_of(g) {
            let text = format!("{g} groups do not divide {in_channels} input and {out_channels} output channels");
            return Err(Diagnostic::error(codes::BAD_ATTRIBUTE, text));
        }
        let fan_in = in_channels / g * kernel * kernel;
        let weight = fan_in_uniform(&[out_channels, in_channels / g, kernel, kernel], fan_in)?;
        let bias = if options.bias { Some(Param::new(fan_in_uniform(&[out_channels], fan_in)?)) } else { None };
        Ok(Conv2d { weight: Param::new(weight), bias, options })
    }
}

impl Forward for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let o = self.options;
        let twice = |v: i64| Attr::Ints(vec![v, v]);
        let attrs = [
            ("stride", twice(o.stride)),
            ("padding", twice(o.padding)),
            ("dilation", twice(o.dilation)),
            ("groups", Attr::Int(o.groups as i64)),
        ];
        with_bias(&conv::CONV2D, x, &self.weight, &self.bias, &attrs)
    }
}

/// Batch norm over channels, by the running statistics.
pub struct BatchNorm2d {
    pub weight: Param,
    pub bias: Param,
    pub running_mean: Param,
    pub running_var: Param,
    pub num_batches_tracked: Param,
    eps: f64,
}

impl BatchNorm2d {
    /// # Errors
    /// `E0306` when memory cannot hold the statistics.
    pub fn new(features: usize) -> Result<BatchNorm2d> {
        Ok(BatchNorm2d {
            weight: Param::new(constant(&[features], 1.0)?),
            bias: Param::new(constant(&[features], 0.0)?),
            running_mean: Param::new(constant(&[features], 0.0)?),
            running_var: Param::new(constant(&[features], 1.0)?),
            num_batches_tracked: Param::new(cresset_ir::Tensor::zeros(cresset_ir::DType::I64, &[])?),
            eps: 1e-5,
        })
    }
}

impl Module for BatchNorm2d {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(&str, Item<'a>)) {
        f("weight", Item::Param(&self.weight));
        f("bias", Item::Param(&self.bias));
        f("running_mean", Item::Buffer(&self.running_mean));
        f("running_var", Item::Buffer(&self.running_var));
        f("num_batches_tracked", Item::Buffer(&self.num_batches_tracked));
    }
}

impl Forward for BatchNorm2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let all = [&self.running_mean, &self.running_var, &self.weight, &self.bias];
        let [mean, var, weight, bias] = all.map(Param::tensor);
        Tensor::apply(&norm::BATCH_NORM, &[x, &mean?, &var?, &weight?, &bias?], &[("eps", Attr::float(self.eps))])
    }
}

/// Layer norm over the last dimension.
pub struct LayerNorm {
    pub weight: Param,
    pub bias: Param,
    eps: f64,
}

impl LayerNorm {
    /// # Errors
    /// `E0306` when memory cannot hold the weights.
    pub fn new(features: usize) -> Result<LayerNorm> {
        Ok(LayerNorm {
            weight: Param::new(constant(&[features], 1.0)?),
            bias: Param::new(constant(&[features], 0.0)?),
            eps: 1e-5,
        })
    }
}

impl Forward for LayerNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = (self.weight.tensor()?, self.bias.tensor()?);
        Tensor::apply(&norm::LAYER_NORM, &[x, &weight, &bias], &[("dims", Attr::Int(1)), ("eps", Attr::float(self.eps))])
    }
}

/// A table of vectors, read by integer indices.
pub struct Embedding {
    pub weight: Param,
}

impl Embedding {
    /// # Errors
    /// `E0306` when memory cannot hold the table.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Result<Embedding> {
        Ok(Embedding { weight: Param::new(normal(&[num_embeddings, embedding_dim])?) })
    }
}

impl Forward for Embedding {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Tensor::apply(&index::EMBEDDING, &[&self.weight.tensor()?, x], &[])
    }
}

/// Dropout: the identity outside of training.
pub struct Dropout {
    pub p: f64,
    training: AtomicBool,
}

impl Dropout {
    pub fn new(p: f64) -> Dropout {
        Dropout { p, training: AtomicBool::new(false) }
    }
}

impl Module for Dropout {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(&str, Item<'a>)) {
        f("training", Item::Training(&self.training));
    }
}

impl Forward for Dropout {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if self.training.load(Ordering::Relaxed) && self.p > 0.0 {
            let text = "dropout in training mode draws random numbers, which traced programs cannot do";
            return Err(Diagnostic::error(codes::BAD_ATTRIBUTE, text).hint("call nn::train(&module, false) first"));
        }
        Ok(x.clone())
    }
}

macro_rules! holds {
    ($($layer:ident { $($field:ident),* })*) => {$(
        impl Module for $layer {
            fn visit<'a>(&'a self, f: &mut dyn FnMut(&str, Item<'a>)) {
                $(super::track::Holds::hold(&self.$field, stringify!($field), f);)*
            }
        }
    )*};
}
holds! { Linear { weight, bias } Conv2d { weight, bias } LayerNorm { weight, bias } Embedding { weight } }

/// Layers one after another, named by their position.
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer>>,
}

/// What a [`Sequential`] holds: anything that is a module and has a forward.
pub trait Layer: Module + Forward + Send + Sync {
    fn as_module(&self) -> &dyn Module;
}

impl<T: Module + Forward + Send + Sync> Layer for T {
    fn as_module(&self) -> &dyn Module {
        self
    }
}

impl Sequential {
    pub fn new() -> Sequential {
        Sequential::default()
    }

    /// The sequence with one more layer.
    #[must_use]
    pub fn then(mut self, layer: impl Layer + 'static) -> Sequential {
        self.layers.push(Box::new(layer));
        self
    }
}

impl Module for Sequential {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(&str, Item<'a>)) {
        for (i, layer) in self.layers.iter().enumerate() {
            f(&i.to_string(), Item::Module((**layer).as_module()));
        }
    }
}

impl Forward for Sequential {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.layers.iter().try_fold(x.clone(), |x, layer| layer.forward(&x))
    }
}
