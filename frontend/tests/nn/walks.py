"""Walks over trees of modules."""
import copy

import torch
from torch import nn
from checks import raises

shared = nn.Linear(2, 2)
net = nn.Sequential(shared, nn.Sequential(nn.ReLU(), shared), shared)
assert [name for name, _ in net.named_modules()] == ["", "0", "1", "1.0"]
assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "0", "1", "1.0", "1.1", "2"]
assert [name for name, _ in net.named_modules(prefix="net")] == ["net", "net.0", "net.1", "net.1.0"]
assert len(list(net.modules())) == 4 and len(list(net.children())) == 2
assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias"]
assert len(list(net.named_parameters(remove_duplicate=False))) == 6
assert list(net.state_dict()) == ["0.weight", "0.bias", "1.1.weight", "1.1.bias", "2.weight", "2.bias"]
assert list(net.named_parameters(recurse=False)) == [] and len(list(net.parameters())) == 2
assert [name for name, _ in net.named_parameters(prefix="p")] == ["p.0.weight", "p.0.bias"]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2, bias=False)
        self.b = nn.Linear(2, 2, bias=False)
        self.b.weight = self.a.weight
        self.register_buffer("x", torch.ones(1))
        self.register_buffer("y", self.x)


tied = Tied()
assert [name for name, _ in tied.named_parameters()] == ["a.weight"]
assert [name for name, _ in tied.named_buffers()] == ["x"]
assert list(tied.state_dict()) == ["x", "y", "a.weight", "b.weight"]
tied.a.weight.data.fill_(3.0)
assert tied.b.weight[0, 0].item() == 3.0
twin = copy.deepcopy(tied)
assert twin.a.weight is twin.b.weight and twin.a.weight is not tied.a.weight
twin.a.weight.data.zero_()
assert tied.a.weight[0, 0].item() == 3.0 and twin.b.weight.sum().item() == 0.0

# By path.
assert net.get_submodule("1.0") is net[1][0] and net.get_submodule("") is net
assert net.get_parameter("1.1.bias") is shared.bias and tied.get_buffer("y") is tied.x
raises(AttributeError, "Sequential has no attribute `7`", lambda: net.get_submodule("7"))
raises(AttributeError, "`weight` is not an nn.Module", lambda: net.get_submodule("0.weight"))
raises(AttributeError, "`x` is not an nn.Parameter", lambda: tied.get_parameter("x"))
raises(AttributeError, "`training` is not a buffer", lambda: tied.get_buffer("training"))
net.set_submodule("1.0", nn.Tanh())
assert isinstance(net[1][0], nn.Tanh)

# apply: children first.
order = []
assert net.apply(lambda module: order.append(type(module).__name__)) is net
assert order == ["Linear", "Tanh", "Linear", "Sequential", "Sequential"]

# Modes.
assert net.eval() is net and not net.training and not net[1][0].training
assert net.train().training and net[1][0].training
raises(ValueError, "training mode is expected to be boolean", lambda: net.train(1))


class Frozen(nn.Module):
    def train(self, mode=True):
        return super().train(False)


outer = nn.Sequential(Frozen())
outer.train()
assert outer.training and not outer[0].training
assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())
net.zero_grad()

# Conversion.
bn = nn.Sequential(nn.BatchNorm1d(2), Tied())
weight = bn[1].a.weight
assert bn.half() is bn and bn[0].weight.dtype == torch.float16 and bn[0].num_batches_tracked.dtype == torch.int64
assert bn[1].a.weight is weight and weight.dtype == torch.float16 and bn[1].b.weight is weight
bn.to(torch.float64)
assert weight.dtype == torch.float64 and bn[0].running_mean.dtype == torch.float64
assert bn.to("cpu").float().to(device="cpu", dtype=torch.bfloat16)[0].bias.dtype == torch.bfloat16
bn.double().to(torch.ones(1))
assert weight.dtype == torch.float32 and bn.bfloat16()[0].bias.dtype == torch.bfloat16
raises(
    TypeError,
    "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64",
    lambda: bn.to(torch.int64),
)
assert bn.type(torch.float32) is bn and bn[0].num_batches_tracked.dtype == torch.float32
