# every statement, in its usual forms
import a, b.c, d.e as f
from . import x
from ..pkg.mod import (y as z, w,)
from ... import q
from m import *
a = b = c, *d = 1, 2
a, (b, [c, *d]) = e
a.b[c] = d
x: int
y: dict[str, int] = {}
x += 1; y @= 2; z //= 3; w **= 4
del a, b.c, d[0]
del (a, b)
del ()
del (a), b,
pass
assert x, "message"
assert (x)
global g, h
raise
raise E
raise E("x") from None
@decorator
@other(1)[0]
def f(a, b: int = 1, /, c=2, *args: *Ts, d, e: str = "", **kw) -> None:
    """doc"""
    return
async def g[T: (int, str), *Ts, **P](*, x):
    async with a as b, c: await d
    async for x in y: pass
    else: pass
    return [x async for x in y if await z]
class A: pass
@final
class B[T](A, *bases, metaclass=M, **kw):
    x = 1
    def f(self): return self.x, *self.y
    def g(self):
        a.b[c] = yield
        z += yield 3
        with (yield): pass
        yield; yield 1, 2; z = yield from x
        return 1
if a: pass
elif b:
    pass
elif (c := d): pass
else:
    pass
while True:
    if x: break
    else: continue
else: pass
for x, *y in a, *b:
    pass
for x[0].y in z: pass
for (x) in z: pass
try: pass
except: pass
try:
    pass
except (A, B) as e:
    pass
except C:
    pass
else:
    pass
finally:
    pass
try: pass
except* A as e: pass
try: pass
finally: pass
with a: pass
with (a, b): pass
with (a as b, c as (d, e),): pass
with (a) as b, (c): pass
with (a, b) as c: pass
with (yield_ as x): pass
with a as b[0], c as d.e: pass
type X = int
type Y[T] = list[T]
type = 1
type(x)
match = case = 1
match.x; match[0]; match(x); match, case
match: int = 3
nonlocal_ = 1
def outer():
    n = 1
    def inner():
        nonlocal n
        n = 2
	
if x:
	tab = 1
	if y:
		tab = 2
print(x)
with (*a, b): pass
