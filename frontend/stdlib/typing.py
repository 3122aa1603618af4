"""typing: names for annotations, which are not evaluated. Everything here can be subscripted and called with no effect."""
from collections import _NamedTuple, _with_fields

TYPE_CHECKING = False


class _Form:
    """A special form: `Optional[X]`, `Union[X, Y]`."""

    def __init__(self, name, args=()):
        self._name = name
        self.__args__ = args

    def __getitem__(self, args):
        return _Form(self._name, args if isinstance(args, tuple) else (args,))

    def __or__(self, other):
        return _Form("Union", (self, other))

    __ror__ = __or__

    def __call__(self, *args, **kwargs):
        return self

    def __instancecheck__(self, value):
        if self._name == "Any":
            return True
        return any(isinstance(value, arg) for arg in self.__args__ if arg is None or isinstance(arg, (type, _Form)))

    def __eq__(self, other):
        return isinstance(other, _Form) and self._name == other._name and self.__args__ == other.__args__

    def __hash__(self):
        return hash(self._name)

    def __repr__(self):
        return f"typing.{self._name}"


Any = _Form("Any")
Union = _Form("Union")
Optional = _Form("Optional")
Literal = _Form("Literal")
Final = _Form("Final")
ClassVar = _Form("ClassVar")
Annotated = _Form("Annotated")
NoReturn = _Form("NoReturn")
Never = _Form("Never")
Self = _Form("Self")
LiteralString = _Form("LiteralString")
Concatenate = _Form("Concatenate")
Unpack = _Form("Unpack")
Required = _Form("Required")
NotRequired = _Form("NotRequired")
TypeGuard = _Form("TypeGuard")
TypeAlias = _Form("TypeAlias")
AnyStr = _Form("AnyStr")
IO = _Form("IO")
TextIO = _Form("TextIO")
BinaryIO = _Form("BinaryIO")
Pattern = _Form("Pattern")
Match = _Form("Match")
Awaitable = _Form("Awaitable")
Coroutine = _Form("Coroutine")
AsyncIterator = _Form("AsyncIterator")
AsyncGenerator = _Form("AsyncGenerator")

List = list
Dict = dict
Tuple = tuple
Set = set
FrozenSet = frozenset
Type = type
Text = str

from collections import ChainMap, Counter, OrderedDict
from collections import defaultdict as DefaultDict
from collections import deque as Deque
from collections.abc import (
    Callable, Collection, Container, Generator, Hashable, ItemsView, Iterable, Iterator, KeysView, Mapping,
    MutableMapping, MutableSequence, MutableSet, Sequence, Sized, ValuesView,
)
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager as ContextManager


class Generic:
    def __class_getitem__(cls, item):
        return cls


class Protocol:
    def __class_getitem__(cls, item):
        return cls


class SupportsInt(Protocol):
    pass


class SupportsFloat(Protocol):
    pass


class SupportsIndex(Protocol):
    pass


class TypedDict(dict):
    def __init_subclass__(cls, **kwargs):
        pass


def TypeVar(name, *constraints, **kwargs):
    return _Form(name)


def ParamSpec(name, **kwargs):
    return _Form(name)


def TypeVarTuple(name, **kwargs):
    return _Form(name)


def NewType(name, base):
    return base


def cast(kind, value):
    return value


def overload(function):
    return function


def final(function):
    return function


def override(function):
    return function


def no_type_check(function):
    return function


def runtime_checkable(cls):
    return cls


def assert_never(value):
    raise AssertionError(f"expected code to be unreachable, but got: {value!r}")


def get_type_hints(obj, *args, **kwargs):
    return dict(getattr(obj, "__annotations__", {}))


def get_origin(kind):
    return kind if isinstance(kind, _Form) else None


def get_args(kind):
    return getattr(kind, "__args__", ())


class NamedTuple(_NamedTuple):
    def __init_subclass__(cls, **kwargs):
        if NamedTuple in cls.__bases__:
            names = list(cls.__dict__.get("__annotations__", {}))
            defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
            _with_fields(cls, names, defaults)
