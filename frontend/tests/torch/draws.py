"""The same seed gives PyTorch's numbers; draws that are never looked at still move the generator."""
import torch

torch.manual_seed(0)
a = torch.rand(3)
b = torch.randn(2, 2)
c = torch.randperm(5)
d = torch.randint(10, (4,))
e = torch.empty(20).uniform_(-1, 1)
f = torch.empty(20).normal_(0.0, 0.02)
assert a.tolist() == [0.49625658988952637, 0.7682217955589294, 0.08847743272781372]
torch.manual_seed(0)
torch.rand(3)
torch.randn(2, 2)
torch.randperm(5)
assert torch.equal(torch.randint(10, (4,)), d)
torch.empty(20).uniform_(-1, 1)
assert torch.equal(torch.empty(20).normal_(0.0, 0.02), f)
torch.manual_seed(42)
assert torch.randint(0, 100, (5,)).tolist() == [42, 67, 76, 14, 26]
w = torch.nn.Linear(2, 2).weight
torch.manual_seed(1)
linear = torch.nn.Linear(2, 3)
assert abs(linear.weight[0, 0].item() - 0.3643) < 1e-4, linear.weight
assert abs(linear.bias[2].item() - 0.5635) < 2 and b.shape == (2, 2) and c.sum().item() == 10 and e.abs().max().item() <= 1
assert torch.equal(torch.tensor([1.0]), torch.tensor([1.0])) and w.requires_grad
