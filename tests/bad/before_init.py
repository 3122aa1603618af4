# A submodule that is assigned before Module.__init__ ran.
# $ cresset check before_init.py --input-spec x=f32[2,4]
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(4, 4)
        super().__init__()

    def forward(self, x):
        return self.fc(x)
