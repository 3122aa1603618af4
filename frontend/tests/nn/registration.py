"""Attributes of modules: what is registered, in which order, and what is refused."""
import torch
from torch import nn
from checks import raises


class Net(nn.Module):
    scale = 2

    def __init__(self):
        super().__init__()
        self.b = nn.Linear(2, 3)
        self.w = nn.Parameter(torch.ones(2))
        self.a = nn.ReLU()
        self.plain = torch.ones(2)
        self.listed = [nn.Linear(1, 1)]
        self.register_buffer("mask", torch.zeros(3), persistent=False)
        self.register_buffer("count", torch.tensor(0))
        self.none = None

    @property
    def twice(self):
        return self.w * 2


net = Net()
assert list(dict(net.named_parameters())) == ["w", "b.weight", "b.bias"]
assert list(dict(net.named_buffers())) == ["mask", "count"]
assert list(net.state_dict()) == ["w", "count", "b.weight", "b.bias"]
assert [name for name, _ in net.named_children()] == ["b", "a"]
assert [name for name, _ in net.named_modules()] == ["", "b", "a"]
assert net.training is True and "training" in net.__dict__ and "w" not in net.__dict__
assert net.w is net._parameters["w"] and net.a is net._modules["a"] and net.count is net._buffers["count"]
assert net._non_persistent_buffers_set == {"mask"}
assert net.scale == 2 and net.twice.tolist() == [2.0, 2.0]
assert isinstance(net.w, nn.Parameter) and isinstance(net.w, torch.Tensor) and not isinstance(net.plain, nn.Parameter)
assert net.w.requires_grad and not net.plain.requires_grad

# Each kind of assignment to a name that is registered.
raises(TypeError, "cannot assign 'torch.FloatTensor' as parameter 'w' (torch.nn.Parameter or None expected)", lambda: setattr(net, "w", torch.ones(2)))
raises(TypeError, "cannot assign 'int' as parameter 'w' (torch.nn.Parameter or None expected)", lambda: setattr(net, "w", 1))
raises(TypeError, "cannot assign 'torch.FloatTensor' as child module 'a' (torch.nn.Module or None expected)", lambda: setattr(net, "a", torch.ones(2)))
raises(TypeError, "cannot assign 'str' as buffer 'count' (torch.nn.Buffer, torch.Tensor or None expected)", lambda: setattr(net, "count", "x"))
net.w = None
assert net.w is None and list(dict(net.named_parameters())) == ["b.weight", "b.bias"]
net.w = nn.Parameter(torch.zeros(1))
assert list(net._parameters) == ["w"]
net.mask = torch.ones(1)
assert net._buffers["mask"].tolist() == [1.0] and "mask" not in net.state_dict()
net.plain = nn.Parameter(torch.ones(1))
assert "plain" not in net.__dict__ and list(net._parameters) == ["w", "plain"]
net.a = None
assert net.a is None and [name for name, _ in net.named_children()] == ["b"]
net.count = nn.Parameter(torch.ones(1))
assert "count" not in net._buffers and "count" in net._parameters
net.extra = nn.Buffer(torch.ones(1), persistent=False)
assert "extra" in net._buffers and "extra" in net._non_persistent_buffers_set

# Deletion.
del net.extra, net.b, net.count
assert not hasattr(net, "extra") and not hasattr(net, "b") and "extra" not in net._non_persistent_buffers_set
raises(AttributeError, "'Net' object has no attribute 'b'", lambda: net.b)
raises(AttributeError, "'Linear' object has no attribute 'wieght'", lambda: nn.Linear(1, 1).wieght)

# Names.
raises(KeyError, "attribute 'scale' already exists", lambda: net.register_parameter("scale", None))
raises(KeyError, "attribute 'twice' already exists", lambda: net.register_buffer("twice", None))
raises(KeyError, "attribute 'training' already exists", lambda: net.add_module("training", nn.ReLU()))
raises(KeyError, 'parameter name can\'t contain "."', lambda: net.register_parameter("a.b", None))
raises(KeyError, 'parameter name can\'t be empty string ""', lambda: net.register_parameter("", None))
raises(KeyError, 'buffer name can\'t contain "."', lambda: net.register_buffer("a.b", None))
raises(KeyError, 'module name can\'t contain ".", got: a.b', lambda: net.add_module("a.b", None))
raises(KeyError, 'module name can\'t be empty string ""', lambda: net.add_module("", None))
raises(TypeError, "parameter name should be a string. Got int", lambda: net.register_parameter(1, None))
raises(TypeError, "buffer name should be a string. Got int", lambda: net.register_buffer(1, None))
raises(TypeError, "module name should be a string. Got int", lambda: net.add_module(1, None))
raises(TypeError, "int is not a Module subclass", lambda: net.add_module("x", 1))
raises(TypeError, "torch.FloatTensor is not a Module subclass", lambda: net.add_module("x", torch.ones(1)))
raises(
    TypeError,
    "cannot assign 'torch.LongTensor' object to parameter 'x' (torch.nn.Parameter or None required)",
    lambda: net.register_parameter("x", torch.tensor([1])),
)
raises(TypeError, "cannot assign 'list' object to buffer 'x' (torch Tensor or None required)", lambda: net.register_buffer("x", [1]))


# Before __init__.
class Early(nn.Module):
    def __init__(self, kind):
        if kind == "parameter":
            self.x = nn.Parameter(torch.ones(1))
        elif kind == "module":
            self.x = nn.ReLU()
        elif kind == "buffer":
            self.register_buffer("x", torch.ones(1))
        else:
            self.x = 1
            super().__init__()


raises(AttributeError, "cannot assign parameters before Module.__init__() call", lambda: Early("parameter"))
raises(AttributeError, "cannot assign module before Module.__init__() call", lambda: Early("module"))
raises(AttributeError, "cannot assign buffer before Module.__init__() call", lambda: Early("buffer"))
assert Early("plain").x == 1


class Arguments(nn.Module):
    pass


raises(TypeError, "Arguments.__init__() takes 1 positional argument but 2 were given", lambda: Arguments(1))
raises(TypeError, "Arguments.__init__() got an unexpected keyword argument 'x'", lambda: Arguments(x=1))

# Parameters share their data.
data = torch.ones(2)
weight = nn.Parameter(data, requires_grad=False)
data.zero_()
assert weight.tolist() == [0.0, 0.0] and not weight.requires_grad
raises(RuntimeError, "Only Tensors of floating point and complex dtype can require gradients", lambda: nn.Parameter(torch.tensor([1])))
assert "weight" in dir(nn.Linear(1, 1)) and "forward" in dir(nn.Linear(1, 1))
