# Two errors far apart: the second is found although the first stands before it.
# $ cresset check syntax_twice.py
import torch.nn as nn


class Net(nn.Module):
    def forward(self, x):
        if x is None
            return None
        return x


def helper(a, b):
    return a +* b
