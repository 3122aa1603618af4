# Loops, exceptions, generators, comprehensions, match.

out = []
for i in range(10):
    if i == 2:
        continue
    if i == 5:
        break
    out.append(i)
else:
    out.append("never")
assert out == [0, 1, 3, 4]
for i in []:
    pass
else:
    out = "else"
assert out == "else"
n = 0
while n < 5:
    n += 1
else:
    n = -n
assert n == -5


def order():
    log = []
    try:
        try:
            log.append(1)
            raise ValueError("x")
        except KeyError:
            log.append("no")
        finally:
            log.append(2)
    except (KeyError, ValueError) as error:
        log.append(str(error))
    else:
        log.append("no")
    finally:
        log.append(3)
    return log


assert order() == [1, 2, "x", 3]


def wins():
    try:
        return 1
    finally:
        return 2


assert wins() == 2


class Custom(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


try:
    try:
        raise Custom(7)
    except Custom:
        raise
except Exception as error:
    assert error.code == 7 and str(error) == "code 7" and error.args == ("code 7",) and isinstance(error, Custom)
try:
    raise RuntimeError("a") from ValueError("b")
except RuntimeError as error:
    assert isinstance(error.__cause__, ValueError)
assert repr(ValueError("a", 1)) == "ValueError('a', 1)" and str(KeyError("k")) == "'k'"


def gen(n):
    got = []
    try:
        for i in range(n):
            x = yield i
            if x:
                got.append(x)
        while True:
            yield "more"
            break
    finally:
        got.append("done")
    return got


g = gen(2)
assert next(g) == 0 and g.send("hi") == 1 and next(g) == "more"
try:
    next(g)
except StopIteration as stop:
    assert stop.value == ["hi", "done"]


def chain(*parts):
    for part in parts:
        result = yield from part
    return result


assert list(chain([1, 2], "ab", gen(1))) == [1, 2, "a", "b", 0, "more"]


def naturals():
    n = 0
    while True:
        yield n
        n += 1


def first(n, items):
    return [x for x, _ in zip(items, range(n))]


assert first(3, naturals()) == [0, 1, 2]
assert first(2, (x * x for x in naturals() if x % 2)) == [1, 9]


def tree(n):
    if n:
        yield from tree(n - 1)
        yield n
        with_value = n
        if with_value > 1:
            yield -n


assert list(tree(2)) == [1, 2, -2]


def guarded():
    try:
        yield 1
        raise ValueError("inner")
    except ValueError as error:
        yield str(error)
    else:
        yield "no"
    yield "end"


assert list(guarded()) == [1, "inner", "end"]

assert [x * y for x in range(3) if x for y in (1, 10)] == [1, 10, 2, 20]
assert {k: v for k, v in zip("ab", [1, 2])} == {"a": 1, "b": 2}
assert {x % 3 for x in range(9)} == {0, 1, 2}
assert sum(x for x in range(4)) == 6
x = "outer"
[x for x in range(3)]
assert x == "outer"
lazy = (1 / d for d in (1, 0))
assert next(lazy) == 1.0
matrix = [[1, 2], [3, 4]]
assert [[row[i] for row in matrix] for i in range(2)] == [[1, 3], [2, 4]]


def which(value):
    match value:
        case 0 | 1:
            return "small"
        case [a, *rest] if rest:
            return (a, rest)
        case {"k": v, **others}:
            return (v, others)
        case int() as n:
            return n
        case str(s):
            return s.upper()
        case None:
            return "none"
        case _:
            return "other"


assert which(1) == "small" and which([1, 2]) == (1, [2]) and which({"k": 1, "z": 2}) == (1, {"z": 2})
assert which(9) == 9 and which("a") == "A" and which(None) == "none" and which(2.5) == "other"

try:
    assert 1 == 2, f"one is not {2}"
except AssertionError as error:
    assert str(error) == "one is not 2"
