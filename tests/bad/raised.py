# An exception that nothing catches.
# $ cresset check raised.py:Net(heads=3) --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, heads):
        super().__init__()
        if 4 % heads:
            raise ValueError(f"4 channels cannot be split into {heads} heads")

    def forward(self, x):
        return x
