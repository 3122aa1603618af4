# Classes: inheritance, properties, operators, protocols.


class A:
    kind = "a"

    def __init__(self, x):
        self.x = x

    def who(self):
        return "A" + self.kind

    @property
    def double(self):
        return self.x * 2

    @double.setter
    def double(self, value):
        self.x = value // 2

    @staticmethod
    def plain(v):
        return v + 1

    @classmethod
    def make(cls, v):
        return cls(v)


class B(A):
    kind = "b"

    def who(self):
        return "B" + super().who()


class C(A):
    def who(self):
        return "C" + super(C, self).who()


class D(B, C):
    def who(self):
        return "D" + super().who()


d = D.make(4)
assert d.who() == "DBCAb", d.who()
assert [c.__name__ for c in D.__mro__] == ["D", "B", "C", "A", "object"]
assert d.double == 8 and A.plain(1) == 2 and d.plain(1) == 2
d.double = 10
assert d.x == 5 and vars(d) == {"x": 5} and d.__dict__ == {"x": 5}
assert isinstance(d, (int, A)) and issubclass(D, C) and not isinstance(1, A)
assert type(d) is D and d.__class__.__name__ == "D"
assert getattr(d, "nope", 3) == 3 and not hasattr(d, "nope")
try:
    d.nope
except AttributeError as error:
    assert str(error) == "'D' object has no attribute 'nope'"


class V:
    def __init__(self, *v):
        self.v = v

    def __add__(self, other):
        return V(*(a + b for a, b in zip(self.v, other.v))) if isinstance(other, V) else NotImplemented

    def __radd__(self, other):
        return V(*(other + a for a in self.v))

    def __mul__(self, k):
        return V(*(a * k for a in self.v))

    __rmul__ = __mul__

    def __matmul__(self, other):
        return sum(a * b for a, b in zip(self.v, other.v))

    def __neg__(self):
        return V(*(-a for a in self.v))

    def __iadd__(self, other):
        self.v += other.v
        return self

    def __eq__(self, other):
        return isinstance(other, V) and self.v == other.v

    def __hash__(self):
        return hash(self.v)

    def __lt__(self, other):
        return self.v < other.v

    def __len__(self):
        return len(self.v)

    def __getitem__(self, i):
        return self.v[i]

    def __contains__(self, item):
        return item in self.v

    def __repr__(self):
        return f"V{self.v}"

    def __call__(self, x):
        return x + self.v[0]

    def __bool__(self):
        return any(self.v)


v = V(1, 2)
assert v + V(3, 4) == V(4, 6) and 1 + v == V(2, 3) and 2 * v == v * 2 == V(2, 4)
assert v @ v == 5 and -v == V(-1, -2) and v != V(0) and not V(0, 0)
assert sum([V(1), V(2)]).v == (3,)
assert len(v) == 2 and v[-1] == 2 and 2 in v and list(v) == [1, 2] and v(10) == 11
assert repr(v) == str(v) == f"{v}" == "V(1, 2)"
assert {v: "x"}[V(1, 2)] == "x" and len({V(1), V(1), V(2)}) == 2
assert sorted([V(3), V(1)])[0] == V(1) and max(V(1), V(5)).v == (5,)
w = v
w += V(9)
assert v.v == (1, 2, 9) and w is v


class Hooks:
    def __getattr__(self, name):
        if name.startswith("get_"):
            return name[4:]
        raise AttributeError(name)

    def __setattr__(self, name, value):
        super().__setattr__(name, value * 2)

    def __delattr__(self, name):
        object.__delattr__(self, name)


h = Hooks()
h.n = 2
assert h.n == 4 and h.get_this == "this" and not hasattr(h, "other")
del h.n
assert not hasattr(h, "n")


class Registry:
    known = []

    def __init_subclass__(cls, tag=None, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.known.append((cls.__name__, tag))


class First(Registry, tag="x"):
    pass


assert Registry.known == [("First", "x")]


class Names(dict):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.extra = 1

    def __getattr__(self, name):
        return self[name]


n = Names(a=1)
n["b"] = 2
assert n.a == 1 and n == {"a": 1, "b": 2} and isinstance(n, dict) and list(n.items()) == [("a", 1), ("b", 2)]
assert len(n) == 2 and n.extra == 1 and {**n} == {"a": 1, "b": 2} and n.get("z") is None and "a" in n


class L(list):
    def total(self):
        return sum(self)


assert L([1, 2]).total() == 3 and L([1]) + [2] == [1, 2]


class New:
    def __new__(cls, value):
        made = super().__new__(cls)
        made.tag = "new"
        return made

    def __init__(self, value):
        self.value = value


assert (New(3).tag, New(3).value) == ("new", 3)


class Manager:
    def __init__(self, log, swallow=False):
        self.log, self.swallow = log, swallow

    def __enter__(self):
        self.log.append("in")
        return self

    def __exit__(self, kind, error, traceback):
        self.log.append(kind.__name__ if kind else None)
        return self.swallow


log = []
with Manager(log) as m, Manager(log, True):
    raise ValueError
assert log == ["in", "in", "ValueError", None] and m.log is log


class Descriptor:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, obj, owner):
        return self if obj is None else obj.__dict__.get(self.name, 0)

    def __set__(self, obj, value):
        obj.__dict__[self.name] = value + 1


class Described:
    x = Descriptor()


o = Described()
o.x = 4
assert o.x == 5 and isinstance(Described.x, Descriptor)


class Outer:
    class Inner:
        value = 3

    items = [value * 2 for value in range(3)]
    total = sum(items)


assert Outer.Inner.value == 3 and Outer.items == [0, 2, 4] and Outer.total == 6
assert Outer.Inner.__qualname__ == "Outer.Inner"

T = type("T", (A,), {"kind": "t"})
assert T(1).who() == "At"
try:
    A()
except TypeError as error:
    assert "__init__() missing 1 required positional argument: 'x'" in str(error)
try:
    object.__new__(A).x
except AttributeError:
    pass


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


assert list(Countdown(3)) == [2, 1, 0] and next(Countdown(0), "end") == "end"
