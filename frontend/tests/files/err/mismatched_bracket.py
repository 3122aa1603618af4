# brackets that cross
x = (1, 2]
y = }
z = [(1])
