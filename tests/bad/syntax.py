# Every syntax error of a file is reported in one go.
# $ cresset check syntax.py
import torch.nn as nn


class Net(nn.Module)
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4

    def forward(self, x):
        y = = self.fc(x)
        return y
