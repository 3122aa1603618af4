"""Calls and hooks."""
import torch
from torch import nn
from checks import raises


class Double(nn.Module):
    def forward(self, x, plus=0):
        log.append("forward")
        return x * 2 + plus


log = []
net = Double()
x = torch.ones(1)
assert net(x).item() == 2.0 and net(x, plus=1).item() == 3.0


class Empty(nn.Module):
    pass


raises(NotImplementedError, 'Module [Empty] is missing the required "forward" function', lambda: Empty()(x))

log.clear()
pre = net.register_forward_pre_hook(lambda m, args: log.append("pre"))
post = net.register_forward_hook(lambda m, args, out: log.append("post"))
first = net.register_forward_pre_hook(lambda m, args: log.append("first"), prepend=True)
assert net(x).item() == 2.0 and log == ["first", "pre", "forward", "post"]
first.remove()
first.remove()
pre.remove()
with post:
    log.clear()
    net(x)
    assert log == ["forward", "post"]
log.clear()
net(x)
assert log == ["forward"]

# Replacing arguments and results.
with net.register_forward_pre_hook(lambda m, args: args[0] + 1):
    assert net(x).item() == 4.0
with net.register_forward_pre_hook(lambda m, args: (args[0] + 2,)):
    assert net(x).item() == 6.0
with net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"plus": 5}), with_kwargs=True):
    assert net(x).item() == 7.0
with net.register_forward_hook(lambda m, args, kwargs, out: out + kwargs["plus"], with_kwargs=True):
    assert net(x, plus=2).item() == 6.0
with net.register_forward_hook(lambda m, args, out: out * 10):
    assert net(x).item() == 20.0
with net.register_forward_pre_hook(lambda m, args, kwargs: 1, with_kwargs=True):
    raises(RuntimeError, "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got 1.", lambda: net(x))


class Fails(nn.Module):
    def forward(self, x):
        raise ValueError("no")


seen = []
fails = Fails()
fails.register_forward_hook(lambda m, args, out: seen.append("skipped"))
fails.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
raises(ValueError, "no", lambda: fails(x))
assert seen == [None]

# State dict hooks.
linear = nn.Linear(1, 1)
linear.register_state_dict_pre_hook(lambda m, prefix, keep_vars: seen.append(prefix))
linear._register_state_dict_hook(lambda m, sd, prefix, meta: sd.pop(prefix + "bias"))
assert list(nn.Sequential(linear).state_dict()) == ["0.weight"] and seen[-1] == "0."
linear = nn.Linear(1, 1)


def rename(state_dict, prefix, *rest):
    state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")


linear._register_load_state_dict_pre_hook(rename)
keys = []
linear.register_load_state_dict_post_hook(lambda m, incompatible: keys.append(incompatible.missing_keys))
linear.load_state_dict({"w": torch.ones(1, 1), "bias": torch.zeros(1)})
assert linear(x).item() == 1.0 and keys == [[]]
linear = nn.Linear(1, 1)
linear.register_load_state_dict_pre_hook(lambda m, sd, *rest: sd.setdefault("bias", m.bias))
linear.load_state_dict({"weight": torch.ones(1, 1)})
