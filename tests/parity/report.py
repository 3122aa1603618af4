"""Counts per family, and what went wrong as files that show it alone."""
from collections import Counter, defaultdict

from case import HEADER, plain
from safetensors.torch import save_file

KINDS = ["pass", "wrong", "crashed", "rejected", "lenient"]


class Report:
    """`lenient`: PyTorch refuses what cresset computes. Cases that PyTorch cannot run, or that are random, are not counted."""

    def __init__(self, folder):
        self.folder, self.counts, self.found, self.reasons = folder, defaultdict(Counter), [], Counter()
        self.shown = Counter()

    def add(self, case, kind, text=""):
        self.counts[case.family][kind] += 1
        if kind == "rejected":
            self.reasons[case.family, text] += 1
        elif kind in ("wrong", "crashed", "lenient"):
            self.found.append((kind, case, text))
            self.shown[case.family, kind] += 1
            if self.shown[case.family, kind] <= 3:
                print(f"{kind}: {case.family}: {case.what}: {text}\n    {self.write(kind, case)}", flush=True)

    def write(self, kind, case):
        """A model file, its inputs and weights; the command that compares them again."""
        name = f"{kind}_{''.join(c if c.isalnum() else '_' for c in case.family)}_{self.shown[case.family, kind]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        base = self.folder / name
        base.with_suffix(".py").write_text(f"{HEADER}\n\n{case.source()}")
        save_file({str(k): plain(x) for k, x in enumerate(case.inputs)}, base.with_suffix(".safetensors"))
        weights = ""
        if case.state:
            save_file({k: plain(x) for k, x in case.state.items()}, base.with_suffix(".weights.safetensors"))
            weights = f" --weights {base}.weights.safetensors"
        return f"python tests/parity file '{base}.py:M()' --inputs {base}.safetensors{weights}"

    def print(self, verbose=False):
        total = Counter()
        width = max((len(f) for f in self.counts), default=6)
        print(f"\n{'family':{width}} " + " ".join(f"{k:>8}" for k in KINDS))
        for family in sorted(self.counts):
            count = self.counts[family]
            total.update(count)
            if verbose or any(count[k] for k in ("wrong", "crashed", "lenient")):
                print(f"{family:{width}} " + " ".join(f"{count[k] or '.':>8}" for k in KINDS))
        print(f"{'all':{width}} " + " ".join(f"{total[k]:>8}" for k in KINDS))
        return total

    def print_rejected(self):
        print("\nrejected:")
        for (family, text), n in sorted(self.reasons.items()):
            print(f"{n:>6} {family}: {text}")
