# An assertion about a named size is a guard: it refuses a call in the model's own words.
# $ cresset run guard.py --input-spec x=f32[1,T] --inputs guard.npy
import torch.nn as nn


class Net(nn.Module):
    def forward(self, x):
        n = x.shape[1]
        assert n <= 8, f"a row of {n}, at most 8"
        return x * 2
