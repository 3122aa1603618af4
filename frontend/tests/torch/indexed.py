"""Modules that use their input `x`, integers of B by T, as indices: what their graphs ask of a call."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, 2)
        self.register_buffer("order", torch.tensor([3, -1, 6]))


class Moved(Table):
    """Through views and a wider dtype."""

    def forward(self, x):
        return self.table(x.long().flatten().unsqueeze(0))


class FromTheEnd(Table):
    def forward(self, x):
        return self.table.weight[x]


class Joined(Table):
    def forward(self, x):
        return self.table(torch.cat([torch.zeros_like(x[:, :1]), x], dim=1))


class Tightest(Table):
    def forward(self, x):
        return self.table(x) + F.one_hot(x, 4).float().sum(-1, keepdim=True) + self.table.weight[x]


class Gathered(Table):
    """The range is a size of the call."""

    def forward(self, x):
        rows = torch.zeros(x.shape[0], x.shape[1])
        return rows.gather(1, x.long())


class Positions(Table):
    def forward(self, x):
        return self.table(torch.arange(x.shape[1])) + self.table(torch.arange(x.shape[0]) + 2).sum()


class Sliced(Table):
    """What is cut off may be anything."""

    def forward(self, x):
        return self.table(x[:, 1:])


class Computed(Table):
    def forward(self, x):
        return self.table(x.clamp(0, 6)) + self.table((x + 1) % 7)


class Stored(Table):
    """The buffer counts from the end, which a table does not know."""

    def forward(self, x):
        return self.table.weight[self.order], self.table(self.order)


class StoredIntoSizes(Table):
    def forward(self, x):
        return x[:, torch.tensor([0, 5])]


class Known(Table):
    def forward(self, x):
        return self.table(torch.full((1, 2), 7))


class TooFar(Table):
    def forward(self, x):
        return self.table(torch.arange(8))


class Eager(Table):
    def __init__(self):
        super().__init__()
        self.register_buffer("first", self.table.weight[torch.tensor([[0, 7]])])

    def forward(self, x):
        return x
