# Built-in types, their methods, and formatting.

assert 7 // 2 == 3 and -7 // 2 == -4 and -7 % 3 == 2 and 7 % -3 == -2 and 7.5 // 2 == 3.0 and -7.5 % 2 == 0.5
assert 2**10 == 1024 and 2**-1 == 0.5 and 10 / 4 == 2.5 and divmod(-7, 2) == (-4, 1)
assert 1 == 1.0 == True and hash(1) == hash(1.0) and {1: "a"}[True] == "a"
assert (5 & 3, 5 | 3, 5 ^ 3, ~5, 1 << 4, 17 >> 2) == (1, 7, 6, -6, 16, 4)
assert round(2.5) == 2 and round(3.14159, 2) == 3.14 and round(-0.5) == 0 and abs(-3) == 3
assert int("42") == 42 and int(3.9) == 3 and int("ff", 16) == 255 and float("1e3") == 1000.0 and int("-7") == -7
assert str(1.0) == "1.0" and repr(1e20) == "1e+20" and repr(1e-5) == "1e-05" and repr(0.1) == "0.1" and str(123456789012345678.0) == "1.2345678901234568e+17"
assert repr(float("inf")) == "inf" and float("nan") != float("nan")
assert bool([]) is False and bool("a") is True and not None
assert max(1, 5, 3) == 5 and min([4, 2]) == 2 and max([], default=0) == 0 and max("ab", "b", key=len) == "ab"
assert sorted([3, 1, 2], reverse=True) == [3, 2, 1] and sorted("bA", key=str.lower) == ["A", "b"]
assert list(map(lambda a, b: a + b, [1, 2], [3, 4])) == [4, 6] and list(filter(None, [0, 1, 2])) == [1, 2]
assert list(enumerate("ab", 1)) == [(1, "a"), (2, "b")] and list(zip([1, 2], "ab")) == [(1, "a"), (2, "b")]
assert list(reversed([1, 2])) == [2, 1] and any([0, 1]) and all([]) and sum([[1], [2]], []) == [1, 2]
assert list(range(5, 0, -2)) == [5, 3, 1] and len(range(10)) == 10 and range(10)[-1] == 9 and 4 in range(0, 10, 2)
assert range(10)[2:5] == range(2, 5) and list(range(3))[::-1] == [2, 1, 0]

t = [1, 2, 3, 4, 5]
assert t[1:3] == [2, 3] and t[-2:] == [4, 5] and t[::-2] == [5, 3, 1] and t[:] is not t
t[1:3] = [9]
assert t == [1, 9, 4, 5]
t[::2] = [0, 0]
assert t == [0, 9, 0, 5]
del t[0]
t.insert(0, "x")
assert t.pop() == 5 and t.index(9) == 1 and t.count(0) == 1
t.extend((1, 2))
t.remove("x")
t.reverse()
assert t == [2, 1, 0, 9] and t * 2 == t + t
t.sort()
assert t == [0, 1, 2, 9] and (1, 2) < (1, 3) and [1] < [1, 0]

d = {"a": 1}
d.setdefault("b", []).append(2)
d.update(c=3)
d.update([("d", 4)])
assert list(d) == ["a", "b", "c", "d"] and d.pop("a") == 1 and d.pop("zz", None) is None
assert dict(zip("ab", (1, 2))) == {"a": 1, "b": 2} and dict(a=1) | {"b": 2} == {"a": 1, "b": 2}
assert list(d.items())[0] == ("b", [2]) and list(d.values())[1] == 3 and "c" in d.keys()
assert dict.fromkeys("ab", 0) == {"a": 0, "b": 0} and d.popitem() == ("d", 4)
assert repr({"a": [1, (2,)], None: {1}}) == "{'a': [1, (2,)], None: {1}}"
nested = []
nested.append(nested)
assert repr(nested) == "[[...]]"

