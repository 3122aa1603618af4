"""Makes the small data files beside it: run `python make.py` with PyTorch and NumPy installed.

Every file holds known values; `io.rs` states them again. Nothing here is random.
"""
import collections
import io
import pathlib
import pickle
import zipfile

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
DTYPES = dict(
    bool=torch.bool, u8=torch.uint8, i8=torch.int8, i16=torch.int16, i32=torch.int32, i64=torch.int64,
    f16=torch.float16, bf16=torch.bfloat16, f32=torch.float32, f64=torch.float64,
)


def save(name, value, **options):
    torch.save(value, HERE / name, **options)


# Every dtype, as an OrderedDict and as a plain dict; values 0, 1, 2 (bool: False, True, True).
ramps = {name: torch.arange(3).to(dtype) for name, dtype in DTYPES.items()}
save("dtypes.pt", collections.OrderedDict(ramps))
save("dtypes_protocol4.pt", ramps, pickle_protocol=4)

# Views of one storage 0..12: transposed, sliced, expanded, with an offset, 0-d, empty; tied names and a parameter.
base = torch.arange(12.0)
grid = base.view(3, 4)
shared = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
save("views.pt", {
    "grid": grid, "transposed": grid.t(), "column": grid[:, 1], "tail": base[8:], "step": base[1::5],
    "expanded": base[2:3].expand(2, 3), "scalar": base[7], "empty": base[:0], "mask": (grid > 5).t(),
    "tied.a": shared, "tied.b": shared,
})

# A module's own state dict (it carries _metadata), and a training checkpoint around one.
module = torch.nn.Linear(2, 1)
with torch.no_grad():
    module.weight.copy_(torch.tensor([[0.5, -0.5]]))
    module.bias.fill_(0.25)
optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
save("checkpoint.pt", {
    "epoch": 3, "loss": 0.5, "model": module.state_dict(), "optimizer": optimizer.state_dict(), "name": "line",
    "shape": torch.Size([2, 1]), "tags": {"a"}, "dtype": torch.float32, "none": None, "raw": b"xy", "device": torch.device("cpu"),
})
save("tensor.pt", torch.tensor([4, 5]))
save("list.pt", [torch.tensor(1), torch.tensor(2)])

# Refused.
save("complex.pt", {"w": torch.zeros(1, dtype=torch.complex128)})
save("uint16.pt", {"w": torch.zeros(1, dtype=torch.uint16)})
save("module.pt", module)
save("numbers.pt", {"epoch": 3, "best": 0.5})
save("legacy.pt", {"w": torch.zeros(1)}, _use_new_zipfile_serialization=False)
(HERE / "bare.pkl").write_bytes(pickle.dumps({"w": 1}, protocol=2))

# Tensors deflated: torch never writes this, but zip tools that repack a checkpoint do.
with zipfile.ZipFile(HERE / "dtypes.pt") as source, zipfile.ZipFile(HERE / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as target:
    for name in source.namelist():
        target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)

# A call of os.system that the standard unpickler would make.
with zipfile.ZipFile(HERE / "hostile.pt", "w") as target:
    target.writestr(zipfile.ZipInfo("hostile/data.pkl"), b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")

arrays = {name: t.numpy() for name, t in ramps.items() if name != "bf16"}
np.savez(HERE / "dtypes.npz", **arrays)
np.savez_compressed(HERE / "deflated.npz", zeros=np.zeros((64, 64), "f4"), ramp=np.arange(5))
np.save(HERE / "fortran.npy", np.asfortranarray(np.arange(6, dtype="f4").reshape(2, 3)))
np.save(HERE / "big_endian.npy", np.arange(3, dtype=">f8"))
np.save(HERE / "complex.npy", np.zeros(1, "c8"))
np.save(HERE / "record.npy", np.zeros(1, [("a", "f4")]))
with io.BytesIO() as out:
    np.lib.format.write_array(out, np.array(2.5), version=(3, 0))
    (HERE / "version3.npy").write_bytes(out.getvalue())
