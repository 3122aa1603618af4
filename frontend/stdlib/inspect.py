"""inspect: the little that needs no source text."""
import enum

from _inspect import parameters as _parameters


class _empty:
    """What stands for a default or an annotation that is not there."""


class _ParameterKind(enum.IntEnum):
    POSITIONAL_ONLY = 0
    POSITIONAL_OR_KEYWORD = 1
    VAR_POSITIONAL = 2
    KEYWORD_ONLY = 3
    VAR_KEYWORD = 4


class Parameter:
    empty = _empty
    POSITIONAL_ONLY = _ParameterKind.POSITIONAL_ONLY
    POSITIONAL_OR_KEYWORD = _ParameterKind.POSITIONAL_OR_KEYWORD
    VAR_POSITIONAL = _ParameterKind.VAR_POSITIONAL
    KEYWORD_ONLY = _ParameterKind.KEYWORD_ONLY
    VAR_KEYWORD = _ParameterKind.VAR_KEYWORD

    def __init__(self, name, kind, *, default=_empty, annotation=_empty):
        self.name = name
        self.kind = _ParameterKind(kind)
        self.default = default
        self.annotation = annotation

    def __str__(self):
        stars = {_ParameterKind.VAR_POSITIONAL: "*", _ParameterKind.VAR_KEYWORD: "**"}.get(self.kind, "")
        return stars + self.name + ("" if self.default is _empty else f"={self.default!r}")

    def __repr__(self):
        return f'<Parameter "{self}">'


class Signature:
    empty = _empty

    def __init__(self, parameters=None, *, return_annotation=_empty):
        self.parameters = {p.name: p for p in parameters or ()}
        self.return_annotation = return_annotation

    def __str__(self):
        shown, last = [], None
        for p in self.parameters.values():
            if last == Parameter.POSITIONAL_ONLY != p.kind:
                shown.append("/")
            if p.kind == Parameter.KEYWORD_ONLY and last not in (Parameter.KEYWORD_ONLY, Parameter.VAR_POSITIONAL):
                shown.append("*")
            shown.append(str(p))
            last = p.kind
        return f"({', '.join(shown + ['/'] * (last == Parameter.POSITIONAL_ONLY))})"

    def __repr__(self):
        return f"<Signature {self}>"


def signature(obj):
    """The parameters of a callable, by name; `self` of a method and of a class's constructor is left out."""
    if isclass(obj):
        return _without_first(signature(obj.__init__))
    if ismethod(obj):
        return _without_first(signature(obj.__func__))
    while hasattr(obj, "__wrapped__"):
        obj = obj.__wrapped__
    if not isfunction(obj):
        return _without_first(signature(type(obj).__call__))
    return Signature(Parameter(n, k, default=d[0] if d else _empty) for n, k, d in _parameters(obj))


def _without_first(whole):
    parameters = list(whole.parameters.values())
    keep = parameters and parameters[0].kind == Parameter.VAR_POSITIONAL
    return Signature(parameters if keep else parameters[1:])


def isclass(obj):
    return isinstance(obj, type)


def isfunction(obj):
    return type(obj) is type(isclass)


def ismethod(obj):
    return hasattr(obj, "__self__") and hasattr(obj, "__func__")


def ismodule(obj):
    return type(obj).__name__ == "module"


def isabstract(obj):
    return False


def getmembers(obj, predicate=None):
    pairs = [(name, getattr(obj, name)) for name in dir(obj)]
    return [pair for pair in pairs if predicate is None or predicate(pair[1])]


def getdoc(obj):
    return obj.__doc__
