# a header must be followed by an indented block
def f():
x = 1
if x:
