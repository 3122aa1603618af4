"""Modules that the tests in Rust make."""
import torch
from torch import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(4, 2)
        self.head = nn.Linear(2, 4, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        return self.head(self.embed(tokens))


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, attn_mask=torch.ones(3, 3, dtype=torch.bool).triu(1))[0]


def attention():
    return SelfAttention().eval()


def encoder():
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2).eval()


def hooked():
    net = nn.utils.weight_norm(nn.Linear(4, 4))
    net.register_forward_hook(lambda module, args, out: out * 2)
    return net
