# what cannot be assigned to
f(x) = 1
1 = x
a + b += 1
x, y += 1
(a, b): int = 1
for f() in y: pass
with a as f(): pass
del 1, x()
a == b = c
None = 1
[x for y() in z]
*a, *b = c
*a = b
