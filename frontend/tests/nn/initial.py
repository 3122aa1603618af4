"""Initial values: the same seed gives PyTorch's weights; sums and first values recorded there."""
import torch
from torch import nn
from torch.nn import init

from chargpt import CharGpt
from digits_cnn import DigitsCnn


def check(name, tensor, first, total):
    got = tensor.flatten()[0].item(), tensor.double().sum().item()
    assert abs(got[0] - first) <= 1e-6 * max(1.0, abs(first)), f"{name}: first {got[0]}, expected {first}"
    assert abs(got[1] - total) <= 1e-5 * max(1.0, abs(total)), f"{name}: sum {got[1]}, expected {total}"


torch.manual_seed(0)
digits = DigitsCnn().state_dict()
assert list(digits) == [
    'stem.conv.weight',
    'stem.bn.weight',
    'stem.bn.bias',
    'stem.bn.running_mean',
    'stem.bn.running_var',
    'stem.bn.num_batches_tracked',
    'blocks.0.conv.weight',
    'blocks.0.bn.weight',
    'blocks.0.bn.bias',
    'blocks.0.bn.running_mean',
    'blocks.0.bn.running_var',
    'blocks.0.bn.num_batches_tracked',
    'blocks.1.conv.weight',
    'blocks.1.bn.weight',
    'blocks.1.bn.bias',
    'blocks.1.bn.running_mean',
    'blocks.1.bn.running_var',
    'blocks.1.bn.num_batches_tracked',
    'head.weight',
    'head.bias',
]
for name, first, total in [
    ('stem.conv.weight', -0.0024956068955361843, -1.0519974026829004),
    ('blocks.0.conv.weight', -0.07486012578010559, -3.989516915735294),
    ('blocks.1.conv.weight', 0.03363315761089325, 7.431907229925855),
    ('head.weight', -0.10764946043491364, 1.396723136305809),
    ('head.bias', 0.001476004719734192, 0.0869067907333374),
]:
    check(name, digits[name], first, total)

torch.manual_seed(0)
gpt = CharGpt().state_dict()
assert len(gpt) == 53 and list(gpt)[:3] == ['wte.weight', 'wpe.weight', 'blocks.0.ln_1.weight'] and list(gpt)[-2:] == ['ln_f.bias', 'head.weight']
for name, first, total in [
    ('wte.weight', 0.00468858378008008, 2.403902431822871),
    ('wpe.weight', -0.015977414324879646, -4.615877613736416),
    ('blocks.0.attn.qkv.weight', -0.002173949498683214, -4.692144462056206),
    ('blocks.3.mlp.proj.weight', 0.0038887339178472757, -0.1264527699485143),
    ('head.weight', 0.00468858378008008, 2.403902431822871),
]:
    check(name, gpt[name], first, total)

torch.manual_seed(1)
for name, run, first, total in [
    ('uniform_', lambda: init.uniform_(torch.empty((4, 5))), 0.7576315999031067, 10.896426975727081),
    ('normal_', lambda: init.normal_(torch.empty((4, 5))), 0.8656923770904541, 5.019701486453414),
    ('normal_', lambda: init.normal_(torch.empty((3,))), 0.4107416570186615, -1.4853388369083405),
    ('xavier_uniform_', lambda: init.xavier_uniform_(torch.empty((4, 5))), -0.45769503712654114, -1.4651758708059788),
    ('xavier_normal_', lambda: init.xavier_normal_(torch.empty((4, 5))), -0.6761760115623474, -0.2760598212480545),
    ('kaiming_uniform_', lambda: init.kaiming_uniform_(torch.empty((4, 5))), -0.6624941229820251, 2.2342754900455475),
    ('kaiming_normal_', lambda: init.kaiming_normal_(torch.empty((4, 5, 3)), mode="fan_out", nonlinearity="relu"), 0.11044248193502426, 2.9462572624906898),
    ('trunc_normal_', lambda: init.trunc_normal_(torch.empty((40, 5))), -0.07051458209753036, -4.034376629628241),
    ('sparse_', lambda: init.sparse_(torch.empty((4, 5)), 0.5), 0.0, 0.039231836155522615),
    ('eye_', lambda: init.eye_(torch.empty((3, 4))), 1.0, 3.0),
    ('dirac_', lambda: init.dirac_(torch.empty((4, 4, 3))), 0.0, 4.0),
    ('zeros_', lambda: init.zeros_(torch.empty((2,))), 0.0, 0.0),
    ('ones_', lambda: init.ones_(torch.empty((2,))), 1.0, 2.0),
    ('trunc_normal_', lambda: init.trunc_normal_(torch.empty((30, 4)), std=0.02), 0.03857875242829323, 0.22992451878963038),
    ('trunc_normal_', lambda: init.trunc_normal_(torch.empty((30, 4)), std=1.0, a=1.0, b=3.0), 1.8482000827789307, 187.39276230335236),
]:
    check(name, run(), first, total)

assert init.calculate_gain('tanh') == 5 / 3 and init.calculate_gain('leaky_relu', 0.2) == (2 / 1.04) ** 0.5
assert init.constant_(torch.empty(2), 3.0).tolist() == [3.0, 3.0]

torch.manual_seed(5)
for name, run, first, total in [
    ('orthogonal_', lambda: init.orthogonal_(torch.empty((4, 4))), 0.6281954050064087, 0.5683653559535742),
    ('orthogonal_', lambda: init.orthogonal_(torch.empty((3, 5)), gain=2.0), 0.8828833103179932, -1.5332490745931864),
    ('orthogonal_', lambda: init.orthogonal_(torch.empty((5, 2, 2))), 0.33764827251434326, -0.7970148101449013),
]:
    check(name, run(), first, total)
