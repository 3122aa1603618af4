//! Normalisation, attention, padding, dropout and losses.

use super::Body::Fn;
use super::{F, Row, T, pair};
use crate::eval::raise::Eval;
use crate::torch::cx::{Cx, Number, Operand};
use crate::torch::handle::Handle;
use crate::torch::signature::Bound;
use cresset_ir::op::{activation, arithmetic, attention, index, movement, norm as op, reduction, softmax};
use cresset_ir::{Attr, DType, Diagnostic, Dim, Rel, Scalar, codes};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row("layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)", T | F, Fn(layer_norm)),
    Row("rms_norm(input, normalized_shape, weight=None, eps=None)",               T | F, Fn(rms_norm)),
    Row("group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)",       T | F, Fn(group_norm)),
    Row("instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05)", F, Fn(instance_norm)),
    Row("batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)", F, Fn(batch_norm)),
    Row("dropout(input, p=0.5, training=True, inplace=False)",                    F, Fn(dropout)),
    Row("dropout1d|dropout2d|dropout3d|alpha_dropout|feature_alpha_dropout(input, p=0.5, training=True, inplace=False)", F, Fn(dropout)),
    Row("scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None, enable_gqa=False)", F, Fn(attend)),
    Row("pad(input, pad, mode='constant', value=None)",                           F, Fn(pad)),
    Row("cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0)", F, Fn(cross_entropy)),
    Row("nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')", F, Fn(nll_loss)),
    Row("mse_loss(input, target, size_average=None, reduce=None, reduction='mean')", F, Fn(mse_loss)),
    Row("l1_loss(input, target, size_average=None, reduce=None, reduction='mean')",  F, Fn(l1_loss)),
    Row("binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None, reduction='mean', pos_weight=None)", F, Fn(logits_loss)),
];

/// x with optional operands; one that stands before a given one must be given too.
fn with<'h>(x: &'h Handle, weight: &'h Option<Handle>, bias: &'h Option<Handle>) -> Vec<&'h Handle> {
    std::iter::once(x).chain(weight).chain(bias).collect()
}

/// A weight of ones where there is a bias and no weight.
fn weight_for(cx: &mut Cx, weight: Option<Handle>, bias: &Option<Handle>) -> Eval<Option<Handle>> {
    match (weight, bias) {
        (None, Some(bias)) => cx.full(Scalar::one(bias.ty().dtype), &bias.ty().shape.clone(), bias.ty().dtype).map(Some),
        (weight, _) => Ok(weight),
    }
}

fn check_normalised(cx: &mut Cx, a: &Bound, x: &Handle) -> Eval<i64> {
    let shape = a.dims(cx, "normalized_shape")?;
    let n = shape.len();
    let fits = n <= x.rank() && x.ty().shape[x.rank() - n..].iter().zip(&shape).all(|(h, w)| h == w || h.known().is_none());
    if fits && n > 0 {
        return Ok(n as i64);
    }
    let (want, got) = (cresset_ir::types::Sizes(&shape).to_string(), cresset_ir::types::Sizes(&x.ty().shape).to_string());
    Err(cx.runtime_error(format!(
        "Given normalized_shape=[{want}], expected input with shape [*, {want}], but got input of size[{got}]"
    )))
}

fn layer_norm(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, eps) = (a.handle(cx, "input")?, a.float(cx, "eps")?);
    let dims = check_normalised(cx, a, &x)?;
    let bias = a.opt_handle(cx, "bias")?;
    let weight = a.opt_handle(cx, "weight")?;
    let weight = weight_for(cx, weight, &bias)?;
    let result = cx.emit(&op::LAYER_NORM, &with(&x, &weight, &bias), &[("dims", dims.into()), ("eps", eps.into())])?;
    Ok(cx.wrap(result))
}

fn rms_norm(cx: &mut Cx, a: &Bound) -> Eval {
    let x = a.handle(cx, "input")?;
    let dims = check_normalised(cx, a, &x)?;
    // Without an epsilon, the machine's for the dtype.
    let machine = match x.ty().dtype {
        DType::F16 => 2f64.powi(-10),
        DType::BF16 => 2f64.powi(-7),
        DType::F64 => f64::EPSILON,
        _ => f32::EPSILON as f64,
    };
    let eps = a.opt_float(cx, "eps")?.unwrap_or(machine);
    let weight = a.opt_handle(cx, "weight")?;
    let result = cx.emit(&op::RMS_NORM, &with(&x, &weight, &None), &[("dims", dims.into()), ("eps", eps.into())])?;
    Ok(cx.wrap(result))
}

