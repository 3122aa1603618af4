# common slips get a hint
if x = 1: pass
print "hello"
x = [1 2]
if x: pass
else if y: pass
x++
a = !b
if a && b: pass
y = f(a b)
class = 1
x.class = 1
def lambda(): pass
