"""What counts as PyTorch's answer: dtypes and shapes exactly, integers exactly, floats within the rounding of their dtype."""
import torch

# Units in the last place that an element may be off: of its own size, and of the largest in its tensor (another order of sums).
OWN = {torch.float16: 1, torch.bfloat16: 1, torch.float32: 8, torch.float64: 8}
WHOLE = {torch.float16: 0.5, torch.bfloat16: 0.5, torch.float32: 8, torch.float64: 16}
# The same of elementwise functions.
STRICT = {torch.float16: 1, torch.bfloat16: 1, torch.float32: 4, torch.float64: 4}


def difference(got, want, truth=None, alone=None, strict=False, loose=1.0):
    """What differs between two lists of tensors, in words; `None` if nothing does.

    `truth`: a function that gives the results in f64. Where an element is farther off than rounding explains, being as near to the truth as
    PyTorch is will do. `alone`: a function that gives the results of each element on its own. PyTorch has vector code and code for the rest
    of a tensor, which differ in places: either will do."""
    if len(got) != len(want):
        return f"{len(got)} results for {len(want)}"
    for k, (g, w) in enumerate(zip(got, want)):
        if g.dtype != w.dtype or g.shape != w.shape:
            return f"result {k} is {kind(g)}, PyTorch's {kind(w)}"
        bad = wrong(g, w, strict, loose)
        if bad.any() and alone is not None and (other := alone()) is not None and other[k].shape == w.shape:
            bad &= wrong(g, other[k], strict, loose)
        if bad.any() and truth is not None and w.is_floating_point():
            bad &= ~as_near(g, w, truth, k)
        if bad.any():
            at = tuple(bad.nonzero()[0].tolist())
            place = f"result {k}{list(at) if at else ''}"
            return f"{place} is {g[at].item()!r}, PyTorch's {w[at].item()!r} ({int(bad.sum())} of {bad.numel()} {kind(w)})"
    return None


def kind(x):
    return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}"


def wrong(g, w, strict, loose=1.0):
    if not w.is_floating_point():
        return g != w
    if w.numel() == 0:
        return torch.zeros(w.shape, dtype=torch.bool)
    special = ~(g.isfinite() & w.isfinite())
    same = (g == w) | (g.isnan() & w.isnan())
    if strict:
        same &= (g != 0) | (g.signbit() == w.signbit())
        far = (g.double() - w.double()).abs() > STRICT[w.dtype] * unit(w)
        zero = (g == 0) & (w == 0)
        return ~same & (special | far | zero)
    size = w.double().abs().where(w.isfinite(), 0.0)
    allowed = loose * (OWN[w.dtype] * unit(w) + WHOLE[w.dtype] * torch.finfo(w.dtype).eps * size.max())
    return ~same & (special | ((g.double() - w.double()).abs() > allowed))


def unit(w):
    """The distance to the next number of the dtype, in f64."""
    info = torch.finfo(w.dtype)
    size = w.double().abs().where(w.isfinite(), 0.0).clamp(min=info.tiny)
    return torch.exp2(torch.floor(torch.log2(size))) * info.eps


def as_near(g, w, truth, k):
    try:
        t = truth()[k].double()
    except Exception:  # noqa: BLE001: what f64 cannot do says nothing of the result
        return torch.zeros(w.shape, dtype=torch.bool)
    if t.shape != w.shape:
        return torch.zeros(w.shape, dtype=torch.bool)
    both = g.isfinite() & w.isfinite()
    return both & ((g.double() - t).abs() <= (w.double() - t).abs() * 1.5 + unit(w))
