"""A case: a small model file's class, its inputs, and what PyTorch makes of them."""
import importlib.util
import itertools
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file

HEADER = '''"""Made by tests/parity: an ordinary model file, for PyTorch and for cresset."""
import torch
import torch.nn as nn
import torch.nn.functional as F
'''


DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
]


@dataclass
class Case:
    """`body` computes the result from `x0`, `x1`, …; `init` is the constructor's."""

    family: str
    what: str
    body: str
    inputs: list
    init: str = ""
    state: dict = field(default_factory=dict)
    # Elementwise: each element within a few units in its own last place, zeros by their sign.
    strict: bool = False
    # Sums of many terms: how often the usual rounding is allowed.
    loose: float = 1.0

    def source(self, name="M"):
        arguments = ", ".join(["self", *(f"x{k}" for k in range(len(self.inputs)))])
        lines = [f"class {name}(nn.Module):"]
        if self.init:
            lines += ["    def __init__(self):", "        super().__init__()", *(f"        {line}" for line in self.init.splitlines()), ""]
        lines += [f"    def forward({arguments}):", *(f"        {line}" for line in self.body.splitlines())]
        return "\n".join(lines) + "\n"


def write_batch(folder, name, cases):
    """The model file of some cases, classes `M0`, `M1`, …, their inputs as `M0.0`, `M0.1`, …, and their weights."""
    file, inputs = folder / f"{name}.py", folder / f"{name}.safetensors"
    file.write_text("\n\n".join([HEADER, *(case.source(f"M{k}") for k, case in enumerate(cases))]))
    save_file({f"M{k}.{i}": plain(x) for k, case in enumerate(cases) for i, x in enumerate(case.inputs)}, inputs)
    for k, case in enumerate(cases):
        if case.state:
            save_file({key: plain(x) for key, x in case.state.items()}, folder / f"{name}.M{k}.weights.safetensors")
    return file, inputs


def plain(x):
    """Without strides and shared storage, as files hold tensors."""
    return x.detach().clone(memory_format=torch.contiguous_format).resolve_neg()


def leaves(value):
    """The tensors and numbers of a result in order, as tensors."""
    if isinstance(value, torch.Tensor):
        if value.dtype not in DTYPES or value.layout != torch.strided:
            raise Unfit(f"a result of {value.dtype}")
        return [value]
    if isinstance(value, (tuple, list)):
        return list(itertools.chain.from_iterable(map(leaves, value)))
    if isinstance(value, dict):
        return list(itertools.chain.from_iterable(map(leaves, value.values())))
    if isinstance(value, bool):
        return [torch.tensor(value)]
    if isinstance(value, int):
        return [torch.tensor(value, dtype=torch.int64)]
    if isinstance(value, float):
        return [torch.tensor(value, dtype=torch.float64)]
    if value is None:
        return []
    raise Unfit(f"a result of type {type(value).__name__}")


class Unfit(Exception):
    """A case that cannot be compared."""


_numbers = itertools.count()


def load(file):
    """A model file as a Python module."""
    spec = importlib.util.spec_from_file_location(f"parity_{next(_numbers)}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_torch(make, case, widen=False):
    """The leaves of PyTorch's result. `widen`: everything in f64, for a value that is nearer to the truth.

    Raises what the model raises, and `Unfit` where two runs differ."""
    wide = lambda x: x.double() if widen and x.is_floating_point() else x
    results = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = make().eval()
            if case.state:
                module.load_state_dict(case.state)
            if widen:
                module.double()
            results.append(leaves(module(*(wide(plain(x)) for x in case.inputs))))
    if not all(a.dtype == b.dtype and a.shape == b.shape and bits(a) == bits(b) for a, b in zip(*results)):
        raise Unfit("random")
    return [plain(x) for x in results[0]]


def alone(make, case):
    """PyTorch's results of an elementwise case, one element at a time; `None` where that makes no sense."""
    flat = [plain(x).reshape(-1) for x in case.inputs]
    if not case.strict or len({x.numel() for x in flat}) != 1:
        return None
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = make().eval()
            each = [leaves(module(*(x[i : i + 1] for x in flat))) for i in range(flat[0].numel())]
            return [torch.cat(parts).reshape(case.inputs[0].shape) for parts in zip(*each)]
    except Exception:  # noqa: BLE001: a function of more than single elements
        return None


def bits(x):
    return x.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if x.numel() else b""
