"""Reading and writing by indices."""
import torch

x = torch.arange(24).reshape(2, 3, 4)
assert x[1, 2, 3].item() == 23 and x[-1, -1, -1].item() == 23
assert x[0].shape == (3, 4) and x[:, 1].shape == (2, 4) and x[..., 0].shape == (2, 3)
assert x[None].shape == (1, 2, 3, 4) and x[:, None, ..., None].shape == (2, 1, 3, 4, 1)
assert x[0, 1:, ::2].tolist() == [[4, 6], [8, 10]]
assert x[0, :2, -2:].tolist() == [[2, 3], [6, 7]]
assert x[0, 5:].shape == (0, 4) and x[0, -9:1].shape == (1, 4)
assert x[torch.tensor([1, 0, 1])].shape == (3, 3, 4)
assert x[:, [2, 0]][0].tolist() == [[8, 9, 10, 11], [0, 1, 2, 3]]
assert x[:, :, torch.tensor([-1])].flatten().tolist() == [3, 7, 11, 15, 19, 23]
assert x[torch.tensor([0, 1]), torch.tensor([2, 1])].tolist() == [[8, 9, 10, 11], [16, 17, 18, 19]]
assert x[torch.tensor([[0], [1]])].shape == (2, 1, 3, 4)
assert x[x > 20].tolist() == [21, 22, 23]
assert x[torch.tensor([False, True])].shape == (1, 3, 4)
assert x[torch.tensor(1), 0, 0].item() == 12
for bad in [(2,), (0, 3), (0, 0, 0, 0)]:
    try:
        x[bad]
        assert False
    except IndexError:
        pass
assert torch.gather(x[0], 1, torch.tensor([[0], [1], [3]])).tolist() == [[0], [5], [11]]
assert x.index_select(1, torch.tensor([1])).shape == (2, 1, 4)
assert x[0].select(0, 1).tolist() == [4, 5, 6, 7] and x.narrow(2, 1, 2).shape == (2, 3, 2)
z = torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
assert z.tolist() == [3, 0, 3]
w = torch.zeros(4, 2)
w[torch.tensor([3, 0])] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
assert w.tolist() == [[3, 4], [0, 0], [0, 0], [1, 2]]
w[1:3, 0] = torch.tensor([5.0, 6.0])
w[2] += 1
assert w.tolist() == [[3, 4], [5, 0], [7, 1], [1, 2]]
assert len(w) == 4 and [r.sum().item() for r in w] == [7, 5, 8, 3]
assert 7 in w and 70 not in w
