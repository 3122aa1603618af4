"""How tensors print."""
import torch

assert repr(torch.tensor([1.0, 2.5])) == "tensor([1.0000, 2.5000])"
assert repr(torch.tensor([1.0, 2.0])) == "tensor([1., 2.])"
assert repr(torch.tensor([[1, 20], [3, 4]])) == "tensor([[ 1, 20],\n        [ 3,  4]])"
assert repr(torch.tensor(3)) == "tensor(3)"
assert repr(torch.tensor([True, False])) == "tensor([ True, False])"
assert repr(torch.tensor([1.0], dtype=torch.float64)) == "tensor([1.], dtype=torch.float64)"
assert repr(torch.tensor([1e-5, 1.0])) == "tensor([1.0000e-05, 1.0000e+00])"
assert repr(torch.tensor([-1.0, float("inf")])) == "tensor([-1., inf])"
assert repr(torch.zeros(0)) == "tensor([])"
assert repr(torch.Size([2, 3])) == "torch.Size([2, 3])"
assert repr(torch.float16) == "torch.float16" and repr(torch.device("cpu")) == "device(type='cpu')"
