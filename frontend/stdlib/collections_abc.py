"""collections.abc: classes to test values against, by the methods that they have."""


class _Protocol:
    _methods = ()

    @classmethod
    def __instancecheck__(cls, value):
        return cls in type(value).__mro__ or bool(cls._methods) and all(hasattr(type(value), name) for name in cls._methods)

    def __class_getitem__(cls, item):
        return cls


class _Builtin(_Protocol):
    _types = ()

    @classmethod
    def __instancecheck__(cls, value):
        return isinstance(value, cls._types) or cls in type(value).__mro__


class Callable(_Protocol):
    @classmethod
    def __instancecheck__(cls, value):
        return callable(value)


class Iterable(_Protocol):
    @classmethod
    def __instancecheck__(cls, value):
        return isinstance(value, (str, bytes, list, tuple, dict, set, frozenset, range)) or hasattr(type(value), "__iter__")


class Sized(_Protocol):
    @classmethod
    def __instancecheck__(cls, value):
        return isinstance(value, (str, bytes, list, tuple, dict, set, frozenset, range)) or hasattr(type(value), "__len__")


class Container(Sized):
    pass


class Collection(Sized):
    pass


class Hashable(_Protocol):
    @classmethod
    def __instancecheck__(cls, value):
        return not isinstance(value, (list, dict, set))


class Iterator(_Protocol):
    _methods = ("__iter__", "__next__")


class Generator(Iterator):
    _methods = ("__iter__", "__next__", "send", "throw")


class Sequence(_Builtin):
    _types = (str, bytes, list, tuple, range)


class MutableSequence(_Builtin):
    _types = (list,)


class Mapping(_Builtin):
    _types = (dict,)

    def get(self, key, default=None):
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self):
        return list(self)

    def values(self):
        return [self[key] for key in self]

    def items(self):
        return [(key, self[key]) for key in self]

    def __contains__(self, key):
        try:
            self[key]
        except KeyError:
            return False
        return True


class MutableMapping(Mapping):
    def update(self, other=(), **kwargs):
        pairs = other.items() if hasattr(other, "items") else other
        for key, value in pairs:
            self[key] = value
        for key, value in kwargs.items():
            self[key] = value

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key, *default):
        if key in self:
            value = self[key]
            del self[key]
            return value
        if default:
            return default[0]
        raise KeyError(key)


class Set(_Builtin):
    _types = (set, frozenset)


class MutableSet(_Builtin):
    _types = (set,)


class KeysView(_Builtin):
    _types = (type({}.keys()),)


class ValuesView(_Builtin):
    _types = (type({}.values()),)


class ItemsView(_Builtin):
    _types = (type({}.items()),)


class Awaitable(_Protocol):
    _methods = ("__await__",)
