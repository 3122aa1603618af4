# Valid Python that the evaluator does not run is refused where it is reached.
# $ cresset check await_expression.py --input-spec x=f32[2,4]
import torch.nn as nn


async def load(x):
    return x


class Net(nn.Module):
    def forward(self, x):
        return (lambda: (yield from load(x)))() if False else self.later(x)

    async def later(self, x):
        return await load(x)
