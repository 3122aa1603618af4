from .deep import *


def starred(x):
    return x * 10


def _hidden():
    pass
