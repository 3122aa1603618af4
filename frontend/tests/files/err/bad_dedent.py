# a line whose column is that of no block
if x:
        y = 1
    z = 2
w = 1
