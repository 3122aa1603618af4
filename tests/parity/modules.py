"""PyTorch's own samples of modules (`module_db`) over every float dtype."""
import itertools
import warnings

import torch
from case import Case, Unfit
from text import Text, short


def cases(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_modules import module_db
    for info in module_db:
        name = info.module_cls.__name__
        if not options.wants(name):
            continue
        for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
            if dtype not in info.dtypes and dtype not in (torch.float16, torch.bfloat16) or not options.wants_dtype(dtype):
                continue
            yield from of_module(info, name, dtype, options.samples)


def of_module(info, name, dtype, limit):
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs = list(itertools.islice(info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=False, training=False), limit))
    except Exception:  # noqa: BLE001: samples that PyTorch cannot make are none
        return
    for i, sample in enumerate(inputs):
        if sample.forward_input is None:
            continue
        try:
            text, constructor = Text(), Text()
            made = constructor.call(sample.constructor_input.args, sample.constructor_input.kwargs)
            init = f"self.m = nn.{name}({made})\nself.to({dtype})"
            body = f"return self.m({text.call(sample.forward_input.args, sample.forward_input.kwargs)})"
            if constructor.inputs:
                continue
            torch.manual_seed(i)
            module = info.module_cls(*sample.constructor_input.args, **sample.constructor_input.kwargs).to(dtype)
        except (Unfit, TypeError, RuntimeError):
            continue
        state = {f"m.{k}": noised(v) for k, v in module.state_dict().items()} if not lazy(module) else {}
        yield Case(name, f"{short(dtype)}, sample {i}", body, text.inputs, init, state)


def lazy(module):
    return any(torch.nn.parameter.is_lazy(p) for p in itertools.chain(module.parameters(), module.buffers()))


def noised(value):
    """Weights and running statistics that are not those of a new module."""
    return value + torch.rand_like(value) / 4 if value.is_floating_point() else value
