"""cresset against PyTorch: the same model files through both, values, dtypes and shapes compared.

    cargo build --example parity
    python tests/parity SUITE... [--only PATTERN] [--dtype f32] [--samples N] [--device reference] [--threads N] [--rejected]
    python tests/parity file 'FILE.py:EXPR' --inputs IN.safetensors [--weights W.safetensors]

Suites: `ops` and `errors` are PyTorch's samples of operators and of their errors, `modules` those of modules; `special` sweeps special
values, `half` magnitudes in half precision, `scalars` numbers beside tensors, `integers` the extremes of integers, `large` tensors that several
threads share (with `--threads 4`). `all` is all of them.

Needs torch, safetensors, expecttest and numpy. What differs is written to `--keep` as a model file with its inputs, and the command that shows
it alone. Status 1 if anything is wrong or crashed.
"""
import argparse
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))

import integers  # noqa: E402
import modules  # noqa: E402
import ops  # noqa: E402
import scalars  # noqa: E402
import special  # noqa: E402
from case import by_torch  # noqa: E402
from compare import difference  # noqa: E402
from report import Report  # noqa: E402
from runner import Runner  # noqa: E402
from text import short  # noqa: E402

SUITES = {
    "special": special.cases,
    "half": special.half,
    "scalars": scalars.cases,
    "integers": integers.cases,
    "large": special.large,
    "modules": modules.cases,
    "ops": ops.cases,
    "errors": ops.errors,
}


@dataclass
class Options:
    only: str
    dtype: str
    samples: int

    def wants(self, family):
        return re.search(self.only, family) is not None

    def wants_dtype(self, dtype):
        return not self.dtype or self.dtype in (short(dtype), str(dtype))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+", help="suites, or `file` and a model")
    parser.add_argument("--only", default="", help="families whose name this expression finds")
    parser.add_argument("--dtype", default="", help="one dtype, as PyTorch writes it: float16")
    parser.add_argument("--samples", type=int, default=12, help="samples per family and dtype")
    parser.add_argument("--device", default="cpu", choices=["cpu", "reference"])
    parser.add_argument("--threads", type=int, default=1, help="the results must have the same bits with 1 to so many threads")
    parser.add_argument("--binary", default=str(ROOT / "target/debug/examples/parity"))
    parser.add_argument("--keep", default="target/parity", help="where files that show a fault go")
    parser.add_argument("--inputs", help="with `file`: tensors named 0, 1, …")
    parser.add_argument("--weights", help="with `file`: a state dict")
    parser.add_argument("--rejected", action="store_true", help="list what is rejected, with the reasons")
    parser.add_argument("--verbose", action="store_true", help="list the families without a fault too")
    return parser.parse_args()


def main():
    args = arguments()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    report = Report(Path(args.keep))
    runner = Runner(args.binary, report, args.device, args.threads)
    if args.suites[0] == "file":
        return one(args, runner)
    names = list(SUITES) if args.suites == ["all"] else args.suites
    options = Options(args.only, args.dtype, args.samples)
    for name in names:
        runner.run(SUITES[name](options))
    total = report.print(args.verbose)
    if args.rejected:
        report.print_rejected()
    return 1 if total["wrong"] or total["crashed"] else 0


def one(args, runner):
    """One model file on both sides, with what each gives."""
    import runpy

    from case import Case

    file, expression = args.suites[1].split(".py:")
    named = load_file(args.inputs)
    case = Case("file", args.suites[1], "", [named[str(k)] for k in range(len(named))], state=load_file(args.weights) if args.weights else {})
    make = lambda: eval(expression, runpy.run_path(f"{file}.py"))  # noqa: S307: the model's own expression
    want = by_torch(make, case)
    job = {"model": args.suites[1], "inputs": args.inputs, "prefix": "", "device": args.device, "output": f"{args.inputs}.out"}
    job |= {"weights": args.weights} if args.weights else {}
    answer, got = runner.results(job)
    if got is None:
        print(answer["text"])
        return 1
    for name, x in [*((f"x{k}", x) for k, x in enumerate(case.inputs)), *(("cresset", x) for x in got), *(("torch", x) for x in want)]:
        print(name, x)
    found = difference(got, want, lambda: by_torch(make, case, widen=True))
    print(found or "they agree")
    return 1 if found else 0


sys.exit(main())
