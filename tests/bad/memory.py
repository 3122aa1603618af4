# A list that grows without end is stopped before memory is.
# $ cresset check memory.py --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.text = "x" * 10**13

    def forward(self, x):
        return x
