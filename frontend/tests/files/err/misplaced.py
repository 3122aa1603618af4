# statements outside of what they belong to
return 1
break
continue
yield 1
class A:
    return 2
    x = yield
for x in y:
    def f(): break
else: continue