/// Each group of channels as one row that is normalised.
fn group_norm(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, groups, eps) = (a.handle(cx, "input")?, a.int(cx, "num_groups")?, a.float(cx, "eps")?);
    let result = grouped(cx, a, &x, groups.into(), eps)?;
    Ok(cx.wrap(result))
}

fn instance_norm(cx: &mut Cx, a: &Bound) -> Eval {
    if !a.flag(cx, "use_input_stats")? {
        return batch_normalised(cx, a);
    }
    let x = a.handle(cx, "input")?;
    let places: Vec<usize> = (2..x.rank()).collect();
    several(cx, &x, &places, "Expected more than 1 spatial element when training, got input size")?;
    if !a.value("running_mean").is_none() || !a.value("running_var").is_none() {
        statistics(cx, a, &x, &places)?;
    }
    let eps = a.float(cx, "eps")?;
    let channels = x.ty().shape.get(1).cloned().unwrap_or(1i64.into());
    let result = grouped(cx, a, &x, channels, eps)?;
    Ok(cx.wrap(result))
}

fn grouped(cx: &mut Cx, a: &Bound, x: &Handle, groups: Dim, eps: f64) -> Eval<Handle> {
    let [batch, channels, places @ ..] = &x.ty().shape[..] else {
        return Err(cx.runtime_error(format!("Expected at least 2 dimensions for input tensor but received {}", x.rank())));
    };
    if groups.is(0) || !channels.modulo(&groups, &cx.facts()).is(0) {
        let text = format!(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape [{}] and num_groups={groups}",
            cresset_ir::types::Sizes(&x.ty().shape)
        );
        return Err(cx.runtime_error(text));
    }
    let each = places.iter().fold(channels.floor_div(&groups, &cx.facts()), |n, d| n * d.clone());
    let rows = cx.reshape(x, vec![batch.clone(), groups, each])?;
    let rows = cx.emit(&op::LAYER_NORM, &[&rows], &[("eps", eps.into())])?;
    let mut result = cx.reshape(&rows, x.ty().shape.clone())?;
    let mut line = vec![Dim::from(1i64); x.rank() - 1];
    line[0] = channels.clone();
    for (name, by) in [("weight", &arithmetic::MUL), ("bias", &arithmetic::ADD)] {
        if let Some(parameter) = a.opt_handle(cx, name)? {
            let parameter = cx.reshape(&parameter, line.clone())?;
            result = cx.emit(by, &[&result, &parameter], &[])?;
        }
    }
    Ok(result)
}

fn batch_norm(cx: &mut Cx, a: &Bound) -> Eval {
    if !a.flag(cx, "training")? {
        return batch_normalised(cx, a);
    }
    let x = a.handle(cx, "input")?;
    if x.rank() < 2 {
        return Err(cx.runtime_error(format!("Expected at least 2 dimensions for input tensor but received {}", x.rank())));
    }
    let over: Vec<usize> = (0..x.rank()).filter(|&d| d != 1).collect();
    several(cx, &x, &over, "Expected more than 1 value per channel when training, got input size")?;
    let (mean, var) = statistics(cx, a, &x, &over)?;
    let wide = widened(cx, &x)?;
    let eps = a.float(cx, "eps")?;
    let mut operands = vec![wide, mean, var];
    let bias = a.opt_handle(cx, "bias")?;
    let weight = a.opt_handle(cx, "weight")?;
    for parameter in weight_for(cx, weight, &bias)?.into_iter().chain(bias) {
        operands.push(cx.cast(&parameter, operands[0].ty().dtype)?);
    }
    let result = cx.emit(&op::BATCH_NORM, &operands.iter().collect::<Vec<_>>(), &[("eps", eps.into())])?;
    let result = cx.cast(&result, x.ty().dtype)?;
    Ok(cx.wrap(result))
}

