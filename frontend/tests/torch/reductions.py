"""Reductions over all, one and several dimensions."""
import math

import torch

x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]])
assert x.sum().item() == 24 and x.sum(0).tolist() == [5, 7, 12] and x.sum(dim=(0, 1), keepdim=True).shape == (1, 1)
assert x.mean(-1).tolist() == [2, 6] and x.mean(dim=1, keepdim=True).shape == (2, 1)
assert x.max().item() == 9 and x.min().item() == 1
values, indices = x.max(dim=1)
assert values.tolist() == [3, 9] and indices.tolist() == [2, 2]
assert x.min(0).indices.tolist() == [0, 0, 0] and x.max(1)[0].tolist() == [3, 9]
assert torch.max(x, torch.tensor(4.0)).tolist() == [[4, 4, 4], [4, 5, 9]]
assert x.argmax().item() == 5 and x.argmax(dim=0).tolist() == [1, 1, 1] and x.argmin(1, keepdim=True).tolist() == [[0], [0]]
assert x.amax((0, 1)).item() == 9 and x.prod().item() == 1080 and x.cumsum(1).tolist() == [[1, 3, 6], [4, 9, 18]]
assert (x > 8).any() and not (x > 8).all() and (x > 0).all(1).tolist() == [True, True]
assert x.var().item() == 8.0 and x.var(1, unbiased=False, keepdim=True)[0, 0].item() == x.var(1, correction=0)[0].item()
assert abs(x.std(0)[0].item() - math.sqrt(4.5)) < 1e-6
assert x.norm().item() == math.sqrt(0) + (1 + 4 + 9 + 16 + 25 + 81) ** 0.5 or abs(x.norm().item() - 136 ** 0.5) < 1e-5
assert x.norm(p=1, dim=1).tolist() == [6, 18]
assert abs(torch.logsumexp(x, 1)[0].item() - math.log(math.exp(1) + math.exp(2) + math.exp(3))) < 1e-5
assert torch.tensor([1, 2]).float().mean().item() == 1.5
assert torch.tensor([1, 2]).sum(dtype=torch.float32).dtype == torch.float32
try:
    torch.tensor([1, 2]).mean()
    assert False
except RuntimeError as e:
    assert "could not infer output dtype" in str(e)
try:
    x.sum(2)
    assert False
except IndexError as e:
    assert str(e) == "Dimension out of range (expected to be in range of [-2, 1], but got 2)"
assert torch.nn.functional.normalize(torch.tensor([[3.0, 4.0]])).tolist()[0][1] - 0.8 < 1e-6
steps = torch.tensor([[1, 4, 9], [16, 20, 25]])
assert torch.diff(steps).tolist() == [[3, 5], [4, 5]] and steps.diff(dim=0).tolist() == [[15, 16, 16]]
assert torch.diff(steps, n=2).tolist() == [[2], [1]] and torch.diff(steps[0], prepend=torch.tensor([0])).tolist() == [1, 3, 5]
assert torch.diff(torch.tensor([True, True, False])).tolist() == [False, True]
assert torch.diff(steps, n=10**9).shape == (2, 0)
torch._assert(steps.shape[0] == 2, "two rows")
try:
    torch._assert(steps.shape[0] == 3, "three rows")
    assert False
except AssertionError as e:
    assert str(e) == "three rows"
