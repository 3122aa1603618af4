# A loop without end while the module is constructed.
# $ cresset check endless_loop.py --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        count = 0
        while count >= 0:
            count += 1

    def forward(self, x):
        return x
