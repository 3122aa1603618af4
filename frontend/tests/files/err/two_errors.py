# two independent errors, each reported at its own line
x = = 1
def f(a:
    return a
y = 1 +
def g(b):
    return b b
z = 3
