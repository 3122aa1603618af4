"""torch.nn.modules: the same names as torch.nn."""
from torch.nn import *
