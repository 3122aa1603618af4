"""Functions of torch and torch.nn.functional."""
import torch
import torch.nn.functional as F


def close(a, b, tolerance=1e-5):
    return torch.allclose(a, torch.as_tensor(b), atol=tolerance)


x = torch.tensor([[-1.0, 0.5, 2.0]])
assert close(F.softmax(x, dim=-1), [[0.0391, 0.1753, 0.7856]], 1e-4) and close(F.softmax(x, -1), x.softmax(-1))
assert close(F.log_softmax(x, 1).exp().sum(1), [1.0]) and close(F.gelu(x), [[-0.1587, 0.3457, 1.9545]], 1e-4)
assert close(F.gelu(x, approximate="tanh"), [[-0.1588, 0.3457, 1.9546]], 1e-4)
assert close(F.silu(x), x * torch.sigmoid(x)) and close(F.relu(x), [[0, 0.5, 2]]) and close(F.leaky_relu(x, 0.1), [[-0.1, 0.5, 2]])
assert close(F.elu(x), [[-0.6321, 0.5, 2.0]], 1e-4) and close(F.relu6(x * 5), [[0, 2.5, 6]]) and close(F.hardtanh(x), [[-1, 0.5, 1]])
assert close(F.softplus(x), torch.log1p(torch.exp(x))) and close(F.mish(x), x * torch.tanh(F.softplus(x))) and close(F.logsigmoid(x), torch.log(torch.sigmoid(x)))
assert close(F.glu(torch.tensor([[1.0, 2.0, 0.0, 0.0]])), [[0.5, 1.0]])
w, b = torch.ones(2, 3), torch.tensor([0.0, 1.0])
assert close(F.linear(x, w, b), [[1.5, 2.5]]) and close(x @ w.t() + b, F.linear(x, w, b)) and (x[0] @ x[0]).item() == 5.25
assert torch.outer(torch.tensor([1, 2]), torch.tensor([3, 4])).tolist() == [[3, 4], [6, 8]]
assert torch.matmul(torch.ones(2, 1, 3, 4), torch.ones(5, 4, 2)).shape == (2, 5, 3, 2) and (w @ torch.ones(3)).tolist() == [3, 3]
assert close(torch.addmm(b, x, w.t()), F.linear(x, w, b))
n = F.layer_norm(x, (3,))
assert close(n.mean(), torch.tensor(0.0)) and close(F.layer_norm(x, [3], torch.ones(3) * 2, torch.ones(3)), n * 2 + 1)
assert close(F.rms_norm(x, (3,), eps=1e-6), x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))
image = torch.arange(32.0).view(1, 2, 4, 4)
assert close(F.group_norm(image, 1).mean(), torch.tensor(0.0)) and F.conv2d(image, torch.ones(3, 2, 3, 3), padding=1).shape == (1, 3, 4, 4)
assert F.conv2d(image, torch.ones(2, 1, 2, 2), stride=2, groups=2).flatten().tolist() == [10, 18, 42, 50, 74, 82, 106, 114]
assert F.conv2d(image, torch.ones(1, 2, 3, 3), padding="same").shape == (1, 1, 4, 4) and F.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 2)).tolist() == [[[2, 2, 2, 2]]]
assert F.max_pool2d(image, 2).flatten().tolist() == [5, 7, 13, 15, 21, 23, 29, 31] and F.avg_pool2d(image, 2)[0, 0, 0, 0].item() == 2.5
assert F.adaptive_avg_pool2d(image, 1).flatten().tolist() == [7.5, 23.5] and F.max_pool1d(image[0], 2).shape == (2, 4, 2)
assert close(F.batch_norm(image, torch.zeros(2), torch.ones(2)), image / (1 + 1e-5) ** 0.5, 1e-4)
assert F.embedding(torch.tensor([[1, 0]]), torch.tensor([[1.0], [2.0]])).tolist() == [[[2], [1]]]
assert F.one_hot(torch.tensor([1, 0]), 3).tolist() == [[0, 1, 0], [1, 0, 0]] and F.one_hot(torch.tensor([2])).shape == (1, 3)
assert close(F.cross_entropy(x, torch.tensor([2])), -F.log_softmax(x, 1)[0, 2]) and F.mse_loss(x, x + 2).item() == 4
q = torch.ones(1, 2, 3, 4)
assert close(F.scaled_dot_product_attention(q, q, q, is_causal=True), q) and F.dropout(x, 0.5, training=False) is x
assert torch.clamp(x, min=0).tolist() == [[0, 0.5, 2]] and x.clamp(0, 1).tolist() == [[0, 0.5, 1]] and x.clamp(max=torch.tensor(1.0)).tolist() == [[-1, 0.5, 1]]
assert torch.where(x > 0, x, 0.0).tolist() == [[0, 0.5, 2]] and x.masked_fill(x < 0, float("-inf"))[0, 0].item() == float("-inf")
assert torch.isnan(torch.tensor([float("nan"), 1])).tolist() == [True, False] and torch.isfinite(x).all()
assert x.abs().sqrt().square().sum().item() - 3.5 < 1e-6 and torch.sign(x).tolist() == [[-1, 1, 1]] and (-x).tolist() == [[1, -0.5, -2]]
assert (x > 0).logical_not().tolist() == [[True, False, False]] and (~(x > 0)).tolist() == [[True, False, False]]
assert (torch.tensor([5]) & 4).item() == 4 and (torch.tensor([1]) << 3).item() == 8 and torch.floor(torch.tensor([-1.5])).item() == -2
assert torch.div(torch.tensor([-7]), 2, rounding_mode="trunc").item() == -3 and torch.div(torch.tensor([-7]), 2, rounding_mode="floor").item() == -4
assert torch.nan_to_num(torch.tensor([float("nan"), float("inf")]), posinf=1.0).tolist() == [0, 1]
assert close(F.cosine_similarity(x, x * 3), [1.0]) and close(torch.lerp(x, x + 1, 0.5), x + 0.5) and torch.atleast_1d(torch.tensor(1)).shape == (1,)
a, b = torch.arange(6.0).view(2, 3), torch.arange(12.0).view(3, 4)
assert torch.einsum("ij,jk->ik", a, b).tolist() == (a @ b).tolist() and torch.einsum("ij->ji", a).tolist() == a.t().tolist()
assert torch.einsum("ij,ij->", a, a).item() == 55 and torch.einsum("ij,jk", a, b).shape == (2, 4) and torch.einsum("i,j->ij", a[0], b[0]).shape == (3, 4)
assert torch.einsum("bhid,bhjd->bhij", torch.ones(2, 3, 4, 5), torch.ones(2, 3, 6, 5)).shape == (2, 3, 4, 6)
assert torch.einsum("...i,ij->...j", torch.ones(2, 5, 3), b)[1, 4].tolist() == [12, 15, 18, 21]
assert torch.einsum("ij,jk,kl->il", a, b, b.t()).tolist() == (a @ b @ b.t()).tolist()
small = torch.arange(4.0).view(1, 1, 2, 2)
assert F.interpolate(small, scale_factor=2).tolist() == [[[[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]]]
assert F.interpolate(small, size=(2, 4), mode="bilinear", align_corners=False)[0, 0, 0].tolist() == [0, 0.25, 0.75, 1]
assert close(F.interpolate(small, size=3, mode="bilinear", align_corners=True)[0, 0], [[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]])
assert close(F.interpolate(small, scale_factor=1.5, mode="bicubic")[0, 0, 0], [-0.2604, 0.3264, 0.9132], 1e-3)
assert F.interpolate(torch.arange(3.0).view(1, 1, 3), size=5, mode="linear").flatten()[2].item() == 1
assert torch.ones(2).where(torch.tensor([True, False]), torch.zeros(2)).tolist() == [1, 0]
