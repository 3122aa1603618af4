"""Modules whose traced graphs are compared with what is recorded beside the test."""
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Output:
    logits: torch.Tensor
    hidden: torch.Tensor = None


class Shapes(nn.Module):
    """Symbolic sizes in arithmetic, and results of every structure."""

    def forward(self, x):
        B, T, C = x.shape
        flat = x.reshape(B * T, C)
        pairs = x.view(B, T, C // 2, 2).flatten(2)
        head = x[:, : T - 1]
        position = torch.arange(T, dtype=x.dtype) / T
        return {"flat": flat, "rest": (pairs, [head, None]), "position": position, "length": T, "width": C}


class InPlace(nn.Module):
    """Writes through views, in order."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.table = torch.linspace(0, 1, 4)

    def forward(self, x):
        out = torch.zeros_like(x)
        out[:, 1:] = x[:, :-1] * self.scale
        row = out[:, 0]
        row += self.table
        out[out > 1] = 0.5
        y = x
        y = y + out
        F.relu(y, inplace=True)
        return Output(logits=y)


class Guarded(nn.Module):
    """Errors that depend on sizes are conditions of the call."""

    def forward(self, x):
        T = x.shape[1]
        if T > 16:
            raise ValueError(f"at most 16 steps, got {T}")
        assert T % 2 == 0, f"{T} steps are odd"
        assert x.size(0) >= 1
        if T > 100:
            return x
        return x.view(x.shape[0], T // 2, 2, -1).mean(2)


class Branches(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x


class SizeBranches(nn.Module):
    def forward(self, x):
        if x.shape[1] > 4:
            return x[:, :4]
        return x


class Loops(nn.Module):
    def forward(self, x):
        return sum(x[:, i] for i in range(x.shape[1]))


class Items(nn.Module):
    def forward(self, x):
        return x * x.max().item()


class Stateful(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros(1))

    def forward(self, x):
        self.steps += 1
        return x + self.steps


class Noise(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)


class Mismatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x)
