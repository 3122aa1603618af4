# Two operands that cannot be broadcast.
# $ cresset check broadcast.py --input-spec x=f32[2,3] --input-spec y=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def forward(self, x, y):
        return x + y
