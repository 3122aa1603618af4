# prefixes, escapes, concatenation and f-strings
'a' "b" '''c''' """d"""
r'\n' R"\x" u'u' U"u"
b'a' B"\xff" br'\n' Rb"\n" b'a' rb'b'
'\a\b\f\n\r\t\v\\\'\"\0\x41\101\u00e9\U0001F600\q'
'line \
continued'
"""several
lines "quoted" ""inside"
"""
'\ud800' "x"
'\N{BULLET}' f"{x}"
f"\N{BULLET} {x}"
f"" f'a'
f"{x}" "b" f'{y}'
f"{x!r}{y!s:>10}{z!a:{w}.{p}}"
f"{x=}{ y = }{z=!s}{z=:>3}"
f"{{literal}} {{{x}}}"
f"{x:{'>'}{10}}"
f"{x:%H:%M}" f"{d['a']}" f'{d["a"]}' f"{d["a"]}"
f"{f"{f"{x}"}"}"
f"{ {'a': 1}['a'] }"
f"{x:=5}"
f"{(lambda x: 1)(2)}"
f"{x != y}{x == y}{x >= y}"
f"{x if y else z}"
f"{*a, b}"
f"{yield_}"
f'''{
    x  # comment
    + y
}'''
rf"\d{x}\{y}"
fr'{x:\d}'
f"{x:\x7b}"
f"a\
b{x}"
"\u2028 ﷽"
f"{x,}"
f"{a[1:2]}"
f"{x:{y}}}}"
