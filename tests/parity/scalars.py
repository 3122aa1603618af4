"""Python numbers and 0-d tensors beside tensors: where PyTorch rounds them, and what dtype comes out."""
import torch
from case import DTYPES, Case
from text import short

NUMBERS = ["0.1", "-2.7", "1e-9", "1e5", "3", "-2", "True", "0.5", "300", "float('inf')"]
SIGNS = ["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!="]
FUNCTIONS = [
    "torch.add({0}, {1})", "torch.add({0}, {0}, alpha={1})", "torch.sub({0}, {1})", "torch.sub({0}, {0}, alpha={1})", "torch.rsub({0}, {1})", "torch.rsub({0}, {0}, alpha={1})", "torch.mul({0}, {1})", "torch.div({0}, {1})",
    "torch.div({0}, {1}, rounding_mode='floor')", "torch.div({0}, {1}, rounding_mode='trunc')", "torch.fmod({0}, {1})", "torch.remainder({0}, {1})", "torch.pow({0}, {1})", "torch.pow({1}, {0})", "torch.float_power({0}, {1})",
    "torch.clamp({0}, min={1})", "torch.clamp({0}, max={1})", "{0}.clamp({1}, {1})", "torch.where({0} > 1, {0}, {1})", "torch.where({0} > 1, {1}, {0})", "{0}.masked_fill({0} > 1, {1})", "torch.full_like({0}, {1})",
    "torch.addcmul({0}, {0}, {0}, value={1})", "torch.addcdiv({0}, {0}, {0}, value={1})", "torch.lerp({0}, {0}.flip(0), {1})", "torch.xlogy({0}, {1})", "torch.eq({0}, {1})", "torch.addmm({0}[:2, :2], {0}[:2], {0}[:2].mT, beta={1}, alpha={1})",
    "F.leaky_relu({0}, {1})", "F.elu({0}, {1})", "F.celu({0}, {1})", "F.hardtanh({0}, -1, {1})", "F.threshold({0}, 1, {1})", "F.softplus({0}, {1})", "F.pad({0}, (1, 1), value={1})", "torch.isin({0}, {1})", "torch.heaviside({0}, torch.tensor({1}, dtype={0}.dtype))",
    "{0}.new_full((2,), {1})", "{0}.fill_({1})", "{0}.add_({1})", "{0}.mul_({1})", "{0}.div_({1})", "{0}.sub_({1})", "{0}.pow_({1})", "{0}.clamp_(min={1})", "torch.result_type({0}, {1}) == torch.float32",
    "torch.sum({0} * {1})", "({0} * {1} + {1}) / {1}", "torch.copysign({0}, {1})", "torch.nan_to_num({0}, {1})", "torch.bitwise_left_shift({0}, {1})", "torch.cumsum({0} * {1}, 0)", "torch.arange({1}, 7, 2)", "torch.tensor({1}) * {0}", "torch.scalar_tensor({1}) * {0}",
    "torch.scalar_tensor({1})", "torch.tensor([{1}]) + {0}[:, :1]", "torch.atan2({0}, torch.tensor({1}))", "torch.maximum({0}, torch.tensor({1}))", "torch.linspace(0, {1}, 5)", "F.gelu({0} * {1})", "torch.hypot({0}, torch.tensor({1}))",
]
ZERO_DIM = (torch.float32, torch.float64, torch.float16, torch.int64, torch.bool)


def cases(options):
    for dtype in DTYPES:
        if not options.wants_dtype(dtype):
            continue
        torch.manual_seed(0)
        x = (torch.randn(5, 7, dtype=torch.float64) * 3).to(dtype) if dtype.is_floating_point else torch.randint(1, 7, (5, 7)).to(dtype)
        for number in NUMBERS:
            for sign in SIGNS:
                family = f"scalars: {sign}"
                if options.wants(family):
                    yield Case(family, f"{short(dtype)}, right {number}", f"return x0 {sign} {number}", [x], strict=True)
                    yield Case(family, f"{short(dtype)}, left {number}", f"return {number} {sign} x0", [x], strict=True)
            for text in FUNCTIONS:
                family = f"scalars: {text}"
                if options.wants(family):
                    yield Case(family, f"{short(dtype)}, {number}", f"return {text.format('x0', number)}", [x], strict="sum" not in text)
        for other in ZERO_DIM:
            y = torch.tensor(0.1 if other.is_floating_point else 3).to(other)
            for sign in SIGNS:
                family = f"scalars: {sign}"
                if options.wants(family):
                    yield Case(family, f"{short(dtype)}, right 0-d {short(other)}", f"return x0 {sign} x1", [x, y], strict=True)
                    yield Case(family, f"{short(dtype)}, left 0-d {short(other)}", f"return x1 {sign} x0", [x, y], strict=True)
