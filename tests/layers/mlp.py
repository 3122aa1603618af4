"""The layers of tests/rust_api.rs, as a PyTorch model file."""
import torch.nn as nn
import torch.nn.functional as F


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x):
        return self.fc2(self.drop(F.relu(self.fc1(x))))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 16)
        self.norm = nn.LayerNorm(16)
        self.body = nn.Sequential(nn.Linear(16, 32), nn.Linear(32, 16, bias=False))

    def forward(self, x):
        h = self.table(x)
        return h + self.body(F.gelu(self.norm(h)))
