"""contextlib: context managers of generators and of nothing."""
from functools import wraps


class AbstractContextManager:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return None


class ContextDecorator:
    def __call__(self, function):
        @wraps(function)
        def inner(*args, **kwargs):
            with self._recreate():
                return function(*args, **kwargs)

        return inner

    def _recreate(self):
        return self


class _GeneratorContext(ContextDecorator):
    def __init__(self, function, args, kwargs):
        self.generator = function(*args, **kwargs)
        self.function, self.args, self.kwargs = function, args, kwargs

    def _recreate(self):
        return _GeneratorContext(self.function, self.args, self.kwargs)

    def __enter__(self):
        for value in self.generator:
            return value
        raise RuntimeError("generator didn't yield")

    def __exit__(self, kind, error, traceback):
        if kind is None:
            for _ in self.generator:
                raise RuntimeError("generator didn't stop")
            return False
        try:
            self.generator.throw(error)
        except StopIteration:
            return True
        except BaseException as raised:
            if raised is error:
                return False
            raise
        raise RuntimeError("generator didn't stop after throw()")


def contextmanager(function):
    @wraps(function)
    def make(*args, **kwargs):
        return _GeneratorContext(function, args, kwargs)

    return make


class nullcontext(AbstractContextManager):
    def __init__(self, enter_result=None):
        self.enter_result = enter_result

    def __enter__(self):
        return self.enter_result


class suppress(AbstractContextManager):
    def __init__(self, *exceptions):
        self.exceptions = exceptions

    def __exit__(self, kind, error, traceback):
        return kind is not None and issubclass(kind, self.exceptions)


class closing(AbstractContextManager):
    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, kind, error, traceback):
        self.thing.close()


class ExitStack(AbstractContextManager):
    def __init__(self):
        self._exits = []

    def enter_context(self, manager):
        value = manager.__enter__()
        self._exits.append(manager.__exit__)
        return value

    def callback(self, function, *args, **kwargs):
        self._exits.append(lambda kind, error, traceback: function(*args, **kwargs) and False)
        return function

    def push(self, leave):
        self._exits.append(leave.__exit__ if hasattr(leave, "__exit__") else leave)
        return leave

    def close(self):
        self.__exit__(None, None, None)

    def __exit__(self, kind, error, traceback):
        handled = False
        while self._exits:
            if self._exits.pop()(kind, error, traceback):
                kind, error, traceback, handled = None, None, None, True
        return handled
