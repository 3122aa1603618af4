"""Runs cases on both sides and says how they compare."""
import tempfile
from pathlib import Path

from case import alone, bits, by_torch, load, write_batch
from compare import difference
from oracle import Refusal, expected
from safetensors.torch import load_file
from worker import Died, Worker

BATCH = 64
# What is said of a function, module or method that is not there at all: more samples of it would say the same.
UNKNOWN = {"E0202"}


class Runner:
    """`threads`: results must have the same bits with 1 to so many threads."""

    def __init__(self, binary, report, device="cpu", threads=1):
        self.worker, self.report, self.device, self.threads = Worker(binary), report, device, threads
        self.unknown = set()

    def run(self, cases):
        batch = []
        for case in cases:
            batch.append(case)
            if len(batch) == BATCH:
                self.run_batch(batch)
                batch = []
        if batch:
            self.run_batch(batch)

    def run_batch(self, cases):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            file, inputs = write_batch(folder, "models", cases)
            module = load(file)
            makes = [getattr(module, f"M{k}") for k in range(len(cases))]
            for k, (case, want) in enumerate(zip(cases, expected(makes, cases))):
                if self.form(case) in self.unknown:
                    self.report.counts[case.family]["rejected"] += 1
                    continue
                job = {"model": f"{file}:M{k}()", "inputs": str(inputs), "prefix": f"M{k}.", "device": self.device, "threads": 1}
                job["output"] = str(folder / "out.safetensors")
                weights = folder / f"models.M{k}.weights.safetensors"
                job |= {"weights": str(weights)} if weights.exists() else {}
                if want is not None:
                    self.compare(case, makes[k], want, job)

    def form(self, case):
        """The family and the way to write the call."""
        return case.family, case.what.split(",")[0]

    def compare(self, case, make, want, job):
        """`want`: PyTorch's tensors, or its refusal."""
        try:
            answer, got = self.results(job)
            others = [(n, self.results(job | {"threads": n})[1]) for n in range(2, self.threads + 1)] if got is not None else []
        except Died as died:
            return self.report.add(case, "crashed", str(died))
        if got is None:
            if isinstance(want, Refusal):
                return self.report.add(case, "pass")
            if answer["code"] in UNKNOWN:
                self.unknown.add(self.form(case))
            return self.report.add(case, "rejected", f"{answer['code']}: {answer['message'].splitlines()[0]}")
        if isinstance(want, Refusal):
            return self.report.add(case, "lenient", want.text)
        found = difference(got, want, lambda: by_torch(make, case, widen=True), lambda: alone(make, case), case.strict, case.loose)
        for n, other in others:
            if [bits(x) for x in other] != [bits(x) for x in got]:
                found = found or f"{n} threads give other bits than one"
        self.report.add(case, "wrong" if found else "pass", found or "")

    def results(self, job):
        """The answer to a job and the tensors in order, or `None` where it is refused."""
        answer = self.worker.run(job)
        if "message" in answer:
            return answer, None
        tensors = load_file(job["output"])
        return answer, [tensors[name] for name in answer["results"]]
