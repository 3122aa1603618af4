"""The functions that the sweeps go over, as texts of calls."""

UNARY = """
    abs absolute acos acosh angle arccos arcsin arctan asin asinh atan atanh ceil cos cosh deg2rad digamma erf erfc erfinv exp exp2 expm1
    floor frac isfinite isinf isnan isneginf isposinf isreal lgamma log log10 log1p log2 logical_not logit nan_to_num neg negative positive
    rad2deg reciprocal relu round rsqrt selu sgn sigmoid sign signbit sin sinc sinh sqrt square tan tanh trunc fix i0 cumsum:0 cumprod:0
    special.entr special.erfcx special.expit special.i0e special.i1 special.i1e special.log1p special.logit special.ndtr special.ndtri
    special.log_ndtr special.sinc special.xlog1py:x0 bool int float double half bfloat16
""".split()

ACTIVATIONS = """
    celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu relu6 selu silu softplus softshrink softsign
    tanhshrink
""".split()

# `{0}` is the input.
PARAMETERISED = [
    "F.gelu({0}, approximate='tanh')", "F.celu({0}, 0.3)", "F.elu({0}, 0.3)", "F.leaky_relu({0}, 0.3)", "F.leaky_relu({0}, -0.3)",
    "F.softplus({0}, 2.0, 4.0)", "F.softplus({0}, beta=0.5)", "F.hardtanh({0}, -0.3, 0.7)", "F.threshold({0}, 0.1, 20.0)",
    "F.threshold({0}, float('nan'), 1.0)", "F.threshold({0}, 0.5, float('nan'))", "F.hardshrink({0}, 0.3)", "F.softshrink({0}, 0.3)",
    "torch.clamp({0}, -0.3, 0.7)", "torch.clamp({0}, min=0.1)", "torch.clamp({0}, max=0.1)", "torch.clamp({0}, 1.0, -1.0)",
    "torch.clamp({0}, min=float('nan'))", "torch.clamp({0}, max=float('nan'))", "torch.clamp({0}, float('-inf'), float('inf'))",
    "torch.clamp({0}, min=float('inf'))", "torch.clamp({0}, max=float('-inf'))", "torch.clamp({0}, 0, 1)", "torch.clamp({0}, float('nan'), 1.0)",
    "torch.clamp({0}, -0.0, 0.0)", "torch.logit({0}, 0.1)", "torch.logit({0}, 1e-6)", "torch.nan_to_num({0}, 1.5, 2.5, -2.5)", "torch.nan_to_num({0}, nan=float('inf'))",
    "torch.round({0}, decimals=2)", "torch.round({0}, decimals=-1)", "{0} ** 0.5", "{0} ** 2", "{0} ** 3", "{0} ** -1", "{0} ** -2", "{0} ** -0.5",
    "{0} ** 0", "{0} ** 1", "{0} ** 0.0", "{0} ** 1.5", "{0} ** float('inf')", "{0} ** float('-inf')", "{0} ** float('nan')", "2 ** {0}", "0 ** {0}", "1 ** {0}",
    "(-2.0) ** {0}", "0.0 ** {0}", "float('inf') ** {0}", "float('nan') ** {0}", "1 / {0}", "1.0 / {0}", "0 / {0}", "{0} / 0", "{0} / 3", "{0} // 2",
    "{0} // -2.5", "{0} // 0", "{0} // float('inf')", "{0} // float('-inf')", "2 // {0}", "{0} % 2", "{0} % -2.5", "{0} % 0", "{0} % float('inf')",
    "{0} % float('-inf')", "2 % {0}", "{0} * 0", "{0} * float('inf')", "{0} - 1", "1 - {0}", "torch.xlogy({0}, 2.0)", "torch.xlogy(0.0, {0})",
    "torch.fmod({0}, 2)", "torch.fmod({0}, float('inf'))", "torch.float_power({0}, 2)", "torch.div({0}, 3, rounding_mode='trunc')", "torch.div({0}, 3, rounding_mode='floor')",
    "torch.where({0} > 0, {0}, 0.0)", "{0}.masked_fill({0} != {0}, 1.0)", "{0}.to(torch.int32)", "{0}.to(torch.int64)", "{0}.to(torch.uint8)", "{0}.to(torch.int8)", "{0}.to(torch.int16)",
    "{0}.to(torch.float16)", "{0}.to(torch.bfloat16)", "{0}.to(torch.float32)", "{0}.to(torch.float64)", "{0}.to(torch.bool)", "torch.ldexp({0}, torch.tensor(3))",
    "torch.heaviside({0}, {0})", "torch.frexp({0})[0]", "torch.special.multigammaln({0}, 2)", "torch.polygamma(1, {0})",
]

BINARY = """
    add sub mul div true_divide floor_divide remainder fmod pow maximum minimum fmax fmin atan2 hypot copysign nextafter xlogy logaddexp
    logaddexp2 lt le gt ge eq ne logical_and logical_or logical_xor heaviside float_power special.xlog1py special.zeta isclose dist
""".split()

