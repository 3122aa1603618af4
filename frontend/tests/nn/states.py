"""state_dict and load_state_dict."""
import torch
from torch import nn
from checks import raises

net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(2, 2))
sd = net.state_dict()
assert list(sd) == ["0.weight", "0.bias", "1.weight", "1.bias"] and type(sd).__name__ == "OrderedDict"
assert sd._metadata == {"": {"version": 1}, "0": {"version": 1}, "1": {"version": 1}}
assert nn.BatchNorm1d(1).state_dict()._metadata[""] == {"version": 2}
assert not isinstance(sd["1.bias"], nn.Parameter) and isinstance(net.state_dict(keep_vars=True)["1.bias"], nn.Parameter)
sd["1.bias"].zero_()
assert net[1].bias.tolist() == [0.0, 0.0]
assert list(net[1].state_dict(prefix="p.")) == ["p.weight", "p.bias"]

result = net.load_state_dict({**sd, "1.bias": torch.tensor([1, 2])})
assert net[1].bias.tolist() == [1.0, 2.0] and net[1].bias.dtype == torch.float32
assert str(result) == "<All keys matched successfully>" and result.missing_keys == []

raises(
    RuntimeError,
    "Error(s) in loading state_dict for Sequential:\n"
    '\tMissing key(s) in state_dict: "0.bias", "1.weight". \n'
    '\tUnexpected key(s) in state_dict: "zz", "1.nope". \n'
    "\tsize mismatch for 0.weight: copying a param with shape torch.Size([1]) from checkpoint, "
    "the shape in current model is torch.Size([4, 3, 3, 3]).",
    lambda: net.load_state_dict({"0.weight": torch.ones(1), "zz": torch.ones(1), "1.bias": torch.zeros(2), "1.nope": torch.ones(1)}),
)
raises(
    RuntimeError,
    "Error(s) in loading state_dict for Linear:\n"
    "\tsize mismatch for bias: copying a param with shape torch.Size([3]) from checkpoint, the shape in current model is torch.Size([2]).",
    lambda: nn.Linear(2, 2).load_state_dict({"bias": torch.ones(3)}, strict=False),
)
loose = net.load_state_dict({"1.bias": torch.ones(2), "x": torch.ones(1)}, strict=False)
assert loose.missing_keys == ["0.weight", "0.bias", "1.weight"] and loose.unexpected_keys == ["x"]
assert repr(loose) == "_IncompatibleKeys(missing_keys=['0.weight', '0.bias', '1.weight'], unexpected_keys=['x'])"
raises(TypeError, "Expected state_dict to be dict-like, got <class 'list'>.", lambda: net.load_state_dict([]))
raises(
    RuntimeError,
    'Error(s) in loading state_dict for Linear:\n\tUnexpected key(s) in state_dict: "bias". ',
    lambda: nn.Linear(2, 2, bias=False).load_state_dict({"weight": torch.ones(2, 2), "bias": torch.ones(2)}),
)
raises(
    RuntimeError,
    "Error(s) in loading state_dict for Linear:\n"
    '\tWhile copying the parameter named "bias", expected torch.Tensor or Tensor-like object from checkpoint but received <class \'int\'>',
    lambda: nn.Linear(1, 1).load_state_dict({"weight": torch.ones(1, 1), "bias": 3}),
)

# assign
linear = nn.Linear(1, 1)
before = linear.weight
linear.load_state_dict({"weight": torch.full((1, 1), 7.0, dtype=torch.float64), "bias": torch.ones(1)}, assign=True)
assert linear.weight is not before and linear.weight.dtype == torch.float64 and linear.weight.requires_grad
assert isinstance(linear.weight, nn.Parameter) and linear.weight.item() == 7.0

# Old checkpoints of batch norms lack num_batches_tracked; a 1-element vector fits a scalar.
bn = nn.BatchNorm2d(1)
bn.load_state_dict({k: torch.ones(1) for k in ["weight", "bias", "running_mean", "running_var"]})
assert bn.running_mean.item() == 1.0 and bn.num_batches_tracked.item() == 0
scalar = nn.Module()
scalar.register_buffer("n", torch.tensor(0.0))
scalar.load_state_dict({"n": torch.tensor([4.0])})
assert scalar.n.item() == 4.0


# Extra state, and overrides.
class Extra(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 1

    def get_extra_state(self):
        return {"n": self.n}

    def set_extra_state(self, state):
        self.n = state["n"]


extra = nn.Sequential(Extra())
assert dict(extra.state_dict()) == {"0._extra_state": {"n": 1}}
extra.load_state_dict({"0._extra_state": {"n": 5}})
assert extra[0].n == 5
raises(
    RuntimeError,
    'Error(s) in loading state_dict for Sequential:\n\tMissing key(s) in state_dict: "0._extra_state". ',
    lambda: extra.load_state_dict({}),
)


class Renamed(nn.Linear):
    def _load_from_state_dict(self, state_dict, prefix, *args):
        if prefix + "old" in state_dict:
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "old")
        super()._load_from_state_dict(state_dict, prefix, *args)


outer = nn.Sequential(Renamed(1, 1, bias=False))
outer.load_state_dict({"0.old": torch.full((1, 1), 2.0)})
assert outer[0].weight.item() == 2.0

# Other tensors for one call.
from torch.func import functional_call

linear = nn.Linear(1, 1)
before = linear.weight
result = functional_call(linear, {"weight": torch.full((1, 1), 3.0), "bias": torch.ones(1)}, torch.ones(1, 1))
assert result.item() == 4.0 and linear.weight is before
