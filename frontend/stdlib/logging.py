"""logging: accepted and silent."""

NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL = 0, 10, 20, 30, 40, 50
WARN, FATAL = WARNING, CRITICAL


class Handler:
    def __init__(self, *args, **kwargs):
        pass

    def setLevel(self, level):
        pass

    def setFormatter(self, formatter):
        pass


class StreamHandler(Handler):
    pass


class FileHandler(Handler):
    pass


class NullHandler(Handler):
    pass


class Formatter:
    def __init__(self, *args, **kwargs):
        pass


class Logger:
    def __init__(self, name):
        self.name = name
        self.level = WARNING
        self.handlers = []
        self.propagate = True

    def _silent(self, message, *args, **kwargs):
        pass

    debug = info = warning = warn = error = critical = exception = _silent

    def log(self, level, message, *args, **kwargs):
        pass

    def setLevel(self, level):
        self.level = level

    def getEffectiveLevel(self):
        return self.level

    def isEnabledFor(self, level):
        return False

    def addHandler(self, handler):
        self.handlers.append(handler)

    def hasHandlers(self):
        return bool(self.handlers)


_loggers = {}


def getLogger(name="root"):
    if name not in _loggers:
        _loggers[name] = Logger(name)
    return _loggers[name]


def basicConfig(**kwargs):
    pass


def _silent(message, *args, **kwargs):
    pass


debug = info = warning = warn = error = critical = exception = _silent
