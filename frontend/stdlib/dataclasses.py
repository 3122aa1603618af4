"""dataclasses: classes of annotated fields."""


class FrozenInstanceError(AttributeError):
    pass


class _Missing:
    def __repr__(self):
        return "MISSING"


MISSING = _Missing()
KW_ONLY = "KW_ONLY"


class InitVar:
    def __class_getitem__(cls, item):
        return cls


class Field:
    def __init__(self, default=MISSING, default_factory=MISSING, init=True, repr=True, hash=None, compare=True, metadata=None, kw_only=False):
        self.name = None
        self.type = None
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.hash = hash
        self.compare = compare
        self.metadata = metadata or {}
        self.kw_only = kw_only
        self.is_init_var = False

    def is_required(self):
        return self.default is MISSING and self.default_factory is MISSING


def field(*, default=MISSING, default_factory=MISSING, init=True, repr=True, hash=None, compare=True, metadata=None, kw_only=False):
    if default is not MISSING and default_factory is not MISSING:
        raise ValueError("cannot specify both default and default_factory")
    return Field(default, default_factory, init, repr, hash, compare, metadata, kw_only)


def _is_named(annotation, name):
    return annotation.split("[")[0].strip().split(".")[-1] == name


def _own_fields(cls, kw_only):
    found = {}
    for name, annotation in cls.__dict__.get("__annotations__", {}).items():
        if _is_named(annotation, "ClassVar"):
            continue
        if _is_named(annotation, "KW_ONLY"):
            kw_only = True
            continue
        default = cls.__dict__.get(name, MISSING)
        item = default if isinstance(default, Field) else Field(default)
        if isinstance(item.default, (list, dict, set)):
            raise ValueError(f"mutable default {type(item.default)} for field {name} is not allowed: use default_factory")
        item.name = name
        item.type = annotation
        item.kw_only = item.kw_only or kw_only
        item.is_init_var = _is_named(annotation, "InitVar")
        if item.default is not MISSING:
            setattr(cls, name, item.default)
        elif isinstance(default, Field):
            delattr(cls, name)
        found[name] = item
    return found


def _all_fields(cls, kw_only):
    found = {}
    for base in reversed(cls.__mro__[1:]):
        found.update(getattr(base, "__dataclass_fields__", {}))
    found.update(_own_fields(cls, kw_only))
    required_after = None
    for item in found.values():
        if not item.init or item.kw_only:
            continue
        if not item.is_required():
            required_after = item.name
        elif required_after is not None:
            raise TypeError(f"non-default argument '{item.name}' follows default argument '{required_after}'")
    return found


def _names(names):
    quoted = [repr(name) for name in names]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return ", ".join(quoted[:-1]) + ", and " + quoted[-1]


def _arguments(name, items, args, kwargs):
    """The values that a call gives to fields, by name."""
    positional = [item.name for item in items if item.init and not item.kw_only]
    if len(args) > len(positional):
        count = len(positional) + 1
        optional = len([item for item in items if item.init and not item.kw_only and not item.is_required()])
        takes = f"from {count - optional} to {count}" if optional else f"{count}"
        plural = "argument" if count == 1 else "arguments"
        raise TypeError(f"{name}.__init__() takes {takes} positional {plural} but {len(args) + 1} were given")
    values = dict(zip(positional, args))
    known = {item.name for item in items if item.init}
    for key, value in kwargs.items():
        if key not in known:
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{key}'")
        if key in values:
            raise TypeError(f"{name}.__init__() got multiple values for argument '{key}'")
        values[key] = value
    for kind, only in (("positional", False), ("keyword-only", True)):
        missing = [i.name for i in items if i.init and i.kw_only == only and i.is_required() and i.name not in values]
        if missing:
            plural = "" if len(missing) == 1 else "s"
            raise TypeError(f"{name}.__init__() missing {len(missing)} required {kind} argument{plural}: {_names(missing)}")
    return values


