# The standard modules.
import inspect
import copy
import enum
import functools
import itertools
import math
import operator
import os.path
from abc import ABC, abstractmethod
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Iterable, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from enum import Enum, IntEnum
from functools import cached_property, lru_cache, partial, reduce, wraps
from types import SimpleNamespace
from typing import Any, Callable, ClassVar, Dict, List, NamedTuple, Optional, Tuple, TypeVar, Union


@dataclass
class Config:
    width: int = 4
    names: List[str] = field(default_factory=list)
    total: ClassVar[int] = 0
    hidden: int = field(default=1, repr=False)

    def __post_init__(self):
        self.area = self.width**2


c = Config(3)
assert repr(c) == "Config(width=3, names=[])" and c.area == 9 and c == Config(3) and c != Config()
assert asdict(c) == {"width": 3, "names": [], "hidden": 1} and replace(c, width=5).area == 25
assert [f.name for f in fields(c)] == ["width", "names", "hidden"] and is_dataclass(Config)
assert Config().names is not Config().names
try:
    Config(1, 2, 3, 4)
except TypeError as error:
    assert "takes from 1 to 4 positional arguments but 5 were given" in str(error)
try:
    Config(depth=1)
except TypeError as error:
    assert str(error) == "Config.__init__() got an unexpected keyword argument 'depth'"


@dataclass(frozen=True, order=True)
class Point:
    x: int
    y: int = 0


assert Point(1) < Point(2) and {Point(1): "a"}[Point(1, 0)] == "a" and hash(Point(1)) == hash(Point(1))
try:
    Point(1).x = 2
except AttributeError as error:
    assert "cannot assign to field 'x'" in str(error)


@dataclass
class Child(Config):
    depth: int = 2


assert Child(1, depth=5).depth == 5 and Child().width == 4


class Pair(NamedTuple):
    left: int
    right: str = "r"

    def both(self):
        return (self.left, self.right)


p = Pair(1)
assert p == (1, "r") and p.both() == (1, "r") and p._replace(left=2).left == 2 and repr(p) == "Pair(left=1, right='r')"
a, b = p
assert a == 1 and p[1] == "r" and isinstance(p, tuple) and p._asdict() == {"left": 1, "right": "r"} and Pair._fields == ("left", "right")
Row = namedtuple("Row", "a b", defaults=[2])
assert Row(1) == (1, 2) and Row(b=3, a=1).b == 3 and Row._make([5, 6]).a == 5


class Color(Enum):
    RED = 1
    GREEN = "g"
    ALIAS = 1

    def shout(self):
        return self.name + "!"


assert Color.RED.value == 1 and Color(1) is Color.RED and Color["GREEN"].value == "g" and Color.ALIAS is Color.RED
assert [m.name for m in Color] == ["RED", "GREEN"] and Color.RED.shout() == "RED!" and len(Color) == 2
assert isinstance(Color.RED, Color) and Color.RED != Color.GREEN and str(Color.RED) == "Color.RED" and {Color.RED: 1}[Color(1)] == 1
assert Color.RED in Color and repr(Color.GREEN) == "<Color.GREEN: 'g'>"


class Level(IntEnum):
    LOW = enum.auto()
    HIGH = enum.auto()


assert Level.HIGH == 2 and Level.LOW < Level.HIGH and [10, 20, 30][Level.LOW] == 20 and Level.HIGH + 1 == 3
try:
    Color(5)
except ValueError as error:
    assert str(error) == "5 is not a valid Color"

counts = defaultdict(list)
counts["a"].append(1)
assert counts == {"a": [1]} and Counter("abca")["a"] == 2 and Counter("aab").most_common(1) == [("a", 2)]
q = deque([1, 2, 3], maxlen=3)
q.append(4)
assert list(q) == [2, 3, 4] and q.popleft() == 2
o = OrderedDict([("a", 1), ("b", 2)])
o.move_to_end("a")
assert list(o) == ["b", "a"] and o["a"] == 1 and isinstance(o, dict) and o.popitem(last=False) == ("b", 2)

add = partial(operator.add, 2)
assert add(3) == 5 and add.func is operator.add and type(add) == functools.partial and add.args == (2,)
assert reduce(operator.mul, [1, 2, 3, 4]) == 24
calls = []


