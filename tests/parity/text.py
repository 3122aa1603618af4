"""Arguments as Python text: tensors become inputs, the rest literals."""
import math

import torch
from case import DTYPES, Unfit


class Text:
    """Collects the tensors of a call in the order in which its text names them."""

    def __init__(self):
        self.inputs = []

    def of(self, value):
        if isinstance(value, torch.Tensor):
            if value.dtype not in DTYPES or value.layout != torch.strided or value.device.type != "cpu":
                raise Unfit(f"a tensor of {value.dtype}")
            self.inputs.append(value)
            return f"x{len(self.inputs) - 1}"
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else f"float('{value}')"
        if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
            return "..." if value is Ellipsis else repr(value)
        if isinstance(value, (list, torch.Size)):
            return f"[{', '.join(map(self.of, value))}]" if isinstance(value, list) else f"({''.join(f'{v}, ' for v in value)})"
        if isinstance(value, tuple) and type(value) is tuple:
            return f"({''.join(f'{self.of(v)}, ' for v in value)})"
        if isinstance(value, slice):
            return f"slice({self.of(value.start)}, {self.of(value.stop)}, {self.of(value.step)})"
        if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
            return str(value)
        if isinstance(value, torch.device):
            return repr(str(value))
        raise Unfit(f"an argument of type {type(value).__name__}")

    def call(self, args, kwargs=None):
        """The arguments of a call, comma-separated."""
        return ", ".join([*map(self.of, args), *(f"{k}={self.of(v)}" for k, v in (kwargs or {}).items())])


def short(dtype):
    return str(dtype).removeprefix("torch.")
