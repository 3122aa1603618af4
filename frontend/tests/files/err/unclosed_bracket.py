# the bracket is named, and the lines after it are still read
x = foo(1, [2, 3
def f():
    return 1 +
y = (1,
