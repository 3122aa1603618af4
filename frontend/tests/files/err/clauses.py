# clauses without their statement, and statements without their clause
try:
    pass
x = 1
else:
    pass
@decorator
x = 1
try:
    pass
except A:
    pass
except* B:
    pass
match x:
    y = 1
