"""Special values and magnitudes: every function of floats over zeros, denormals, extremes, infinities and NaN; halves from 1e-7 to 6e4."""
import torch
from case import Case
from functions import ROWS, binary, unary
from text import short

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def values(dtype):
    info = torch.finfo(dtype)
    big = [info.max / 2, info.max**0.5, 1e4]
    edges = [9.0, 11.1, 17.4, 20.5, 88.7, 89.5, 104.5, 709.5, 711.0, 746.0]
    usual = [0.1, 0.3, 0.5, 0.7, 1 - info.eps, 1.0, 1 + info.eps, 1.5, 2.0, 2.5, 3.0, torch.pi / 2, torch.pi, 7.7]
    small = [0.0, info.smallest_normal, info.smallest_normal * info.eps, info.smallest_normal / 3, info.eps, 1e-4, 1e-2]
    positive = [v for v in [*small, *usual, *edges, *big, info.max, float("inf")]]
    x = torch.tensor([*positive, *(-v for v in positive), float("nan")], dtype=torch.float64)
    return x.to(dtype)


def few(dtype):
    """For pairs of values."""
    info = torch.finfo(dtype)
    positive = [0.0, info.smallest_normal, info.smallest_normal * info.eps, 0.3, 1.0, 2.0, 2.5, 100.0, info.max**0.5, info.max, float("inf")]
    return torch.tensor([*positive, *(-v for v in positive), float("nan")], dtype=torch.float64).to(dtype)


def cases(options):
    for dtype in FLOATS:
        if not options.wants_dtype(dtype):
            continue
        x, y = values(dtype), few(dtype)
        left, right = y.repeat_interleave(len(y)), y.repeat(len(y))
        for family, text in unary():
            if options.wants(family):
                yield Case(f"special: {family}", short(dtype), f"return {text.format('x0')}", [x], strict=True)
        for family, text in binary():
            if options.wants(family):
                yield Case(f"special: {family}", short(dtype), f"return {text.format('x0', 'x1')}", [left, right], strict="prelu" not in text)
        # One special value in each row of ordinary ones.
        torch.manual_seed(0)
        rows = torch.randn(len(y), 8, dtype=torch.float64).to(dtype)
        rows[torch.arange(len(y)), torch.arange(len(y)) % 8] = y
        for text in ROWS:
            if options.wants(text):
                yield Case(f"special: {text}", short(dtype), f"return {text.format('x0')}", [rows if overflows_alike(text) else rows[calm(y)]])


def calm(y):
    """Rows whose products and squares stay finite, and those of infinities."""
    return (y.abs().double() < 1e3) | y.isinf() | y.isnan()


def overflows_alike(text):
    """Whether a sum or product that overflows on its way does so in every order."""
    return not any(word in text for word in ("@", "linear", "einsum", "prod", "layer_norm", "group_norm", "instance_norm", "cdist", "attention", "conv"))


def large(options):
    """Tensors that are worth several threads; the reductions over rows, and over all."""
    for dtype in FLOATS:
        if not options.wants_dtype(dtype):
            continue
        torch.manual_seed(0)
        x = torch.randn(192, 1024, dtype=torch.float64).to(dtype)
        loose = 32.0 if dtype == torch.float64 else 4.0
        index = torch.randint(0, 192, (5000,))
        source = torch.randn(5000, 64, dtype=torch.float64).to(dtype)
        for text in ROWS:
            if options.wants(text):
                yield Case(f"large: {text}", short(dtype), f"return {text.format('x0')}", [x], loose=loose)
                yield Case(f"large: {text}", f"{short(dtype)} columns", f"return {text.format('x0.mT')}", [x], loose=loose)
        for text in ("x0[:, :64].index_add(0, x1, x2)", "x0[:, :64].scatter_add(0, x1[:, None].expand(-1, 64), x2)", "F.embedding(x1, x0).sum(0)", "x0.gather(0, x1[:, None].expand(-1, 1024)).sum(0)"):
            if options.wants(text):
                yield Case(f"large: {text}", short(dtype), f"return {text}", [x, index, source], loose=loose)


def half(options):
    """Rows of one magnitude each; the second operand in another order."""
    for dtype in (torch.float16, torch.bfloat16):
        if not options.wants_dtype(dtype):
            continue
        torch.manual_seed(0)
        scale = torch.logspace(-7, torch.tensor(6e4).log10().item(), 23, dtype=torch.float64)[:, None]
        x = (scale * (torch.rand(23, 64, dtype=torch.float64) * 0.9 + 0.1) * torch.randn(23, 64).sign()).to(dtype)
        y = x[torch.randperm(23)]
        for family, text in unary():
            if options.wants(family):
                yield Case(f"half: {family}", short(dtype), f"return {text.format('x0')}", [x], strict=True)
        for family, text in binary():
            if options.wants(family):
                form = text.format("x0", "x1[0]") if "prelu" in text else text.format("x0", "x1")
                yield Case(f"half: {family}", short(dtype), f"return {form}", [x, y], strict=True)
        for text in ROWS:
            if options.wants(text):
                yield Case(f"half: {text}", short(dtype), f"return {text.format('x0')}", [x])
