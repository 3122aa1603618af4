"""Integers and bools: extremes in every pair, dtypes of reductions."""
import torch
from case import DTYPES, Case
from text import short

INTEGERS = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
UNARY = """
    torch.neg torch.abs torch.sign torch.sgn torch.square torch.bitwise_not torch.logical_not torch.floor torch.ceil torch.round torch.trunc
    torch.relu torch.positive F.relu torch.sum torch.prod torch.amax torch.amin torch.argmax torch.argmin torch.any torch.all torch.count_nonzero torch.flip:0 torch.diff
    torch.cumsum:0 torch.cumprod:0 torch.sqrt torch.exp torch.sigmoid torch.tanh torch.isnan torch.isfinite torch.isinf torch.reciprocal torch.rsqrt torch.sin torch.log torch.nan_to_num
    torch.signbit torch.max torch.min F.relu6 F.hardtanh F.threshold:3,7 F.elu F.leaky_relu F.softsign F.silu F.gelu F.hardswish torch.frac torch.erf torch.float_power:2 torch.std torch.mean torch.unique torch.sort torch.bincount
    torch.bool torch.logit torch.sinh torch.deg2rad torch.expm1 torch.log1p torch.log2 torch.angle
""".split()
BINARY = [
    "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / {1}", "{0} & {1}", "{0} | {1}", "{0} ^ {1}", "{0} << {1}", "{0} >> {1}", "torch.maximum({0}, {1})", "torch.minimum({0}, {1})", "torch.pow({0}, {1}.clamp(0))", "{0} ** {1}", "{0} < {1}", "{0} <= {1}", "{0} == {1}",
    "torch.clamp({0}, min={1})", "torch.clamp({0}, max={1})", "torch.clamp({0}, {1}, {1})", "torch.add({0}, {1}, alpha=3)", "torch.sub({0}, {1}, alpha=3)", "torch.rsub({0}, {1}, alpha=3)", "torch.addcmul({0}, {0}, {1}, value=3)", "torch.where({0} > {1}, {0}, {1})", "torch.bitwise_left_shift({0}, {1})",
    "torch.bitwise_right_shift({0}, {1})", "{0} != {1}", "torch.logical_and({0}, {1})", "torch.logical_xor({0}, {1})", "torch.dot({0}, {1})", "torch.inner({0}, {1})", "torch.outer({0}[:40], {1}[:40])", "{0}.lerp({1}, 0.5)", "torch.fmax({0}, {1})", "torch.xlogy({0}, {1})", "torch.hypot({0}, {1})", "torch.atan2({0}, {1})",
    "F.mse_loss({0}, {1})", "F.l1_loss({0}, {1})", "torch.isclose({0}, {1})", "torch.equal({0}, {1})", "torch.cat([{0}, {1}])", "torch.stack([{0}, {1}])",
]
# The divisor is not zero.
DIVISIONS = [
    "{0} // {1}", "{0} % {1}", "torch.div({0}, {1}, rounding_mode='trunc')", "torch.div({0}, {1}, rounding_mode='floor')", "torch.fmod({0}, {1})", "torch.floor_divide({0}, {1})", "torch.remainder({0}, {1})", "{0} / {1}", "torch.true_divide({0}, {1})", "torch.gcd({0}, {1})", "torch.lcm({0}, {1})",
]
NUMBERS = ["0", "1", "-1", "2", "3", "-7", "100", "127", "-128", "128", "255", "256", "2147483647", "-2147483648", "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808", "7", "8", "31", "63", "64", "True"]
WITH_NUMBER = [
    "{0} + {1}", "{1} - {0}", "{0} * {1}", "{0} // {1}", "{0} % {1}", "torch.div({0}, {1}, rounding_mode='trunc')", "torch.clamp({0}, min={1})", "torch.clamp({0}, max={1})", "torch.clamp({0}, {1}, {1})", "{0} << {1}", "{0} >> {1}", "{1} << {0}", "{1} >> {0}", "{0} ** {1}", "{1} ** {0}", "{0} < {1}", "{0} == {1}", "{0} >= {1}", "{0} & {1}", "torch.where({0} > 2, {0}, {1})", "{0}.masked_fill({0} > 2, {1})", "torch.full_like({0}, {1})",
    "{1} // {0}[{0} != 0]", "torch.fmod({0}, {1})", "torch.add({0}, {0}, alpha={1})", "torch.rsub({0}, {1})", "torch.eq({0}, {1})", "torch.maximum({0}, torch.tensor({1}))", "{0}.fill_({1})", "F.threshold({0}, {1}, 1)", "torch.full((3,), {1}, dtype={0}.dtype)", "torch.tensor({1}, dtype={0}.dtype)", "torch.tensor([{1}]) + {0}", "F.pad({0}, (1, 1), value={1})", "{0} / {1}", "torch.scalar_tensor({1}, dtype={0}.dtype)", "F.hardtanh({0}, -3, {1})", "torch.isin({0}, {1})", "{0}.clamp_({1})",
]
REDUCTIONS = ["{0}.sum({1})", "{0}.sum(0, {1})", "{0}.prod({1})", "{0}.prod(0, {1})", "{0}.mean({1})", "{0}.mean(0, {1})", "{0}.cumsum(0, {1})", "{0}.cumprod(0, {1})", "{0}.nansum({1})", "torch.softmax({0}, 0, {1})", "torch.log_softmax({0}, 0, {1})", "torch.linalg.vector_norm({0}, {1})", "{0}.norm({1})", "torch.norm({0}, {1})", "torch.nanmean({0}, {1})", "{0}.logsumexp(0)", "{0}.any(0)", "{0}.all(0)", "{0}.any()", "{0}.all()", "{0}.sum()", "{0}.prod()", "{0}.cumsum(0)", "{0}.cumprod(0)", "{0}.max()", "{0}.sum(-1, keepdim=True)", "{0}.count_nonzero()", "{0}.argmax()", "F.softmax({0}, 0, {1})"]


