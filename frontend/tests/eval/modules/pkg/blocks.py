from . import layers
from .layers import starred


def make_block(width):
    return ("block", starred(width), layers.deep.Deep.kind)
