"""Tensors from numbers."""
import torch

assert torch.tensor([[1, 2], [3, 4]]).dtype == torch.int64 and torch.tensor([1, 2.5]).dtype == torch.float32
assert torch.tensor(True).dtype == torch.bool and torch.tensor([]).shape == (0,) and torch.tensor([[1.0]], dtype=torch.float64).dtype == torch.float64
assert torch.arange(5).tolist() == [0, 1, 2, 3, 4] and torch.arange(1, 10, 3).tolist() == [1, 4, 7]
assert torch.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75] and torch.arange(3.0).dtype == torch.float32
assert torch.arange(0, 8, 2, dtype=torch.float32).tolist() == [0, 2, 4, 6] and torch.arange(5, 0, -2).tolist() == [5, 3, 1]
assert torch.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1] and torch.linspace(0, 0.1, 3)[1].item() == 0.05000000074505806
assert [v.item() for v in torch.linspace(0, 0.1, 12)] == torch.linspace(0, 0.1, 12).tolist()
assert torch.zeros(2, 3).shape == (2, 3) and torch.zeros((2, 3)).shape == (2, 3) and torch.ones([2]).tolist() == [1, 1]
assert torch.full((2,), 7).dtype == torch.int64 and torch.full((2,), 0.5).tolist() == [0.5, 0.5] and torch.full([], True).dtype == torch.bool
assert torch.eye(2).tolist() == [[1, 0], [0, 1]] and torch.zeros_like(torch.ones(2, dtype=torch.int32)).dtype == torch.int32
assert torch.ones(2).new_zeros(3).shape == (3,) and torch.ones(2).new_tensor([1, 2]).dtype == torch.float32
x = torch.tensor([1.5, -1.5, 300.0])
assert x.to(torch.int64).tolist() == [1, -1, 300] and x.long().dtype == torch.int64 and x.to("cpu") is x and x.float() is x
assert x.half().dtype == torch.float16 and x.type_as(torch.ones(1, dtype=torch.float64)).dtype == torch.float64
assert x.to(torch.device("cpu"), torch.float64).dtype == torch.float64
assert torch.tensor([torch.tensor(1.0), torch.tensor(2.0)]).tolist() == [1, 2]
assert torch.is_tensor(x) and isinstance(x, torch.Tensor) and not torch.is_tensor(1) and x.is_floating_point()
assert torch.finfo(torch.float16).max == 65504 and torch.finfo(torch.float32).eps == 2.0 ** -23 and torch.iinfo(torch.int8).min == -128
assert str(torch.float32) == "torch.float32" and torch.get_default_dtype() == torch.float32 and torch.float == torch.float32
assert {torch.float32: 1}[torch.float] == 1 and str(torch.device("cuda:1")) == "cuda:1" and torch.device("cpu") == torch.device("cpu")
assert torch.as_tensor(x) is x and torch.Tensor([1, 2]).dtype == torch.float32 and torch.Tensor(2, 3).shape == (2, 3)
with torch.no_grad():
    assert not torch.is_grad_enabled()
assert torch.is_grad_enabled()


@torch.no_grad()
def f(a):
    return a + 1


assert f(1) == 2 and int(torch.tensor(3.7)) == 3 and float(torch.tensor(2)) == 2.0 and bool(torch.tensor(0)) is False
assert [10, 20, 30][torch.tensor(1)] == 20 and f"{torch.tensor(0.5):.2f}" == "0.50"
try:
    torch.tensor([[1, 2], [3]])
    assert False
except ValueError:
    pass
try:
    bool(torch.ones(2))
    assert False
except RuntimeError as e:
    assert "ambiguous" in str(e)
try:
    torch.softmax(torch.ones(2))
    assert False
except TypeError as e:
    assert "dim" in str(e)