s = {1, 2, 3}
assert s & {2, 9} == {2} and s | {4} == {1, 2, 3, 4} and s - {1} == {2, 3} and s ^ {3, 4} == {1, 2, 4}
assert s >= {1} and {1}.issubset(s) and frozenset([1]) in {frozenset([1])} and s.isdisjoint([9])
s.add(5)
s.discard(1)
s -= {2}
assert s == {3, 5}

x = "Hello, World"
assert x.lower() == "hello, world" and x.split(", ") == ["Hello", "World"] and x[::-1][0] == "d"
assert x.replace("l", "L", 1) == "HeLlo, World" and x.startswith(("X", "He")) and x.find("o") == 4 and x.rfind("o") == 8
assert " a b  c ".split() == ["a", "b", "c"] and "a,b,c".rsplit(",", 1) == ["a,b", "c"] and "a b c".split(None, 1) == ["a", "b c"]
assert "-".join(["a", "b"]) == "a-b" and "ab" * 2 == "abab" and "b" in "abc" and "  x ".strip() == "x" and "xxaxx".strip("x") == "a"
assert "k=v=w".partition("=") == ("k", "=", "v=w") and "k=v=w".rpartition("=") == ("k=v", "=", "w")
assert "abc".upper().isupper() and "a1".isalnum() and "12".isdigit() and "Ab".swapcase() == "aB" and "a b".title() == "A B"
assert "abc".center(7, "*") == "**abc**" and "7".zfill(3) == "007" and "-7".zfill(4) == "-007" and "x".ljust(3) + "|" == "x  |"
assert repr("it's") == '"it\'s"' and repr("a\nb") == "'a\\nb'" and "layer1.weight".removeprefix("layer1.") == "weight"
assert "é".encode() == b"\xc3\xa9" and chr(233) == "é" and ord("a") == 97

pi, n = 3.14159, 42
assert f"{pi:.2f}|{n:5d}|{n:<5}|{n:^6}|{n:05}|{n:+d}|{n:x}|{n:#b}|{1234567:,}" == "3.14|   42|42   |  42  |00042|+42|2a|0b101010|1,234,567"
assert f"{pi!r:>10}" == "   3.14159" and f"{'s':>3}{'t':<3}|" == "  st  |" and f"{n=}" == "n=42" and f"{0.5:.1%}" == "50.0%"
assert f"{1e10:g} {1e-7:e} {123.456:.3g} {pi:{8}.{3}}" == "1e+10 1.000000e-07 123     3.14"
assert f"{'nested':{'*'}^{10}}" == "**nested**" and f"{{}}" == "{}"
assert "%d %s %.2f %5s|%-5s| %r %%" % (1, "a", 2.5, "b", "c", "d") == "1 a 2.50     b|c    | 'd' %"
assert "%(a)s-%(b)03d" % {"a": 1, "b": 2} == "1-002" and "layer%d" % 3 == "layer3"
assert "{0} {name!r:>4} {0[0]}".format([5], name="q") == "[5]  'q' 5"
assert "{:>{w}}".format("a", w=3) == "  a" and "{:,.1f}".format(12345.678) == "12,345.7" and "{0}{0}".format(1) == "11"
assert str([1, "a", None, 2.0, (1,), {"k": True}]) == "[1, 'a', None, 2.0, (1,), {'k': True}]"
assert isinstance(True, int) and type(1) is int and type("") == str and callable(len) and not callable(1)
assert (slice(1, 5, 2).indices(4), slice(3).stop) == ((1, 4, 2), 3)
assert eval.__name__ == "eval" and id(x) == id(x) and list(iter(lambda it=iter([1, 2, 0]): next(it), 0)) == [1, 2]
assert pow(2, 10, 1000) == 24 and "a" < "b" and [1, [2]] == [1, [2]] and (1,) + (2,) == (1, 2)
a, b = 1, 2
a, b = b, a
assert (a, b) == (2, 1)
i = [0, 0]
k = 0
k, i[k] = 1, 5
assert i == [0, 5]
assert None is None and ... is Ellipsis and (1 if [] else 2) == 2 and (0 or "x") == "x" and (1 and 0) == 0
