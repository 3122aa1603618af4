# Without inputs and without a specification, nothing says what the types are.
# $ cresset run no_inputs.py
import torch.nn as nn


class Net(nn.Module):
    def forward(self, x):
        return x
