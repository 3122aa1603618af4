"""torch.nn.utils."""
import warnings

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, remove_weight_norm, vector_to_parameters, weight_norm
from checks import raises

warnings.simplefilter("ignore")
conv = nn.Conv1d(2, 3, 2)
x = torch.ones(1, 2, 4)
before = conv(x)
assert weight_norm(conv) is conv
assert list(conv.state_dict()) == ["bias", "weight_g", "weight_v"] and conv.weight_g.shape == (3, 1, 1)
assert torch.allclose(conv(x), before, atol=1e-6)
conv.weight_g.data.mul_(2.0)
bias = conv.bias.view(1, 3, 1)
assert torch.allclose(conv(x) - bias, 2 * (before - bias), atol=1e-5)
raises(RuntimeError, "Cannot register two weight_norm hooks on the same parameter weight", lambda: weight_norm(conv))
doubled = conv(x)
remove_weight_norm(conv)
assert list(conv.state_dict()) == ["bias", "weight"] and torch.allclose(conv(x), doubled, atol=1e-6)

linear = nn.Linear(2, 1)
vector_to_parameters(torch.tensor([1.0, 2.0, 3.0]), linear.parameters())
assert linear.weight.tolist() == [[1.0, 2.0]] and linear.bias.tolist() == [3.0]
assert parameters_to_vector(linear.parameters()).tolist() == [1.0, 2.0, 3.0]
