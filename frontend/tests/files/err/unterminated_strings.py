# strings that end nowhere
x = 'abc
y = f"abc {x
z = f'{a:>3'
w = """never
closed
