"""Writes random.json: what PyTorch's CPU generator gives for sequences of mixed calls.

Run with PyTorch 2.15 on an x86-64 machine with AVX2: `python make_random.py > random.json`.
Each case is a seed and a list of calls; a call names its function, its arguments and the numbers it gave. Floats are
hexadecimal, so that they are exact; of long results only the first and the last numbers are kept, and their sum.
"""

import json
import torch

SEEDS = [0, 1, 42, 2**40 + 5]
SIZES = [1, 5, 15, 16, 17, 100, 1000]
KEEP = 4


def brief(t):
    values = [float(v).hex() for v in t.double().flatten().tolist()]
    return values if len(values) <= 2 * KEEP else values[:KEEP] + values[-KEEP:]


def call(name, n, t, **args):
    return {"call": name, "n": n, "dtype": str(t.dtype).removeprefix("torch."), **args, "gives": brief(t)}


def uniform(n, dtype, a, b):
    return call("uniform", n, torch.empty(n, dtype=dtype).uniform_(a, b), a=a, b=b)


def normal(n, dtype, a, b):
    return call("normal", n, torch.empty(n, dtype=dtype).normal_(a, b), a=a, b=b)


def randint(n, low, high):
    return call("randint", n, torch.randint(low, high, (n,)), a=low, b=high)


def randperm(n):
    return call("randperm", n, torch.randperm(n))


def bernoulli(n, dtype, p):
    return call("bernoulli", n, torch.bernoulli(torch.full((n,), p, dtype=dtype)), a=p)


def mixed(sizes):
    for n in sizes:
        yield normal(n, torch.float32, 0.0, 1.0)
        yield uniform(n, torch.float32, -0.25, 0.75)
        yield uniform(n, torch.float64, 0.0, 1.0)
        yield randint(n, -3, 1000)
        yield normal(n, torch.float64, 1.0, 0.5)
        yield uniform(n, torch.bfloat16, -1.0, 1.0)
        yield bernoulli(n, torch.float32, 0.3)
        yield normal(n, torch.float16, 0.0, 0.02)
        yield randint(n, -(2**40), 2**40)
        yield bernoulli(n, torch.float64, 0.7)
        yield randperm(n)
        yield normal(n, torch.bfloat16, 0.0, 1.0)
        yield uniform(n, torch.float16, 0.0, 1.0)


def case(seed, sizes):
    torch.manual_seed(seed)
    return {"seed": seed, "calls": list(mixed(sizes)) + [uniform(1, torch.float32, 0.0, 1.0)]}


cases = [case(seed, SIZES if seed == 0 else [5, 17, 1000][:2 + (seed == 42)]) for seed in SEEDS]
print("[")
print(",\n".join(json.dumps(c).replace('{"call"', '\n {"call"') for c in cases))
print("]")