/// Halves are computed with in f32.
fn widened(cx: &mut Cx, x: &Handle) -> Eval<Handle> {
    let wide = if matches!(x.ty().dtype, DType::F16 | DType::BF16) { DType::F32 } else { x.ty().dtype };
    cx.cast(x, wide)
}

/// Requires more than one element over these dimensions: of one alone there is no variance.
fn several(cx: &mut Cx, x: &Handle, over: &[usize], text: &str) -> Eval<()> {
    let count: Dim = over.iter().map(|&d| x.ty().shape[d].clone()).product();
    let shape = cx.torch.shape(&x.ty().shape);
    let shape = cx.it.repr(&shape)?;
    cx.require(&count, Rel::Ne, &1i64.into(), "ValueError", format!("{text} {shape}"))
}

/// The mean and the variance per channel over these dimensions, which the running ones follow.
fn statistics(cx: &mut Cx, a: &Bound, x: &Handle, over: &[usize]) -> Eval<(Handle, Handle)> {
    let wide = widened(cx, x)?;
    let dims = || ("dims", crate::torch::view::ints(over));
    let mean = cx.emit(&reduction::MEAN, &[&wide], &[dims()])?;
    let var = cx.emit(&reduction::VAR, &[&wide], &[dims(), ("correction", 0i64.into())])?;
    let unbiased = cx.emit(&reduction::VAR, &[&wide], &[dims(), ("correction", 1i64.into())])?;
    follow(cx, a, "running_mean", &mean)?;
    follow(cx, a, "running_var", &unbiased)?;
    Ok((mean, var))
}

/// `running = (1 - momentum) * running + momentum * now`, in place; of several samples their mean.
fn follow(cx: &mut Cx, a: &Bound, name: &str, now: &Handle) -> Eval<()> {
    if a.value(name).is_none() {
        return Ok(());
    }
    let (running, momentum) = (a.tensor(cx, name)?, a.float(cx, "momentum")?);
    let old = running.read(cx)?;
    let now = match now.rank() {
        1 => now.clone(),
        _ => cx.emit(&reduction::MEAN, &[now], &[("dims", vec![0].into())])?,
    };
    let part = pair(cx, &arithmetic::MUL, &Operand::Tensor(now), &Operand::Number(Number::Float(momentum)))?;
    let rest = pair(cx, &arithmetic::MUL, &Operand::Tensor(old), &Operand::Number(Number::Float(1.0 - momentum)))?;
    let sum = pair(cx, &arithmetic::ADD, &Operand::Tensor(part), &Operand::Tensor(rest))?;
    let sum = cx.cast(&sum, running.dtype())?;
    running.write(cx, &sum)
}

fn batch_normalised(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, eps) = (a.handle(cx, "input")?, a.float(cx, "eps")?);
    let (mean, var) = (a.handle(cx, "running_mean")?, a.handle(cx, "running_var")?);
    let bias = a.opt_handle(cx, "bias")?;
    let weight = a.opt_handle(cx, "weight")?;
    let weight = weight_for(cx, weight, &bias)?;
    let operands: Vec<&Handle> = [&x, &mean, &var].into_iter().chain(&weight).chain(&bias).collect();
    let result = cx.emit(&op::BATCH_NORM, &operands, &[("eps", eps.into())])?;
    Ok(cx.wrap(result))
}

/// The input itself, unless it is training.
fn dropout(cx: &mut Cx, a: &Bound) -> Eval {
    let p = a.float(cx, "p")?;
    if !(0.0..=1.0).contains(&p) {
        return Err(cx.it.value_error(format!("dropout probability has to be between 0 and 1, but got {p}")));
    }
    if a.flag(cx, "training")? && p > 0.0 {
        let text = "dropout with training=True draws random numbers, and programs are functions of their inputs";
        let hint = "F.dropout trains unless it is told otherwise: pass training=self.training, and call eval() on the module";
        return Err(cx.refuse(Diagnostic::error(codes::UNSUPPORTED, text).hint(hint)));
    }
    a.tensor(cx, "input")?;
    Ok(a.first().clone())
}

