"""torch.nn.utils: weights as a length and a direction, and parameters as one vector."""
import torch
from torch.nn import Parameter


def parameters_to_vector(parameters):
    """All parameters, flattened, one after the other."""
    return torch.cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec, parameters):
    """Sets parameters to consecutive parts of a vector."""
    start = 0
    for parameter in parameters:
        parameter.data = vec[start : start + parameter.numel()].view_as(parameter).data
        start += parameter.numel()


def skip_init(module_cls, *args, **kwargs):
    """Makes a module. Initial values that are never used are never computed, so there is nothing to skip."""
    kwargs.pop("device", None)
    return module_cls(*args, **kwargs)


def _norm(v, dim):
    if dim is None:
        return (v * v).sum().sqrt()
    dims = [d for d in range(v.dim()) if d != dim]
    return (v * v).sum(dims, keepdim=True).sqrt() if dims else v.abs()


class WeightNorm:
    """The hook that computes a weight from its length `g` and its direction `v` before every call."""

    def __init__(self, name, dim):
        self.name = name
        self.dim = dim

    def compute_weight(self, module):
        v = getattr(module, self.name + "_v")
        return v * (getattr(module, self.name + "_g") / _norm(v, self.dim))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module, name="weight", dim=0):
    """Replaces the parameter `name` of a module by `name_g`, its norm over all dimensions but `dim`, and `name_v`."""
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == name:
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    if dim == -1:
        dim = None
    weight = getattr(module, name)
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(_norm(weight, dim).data))
    module.register_parameter(name + "_v", Parameter(weight.data))
    hook = WeightNorm(name, dim)
    hook(module, None)
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module, name="weight"):
    """Makes a weight that was split by `weight_norm` one parameter again."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            weight = hook.compute_weight(module)
            for part in (name, name + "_g", name + "_v"):
                delattr(module, part)
            setattr(module, name, Parameter(weight.data))
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
