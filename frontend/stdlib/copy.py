"""copy: shallow and deep copies."""

_ATOMIC = (type(None), bool, int, float, str, bytes, type, type(Ellipsis), type(NotImplemented), range, slice)
_FUNCTIONS = (type(lambda: None), type(len))


class Error(Exception):
    pass


def _is_atomic(x):
    return isinstance(x, _FUNCTIONS) or type(x) in _ATOMIC


def _blank(x):
    """A new object of the same class, before its attributes."""
    if isinstance(x, (dict, list, set)):
        return type(x).__new__(type(x))
    if isinstance(x, tuple):
        return tuple.__new__(type(x), tuple(x))
    return object.__new__(type(x))


def copy(x):
    if _is_atomic(x):
        return x
    if hasattr(type(x), "__copy__"):
        return x.__copy__()
    kind = type(x)
    if kind in (tuple, frozenset):
        return x
    if kind in (list, dict, set):
        return x.copy()
    if not hasattr(x, "__dict__"):
        return x
    result = _blank(x)
    _fill(result, x, lambda value: value)
    result.__dict__.update(x.__dict__)
    return result


def _fill(result, x, each):
    if isinstance(x, dict):
        for key, value in dict.items(x):
            dict.__setitem__(result, each(key), each(value))
    elif isinstance(x, list):
        for value in list(x):
            result.append(each(value))
    elif isinstance(x, set):
        for value in x:
            result.add(each(value))


def deepcopy(x, memo=None):
    if _is_atomic(x):
        return x
    if memo is None:
        memo = {}
    key = id(x)
    if key in memo:
        return memo[key]
    result = _deep(x, memo)
    if result is not x:
        memo[key] = result
        memo.setdefault("kept", []).append(x)
    return result


def _deep(x, memo):
    if hasattr(type(x), "__deepcopy__"):
        return x.__deepcopy__(memo)
    kind = type(x)
    if kind is tuple:
        return tuple(deepcopy(item, memo) for item in x)
    if kind is frozenset:
        return frozenset(deepcopy(item, memo) for item in x)
    if kind is list:
        result = memo[id(x)] = []
        for item in x:
            result.append(deepcopy(item, memo))
        return result
    if kind is dict:
        result = memo[id(x)] = {}
        for key, value in x.items():
            result[deepcopy(key, memo)] = deepcopy(value, memo)
        return result
    if kind is set:
        return {deepcopy(item, memo) for item in x}
    if not hasattr(x, "__dict__"):
        return x
    result = memo[id(x)] = _blank(x)
    _fill(result, x, lambda value: deepcopy(value, memo))
    for name, value in x.__dict__.items():
        result.__dict__[name] = deepcopy(value, memo)
    return result
