# Only what is asked for runs: the parser, the download and the prints do not.
import missing_plots as plt
import sys
from pkg import make_block
from pkg.layers.deep import Deep
from pkg.layers import *

plt.use("Agg")
print("top level")
args = missing_parser.parse_args()
registry = []
registry.append("first")


def register(cls):
    registry.append(cls.__name__)
    return cls


try:
    import missing_fast_kernels
    HAS_FAST = True
except ImportError:
    HAS_FAST = False

size = 1
early = size + 10
size = 2


@register
class Net:
    def __init__(self, width=size):
        self.block = make_block(width)
        self.deep = Deep()
        self.star = starred(width)
        self.fast = HAS_FAST


for i in range(2):
    registry.append(i)
assert_never_reached = undefined_name

if __name__ == "__main__":
    main()
