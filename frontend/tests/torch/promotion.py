"""Which dtype operands meet in: tensors, 0-d tensors and Python numbers."""
import torch

DTYPES = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64]
# Rows and columns as DTYPES; b u c s i l h t f d.
TABLE = {
    "b": "bucsilhtfd", "u": "uussilhtfd", "c": "cscsilhtfd", "s": "ssssilhtfd", "i": "iiiiilhtfd",
    "l": "llllllhtfd", "h": "hhhhhhhffd", "t": "ttttttftfd", "f": "fffffffffd", "d": "dddddddddd",
}
LETTERS = "bucsilhtfd"
NUMBERS = [(True, torch.bool), (2, torch.int64), (2.5, torch.float32)]


def category(dtype):
    return 2 if dtype.is_floating_point else 0 if dtype == torch.bool else 1


for a, row in zip(DTYPES, TABLE.values()):
    for b, letter in zip(DTYPES, row):
        want = DTYPES[LETTERS.index(letter)]
        x, y = torch.ones(2, dtype=a), torch.ones(2, dtype=b)
        assert torch.promote_types(a, b) == want, (a, b, want)
        assert torch.result_type(x, y) == want
        assert (x * y).dtype == want, (a, b)
        assert (x == y).dtype == torch.bool
        # A 0-d tensor counts only where its category is above.
        zero = torch.ones((), dtype=b)
        assert (x * zero).dtype == (want if category(b) > category(a) else a), (a, b)
    for number, dtype in NUMBERS:
        x = torch.ones(2, dtype=a)
        want = torch.promote_types(a, dtype) if category(dtype) > category(a) else a
        assert (x * number).dtype == want, (a, number, (x * number).dtype)
        assert (number * x).dtype == want
        scalar = torch.ones((), dtype=a)
        assert (scalar * number).dtype == want

i = torch.tensor([7, -7])
assert (i / 2).tolist() == [3.5, -3.5]
assert (i // 2).tolist() == [3, -4]
assert (i % 4).tolist() == [3, 1]
assert (2 - i).tolist() == [-5, 9]
assert (2.0 ** torch.tensor([1, 3])).tolist() == [2.0, 8.0]
assert torch.exp(torch.tensor([0, 0])).dtype == torch.float32
assert torch.tensor(1).div(2).item() == 0.5
assert i.sum().dtype == torch.int64 and torch.tensor([True, True]).sum().item() == 2
assert torch.where(torch.tensor([True, False]), torch.tensor([1, 2]), 0.5).dtype == torch.float32
assert (torch.tensor([True]) + torch.tensor([True])).tolist() == [True]
assert torch.cat([torch.ones(1), torch.ones(1, dtype=torch.int64)]).dtype == torch.float32
try:
    i += 0.5
    assert False
except RuntimeError as e:
    assert "result type Float can't be cast to the desired output type Long" in str(e)
