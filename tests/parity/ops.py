"""PyTorch's own operator samples (`op_db`), as functions, methods, operators and in place, over every dtype; and its samples of errors."""
import itertools
import warnings

import torch
from case import DTYPES, Case, Unfit
from text import Text, short

# Values that nobody promises.
UNPROMISED = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "empty_permuted", "resize_", "resize_as_"}
OPERATORS = {
    "__radd__": "{1} + {0}", "__rsub__": "{1} - {0}", "__rmul__": "{1} * {0}", "__rdiv__": "{1} / {0}", "__rmod__": "{1} % {0}",
    "__rpow__": "{1} ** {0}", "__rmatmul__": "{1} @ {0}", "__rand__": "{1} & {0}", "__ror__": "{1} | {0}", "__rxor__": "{1} ^ {0}",
    "__getitem__": "{0}[{1}]",
}
SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@", "and_": "&", "or_": "|",
    "xor": "^", "lshift": "<<", "rshift": ">>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
}


def entries():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    return sorted((op for op in op_db if op.name not in UNPROMISED), key=lambda op: (op.name, op.variant_test_name))


def family(op):
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def function(op):
    """The text of a call of the function, or `None` if it has no name of its own."""
    name = op.name
    if name.startswith("nn.functional."):
        return f"F.{name.removeprefix('nn.functional.')}"
    owner = torch
    for part in name.split("."):
        owner = getattr(owner, part, None)
    return f"torch.{name}" if owner is not None else None


def variants(op):
    """Names of the ways to write a call, with what makes its text of a sample."""
    if op.name in OPERATORS:
        yield "operator", lambda t, s: OPERATORS[op.name].format(t.of(s.input), t.of(s.args[0] if len(s.args) == 1 else s.args))
        return
    if name := function(op):
        yield "function", lambda t, s: f"{name}({t.call([s.input, *s.args], s.kwargs)})"
    method = name_of(op.method_variant)
    if method and hasattr(torch.Tensor, method):
        yield "method", lambda t, s: f"{t.of(s.input)}.{method}({t.call(s.args, s.kwargs)})"
    if symbol := SYMBOLS.get(name_of(op.operator_variant)):
        yield "operator", lambda t, s: f"{t.of(s.input)} {symbol} {t.of(s.args[0])}" if not s.kwargs and len(s.args) == 1 else unfit()
    inplace = name_of(op.inplace_variant)
    if inplace and hasattr(torch.Tensor, inplace):
        yield "inplace", lambda t, s: f"y = {t.of(s.input)}.clone()\ny.{inplace}({t.call(s.args, s.kwargs)})\nreturn y"
    if symbol := SYMBOLS.get(name_of(op.inplace_operator_variant).removeprefix("i")):
        yield "inplace operator", lambda t, s: f"y = {t.of(s.input)}.clone()\ny {symbol}= {t.of(s.args[0])}\nreturn y" if not s.kwargs and s.args else unfit()


def name_of(variant):
    """Of a function; a partial one has none."""
    return getattr(variant, "__name__", "")


def unfit():
    raise Unfit("no such form")


def case(name, what, write, sample):
    text = Text()
    try:
        body = write(text, sample)
    except Unfit:
        return None
    return Case(name, what, body if "\n" in body else f"return {body}", text.inputs)


def samples(op, dtype):
    """PyTorch's samples; none where it cannot make them."""
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from op.sample_inputs("cpu", dtype, requires_grad=False)
    except Exception:  # noqa: BLE001: a sample that PyTorch cannot make is none
        return


def cases(options):
    """`options.samples` bounds the samples per dtype; the ways to write a call other than the first get a third of them."""
    for op in entries():
        if not options.wants(family(op)):
            continue
        for dtype in DTYPES:
            if dtype not in op.supported_dtypes("cpu") or not options.wants_dtype(dtype):
                continue
            taken = list(itertools.islice(samples(op, dtype), options.samples))
            for k, (variant, write) in enumerate(variants(op)):
                for i, sample in enumerate(taken if k == 0 else taken[: 1 + len(taken) // 3]):
                    made = case(family(op), f"{variant}, {short(dtype)}, sample {i}", write, sample)
                    if made:
                        yield made


def errors(options):
    """Calls that PyTorch refuses."""
    for op in entries():
        if not options.wants(family(op)) or op.error_inputs_func is None:
            continue
        torch.manual_seed(0)
        try:
            found = list(op.error_inputs("cpu"))
        except Exception:  # noqa: BLE001
            continue
        for variant, write in itertools.islice(variants(op), 1):
            for i, error in enumerate(found):
                made = case(family(op), f"{variant}, error {i}", write, error.sample_input)
                if made:
                    yield made
