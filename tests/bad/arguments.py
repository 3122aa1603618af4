# A layer that is constructed with the wrong arguments.
# $ cresset check arguments.py --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4, biais=False)

    def forward(self, x):
        return self.fc(x)