def _make_init(cls, items):
    def __init__(self, *args, **kwargs):
        values = _arguments(cls.__qualname__, items, args, kwargs)
        init_vars = []
        for item in items:
            if item.name in values:
                value = values[item.name]
            elif item.default_factory is not MISSING:
                value = item.default_factory()
            elif item.default is not MISSING:
                value = item.default
            else:
                continue
            if item.is_init_var:
                init_vars.append(value)
            else:
                object.__setattr__(self, item.name, value)
        if hasattr(self, "__post_init__"):
            self.__post_init__(*init_vars)

    return __init__


def _compared(self):
    return tuple(getattr(self, item.name) for item in fields(self) if item.compare)


def _repr(self):
    shown = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
    return f"{type(self).__qualname__}({shown})"


def _eq(self, other):
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self):
    return hash(_compared(self))


def _frozen_setattr(self, name, value):
    raise FrozenInstanceError(f"cannot assign to field '{name}'")


def _frozen_delattr(self, name):
    raise FrozenInstanceError(f"cannot delete field '{name}'")


_ORDERINGS = {
    "__lt__": lambda self, other: _compared(self) < _compared(other),
    "__le__": lambda self, other: _compared(self) <= _compared(other),
    "__gt__": lambda self, other: _compared(self) > _compared(other),
    "__ge__": lambda self, other: _compared(self) >= _compared(other),
}


def _process(cls, init, repr, eq, order, unsafe_hash, frozen, kw_only):
    found = _all_fields(cls, kw_only)
    cls.__dataclass_fields__ = found
    cls.__match_args__ = tuple(item.name for item in found.values() if item.init and not item.kw_only)
    own = cls.__dict__
    if init and "__init__" not in own:
        cls.__init__ = _make_init(cls, list(found.values()))
    if repr and "__repr__" not in own:
        cls.__repr__ = _repr
    if eq and "__eq__" not in own:
        cls.__eq__ = _eq
    if order:
        for name, method in _ORDERINGS.items():
            setattr(cls, name, method)
    if unsafe_hash or eq and frozen:
        cls.__hash__ = _hash
    elif eq and "__hash__" not in own:
        cls.__hash__ = None
    if frozen:
        cls.__setattr__ = _frozen_setattr
        cls.__delattr__ = _frozen_delattr
    return cls


def dataclass(
    cls=None, /, *, init=True, repr=True, eq=True, order=False, unsafe_hash=False, frozen=False,
    match_args=True, kw_only=False, slots=False, weakref_slot=False,
):
    def decorate(cls):
        return _process(cls, init, repr, eq, order, unsafe_hash, frozen, kw_only)

    return decorate if cls is None else decorate(cls)


def fields(obj):
    if not hasattr(obj, "__dataclass_fields__"):
        raise TypeError("must be called with a dataclass type or instance")
    return tuple(item for item in obj.__dataclass_fields__.values() if not item.is_init_var)


def is_dataclass(obj):
    return hasattr(obj, "__dataclass_fields__")


def _plain(value, dict_factory):
    from copy import deepcopy

    if is_dataclass(value) and not isinstance(value, type):
        return dict_factory([(item.name, _plain(getattr(value, item.name), dict_factory)) for item in fields(value)])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_plain(item, dict_factory) for item in value])
    if isinstance(value, (list, tuple)):
        return type(value)([_plain(item, dict_factory) for item in value])
    if isinstance(value, dict):
        return type(value)((_plain(k, dict_factory), _plain(v, dict_factory)) for k, v in value.items())
    return deepcopy(value)


def asdict(obj, *, dict_factory=dict):
    return _plain(obj, dict_factory)


def astuple(obj, *, tuple_factory=tuple):
    return tuple_factory([getattr(obj, item.name) for item in fields(obj)])


def replace(obj, /, **changes):
    for item in fields(obj):
        if item.init and item.name not in changes:
            changes[item.name] = getattr(obj, item.name)
    return type(obj)(**changes)


def make_dataclass(cls_name, names, *, bases=(), namespace=None, **options):
    annotations, body = {}, dict(namespace or {})
    for item in names:
        name, annotation, *default = (item, "object") if isinstance(item, str) else item
        annotations[name] = annotation if isinstance(annotation, str) else "object"
        if default:
            body[name] = default[0]
    body["__annotations__"] = annotations
    return dataclass(type(cls_name, tuple(bases), body), **options)
