"""Views share storage: a write through one is seen by all."""
import torch

x = torch.arange(12).reshape(3, 4)
row = x[1]
row[0] = 100
assert x.tolist() == [[0, 1, 2, 3], [100, 5, 6, 7], [8, 9, 10, 11]]
x[:, 3] = -1
assert row.tolist() == [100, 5, 6, -1]

t = x.t()
t[0, 2] = 50
assert x[2, 0].item() == 50
flat = x.view(-1)
flat[0] = 7
assert x[0, 0].item() == 7 and t[0, 0].item() == 7

# A reshape of what does not lie in order is a copy.
copy = x.t().reshape(12)
copy[0] = 1000
assert x[0, 0].item() == 7
assert x.reshape(4, 3).is_contiguous() and not x.t().is_contiguous()
kept = x.contiguous()
kept[0, 0] = 8
assert x[0, 0].item() == 8
fresh = x.t().contiguous()
fresh[0, 0] = 9
assert x[0, 0].item() == 8

# Steps, dimensions of size 1, selections of selections.
y = torch.zeros(2, 6)
y[:, 0::2] = 1.0
y[:, 1::2] = torch.tensor([2.0, 3.0, 4.0])
assert y.tolist() == [[1, 2, 1, 3, 1, 4]] * 2
y[1, 2:5][1] = 9
assert y[1].tolist() == [1, 2, 1, 9, 1, 4]
y.unsqueeze(0)[0, 0, 0] = 5
assert y[0, 0].item() == 5
a, b = y.chunk(2, dim=1)
a.zero_()
assert y.tolist() == [[0, 0, 0, 3, 1, 4], [0, 0, 0, 9, 1, 4]]
b += 1
assert y[0].tolist() == [0, 0, 0, 4, 2, 5]
y.transpose(0, 1)[3:].mul_(2)
assert y[0].tolist() == [0, 0, 0, 8, 4, 10]
first, second = y.unbind(0)
first.fill_(1)
assert y[0].sum().item() == 6 and second[3].item() == 20

# An expanded tensor cannot be written.
e = torch.zeros(1, 3).expand(2, 3)
try:
    e[0, 0] = 1
    e.add_(1)
    assert False
except RuntimeError as error:
    assert "more than one element" in str(error), error

d = torch.ones(3)
alias = d.data
alias += 1
assert d.tolist() == [2, 2, 2]
d.data = torch.zeros(3)
assert d.tolist() == [0, 0, 0] and alias.tolist() == [2, 2, 2]
detached = d.detach()
detached[0] = 4
assert d[0].item() == 4
try:
    x.t().view(12)
    assert False
except RuntimeError as error:
    assert "view size is not compatible" in str(error)
assert x.stride() == (4, 1) and x.t().stride() == (1, 4)
