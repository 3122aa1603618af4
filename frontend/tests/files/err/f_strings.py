# replacement fields
a = f"{}"
b = f"{x!z}"
c = f"}"
d = f"{x y}"
e = f"{x:{y z}}"
g = f"{*x}"
