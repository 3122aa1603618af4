"""torch.func: calling a module with other tensors in place of its own."""


def _owner(module, name):
    """The dict that holds a tensor of a module, and its key there."""
    path, _, key = name.rpartition(".")
    owner = module.get_submodule(path)
    for tensors in (owner._parameters, owner._buffers):
        if key in tensors:
            return tensors, key
    raise KeyError(name)


def _names(module):
    """All names of every tensor, tied ones under each of theirs."""
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _merge(dicts):
    if isinstance(dicts, dict):
        return dict(dicts)
    merged = {}
    for tensors in dicts:
        for name in tensors:
            if name in merged:
                raise ValueError(f"{{{name!r}}} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        merged.update(tensors)
    return merged


def _tie(module, tensors):
    """Gives the other names of a tied tensor the replacement of the one that is named."""
    given = {}
    for name, tensor in _names(module):
        if name in tensors:
            if id(tensor) in given and given[id(tensor)] is not tensors[name]:
                raise ValueError(f"functional_call got multiple values for keys {name!r}, which are tied. Consider using tie_weights=False")
            given[id(tensor)] = tensors[name]
    return {name: given[id(tensor)] for name, tensor in _names(module) if id(tensor) in given}


def functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """Calls `module` with the tensors of a dict (or of several) in place of its own, which it has again afterwards.

    A name that the module lacks is an error if `strict`, and so is a tensor that the dicts lack.
    """
    tensors = _merge(parameter_and_buffer_dicts)
    known = {name for name, _ in _names(module)}
    if strict:
        unexpected, missing = [n for n in tensors if n not in known], [n for n in known if n not in tensors]
        if unexpected or missing:
            raise RuntimeError(f"functional_call(strict=True): unexpected keys {unexpected}, missing keys {sorted(missing)}")
    tensors = {name: tensor for name, tensor in tensors.items() if name in known}
    if tie_weights:
        tensors = _tie(module, tensors)
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    before = []
    try:
        for name, tensor in tensors.items():
            owner, key = _owner(module, name)
            before.append((owner, key, owner[key]))
            owner[key] = tensor
        return module(*args, **(kwargs or {}))
    finally:
        for owner, key, tensor in reversed(before):
            owner[key] = tensor
