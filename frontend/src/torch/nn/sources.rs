//! The files of `torch.nn` that are written in the language, under the names of PyTorch's modules.

use crate::eval::interp::Interp;

#[rustfmt::skip]
const SOURCES: &[(&str, &str)] = &[
    ("torch.nn",                       include_str!("../../../torch/nn/__init__.py")),
    ("torch.nn.init",                  include_str!("../../../torch/nn/init.py")),
    ("torch.nn.modules",               include_str!("../../../torch/nn/modules.py")),
    ("torch.nn.modules.activation",    include_str!("../../../torch/nn/activation.py")),
    ("torch.nn.modules.attention",     include_str!("../../../torch/nn/attention.py")),
    ("torch.nn.modules.batchnorm",     include_str!("../../../torch/nn/batchnorm.py")),
    ("torch.nn.modules.container",     include_str!("../../../torch/nn/container.py")),
    ("torch.nn.modules.conv",          include_str!("../../../torch/nn/conv.py")),
    ("torch.nn.modules.distance",      include_str!("../../../torch/nn/distance.py")),
    ("torch.nn.modules.dropout",       include_str!("../../../torch/nn/dropout.py")),
    ("torch.nn.modules.flatten",       include_str!("../../../torch/nn/flatten.py")),
    ("torch.nn.modules.linear",        include_str!("../../../torch/nn/linear.py")),
    ("torch.nn.modules.loss",          include_str!("../../../torch/nn/loss.py")),
    ("torch.nn.modules.normalization", include_str!("../../../torch/nn/normalization.py")),
    ("torch.nn.modules.padding",       include_str!("../../../torch/nn/padding.py")),
    ("torch.nn.modules.pixelshuffle",  include_str!("../../../torch/nn/pixelshuffle.py")),
    ("torch.nn.modules.pooling",       include_str!("../../../torch/nn/pooling.py")),
    ("torch.nn.modules.sparse",        include_str!("../../../torch/nn/sparse.py")),
    ("torch.nn.modules.transformer",   include_str!("../../../torch/nn/transformer.py")),
    ("torch.nn.utils",                 include_str!("../../../torch/nn/utils.py")),
    ("torch.func",                     include_str!("../../../torch/nn/func.py")),
    ("torch.utils.hooks",              include_str!("../../../torch/nn/hooks.py")),
];

/// Makes the files importable.
pub fn install(it: &mut Interp) {
    SOURCES.iter().for_each(|(name, text)| it.register_source_module(name, text));
}
