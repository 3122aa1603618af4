"""torchvision's own model files through cresset: do the answers agree with PyTorch's, and how long does each take?

Needs torch, torchvision, safetensors and a release build:

    cargo build --release && python benches/zoo.py [MODEL...]

Weights are random, with running statistics that are not those of a new batch norm. The error is the largest difference over the largest
answer. Times are the best of some calls, PyTorch's eager mode beside cresset with as many threads, in turns.
"""
import argparse
import json
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = Path(torchvision.__file__).resolve().parent.parent

MODELS = {
    "resnet18": "resnet",
    "resnet50": "resnet",
    "mobilenet_v2": "mobilenetv2",
    "mobilenet_v3_small": "mobilenetv3",
    "squeezenet1_0": "squeezenet",
    "shufflenet_v2_x1_0": "shufflenetv2",
    "densenet121": "densenet",
    "googlenet": "googlenet",
    "inception_v3": "inception",
    "efficientnet_b0": "efficientnet",
    "regnet_y_400mf": "regnet",
    "convnext_tiny": "convnext",
    "vit_b_16": "vision_transformer",
    "swin_t": "swin_transformer",
}


def model(name):
    """With random weights, none of them so special that a fault would not show."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = getattr(torchvision.models, name)().eval()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
    if name.startswith("vit"):
        torch.nn.init.normal_(module.heads.head.weight, std=0.02)
    return module


def best(f, calls):
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--binary", default=str(ROOT / "target/release/cresset"))
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, {args.threads} threads, one image\n")
    print("| model | error | cresset ms | torch ms | kernels | compile ms |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        weights, inputs, outputs = (Path(folder) / f"{name}.safetensors" for name in ("weights", "inputs", "outputs"))
        for name in args.models:
            module, x = model(name), torch.randn(1, 3, 224, 224)
            save_file({k: v.contiguous().clone() for k, v in module.state_dict().items()}, weights)
            save_file({"x": x}, inputs)
            spec = [f"torchvision.models.{MODELS[name]}:{name}()", "--path", PACKAGES, "--weights", weights, "--inputs", inputs]
            subprocess.run([args.binary, "run", *spec, "--output", outputs], check=True)
            expected, found = module(x), load_file(outputs)["0"]
            error = ((found - expected).abs().max() / expected.abs().max()).item()
            ours, theirs = [], []
            for _ in range(3):
                bench = [args.binary, "bench", *spec, "--threads", str(args.threads), "--json"]
                ours.append(json.loads(subprocess.run(bench, check=True, capture_output=True, text=True).stdout))
                theirs.append(best(lambda: module(x), 10))
            mine, compiled = min(r["min_ms"] for r in ours), min(r["compile_ms"] for r in ours)
            print(f"| {name} | {error:.1e} | {mine:.1f} | {min(theirs):.1f} | {ours[0]['kernels']} | {compiled:.0f} |", flush=True)


if __name__ == "__main__":
    main()
