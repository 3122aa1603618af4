# A token that the vocabulary does not have is refused, as PyTorch refuses it.
# $ cresset run index.py:Net() --input-spec tokens=i64[B,T] --inputs index.npy
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(96, 8)

    def forward(self, tokens):
        return self.wte(tokens)
