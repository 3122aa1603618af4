"""functools: functions of functions."""

WRAPPER_ASSIGNMENTS = ("__module__", "__name__", "__qualname__", "__doc__")


class partial:
    def __init__(self, func, /, *args, **keywords):
        if isinstance(func, partial) and type(func) is partial:
            args, keywords, func = func.args + args, {**func.keywords, **keywords}, func.func
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, /, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})

    def __repr__(self):
        parts = [repr(self.func), *map(repr, self.args), *(f"{k}={v!r}" for k, v in self.keywords.items())]
        return f"functools.partial({', '.join(parts)})"


class partialmethod:
    def __init__(self, func, /, *args, **keywords):
        self.func, self.args, self.keywords = func, args, keywords

    def __get__(self, instance, owner):
        return partial(self.func, instance, *self.args, **self.keywords)


def update_wrapper(wrapper, wrapped, assigned=WRAPPER_ASSIGNMENTS, updated=("__dict__",)):
    for name in assigned:
        if hasattr(wrapped, name):
            setattr(wrapper, name, getattr(wrapped, name))
    if hasattr(wrapped, "__dict__") and not isinstance(wrapped, type):
        wrapper.__dict__.update(wrapped.__dict__)
    wrapper.__wrapped__ = wrapped
    return wrapper


def wraps(wrapped, assigned=WRAPPER_ASSIGNMENTS, updated=("__dict__",)):
    return lambda wrapper: update_wrapper(wrapper, wrapped, assigned, updated)


def reduce(function, iterable, *initial):
    items = iter(iterable)
    if initial:
        total = initial[0]
    else:
        for total in items:
            break
        else:
            raise TypeError("reduce() of empty iterable with no initial value")
    for item in items:
        total = function(total, item)
    return total


class _Cached:
    def __init__(self, function):
        self.function = function
        self.results = {}
        update_wrapper(self, function)

    def __call__(self, *args, **kwargs):
        key = (args, tuple(kwargs.items()))
        if key not in self.results:
            self.results[key] = self.function(*args, **kwargs)
        return self.results[key]

    def __get__(self, instance, owner):
        return self if instance is None else partial(self, instance)

    def cache_clear(self):
        self.results.clear()


def lru_cache(maxsize=128, typed=False):
    return _Cached(maxsize) if callable(maxsize) else _Cached


def cache(function):
    return _Cached(function)


class cached_property:
    def __init__(self, function):
        self.function = function
        self.name = None

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        if instance is None:
            return self
        value = self.function(instance)
        instance.__dict__[self.name] = value
        return value


def cmp_to_key(compare):
    class Key:
        def __init__(self, value):
            self.value = value

        def __lt__(self, other):
            return compare(self.value, other.value) < 0

        def __gt__(self, other):
            return compare(self.value, other.value) > 0

    return Key


def total_ordering(cls):
    if "__lt__" in cls.__dict__:
        cls.__gt__ = lambda self, other: not (self < other or self == other)
        cls.__le__ = lambda self, other: self < other or self == other
        cls.__ge__ = lambda self, other: not self < other
    elif "__gt__" in cls.__dict__:
        cls.__lt__ = lambda self, other: not (self > other or self == other)
        cls.__ge__ = lambda self, other: self > other or self == other
        cls.__le__ = lambda self, other: not self > other
    return cls


def singledispatch(function):
    registry = {}

    @wraps(function)
    def dispatch(*args, **kwargs):
        for kind in type(args[0]).__mro__:
            if kind in registry:
                return registry[kind](*args, **kwargs)
        return function(*args, **kwargs)

    def register(kind, implementation=None):
        if implementation is None:
            return lambda implementation: register(kind, implementation)
        registry[kind] = implementation
        return implementation

    dispatch.register = register
    return dispatch