def extremes(dtype):
    if dtype == torch.bool:
        return torch.tensor([False, True])
    info, bits = torch.iinfo(dtype), torch.iinfo(dtype).bits
    wanted = {info.min, info.min + 1, -bits - 1, -bits, -bits + 1, -7, -2, -1, 0, 1, 2, 3, 7, bits - 2, bits - 1, bits, bits + 1, 100, info.max // 2, info.max - 1, info.max, 2**53 + 1, -(2**53) - 1}
    return torch.tensor(sorted(v for v in wanted if info.min <= v <= info.max), dtype=dtype)


def cases(options):
    make = lambda family, dtype, text, inputs: Case(f"integers: {family}", dtype, f"return {text}", inputs, strict=True)
    for dtype in INTEGERS:
        if not options.wants_dtype(dtype):
            continue
        x = extremes(dtype)
        left, right = x.repeat_interleave(len(x)), x.repeat(len(x))
        for entry in UNARY:
            name, _, extra = entry.partition(":")
            if options.wants(name):
                yield make(name, short(dtype), f"{name}(x0{', ' + extra if extra else ''})", [x])
        for text in BINARY:
            if options.wants(text):
                yield make(text, short(dtype), text.format("x0", "x1"), [left, right])
        # The smallest over -1 kills PyTorch's process.
        divides = (right != 0) & ((right != -1) | (left != x[0])) if dtype != torch.bool else right
        for text in DIVISIONS:
            if options.wants(text):
                yield make(text, short(dtype), text.format("x0", "x1"), [left[divides], right[divides]])
        for text in WITH_NUMBER:
            deadly = any(word in text for word in ("//", "%", "trunc", "fmod"))
            for number in NUMBERS if options.wants(text) else ():
                if deadly and (number == "-1" or int(eval(number)) == torch.iinfo(torch.int64).min or number == "-2147483648"):
                    continue
                yield make(text, f"{short(dtype)}, {number}", text.format("x0", number if not number.startswith("-") else f"({number})"), [x])
    torch.manual_seed(0)
    for dtype in DTYPES:
        for to in DTYPES:
            if not options.wants_dtype(dtype):
                continue
            x = (torch.randn(3, 4) * 40).to(dtype)
            for text in REDUCTIONS:
                if options.wants(text) and ("{1}" in text or to == torch.bool):
                    yield Case(f"dtypes: {text}", f"{short(dtype)} to {short(to)}", f"return {text.format('x0', f'dtype={to}')}", [x])
