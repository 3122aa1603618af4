"""types: the classes of built-in values, and namespaces."""


class SimpleNamespace:
    def __init__(self, /, **kwargs):
        self.__dict__.update(kwargs)

    def __repr__(self):
        return f"namespace({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"

    def __eq__(self, other):
        return isinstance(other, SimpleNamespace) and self.__dict__ == other.__dict__


class _Sample:
    def method(self):
        pass


def _generator():
    yield


FunctionType = type(_generator)
LambdaType = FunctionType
MethodType = type(_Sample().method)
BuiltinFunctionType = type(len)
GeneratorType = type(_generator())
NoneType = type(None)
EllipsisType = type(Ellipsis)
MappingProxyType = dict


class ModuleType:
    def __init__(self, name):
        self.__name__ = name


class GenericAlias:
    pass


class UnionType:
    pass


class TracebackType:
    pass
