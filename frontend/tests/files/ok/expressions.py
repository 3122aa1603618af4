# operators, displays, calls and comprehensions with every grouping
a or b and not c
not not a
a < b < c != d is e is not f in g not in h
a | b ^ c & d << e >> f + g - h * i / j // k % l @ m
-a ** -b; (-a) ** b; +~-a
await_ = 1
a if b else c if d else e
(a if b else c) if d else e
a if (b if c else d) else e
lambda: 0
lambda x, y=1, /, z=2, *a, k, l=3, **m: lambda: x
lambda *, k: (yield)
lambda *a, **k: (a, k)
(lambda x: x)(1)
[x for x in y if a if b for z in x]
[x for x in (a if b else c)]
[x for x, in y]
[x for (x, *y), z in w]
{x: y for x, y in z}
{x for x in y}
(x for x in y)
f(x for x in y)
f(a, *b, c, k=1, *d, **e, l=2, **g)
f(a := 1, b)
f(**a or b)
f(a)(b)[c].d
x[1], x[1:2], x[::], x[:, 1], x[a:b:c, ...], x[()], x[(a, b)], x[*a], x[*a, b], x[a := 1], x[lambda: 0 : 1]
(), (a,), (a, b), [], [a], [*a, b], {a}, {*a, b}, {}, {a: b, **c}, {**a, **b,}
(a := 1)
[a := 1, b := 2]
{a := 1}
print((a := 1), b)
(yield_, *a)
1, 0x1F, 0o17, 0b11, 1_000, 1.5, 1., .5, 1e5, 1_0.0_1e-1_0, 2j, 1.5J, 0_0, 00
123456789012345678901234567890, 0xffffffffffffffffffff
1if a else 2
1 .real, 1.0.real, 1j.imag
None, True, False, ...
x = (a
     + b  # comment
     + c)
y = a \
    + b
a.b.c.d
é = ñandú = 变量
(a
)
[
    1,

    2,
]
