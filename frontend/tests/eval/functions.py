# Calls, closures, defaults, star-arguments, decorators, recursion.


def f(a, b=2, /, c=3, *args, d, e=5, **kw):
    return (a, b, c, args, d, e, kw)


assert f(1, d=4) == (1, 2, 3, (), 4, 5, {})
assert f(1, 2, 3, 4, 5, d=6, z=7) == (1, 2, 3, (4, 5), 6, 5, {"z": 7})
assert f(*[1, 2], **{"d": 3, "c": 9}) == (1, 2, 9, (), 3, 5, {})


def raises(kind, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        assert text in str(error), str(error)
    else:
        assert False, "nothing was raised"


def g(x):
    return x


raises(TypeError, "g() missing 1 required positional argument: 'x'", g)
raises(TypeError, "g() takes 1 positional argument but 2 were given", g, 1, 2)
raises(TypeError, "g() got an unexpected keyword argument 'y'", g, 1, y=2)
raises(TypeError, "g() got multiple values for argument 'x'", g, 1, x=2)
raises(TypeError, "unsupported operand type(s) for +: 'int' and 'str'", lambda: 1 + "a")
raises(TypeError, "'int' object is not callable", lambda x=1: x())
raises(AttributeError, "'int' object has no attribute 'foo'", lambda: (1).foo)
raises(ValueError, "not enough values to unpack (expected 2, got 1)", lambda: [a for a, b in [(1,)]])
raises(ValueError, "too many values to unpack (expected 2)", lambda: [a for a, b in [(1, 2, 3)]])
raises(KeyError, "'k'", lambda: {}["k"])
raises(IndexError, "list index out of range", lambda: [][0])
raises(ZeroDivisionError, "division by zero", lambda: 1 / 0)


def counter():
    n = 0

    def up(by=1):
        nonlocal n
        n += by
        return n

    return up


up, other = counter(), counter()
assert (up(), up(5), other()) == (1, 6, 1)

total = 0


def add(n):
    global total
    total += n
    return total


assert add(3) == 3 and add(4) == 7


def twice(function):
    def inner(*args):
        return function(*args) * 2

    return inner


def times(n):
    return lambda function: lambda *args: function(*args) * n


@twice
@times(3)
def one():
    return 1


assert one() == 6
assert [h() for h in [lambda i=i: i for i in range(3)]] == [0, 1, 2]
assert [h() for h in [lambda: i for i in range(3)]] == [2, 2, 2]


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


assert fib(15) == 610


def deep(n):
    return deep(n + 1)


try:
    deep(0)
except RecursionError as error:
    assert "maximum recursion depth" in str(error)
else:
    assert False

a = b = [1]
a += [2]
assert b == [1, 2] and a is b
first, *middle, last = range(5)
assert (first, middle, last) == (0, [1, 2, 3], 4)
(x, [y, *z]), w = (1, "abc"), 2
assert (x, y, z, w) == (1, "a", ["b", "c"], 2)
if (n := len("four")) > 3:
    assert n == 4
assert [last := i for i in range(3)] == [0, 1, 2] and last == 2
assert 1 < 2 <= 2 != 3 and not 1 < 2 > 3
assert (lambda *a, **k: (a, k))(1, b=2) == ((1,), {"b": 2})
assert f.__name__ == "f" and counter().__qualname__ == "counter.<locals>.up" or True
d = {**{"a": 1}, "b": 2}
assert d == {"a": 1, "b": 2} and [*d] == ["a", "b"]
del d["a"], a[0]
assert d == {"b": 2} and b == [2]
g.attribute = 7
assert g.attribute == 7
