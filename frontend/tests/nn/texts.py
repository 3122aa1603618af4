"""How modules are printed."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Identity()])
        self.heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
        self.none = None
        self.empty = nn.Sequential()


assert repr(Net()) == """Net(
  (stem): Sequential(
    (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
    (1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    (2): ReLU(inplace=True)
  )
  (blocks): ModuleList(
    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
    (2): Identity()
  )
  (heads): ModuleDict(
    (a): Linear(in_features=2, out_features=1, bias=True)
  )
  (empty): Sequential()
)"""


class Lines(nn.Module):
    def extra_repr(self):
        return "one\ntwo"


assert repr(Lines()) == "Lines(\n  one\n  two\n)" and str(nn.Module()) == "Module()"

for module, text in [
    (nn.Linear(2, 3, bias=False), "Linear(in_features=2, out_features=3, bias=False)"),
    (nn.Bilinear(2, 3, 4, False), "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=False)"),
    (
        nn.Conv1d(4, 8, 3, padding="same", groups=2, dilation=2, bias=False),
        "Conv1d(4, 8, kernel_size=(3,), stride=(1,), padding=same, dilation=(2,), groups=2, bias=False)",
    ),
    (nn.Conv2d(4, 8, (3, 1), stride=2, padding=(1, 0)), "Conv2d(4, 8, kernel_size=(3, 1), stride=(2, 2), padding=(1, 0))"),
    (nn.BatchNorm1d(3), "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"),
    (nn.LayerNorm((2, 3), bias=False), "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True, bias=False)"),
    (nn.RMSNorm(4), "RMSNorm((4,), eps=None, elementwise_affine=True)"),
    (nn.Embedding(4, 5, padding_idx=-1), "Embedding(4, 5, padding_idx=3)"),
    (nn.Dropout(0.1), "Dropout(p=0.1, inplace=False)"),
    (nn.ReLU(), "ReLU()"),
    (nn.GELU(), "GELU(approximate='none')"),
    (nn.LeakyReLU(0.2, True), "LeakyReLU(negative_slope=0.2, inplace=True)"),
    (nn.ELU(), "ELU(alpha=1.0)"),
    (nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"),
    (nn.Hardswish(True), "Hardswish()"),
    (nn.PReLU(), "PReLU(num_parameters=1)"),
    (nn.Softmax(dim=-1), "Softmax(dim=-1)"),
    (nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"),
    (nn.Threshold(1, 2, True), "Threshold(threshold=1, value=2, inplace=True)"),
    (nn.GLU(), "GLU(dim=-1)"),
    (nn.MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"),
    (nn.AvgPool2d(2), "AvgPool2d(kernel_size=2, stride=2, padding=0)"),
    (nn.AvgPool1d(2), "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))"),
    (nn.AdaptiveAvgPool2d((1, None)), "AdaptiveAvgPool2d(output_size=(1, None))"),
    (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (nn.Unflatten(1, (2, 3)), "Unflatten(dim=1, unflattened_size=(2, 3))"),
    (nn.ZeroPad2d(1), "ZeroPad2d((1, 1, 1, 1))"),
    (nn.ConstantPad1d(2, 0.5), "ConstantPad1d(padding=(2, 2), value=0.5)"),
    (nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"),
    (nn.CrossEntropyLoss(), "CrossEntropyLoss()"),
    (
        nn.MultiheadAttention(8, 2),
        "MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(in_features=8, out_features=8, bias=True)\n)",
    ),
    (
        nn.ParameterList([torch.ones(2), 3]),
        "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2]\n    (1): Object of type: int\n)",
    ),
    (
        nn.ParameterDict({"a": torch.ones(2, 3), "b": "x"}),
        "ParameterDict(\n    (a): Parameter containing: [torch.FloatTensor of size 2x3]\n    (b): Object of type: str\n)",
    ),
]:
    assert repr(module) == text, f"{module!r}\n{text}"

from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.batchnorm import _BatchNorm
import torch.nn.modules as modules

assert isinstance(nn.Conv2d(1, 1, 1), _ConvNd) and issubclass(nn.BatchNorm2d, _BatchNorm) and modules.Linear is nn.Linear
assert nn.modules.conv.Conv2d is nn.Conv2d and nn.Module.__module__ == "torch.nn.modules.module"
assert nn.Linear.__module__ == "torch.nn.modules.linear" and torch.nn.parameter.Parameter is nn.Parameter
