# a header without its colon still opens its block
if x
    y = 1
def f(a)
    return a
class A
    pass
for i in x
    pass