fn attend(cx: &mut Cx, a: &Bound) -> Eval {
    if a.float(cx, "dropout_p")? > 0.0 {
        let text = "attention with dropout_p above 0 draws random numbers, and programs are functions of their inputs";
        let hint = "it draws in eval mode too: pass dropout_p=self.p if self.training else 0.0";
        return Err(cx.refuse(Diagnostic::error(codes::UNSUPPORTED, text).hint(hint)));
    }
    let (q, mut k, mut v) = (a.handle(cx, "query")?, a.handle(cx, "key")?, a.handle(cx, "value")?);
    if a.flag(cx, "enable_gqa")? {
        (k, v) = (repeated_heads(cx, &k, &q)?, repeated_heads(cx, &v, &q)?);
    }
    let mask = a.opt_handle(cx, "attn_mask")?;
    let mut attrs = vec![("is_causal", Attr::Bool(a.flag(cx, "is_causal")?))];
    if let Some(scale) = a.opt_float(cx, "scale")? {
        attrs.push(("scale", scale.into()));
    }
    let operands: Vec<&Handle> = [&q, &k, &v].into_iter().chain(&mask).collect();
    let result = cx.emit(&attention::SCALED_DOT_PRODUCT_ATTENTION, &operands, &attrs)?;
    Ok(cx.wrap(result))
}

/// Heads of keys and values, each as often as it serves a head of the queries.
fn repeated_heads(cx: &mut Cx, x: &Handle, q: &Handle) -> Eval<Handle> {
    let at = |h: &Handle| h.rank().checked_sub(3).map(|d| (d, h.ty().shape[d].clone()));
    let (Some((dim, own)), Some((_, heads))) = (at(x), at(q)) else { return Ok(x.clone()) };
    if own == heads {
        return Ok(x.clone());
    }
    let times = heads.floor_div(&own, &cx.facts());
    let mut split = x.ty().shape.clone();
    split.insert(dim + 1, 1i64.into());
    let y = cx.reshape(x, split.clone())?;
    split[dim + 1] = times;
    let y = cx.expand(&y, &split)?;
    let mut merged = x.ty().shape.clone();
    merged[dim] = heads;
    cx.reshape(&y, merged)
}

/// `pad` counts from the last dimension backwards.
fn pad(cx: &mut Cx, a: &Bound) -> Eval {
    let (x, pad) = (a.handle(cx, "input")?, a.ints(cx, "pad")?);
    if pad.len() % 2 != 0 || pad.len() > 2 * x.rank() {
        return Err(
            cx.runtime_error("Padding length should be divisible by two and at most twice the number of dimensions of the input")
        );
    }
    let mode = a.str(cx, "mode")?.to_owned();
    if mode != "constant" {
        let result =
            pad.chunks(2).enumerate().try_fold(x.clone(), |x, (i, p)| border(cx, &x, x.rank() - 1 - i, (p[0], p[1]), &mode))?;
        return Ok(cx.wrap(result));
    }
    let mut pads = vec![0; 2 * x.rank()];
    for (i, p) in pad.chunks(2).enumerate() {
        let d = x.rank() - 1 - i;
        (pads[2 * d], pads[2 * d + 1]) = (p[0], p[1]);
    }
    let value = a.opt_float(cx, "value")?.unwrap_or(0.0);
    let result = cx.emit(&movement::PAD, &[&x], &[("pads", pads.into()), ("value", value.into())])?;
    Ok(cx.wrap(result))
}

/// A dimension continued from its own elements.
fn border(cx: &mut Cx, x: &Handle, dim: usize, (before, after): (i64, i64), mode: &str) -> Eval<Handle> {
    if (before, after) == (0, 0) {
        return Ok(x.clone());
    }
    let size = x.ty().shape[dim].clone();
    let Some(n) = size.known() else {
        return Err(crate::torch::size::unknown_size(cx.it, &size, &format!("{mode} padding needs its value")));
    };
    let place = |i: i64| match mode {
        "reflect" => {
            let period = (2 * (n - 1)).max(1);
            let i = i.rem_euclid(period);
            if i < n { i } else { period - i }
        }
        "replicate" => i.clamp(0, n - 1),
        _ => i.rem_euclid(n.max(1)),
    };
    if !["reflect", "replicate", "circular"].contains(&mode) {
        return Err(cx.it.error("NotImplementedError", format!("Unrecognised padding mode {mode}")));
    }
    if mode == "reflect" && (before >= n || after >= n) {
        return Err(cx.runtime_error("Padding size should be less than the corresponding input dimension"));
    }
    let places: Vec<i64> = (-before..n + after).map(place).collect();
    let places = cresset_ir::Tensor::from_slice(&[places.len()], &places).map_err(|d| cx.refuse(d))?;
    let places = Handle::Lazy(crate::torch::Lazy::known(places));
    cx.emit(&index::INDEX_SELECT, &[x, &places], &[("dim", (dim as i64).into())])
}

