"""numbers: classes to test numbers against."""


class Number:
    _types = (int, float)

    @classmethod
    def __instancecheck__(cls, value):
        return isinstance(value, cls._types) or cls in type(value).__mro__


class Complex(Number):
    pass


class Real(Complex):
    pass


class Rational(Real):
    _types = (int,)


class Integral(Rational):
    pass
