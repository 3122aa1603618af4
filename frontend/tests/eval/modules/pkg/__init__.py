# Never run to reach a module inside.
print("package body")
from .layers.deep import Deep
from .blocks import make_block as make_block
raise RuntimeError("the body of a package")
