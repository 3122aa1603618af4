"""enum: named constants. What CPython does with a metaclass is done by hooks of the evaluator: `__class_iter__` and its kin."""


class EnumMeta(type):
    pass


EnumType = EnumMeta


class auto:
    pass


def unique(cls):
    return cls


def _is_member(name, value):
    if name.startswith("_") and name.endswith("_") or name.startswith("__"):
        return False
    return not (isinstance(value, (property, staticmethod, classmethod)) or type(value) is type(_is_member))


class Enum:
    def __init_subclass__(cls, **kwargs):
        cls._member_map_ = {}
        cls._value2member_map_ = {}
        previous = []
        for name, value in list(cls.__dict__.items()):
            if not _is_member(name, value):
                continue
            if isinstance(value, auto):
                value = cls._generate_next_value_(name, 1, len(previous), previous)
            previous.append(value)
            setattr(cls, name, _make_member(cls, name, value))

    @staticmethod
    def _generate_next_value_(name, start, count, last_values):
        return last_values[-1] + 1 if last_values else start

    def __new__(cls, value):
        for member in cls._member_map_.values():
            if member._value_ == value or member is value:
                return member
        member = cls._missing_(value)
        if member is None:
            raise ValueError(f"{value!r} is not a valid {cls.__qualname__}")
        return member

    def __init__(self, *args):
        pass

    @classmethod
    def _missing_(cls, value):
        return None

    @property
    def name(self):
        return self._name_

    @property
    def value(self):
        return self._value_

    def __class_getitem__(cls, name):
        return cls._member_map_[name]

    @classmethod
    def __class_iter__(cls):
        return [member for name, member in cls._member_map_.items() if member._name_ == name]

    @classmethod
    def __class_len__(cls):
        return len(cls.__class_iter__())

    @classmethod
    def __class_contains__(cls, value):
        return any(member is value or member._value_ == value for member in cls._member_map_.values())

    @classmethod
    def __members__(cls):
        return dict(cls._member_map_)

    def __repr__(self):
        return f"<{type(self).__name__}.{self._name_}: {self._value_!r}>"

    def __str__(self):
        return f"{type(self).__name__}.{self._name_}"

    def __hash__(self):
        return hash(self._name_)

    def __eq__(self, other):
        return self is other

    def __format__(self, spec):
        return format(str(self), spec)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def _make_member(cls, name, value):
    for member in cls._member_map_.values():
        if member._value_ == value:
            cls._member_map_[name] = member
            return member
    args = value if isinstance(value, tuple) else (value,)
    for base, primitive in ((int, int), (str, str), (float, float)):
        if issubclass(cls, base):
            member = primitive.__new__(cls, *args)
            break
    else:
        member = object.__new__(cls)
    member._name_ = name
    member._value_ = value
    member.__init__(*args)
    cls._member_map_[name] = member
    return member


class IntEnum(int, Enum):
    def __new__(cls, value):
        return Enum.__new__(cls, value)

    def __str__(self):
        return str(self._value_)

    def __format__(self, spec):
        return format(self._value_, spec)

    def __hash__(self):
        return hash(self._value_)

    def __eq__(self, other):
        return self._value_ == (other._value_ if isinstance(other, IntEnum) else other)


class StrEnum(str, Enum):
    def __new__(cls, value):
        return Enum.__new__(cls, value)

    @staticmethod
    def _generate_next_value_(name, start, count, last_values):
        return name.lower()

    def __str__(self):
        return self._value_

    def __format__(self, spec):
        return format(self._value_, spec)

    def __hash__(self):
        return hash(self._value_)

    def __eq__(self, other):
        return self._value_ == (other._value_ if isinstance(other, StrEnum) else other)


class IntFlag(IntEnum):
    pass


class Flag(Enum):
    pass
