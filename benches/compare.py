"""cresset beside PyTorch: both models at batch 1 and 32, two threads each, measured in turns in one run.

Needs torch, safetensors and a release build:

    cargo build --release && python benches/compare.py

For each case, cresset's `bench --json` and PyTorch's eager loop take turns. A round gives the median of its calls. Compared are the best
rounds, which other work on the machine disturbed least; the range of all rounds stands below, with the load: where rounds differ by much,
the machine was not quiet and the ratio is no measurement. Then the whole process: a cold `cresset run` on the digits, from start to written
file.
"""
import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"


def cases():
    """Name, model file, constructor, weights, input name, and inputs for a batch."""
    images = load_file(DATA / "digits/test.safetensors")["images"]
    prompt = load_file(DATA / "chargpt/prompt.safetensors")["tokens"]
    digits = (DATA / "digits/digits_cnn.py", "DigitsCnn()", DATA / "digits/digits_cnn.safetensors", "images")
    chargpt = (DATA / "chargpt/chargpt.py", "CharGpt()", DATA / "chargpt/chargpt.safetensors", "tokens")
    for batch in (1, 32):
        yield f"digits, batch {batch}", *digits, images[:batch].contiguous()
    for batch in (1, 32):
        yield f"chargpt, batch {batch} x 64 tokens", *chargpt, prompt.repeat(batch, 1)


def torch_module(file, constructor, weights):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    namespace = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = namespace
    spec.loader.exec_module(namespace)
    module = eval(constructor, vars(namespace)).eval()
    module.load_state_dict(load_file(weights))
    return module


def torch_median(module, x, seconds):
    """Milliseconds per call of the eager module."""
    times = []
    with torch.inference_mode():
        for _ in range(5):
            module(x)
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            module(x)
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def cresset_bench(binary, file, constructor, weights, inputs, threads, seconds):
    command = [binary, "bench", f"{file}:{constructor}", "--weights", weights, "--inputs", inputs]
    command += ["--threads", str(threads), "--seconds", str(seconds), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def whole_process(binary, out, rounds):
    """Seconds of `cresset run` on the 360 digits, from the start of the process to its end."""
    model = f"{DATA / 'digits/digits_cnn.py'}:DigitsCnn()"
    command = [binary, "run", model, "--weights", DATA / "digits/digits_cnn.safetensors"]
    command += ["--inputs", DATA / "digits/test.safetensors", "--output", out]
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def spread(times):
    return f"{min(times):.3f} to {max(times):.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(ROOT / "target/release/cresset"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="per measurement")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, {args.threads} threads, best of {args.rounds} rounds\n")
    print(f"| {'model':<30} | {'cresset ms':>10} | {'torch ms':>10} | {'ratio':>6} | {'kernels':>7} | {'compile ms':>10} | {'peak MB':>8} |")
    print(f"|{'-' * 32}|{'-' * 11}:|{'-' * 11}:|{'-' * 7}:|{'-' * 8}:|{'-' * 11}:|{'-' * 9}:|")
    spreads = []
    with tempfile.TemporaryDirectory() as folder:
        for name, file, constructor, weights, key, x in cases():
            inputs = Path(folder) / "inputs.safetensors"
            save_file({key: x}, inputs)
            module = torch_module(file, constructor, weights)
            ours, theirs = [], []
            for _ in range(args.rounds):
                ours.append(cresset_bench(args.binary, file, constructor, weights, inputs, args.threads, args.seconds))
                theirs.append(torch_median(module, x, args.seconds))
            mine, other = min(r["median_ms"] for r in ours), min(theirs)
            compile_ms = statistics.median(r["compile_ms"] for r in ours)
            peak = max(r["peak_bytes"] for r in ours) / 1e6
            spreads.append(f"{name}: cresset {spread([r['median_ms'] for r in ours])}, torch {spread(theirs)}")
            print(f"| {name:<30} | {mine:>10.3f} | {other:>10.3f} | {other / mine:>5.2f}x | {ours[0]['kernels']:>7} | {compile_ms:>10.1f} | {peak:>8.1f} |")
        seconds = whole_process(args.binary, Path(folder) / "out.safetensors", 4 * args.rounds)
    print("\nspread of the rounds, ms")
    print("\n".join(spreads))
    print(f"load average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"\n`cresset run` on 360 digits, whole process: {seconds * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