@lru_cache(maxsize=None)
def slow(n):
    calls.append(n)
    return n * 2


assert slow(2) == slow(2) == 4 and calls == [2]


def logged(function):
    @wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


@logged
def documented():
    "doc"


assert documented.__name__ == "documented" and documented.__doc__ == "doc"


class Lazy:
    @cached_property
    def value(self):
        calls.append("lazy")
        return 7


lazy = Lazy()
assert lazy.value == lazy.value == 7 and calls.count("lazy") == 1

assert list(itertools.chain([1], "a")) == [1, "a"] and list(itertools.product("ab", [1])) == [("a", 1), ("b", 1)]
assert list(itertools.islice(itertools.count(5), 2)) == [5, 6] and list(itertools.accumulate([1, 2, 3])) == [1, 3, 6]
assert list(itertools.zip_longest([1, 2], "a")) == [(1, "a"), (2, None)] and list(itertools.repeat(0, 2)) == [0, 0]
assert list(itertools.combinations("abc", 2)) == [("a", "b"), ("a", "c"), ("b", "c")]
assert list(itertools.chain.from_iterable([[1], [2]])) == [1, 2]
assert math.sqrt(16) == 4.0 and math.ceil(1.2) == 2 and math.floor(-1.2) == -2 and math.pi > 3 and math.log2(8) == 3.0
assert math.log(100, 10) == 2.0 and math.gcd(12, 18) == 6 and math.prod([2, 3]) == 6 and math.inf > 1 and math.isclose(0.1 + 0.2, 0.3)


class Node:
    def __init__(self, value):
        self.value, self.next = value, self


node = Node([1])
twin = copy.deepcopy(node)
assert twin is not node and twin.next is twin and twin.value == [1] and twin.value is not node.value
assert copy.copy(node).value is node.value and copy.deepcopy({"a": (1, [2])}) == {"a": (1, [2])}

log = []


@contextmanager
def managed(name):
    log.append(f"+{name}")
    try:
        yield name.upper()
    finally:
        log.append(f"-{name}")


with managed("a") as value, nullcontext(3) as three:
    assert value == "A" and three == 3
try:
    with managed("b"):
        raise KeyError("x")
except KeyError:
    log.append("caught")
assert log == ["+a", "-a", "+b", "-b", "caught"]

ns = SimpleNamespace(a=1)
ns.b = 2
assert ns.a + ns.b == 3 and isinstance([], Iterable) and isinstance({}, Mapping) and not isinstance(1, Iterable)
T = TypeVar("T")
Number = Union[int, float]


def typed(x: Optional[List[int]] = None, *, f: Callable[..., Any] = len) -> Dict[str, Tuple[int, ...]]:
    return x


assert typed([1]) == [1]


class Base(ABC):
    @abstractmethod
    def run(self):
        ...

    @property
    @abstractmethod
    def size(self):
        ...


class Derived(Base):
    size = 3

    def run(self):
        return super().run()


assert Derived().run() is None and Derived().size == 3
assert os.path.join("a", "b.txt") == "a/b.txt" and os.path.splitext("a/b.txt") == ("a/b", ".txt")


def everything(a, b, /, c, d=2, *rest, e, f=3, **named):
    ...


@functools.wraps(everything)
def wrapped(*args, **named):
    return everything(*args, **named)


class Callable2:
    def __init__(self, size=1):
        self.size = size

    def __call__(self, x, *, scale=2):
        return x


parameters = inspect.signature(wrapped).parameters
assert list(parameters) == ["a", "b", "c", "d", "rest", "e", "f", "named"]
assert [int(p.kind) for p in parameters.values()] == [0, 0, 1, 1, 2, 3, 3, 4]
assert parameters["d"].default == 2 and parameters["e"].default is inspect.Parameter.empty
assert str(inspect.signature(everything)) == "(a, b, /, c, d=2, *rest, e, f=3, **named)"
assert list(inspect.signature(Callable2).parameters) == ["size"]
assert str(inspect.signature(Callable2())) == str(inspect.signature(Callable2().__call__)) == "(x, *, scale=2)"
