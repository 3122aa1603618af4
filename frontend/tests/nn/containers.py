"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""
from collections import OrderedDict

import torch
from torch import nn
from checks import raises

a, b, c = nn.ReLU(), nn.Tanh(), nn.Sigmoid()
seq = nn.Sequential(a, b, c)
assert len(seq) == 3 and seq[0] is a and seq[-1] is c and list(seq) == [a, b, c]
assert isinstance(seq[1:], nn.Sequential) and list(seq[1:]._modules) == ["1", "2"]
del seq[0]
assert list(seq._modules) == ["0", "1"] and seq[0] is b
seq[0] = a
assert seq[0] is a and seq.append(b) is seq and len(seq) == 3
assert list(seq.insert(1, c)) == [a, c, c, b] and seq.pop(0) is a
assert list(seq + nn.Sequential(a)) == [c, c, b, a] and list(nn.Sequential(a, b) * 2) == [a, b, a, b]
assert list(nn.Sequential(a).extend([b])) == [a, b]
named = nn.Sequential(OrderedDict([("first", a), ("second", b)]))
assert named.first is a and list(dict(named.named_children())) == ["first", "second"]
raises(IndexError, "index 5 is out of range", lambda: seq[5])
assert nn.Sequential(nn.Linear(1, 1), nn.Flatten(0))(torch.ones(2, 1)).shape == (2,)

layers = nn.ModuleList([a, b])
layers.append(c)
layers.extend([a])
layers.insert(0, b)
assert list(layers) == [b, a, b, c, a] and layers[-1] is a and list(layers[1:3]) == [a, b]
layers += [c]
del layers[0]
assert len(layers) == 5 and list(layers._modules) == ["0", "1", "2", "3", "4"] and layers.pop(-1) is c
assert isinstance(layers + [a], nn.ModuleList) and a in list(layers)
raises(NotImplementedError, 'Module [ModuleList] is missing the required "forward" function', lambda: layers(1))
raises(TypeError, "int is not a Module subclass", lambda: layers.append(1))

table = nn.ModuleDict({"a": a, "b": b})
table["c"] = c
table.update([("d", a)])
assert list(table) == ["a", "b", "c", "d"] and "a" in table and table.a is a and table["b"] is b
assert list(table.keys()) == ["a", "b", "c", "d"] and list(table.values())[2] is c and dict(table.items())["c"] is c
assert table.pop("d") is a and len(table) == 3
raises(KeyError, "attribute 'keys' already exists", lambda: table.update({"keys": a}))

params = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(1))])
params.append(torch.ones(3))
assert len(params) == 3 and [name for name, _ in params.named_parameters()] == ["0", "1", "2"]
assert isinstance(params[0], nn.Parameter) and params[-1].shape == (3,) and sum(p.numel() for p in params) == 6
assert len(params[:2]) == 2
raises(RuntimeError, "ParameterList should not be called.", lambda: params())
pdict = nn.ParameterDict({"x": torch.ones(2)})
pdict["y"] = nn.Parameter(torch.zeros(1))
assert list(pdict) == ["x", "y"] and list(dict(pdict.named_parameters())) == ["x", "y"] and pdict.x is pdict["x"]
assert "x" in pdict and pdict.pop("x").shape == (2,) and len(pdict) == 1 and pdict.get("q") is None
