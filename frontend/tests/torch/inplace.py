"""In-place functions and augmented assignment change the object."""
import copy

import torch
import torch.nn.functional as F

x = torch.tensor([-1.0, 2.0])
alias = x
x += 1
assert alias.tolist() == [0, 3] and alias is x
x = x + 1
assert alias.tolist() == [0, 3]
alias.mul_(2).sub_(1)
assert alias.tolist() == [-1, 5]
assert F.relu(alias, inplace=True) is alias and alias.tolist() == [0, 5]
alias.clamp_(max=3)
alias.copy_(torch.tensor(2))
assert alias.tolist() == [2, 2]
alias.masked_fill_(torch.tensor([True, False]), 7)
assert alias.tolist() == [7, 2]
alias[alias > 5] = 0
assert alias.tolist() == [0, 2]
alias[torch.tensor([1])] = torch.tensor([6.0])
assert alias.tolist() == [0, 6]

deep = copy.deepcopy(alias)
deep += 1
assert alias.tolist() == [0, 6] and deep.tolist() == [1, 7]

i = torch.zeros(2, dtype=torch.int64)
i += True
i.add_(torch.tensor([1, 2], dtype=torch.int32))
assert i.tolist() == [2, 3] and i.dtype == torch.int64
try:
    torch.zeros(2).add_(torch.zeros(3, 2))
    assert False
except RuntimeError as e:
    assert "doesn't match the broadcast shape" in str(e)
h = torch.ones(2, dtype=torch.float16)
h += torch.ones(2)
assert h.dtype == torch.float16 and h.tolist() == [2, 2]
x = torch.zeros(3)
x.note = "kept"
assert x.note == "kept"
