# numbers, characters and escapes that do not exist
a = 0777
b = 12abc
c = 0x
d = '\x4'
e = b'é'
f = x ? y
g = $x
h = '\U00110000'
i = f"\x {x}"
