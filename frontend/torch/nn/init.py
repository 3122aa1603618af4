"""Initialisers: fill a tensor in place and return it. They follow PyTorch's order of random draws."""
import math

import torch
from torch.nn.parameter import _orthonormal

_GAINS = {"sigmoid": 1.0, "linear": 1.0, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity, param=None):
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    return tensor.uniform_(a, b)


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    return tensor.normal_(mean, std)


def constant_(tensor, val):
    return tensor.fill_(val)


def ones_(tensor):
    return tensor.fill_(1.0)


def zeros_(tensor):
    return tensor.zero_()


def dirac_(tensor, groups=1):
    """Kernels of a convolution that keeps its input: a one in the middle for as many channels as there are."""
    if tensor.ndimension() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    sizes = tensor.size()
    if sizes[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    out_channels = sizes[0] // groups
    middle = tuple(n // 2 for n in sizes[2:])
    tensor.zero_()
    for g in range(groups):
        for d in range(min(out_channels, sizes[1])):
            tensor[(g * out_channels + d, d, *middle)] = 1
    return tensor


def orthogonal_(tensor, gain=1, generator=None):
    """Rows, or columns where they are fewer, that are orthogonal and of length `gain`."""
    if tensor.ndimension() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.size(0)
    flat = torch.empty((rows, tensor.numel() // rows), dtype=tensor.dtype).normal_(0, 1)
    tensor.copy_(_orthonormal(flat).view(tensor.shape))
    return tensor.mul_(gain)


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal values, of which a share `sparsity` of each column is zero."""
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, cols = tensor.shape
    tensor.normal_(0, std)
    for column in range(cols):
        for row in torch.randperm(rows)[: math.ceil(sparsity * rows)].tolist():
            tensor[row, column] = 0
    return tensor


def eye_(tensor):
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return tensor.copy_(torch.eye(*tensor.shape))


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Normal values between `a` and `b`: drawn again while they lie outside, or by rejection where most would."""
    # A normal draw never lies further than 9 standard deviations out: nothing to look at, so the tensor stays lazy.
    if a <= mean - 9 * std and b >= mean + 9 * std:
        return tensor.normal_(mean, std)

    def cdf(x):
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    if cdf((b - mean) / std) - cdf((a - mean) / std) > 0.3:
        return _redraw(tensor, mean, std, a, b)
    return _reject(tensor, mean, std, a, b)


def _redraw(tensor, mean, std, a, b):
    low, high = torch.full((), a, dtype=tensor.dtype).item(), torch.full((), b, dtype=tensor.dtype).item()
    tensor.normal_(mean, std)
    while True:
        outside = (tensor < low) | (tensor > high)
        if not outside.any():
            return tensor
        tensor.copy_(torch.where(outside, torch.empty_like(tensor).normal_(mean, std), tensor))


def _reject(tensor, mean, std, a, b):
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

    def rejected(values):
        density = -0.5 * ((values - mean) / std) ** 2 - peak
        return torch.empty_like(tensor).uniform_().log() > density

    tensor.uniform_(a, b)
    pending = rejected(tensor)
    while pending.any():
        candidates = torch.empty_like(tensor).uniform_(a, b)
        tensor.copy_(torch.where(pending, candidates, tensor))
        pending = pending & rejected(candidates)
    return tensor


def _calculate_fan_in_and_fan_out(tensor):
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    receptive = 1
    for s in tensor.shape[2:]:
        receptive *= s
    return tensor.size(1) * receptive, tensor.size(0) * receptive


def _fan(tensor, mode):
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode == "fan_in" else fan_out


_calculate_correct_fan = _fan


def xavier_uniform_(tensor, gain=1.0, generator=None):
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return tensor.uniform_(-bound, bound)


def xavier_normal_(tensor, gain=1.0, generator=None):
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return tensor.normal_(0.0, gain * math.sqrt(2.0 / float(fan_in + fan_out)))


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    if 0 in tensor.shape:
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return tensor.uniform_(-bound, bound)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    if 0 in tensor.shape:
        return tensor
    return tensor.normal_(0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)))
