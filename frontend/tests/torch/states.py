"""What calls leave behind. A class refuses to be traced where a later call would read it, and is traced where none does."""
import functools
import itertools

import torch
import torch.nn.functional as F
from torch import nn

COUNT = 0
LOG = []
TABLE = {"n": 0}


def counter():
    n = 0

    def step():
        nonlocal n
        n += 1
        return n

    return step


class Base(nn.Module):
    shared = 0
    items = []

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(3, 2))
        self.kept = torch.zeros(3, 2)
        self.inner = nn.Linear(2, 2)
        self.calls, self.values, self.table, self.names = 0, [0.0], {"a": 1.0}, set()
        self.mask = self.last = None
        self.iterator, self.generator, self.numbers = iter([1, 2, 3]), (i for i in range(9)), itertools.count()
        self.step = counter()


# Refused: the next call differs.


class Rebound(Base):
    def forward(self, x):
        self.kept = torch.cat([self.kept[1:], x])
        return self.kept * 1


class ReboundBuffer(Base):
    def forward(self, x):
        self.seen = self.seen + x
        return self.seen * 1


class Data(Base):
    def forward(self, x):
        self.kept.data = self.kept.data + x
        return self.kept * 1


class InPlace(Base):
    def forward(self, x):
        self.seen += 1
        return x + self.seen


class ThroughAView(Base):
    def forward(self, x):
        self.kept[0] = x[0]
        return x + self.kept


class Known(Base):
    def forward(self, x):
        y = x + self.seen
        self.seen.copy_(torch.ones(3, 2))
        return y


class Statistics(Base):
    def forward(self, x):
        return F.instance_norm(x[None], self.seen[:, 0], self.seen[:, 1], use_input_stats=True)


class Counts(Base):
    def forward(self, x):
        self.calls += 1
        return x + self.calls


class CountsUnseen(Base):
    def forward(self, x):
        self.calls += 1
        return x


class OfAChild(Base):
    def forward(self, x):
        self.inner.calls = getattr(self.inner, "calls", 0) + 1
        return x * self.inner.calls


class Appends(Base):
    def forward(self, x):
        self.values.append(1.0)
        return x * len(self.values)


class Item(Base):
    def forward(self, x):
        self.values[0] += 1.0
        return x * self.values[0]


class Entry(Base):
    def forward(self, x):
        self.table["a"] *= 2
        return x * self.table["a"]


class Member(Base):
    def forward(self, x):
        self.names.add(len(self.names))
        return x * len(self.names)


class Global(Base):
    def forward(self, x):
        global COUNT
        COUNT += 1
        return x + COUNT


class GlobalList(Base):
    def forward(self, x):
        LOG.append(1)
        return x + len(LOG)


class GlobalDict(Base):
    def forward(self, x):
        TABLE["n"] += 1
        return x + TABLE["n"]


class OfTheClass(Base):
    def forward(self, x):
        type(self).shared += 1
        return x + self.shared


class ListOfTheClass(Base):
    def forward(self, x):
        self.items.append(1)
        return x + len(self.items)


class Nonlocal(Base):
    def forward(self, x):
        return x + self.step()


class Default(Base):
    def forward(self, x, seen=[]):
        seen.append(1)
        return x + len(seen)


class OfAFunction(Base):
    def forward(self, x):
        counter.n = getattr(counter, "n", 0) + 1
        return x + counter.n


class Iterator(Base):
    def forward(self, x):
        return x + next(self.iterator)


class Generator(Base):
    def forward(self, x):
        return x + next(self.generator)


class Numbers(Base):
    def forward(self, x):
        return x + next(self.numbers)


class FirstOnly(Base):
    def forward(self, x):
        if self.last is None:
            self.last = 1
            return x
        return x * 2


class Previous(Base):
    def forward(self, x):
        y = x if self.last is None else x + self.last
        self.last = x
        return y


class DefaultDtype(Base):
    def forward(self, x):
        y = x + torch.ones(2)
        torch.set_default_dtype(torch.float64)
        return y


class CachedInput(Base):
    def forward(self, x):
        if "x" not in self.table:
            self.table["x"] = x * 2
        return x + self.table["x"]


class CachedForAnySize(Base):
    def forward(self, x):
        if self.mask is None:
            self.mask = torch.ones(x.size(0), x.size(0)).triu(1)
        return self.mask @ x


class Fails(Base):
    def forward(self, x):
        assert self.last is None
        self.last = 1
        return x


# Traced: every call is like the first.


class Inspected(Base):
    def forward(self, x):
        self.last = torch.softmax(x, -1)
        self.function = lambda: self.last + x
        self.parts = [x.shape, slice(0, x.shape[0]), {1: (x, x)}, {2}, x.dtype, range(3), torch.relu, type(self), self.forward, 1.5]
        return self.last * 2


class Overwritten(Base):
    def forward(self, x):
        self.seen.copy_(x)
        self.kept.zero_()
        self.kept.add_(x)
        return self.seen * self.kept


class Listed(Base):
    def forward(self, x):
        self.values.clear()
        for i in range(3):
            x = x * 2
            self.values.append(x)
        return x


class Cached(Base):
    def forward(self, x):
        if self.mask is None or self.mask.size(0) != x.size(0):
            self.mask = torch.ones(x.size(0), x.size(0)).triu(1)
        return self.mask @ x


class CachedAndInspected(Base):
    def forward(self, x):
        self.last = torch.softmax(x, -1)
        if self.mask is None or self.mask.size(0) != x.size(0):
            self.mask = torch.ones(x.size(0), x.size(0)).triu(1)
        return self.mask @ self.last


class CachedBySize(Base):
    def forward(self, x):
        if not hasattr(self, "length") or self.length != x.size(0):
            self.length, self.places = x.size(0), torch.arange(x.size(0)).unsqueeze(1)
        return x + self.places


class CachedFunction(Base):
    @functools.lru_cache(None)
    def scales(self, n):
        return torch.arange(n) / 2

    @functools.cached_property
    def offset(self):
        return self.inner.weight[0] * 2

    def forward(self, x):
        return x * self.scales(2) + self.offset


class Sizes(Base):
    def forward(self, x):
        self.height, self.width = x.shape
        return x.reshape(self.width, self.height)


class Found(Base):
    def forward(self, x):
        self.best = x.max(dim=1)
        return self.best.values


class Settles(Base):
    def forward(self, x):
        self.calls = min(self.calls + 1, 1)
        return x
