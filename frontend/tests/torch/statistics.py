"""Norms of a batch by its own statistics, and the running ones that follow them."""
import torch
import torch.nn.functional as F
from torch import nn


def close(a, b, tolerance=1e-5):
    assert a.shape == torch.Size(b.shape) and (a - b).abs().max().item() < tolerance, (a, b)


x = torch.arange(24).reshape(2, 3, 4).float().sin()
mean, var = torch.zeros(3), torch.ones(3)
y = F.batch_norm(x, mean, var, training=True, momentum=0.5)
own = x.mean((0, 2), keepdim=True)
close(y, (x - own) / (x.var((0, 2), correction=0, keepdim=True) + 1e-5).sqrt())
close(mean, own.reshape(3) / 2)
close(var, 0.5 + x.var((0, 2)) / 2)

z = F.batch_norm(x, None, None, torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.0, -0.5]), training=True)
close(z, y * torch.tensor([[1.0], [2.0], [3.0]]) + torch.tensor([[0.5], [0.0], [-0.5]]))
close(nn.BatchNorm1d(3, track_running_stats=False).eval()(x), y)

mean, var = torch.zeros(3), torch.ones(3)
y = F.instance_norm(x, mean, var, use_input_stats=True, momentum=0.5)
close(y, (x - x.mean(2, keepdim=True)) / (x.var(2, correction=0, keepdim=True) + 1e-5).sqrt())
close(mean, own.reshape(3) / 2)
close(var, 0.5 + x.var(2).mean(0) / 2)
close(F.instance_norm(x), y)

for norm in (F.instance_norm, lambda x: F.batch_norm(x, None, None, training=True)):
    try:
        norm(x[:1, :, :1])
        assert False
    except ValueError as error:
        assert "Expected more than 1" in str(error), error
