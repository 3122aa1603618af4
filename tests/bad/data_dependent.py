# A branch on the value of a tensor.
# $ cresset check data_dependent.py --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x
