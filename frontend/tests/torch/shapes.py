"""Reshaping, joining and splitting."""
import torch

x = torch.arange(24)
y = x.view(2, 3, -1)
assert y.shape == torch.Size([2, 3, 4]) and y.size(-1) == 4 and y.dim() == 3 and y.numel() == 24 and y.shape.numel() == 24
assert y.flatten(1).shape == (2, 12) and y.flatten().tolist() == x.tolist() and y.unflatten(2, (2, -1)).shape == (2, 3, 2, 2)
assert y.permute(2, 0, 1).shape == (4, 2, 3) and y.transpose(1, -1).shape == (2, 4, 3) and y.mT.shape == (2, 4, 3)
assert y.movedim(0, -1).shape == (3, 4, 2) and y.T.shape == (4, 3, 2) if y.dim() == 2 else True
assert y[:, :1].squeeze(1).shape == (2, 4) and torch.ones(1, 2, 1).squeeze().shape == (2,) and y.squeeze(0).shape == (2, 3, 4)
assert y.unsqueeze(-1).shape == (2, 3, 4, 1)
assert torch.ones(3, 1).expand(-1, 4).shape == (3, 4) and torch.ones(3).expand(2, 3).shape == (2, 3)
assert torch.tensor([1, 2]).repeat(2, 2).tolist() == [[1, 2, 1, 2]] * 2
assert torch.tensor([1, 2]).repeat_interleave(2).tolist() == [1, 1, 2, 2]
assert torch.cat([y, y], dim=1).shape == (2, 6, 4) and torch.stack([x, x], -1).shape == (24, 2)
a, b, c = x.split([4, 8, 12])
assert (len(a), len(b), len(c)) == (4, 8, 12) and [len(p) for p in x.split(10)] == [10, 10, 4] and [len(p) for p in x.chunk(5)] == [5, 5, 5, 5, 4]
assert torch.flip(torch.tensor([1, 2, 3]), [0]).tolist() == [3, 2, 1] and torch.roll(torch.tensor([1, 2, 3]), 1).tolist() == [3, 1, 2]
i, j = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
assert i.tolist() == [[0, 0, 0], [1, 1, 1]] and j.tolist() == [[0, 1, 2]] * 2
assert torch.tril(torch.ones(2, 2)).tolist() == [[1, 0], [1, 1]] and torch.triu(torch.ones(2, 2), 1).tolist() == [[0, 1], [0, 0]]
b, t, *rest = y.shape
assert (b, t, rest) == (2, 3, [4])
for bad in [lambda: x.view(5, 5), lambda: x.reshape(-1, -1), lambda: torch.ones(2, 3).expand(4, 3)]:
    try:
        bad()
        assert False
    except RuntimeError:
        pass
try:
    torch.ones(2, 3).permute(0)
    assert False
except RuntimeError:
    pass
assert torch.nn.functional.pad(torch.ones(1, 2), (1, 0, 0, 1), value=5).tolist() == [[5, 1, 1], [5, 5, 5]]
r = torch.nn.functional.pad(torch.arange(3.0).view(1, 1, 3), (2, 1), mode="reflect")
assert r.flatten().tolist() == [2, 1, 0, 1, 2, 1]
assert torch.nn.functional.pixel_shuffle(torch.arange(4).view(1, 4, 1, 1), 2).tolist() == [[[[0, 1], [2, 3]]]]