BINARY_FORMS = [
    "torch.div({0}, {1}, rounding_mode='trunc')", "torch.div({0}, {1}, rounding_mode='floor')", "{0} // {1}", "{0} % {1}", "{0} ** {1}",
    "torch.clamp({0}, min={1})", "torch.clamp({0}, max={1})", "torch.lerp({0}, {1}, 0.3)", "torch.lerp({0}, {1}, 0.7)", "torch.where({0} > {1}, {0}, {1})",
    "F.prelu({0}, {1})" , "torch.add({0}, {1}, alpha=0.3)", "torch.sub({0}, {1}, alpha=0.3)", "torch.rsub({0}, {1}, alpha=0.3)",
    "F.binary_cross_entropy_with_logits({0}, {1}, reduction='none')", "F.mse_loss({0}, {1}, reduction='none')", "F.l1_loss({0}, {1}, reduction='none')",
    "F.smooth_l1_loss({0}, {1}, reduction='none')", "F.huber_loss({0}, {1}, reduction='none')", "F.soft_margin_loss({0}, {1}, reduction='none')",
    "F.kl_div({0}, {1}, reduction='none')", "F.kl_div({0}, {1}, reduction='none', log_target=True)", "F.poisson_nll_loss({0}, {1}, reduction='none')", "torch.addcmul({0}, {1}, {1}, value=0.3)",
    "torch.addcdiv({0}, {1}, {0}, value=0.3)", "{0}.masked_fill({1} > 0, 0.3)",
]

# Over the last dimension of a matrix.
ROWS = [
    "{0}.sum(-1)", "{0}.sum()", "{0}.mean(-1)", "{0}.mean()", "{0}.prod(-1)", "{0}.amax(-1)", "{0}.amin(-1)", "{0}.max(-1)", "{0}.min(-1)", "{0}.argmax(-1)",
    "{0}.argmin(-1)", "{0}.any(-1)", "{0}.all(-1)", "{0}.var(-1)", "{0}.std(-1)", "{0}.var(-1, correction=0)", "{0}.std()", "torch.var_mean({0}, -1)", "torch.std_mean({0}, -1)",
    "{0}.norm(dim=-1)", "{0}.norm()", "{0}.norm(1, dim=-1)", "{0}.norm(3, dim=-1)", "{0}.norm(0.5, dim=-1)", "{0}.norm(float('inf'), dim=-1)", "{0}.norm(float('-inf'), dim=-1)", "{0}.norm(0, dim=-1)",
    "torch.linalg.vector_norm({0}, dim=-1)", "torch.linalg.vector_norm({0}, 3, dim=-1)", "torch.linalg.norm({0}, dim=-1)", "torch.linalg.norm({0})", "torch.linalg.matrix_norm({0})",
    "F.normalize({0}, dim=-1)", "F.normalize({0}, p=1.0, dim=-1)", "F.normalize({0}, p=3.0, dim=-1)", "F.cosine_similarity({0}, {0}.flip(-1), dim=-1)", "F.pairwise_distance({0}, {0}.flip(-1))", "F.pairwise_distance({0}, {0}.flip(-1), p=1.0)",
    "F.softmax({0}, -1)", "F.log_softmax({0}, -1)", "F.softmin({0}, -1)", "{0}.logsumexp(-1)", "{0}.cumsum(-1)", "{0}.cumprod(-1)", "{0}.cummax(-1)", "{0}.cummin(-1)", "{0}.logcumsumexp(-1)",
    "F.layer_norm({0}, {0}.shape[-1:])", "F.rms_norm({0}, {0}.shape[-1:])", "F.rms_norm({0}, {0}.shape[-1:], eps=1e-6)", "F.group_norm({0}[None], {0}.shape[0])", "F.instance_norm({0}[None])",
    "F.batch_norm({0}, {0}.mean(0), {0}.var(0))", "F.glu({0}, -1)", "{0}.nansum(-1)", "{0}.nanmean(-1)", "{0}.median(-1)[0]", "{0}.sort(-1)[0]", "{0}.topk(3, -1)[0]", "{0}.count_nonzero(-1)", "{0}.aminmax()", "{0} @ {0}.mT", "F.linear({0}, {0})",
    "F.scaled_dot_product_attention({0}[None], {0}[None], {0}[None])", "F.mse_loss({0}, {0}.flip(-1))", "F.l1_loss({0}, {0}.flip(-1))", "F.avg_pool1d({0}[None], 4)", "F.max_pool1d({0}[None], 4)", "F.adaptive_avg_pool1d({0}[None], 5)",
    "F.interpolate({0}[None], scale_factor=2.0, mode='linear')", "F.interpolate({0}[None], scale_factor=0.5, mode='linear', align_corners=True)", "F.interpolate({0}[None, None], scale_factor=1.5, mode='bilinear')", "F.interpolate({0}[None, None], scale_factor=1.5, mode='bicubic')",
    "F.interpolate({0}[None, None], scale_factor=1.5, mode='nearest')", "F.interpolate({0}[None, None], size=(3, 5), mode='area')", "F.local_response_norm({0}[None], 2)", "F.lp_pool1d({0}[None], 2.0, 4)", "torch.cdist({0}, {0}.flip(-1))", "F.cross_entropy({0}, torch.arange({0}.shape[0]))", "torch.diff({0})", "torch.trapezoid({0})", "{0}.renorm(2, 0, 1.0)",
    "{0}.tril()", "{0}.triu()", "torch.cross({0}[:, :3], {0}[:, 3:6], dim=-1)", "torch.einsum('ij,kj->ik', {0}, {0})", "torch.dist({0}, {0}.flip(-1))", "{0}.quantile(0.3, -1)", "F.conv1d({0}[None], {0}[None, :, :3])",
]


def unary():
    """`(family, call of {0})`"""
    for name in UNARY:
        name, _, extra = name.partition(":")
        more = f", {extra.replace('x0', '{0}')}" if extra else ""
        method = name in ("bool", "int", "float", "double", "half", "bfloat16")
        yield name, f"{{0}}.{name}()" if method else f"torch.{name}({{0}}{more})"
    for name in ACTIVATIONS:
        yield f"F.{name}", f"F.{name}({{0}})"
    for text in PARAMETERISED:
        yield text, text


def binary():
    """`(family, call of {0} and {1})`"""
    for name in BINARY:
        yield name, f"torch.{name}({{0}}, {{1}})"
    for text in BINARY_FORMS:
        yield text, text
