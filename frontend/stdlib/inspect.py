"""inspect: the little that needs no source text."""


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
