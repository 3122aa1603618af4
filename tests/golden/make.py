"""Writes what PyTorch computes for every sample of every op: one file per op, in this folder.

    cargo run -q -p cresset-ir --example samples > samples.json
    python tests/golden/make.py samples.json

A file is a list with one row per sample: the call, and the dtype, shape and values of the result. A new op needs a row in TORCH.
"""

import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

DTYPES = {
    "bool": torch.bool, "u8": torch.uint8, "i8": torch.int8, "i16": torch.int16, "i32": torch.int32, "i64": torch.int64,
    "f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def clamp(x, *, min, max):
    # None where there is no bound: an integer cannot be compared with infinity.
    bound = lambda v: None if math.isinf(v) else type(x.new_zeros(()).item())(v)
    return torch.clamp(x, bound(min), bound(max))


def pad(x, *, pads, value):
    # PyTorch counts from the last dimension.
    pairs = [pads[i : i + 2] for i in range(0, len(pads), 2)]
    return F.pad(x, [p for pair in reversed(pairs) for p in pair], value=value)


def slice_(x, *, dim, start, end, step):
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)]


def over(f):
    """A reduction over several dimensions; no dimensions means all."""
    return lambda x, *, dims, keepdim: f(x, dim=dims or tuple(range(x.ndim)), keepdim=keepdim)


def one_by_one(f):
    """As `over`, for a function that takes one dimension at a time."""

    def reduce(x, *, dims, keepdim):
        if x.ndim == 0:
            return f(x)
        for d in sorted((d % x.ndim for d in dims or range(x.ndim)), reverse=True):
            x = f(x, dim=d, keepdim=keepdim)
        return x

    return reduce


def conv(f):
    return lambda x, weight, bias=None, **attrs: f(x, weight, bias, **attrs)


def pooling(f):
    return lambda x, *, kernel, stride, **attrs: f(x, kernel, stride or None, **attrs)


def norm(f):
    return lambda x, *params, dims, eps: f(x, x.shape[-dims:], *params, eps=eps)


def attention(q, k, v, mask=None, *, is_causal, scale):
    scale = None if math.isnan(scale) else scale
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=is_causal, scale=scale)


TORCH = {
    **{
        name: getattr(torch, name)
        for name in """
            add sub mul div floor_divide remainder pow maximum minimum neg abs sign floor ceil round trunc
            exp expm1 log log1p sqrt rsqrt reciprocal sin cos tanh erf sigmoid isnan isinf
            lt le gt ge eq ne logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not
            where masked_fill arange tril triu reshape permute flip argmax argmin cumsum matmul
        """.split()
    },
    **{
        name: getattr(F, name)
        for name in "relu silu leaky_relu elu softplus hardswish hardsigmoid gelu linear softmax log_softmax adaptive_avg_pool2d".split()
    },
    "clamp": clamp,
    "cast": lambda x, *, dtype: x.to(dtype),
    "full": lambda *, shape, value, dtype: torch.full(shape, value, dtype=dtype),
    "eye": lambda *, n, m, dtype: torch.eye(n, m, dtype=dtype),
    "size": lambda *, size: torch.tensor(size),
    "expand": lambda x, *, shape: x.expand(shape),
    "slice": slice_,
    "cat": lambda *xs, dim: torch.cat(xs, dim),
    "pad": pad,
    "sum": over(torch.sum),
    "prod": one_by_one(torch.prod),
    "amax": over(torch.amax),
    "amin": over(torch.amin),
    "any": over(torch.any),
    "all": over(torch.all),
    "mean": over(torch.mean),
    "logsumexp": lambda x, *, dims, keepdim: torch.logsumexp(x, dims or list(range(x.dim())), keepdim),
    "var": lambda x, *, dims, correction, keepdim: torch.var(x, dims or None, correction=correction, keepdim=keepdim),
    "conv1d": conv(F.conv1d),
    "conv2d": conv(F.conv2d),
    "max_pool2d": pooling(F.max_pool2d),
    "avg_pool2d": pooling(F.avg_pool2d),
    "layer_norm": norm(F.layer_norm),
    "rms_norm": norm(F.rms_norm),
    "batch_norm": lambda x, mean, var, *params, eps: F.batch_norm(x, mean, var, *params, eps=eps),
    "scaled_dot_product_attention": attention,
    "embedding": lambda weight, indices: F.embedding(indices, weight),
    "gather": lambda x, indices, *, dim: torch.gather(x, dim, indices),
    "index_select": lambda x, indices, *, dim: torch.index_select(x, dim, indices),
    "scatter_add": lambda x, indices, src, *, dim: torch.scatter_add(x, dim, indices, src),
    "index_add": lambda x, indices, src, *, dim: torch.index_add(x, dim, indices, src),
    "one_hot": lambda indices, *, num_classes: F.one_hot(indices, num_classes),
}


def number(v):
    return float(v) if v in ("nan", "inf", "-inf") else v


def attribute(name, v):
    return DTYPES[v] if name == "dtype" else number(v) if isinstance(v, str) else v


def tensor(x):
    return torch.tensor([number(v) for v in x["values"]], dtype=DTYPES[x["dtype"]]).reshape(x["shape"])


def text(v, dtype):
    """The shortest text that reads back as the value in its dtype."""
    if not dtype.is_floating_point:
        return json.dumps(v)
    if not math.isfinite(v):
        return json.dumps(str(v))
    narrow = v if dtype == torch.float64 else next(s for d in range(1, 10) if torch.tensor(float(s := f"{v:.{d}g}"), dtype=dtype).item() == v)
    return json.dumps(float(narrow))


def row(call):
    attrs = {name: attribute(name, v) for name, v in call["attrs"].items()}
    y = TORCH[call["op"]](*map(tensor, call["operands"]), **attrs)
    values = ", ".join(text(v, y.dtype) for v in y.flatten().tolist())
    head = json.dumps({"call": call["call"], "dtype": NAMES[y.dtype], "shape": list(y.shape)})
    return f'{head[:-1]}, "values": [{values}]}}'


def main(samples):
    rows = {}
    for call in json.loads(Path(samples).read_text()):
        rows.setdefault(call["op"], []).append(row(call))
    for op, lines in rows.items():
        Path(__file__).with_name(f"{op}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
