# A name that is bound nowhere.
# $ cresset check undefined_name.py --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def forward(self, x):
        return x + biass
