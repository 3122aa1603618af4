# a tab against eight spaces
if x:
        y = 1
	z = 2
