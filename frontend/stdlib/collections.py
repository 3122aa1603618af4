"""collections: the containers that model files use."""


class OrderedDict(dict):
    def __repr__(self):
        if not self:
            return f"{type(self).__name__}()"
        return f"{type(self).__name__}({dict(self)!r})"


class defaultdict(dict):
    def __init__(self, default_factory=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.default_factory = default_factory

    def __missing__(self, key):
        if self.default_factory is None:
            raise KeyError(key)
        value = self.default_factory()
        self[key] = value
        return value

    def copy(self):
        return defaultdict(self.default_factory, self)

    def __repr__(self):
        return f"defaultdict({self.default_factory!r}, {dict(self)!r})"


class Counter(dict):
    def __init__(self, iterable=(), **kwargs):
        super().__init__()
        self.update(iterable, **kwargs)

    def __missing__(self, key):
        return 0

    def update(self, iterable=(), **kwargs):
        pairs = iterable.items() if isinstance(iterable, dict) else ((item, 1) for item in iterable)
        for key, count in pairs:
            self[key] = self.get(key, 0) + count
        for key, count in kwargs.items():
            self[key] = self.get(key, 0) + count

    def most_common(self, n=None):
        ranked = sorted(self.items(), key=lambda pair: pair[1], reverse=True)
        return ranked if n is None else ranked[:n]

    def elements(self):
        for key, count in self.items():
            for _ in range(count):
                yield key

    def total(self):
        return sum(self.values())

    def __repr__(self):
        return f"Counter({dict(self.most_common())!r})" if self else "Counter()"


class deque:
    def __init__(self, iterable=(), maxlen=None):
        self.maxlen = maxlen
        self._items = []
        self.extend(iterable)

    def append(self, item):
        self._items.append(item)
        if self.maxlen is not None and len(self._items) > self.maxlen:
            self._items.pop(0)

    def appendleft(self, item):
        self._items.insert(0, item)
        if self.maxlen is not None and len(self._items) > self.maxlen:
            self._items.pop()

    def pop(self):
        if not self._items:
            raise IndexError("pop from an empty deque")
        return self._items.pop()

    def popleft(self):
        if not self._items:
            raise IndexError("pop from an empty deque")
        return self._items.pop(0)

    def extend(self, iterable):
        for item in iterable:
            self.append(item)

    def extendleft(self, iterable):
        for item in iterable:
            self.appendleft(item)

    def rotate(self, n=1):
        if self._items:
            n %= len(self._items)
            self._items = self._items[-n:] + self._items[:-n] if n else self._items

    def clear(self):
        self._items.clear()

    def remove(self, item):
        self._items.remove(item)

    def count(self, item):
        return self._items.count(item)

    def index(self, item):
        return self._items.index(item)

    def reverse(self):
        self._items.reverse()

    def copy(self):
        return deque(self._items, self.maxlen)

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __reversed__(self):
        return reversed(self._items)

    def __contains__(self, item):
        return item in self._items

    def __getitem__(self, index):
        return self._items[index]

    def __setitem__(self, index, item):
        self._items[index] = item

    def __delitem__(self, index):
        del self._items[index]

    def __eq__(self, other):
        return isinstance(other, deque) and self._items == other._items

    def __repr__(self):
        bound = "" if self.maxlen is None else f", maxlen={self.maxlen}"
        return f"deque({self._items!r}{bound})"


class ChainMap(dict):
    def __init__(self, *maps):
        super().__init__()
        self.maps = list(maps)
        for mapping in reversed(maps):
            self.update(mapping)


class UserDict(dict):
    pass


class UserList(list):
    pass


class _Field:
    """The descriptor of a named field of a tuple."""

    def __init__(self, index):
        self.index = index

    def __get__(self, instance, owner):
        return self if instance is None else tuple(instance)[self.index]

    def __set__(self, instance, value):
        raise AttributeError("can't set attribute")


def _bind(cls, args, kwargs):
    names, defaults = cls._fields, cls._field_defaults
    if len(args) > len(names):
        raise TypeError(f"{cls.__name__}.__new__() takes {len(names) + 1} positional arguments but {len(args) + 1} were given")
    values = dict(zip(names, args))
    for name, value in kwargs.items():
        if name not in names:
            raise TypeError(f"{cls.__name__}.__new__() got an unexpected keyword argument '{name}'")
        if name in values:
            raise TypeError(f"{cls.__name__}.__new__() got multiple values for argument '{name}'")
        values[name] = value
    missing = [name for name in names if name not in values and name not in defaults]
    if missing:
        count, plural = len(missing), "" if len(missing) == 1 else "s"
        listed = " and ".join(repr(name) for name in missing)
        raise TypeError(f"{cls.__name__}.__new__() missing {count} required positional argument{plural}: {listed}")
    return [values[name] if name in values else defaults[name] for name in names]


class _NamedTuple(tuple):
    _fields = ()
    _field_defaults = {}

    def __new__(cls, *args, **kwargs):
        return tuple.__new__(cls, _bind(cls, args, kwargs))

    @classmethod
    def _make(cls, iterable):
        return cls(*iterable)

    def _asdict(self):
        return dict(zip(self._fields, self))

    def _replace(self, **kwargs):
        unknown = [name for name in kwargs if name not in self._fields]
        if unknown:
            raise ValueError(f"Got unexpected field names: {unknown!r}")
        return type(self)(**{**self._asdict(), **kwargs})

    def __repr__(self):
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
        return f"{type(self).__name__}({fields})"

    def __getnewargs__(self):
        return tuple(self)


def _with_fields(cls, names, defaults):
    cls._fields = tuple(names)
    cls._field_defaults = defaults
    cls.__match_args__ = tuple(names)
    for index, name in enumerate(names):
        setattr(cls, name, _Field(index))
    return cls


def namedtuple(typename, field_names, *, rename=False, defaults=None, module=None):
    if isinstance(field_names, str):
        field_names = field_names.replace(",", " ").split()
    names = list(field_names)
    if rename:
        names = [name if name.isidentifier() and not name.startswith("_") else f"_{i}" for i, name in enumerate(names)]
    for name in names:
        if not name.isidentifier() or name.startswith("_") and not rename:
            raise ValueError(f"Type names and field names must be valid identifiers: {name!r}")
    defaults = list(defaults or ())
    offset = len(names) - len(defaults)
    known = {names[offset + i]: value for i, value in enumerate(defaults)}
    return _with_fields(type(typename, (_NamedTuple,), {}), names, known)
