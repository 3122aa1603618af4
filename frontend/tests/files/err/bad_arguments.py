# the order of arguments and parameters
f(a=1, 2)
f(**k, 1)
f(a=1, a=2)
f(x for x in y, 1)
def f(a=1, b): pass
def f(a, a): pass
def f(*, **k): pass
def f(/, a): pass
def f(*a, *b): pass
def f(**k, a): pass
lambda x, x: 0