/// The mean, the sum, or all of the elements.
fn reduced(cx: &mut Cx, a: &Bound, x: Handle) -> Eval {
    let result = match a.str(cx, "reduction")? {
        "mean" => cx.emit(&reduction::MEAN, &[&x], &[])?,
        "sum" => cx.emit(&reduction::SUM, &[&x], &[])?,
        "none" => x,
        other => return Err(cx.it.value_error(format!("{other} is not a valid value for reduction"))),
    };
    Ok(cx.wrap(result))
}

fn difference(cx: &mut Cx, a: &Bound) -> Eval<Handle> {
    let (x, y) = (a.operand(cx, "input")?, a.operand(cx, "target")?);
    pair(cx, &arithmetic::SUB, &x, &y)
}

fn mse_loss(cx: &mut Cx, a: &Bound) -> Eval {
    let d = difference(cx, a)?;
    let square = cx.emit(&arithmetic::MUL, &[&d, &d], &[])?;
    reduced(cx, a, square)
}

fn l1_loss(cx: &mut Cx, a: &Bound) -> Eval {
    let d = difference(cx, a)?;
    let size = cx.emit(&arithmetic::ABS, &[&d], &[])?;
    reduced(cx, a, size)
}

/// Classes as indices; the channel dimension is 1, or 0 of one sample.
fn cross_entropy(cx: &mut Cx, a: &Bound) -> Eval {
    if a.float(cx, "label_smoothing")? != 0.0 {
        return Err(cx.unsupported("cross_entropy with label smoothing"));
    }
    let x = a.handle(cx, "input")?;
    let dim = (x.rank() > 1) as i64;
    let log = cx.emit(&softmax::LOG_SOFTMAX, &[&x], &[("dim", dim.into())])?;
    negative_likelihood(cx, a, &log)
}

fn nll_loss(cx: &mut Cx, a: &Bound) -> Eval {
    let log = a.handle(cx, "input")?;
    negative_likelihood(cx, a, &log)
}

/// `-log[target]`; targets equal to `ignore_index` would change the mean and are not handled, so only its default is taken.
fn negative_likelihood(cx: &mut Cx, a: &Bound, log: &Handle) -> Eval {
    if !a.value("weight").is_none() || a.int(cx, "ignore_index")? != -100 {
        return Err(cx.unsupported("a likelihood with class weights or ignore_index"));
    }
    let target = a.handle(cx, "target")?;
    if !target.ty().dtype.is_int() {
        return Err(cx.unsupported("a likelihood of class probabilities"));
    }
    let dim = (log.rank() > 1) as usize;
    let mut shape = target.ty().shape.clone();
    shape.insert(dim.min(shape.len()), 1i64.into());
    let index = cx.reshape(&target, shape)?;
    let picked = cx.emit(&index::GATHER, &[log, &index], &[("dim", (dim as i64).into())])?;
    let picked = cx.reshape(&picked, target.ty().shape.clone())?;
    let loss = cx.emit(&arithmetic::NEG, &[&picked], &[])?;
    reduced(cx, a, loss)
}

/// `max(x, 0) - x t + log(1 + exp(-|x|))`, which is softplus(x) - x t.
fn logits_loss(cx: &mut Cx, a: &Bound) -> Eval {
    if !a.value("weight").is_none() || !a.value("pos_weight").is_none() {
        return Err(cx.unsupported("binary_cross_entropy_with_logits with weights"));
    }
    let (x, target) = (a.handle(cx, "input")?, a.operand(cx, "target")?);
    let plus = cx.emit(&activation::SOFTPLUS, &[&x], &[("threshold", f64::INFINITY.into())])?;
    let product = pair(cx, &arithmetic::MUL, &Operand::Tensor(x), &target)?;
    let loss = cx.emit(&arithmetic::SUB, &[&plus, &product], &[])?;
    reduced(cx, a, loss)
}
