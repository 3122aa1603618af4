"""abc: abstract methods are marked; instances of abstract classes are not refused."""


class ABCMeta(type):
    pass


class ABC:
    pass


def abstractmethod(function):
    return function


abstractproperty = property
abstractclassmethod = classmethod
abstractstaticmethod = staticmethod
