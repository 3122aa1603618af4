# patterns, and the soft keywords as names
match x:
    case 1 | -2.5 | 1 + 2j | -1 - 3j: pass
    case "a" "b" | b"c": pass
    case None | True | False: pass
    case _: pass
    case name: pass
    case a.b.c: pass
    case (x): pass
    case (): pass
    case (x,): pass
    case (x, *_, y): pass
    case [x, *rest]: pass
    case []: pass
    case x, y: pass
    case *x,: pass
    case {}: pass
    case {"a": 1, b.c: [x], **rest}: pass
    case {**rest,}: pass
    case A(): pass
    case a.B(x, y=1, z=C(),): pass
    case (1 | 2) as x if x > 1: pass
    case [1 | 2 as x, (3 as y)]: pass
    case str() | int() as z:
        match = 1
        case = 2
match x, *y:
    case _: pass
match (x):
    case case: pass
match [a, b]:
    case [match, type]: pass
match -x:
    case _: pass
match x := y:
    case _: pass
match = {match: case}
match(x)[case].type
