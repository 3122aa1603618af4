# Recursion without end.
# $ cresset check recursion.py --input-spec x=f32[2,4]
import torch.nn as nn


def deeper(x):
    return deeper(x)


class Net(nn.Module):
    def forward(self, x):
        return deeper(x)
