//! Data files: tensors in and out.
//!
//! | format | read | written |
//! |---|---|---|
//! | safetensors | mapped | yes |
//! | npy, npz | mapped where aligned | yes |
//! | `.pt`, `.pth`, `.bin` of `torch.save`, TorchScript | mapped where aligned; executes nothing | no |
//!
//! A format is recognised by its first bytes, whatever the file is called. Files are not trusted: every size is checked before
//! it is used, and memory is bounded by the file's size. Writing replaces a file in one step. A program with its weights is an
//! [`artifact`].

pub mod artifact;
mod file;
mod globals;
mod npy;
mod npz;
mod pickle;
mod pt;
mod rebuild;
mod safetensors;
mod state_dict;
mod strided;
mod unpickler;
mod zip;

pub use state_dict::{StateDict, Value};

use crate::tensor::Tensor;
use cresset_ir::{Diagnostic, Result, codes};
use file::DataFile;
use indexmap::IndexMap;
use std::path::Path;

const READABLE: &str = "safetensors, .npy, .npz and checkpoints of torch.save are read";
const WRITABLE: &str = "write to a path that ends in .safetensors, .npz or .npy";

/// The tensors of the file at `path`, in the file's order; an `.npy` array is called `0`. Fails with a code `E04xx` (or `E0302`
/// for a dtype outside the ten), naming the file, the tensor, and the facts that disagree.
pub fn load_tensors(path: &Path) -> Result<StateDict> {
    read(&DataFile::open(path)?)
}

/// The tensors of a file that is in memory already, called `name` in messages.
pub fn parse_tensors(name: &str, bytes: &[u8]) -> Result<StateDict> {
    read(&DataFile::from_bytes(name, bytes)?)
}

/// Writes tensors to `path`, in the format of its extension: `.safetensors`, `.npz`, or `.npy` for a single tensor. An existing
/// file is replaced in one step, and left alone on failure.
pub fn save_tensors(path: &Path, tensors: &IndexMap<String, Tensor>) -> Result<()> {
    match (extension(path), tensors.len()) {
        ("safetensors", _) => safetensors::write(path, tensors),
        ("npz", _) => npz::write(path, tensors),
        ("npy", 1) => npy::write_file(path, &tensors[0]),
        ("npy", n) => {
            let message = format!("{}: an .npy file holds one array, and there are {n} tensors", path.display());
            Err(Diagnostic::error(codes::UNKNOWN_FORMAT, message).hint("write an .npz file"))
        }
        _ => {
            let message = format!("{}: the extension names no format that tensors are written in", path.display());
            Err(Diagnostic::error(codes::UNKNOWN_FORMAT, message).hint(WRITABLE))
        }
    }
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|e| e.to_str()).unwrap_or("")
}

fn read(file: &DataFile) -> Result<StateDict> {
    let bytes = file.bytes();
    // First: the length at the head of a safetensors file may look like any of the other formats' magic bytes.
    if safetensors::recognise(bytes) {
        return safetensors::read(file);
    }
    if bytes.starts_with(npy::MAGIC) {
        let array = npy::read(file, "0", &file.storage, 0, bytes.len())?;
        return Ok(StateDict { tensors: IndexMap::from([("0".to_string(), array)]), extra: IndexMap::new() });
    }
    if bytes.starts_with(zip::MAGIC) {
        return read_zip(&zip::Archive::open(file)?);
    }
    match (extension(Path::new(&file.name)), bytes) {
        (_, []) => Err(file.truncated("the file is empty")),
        (_, [0x80, 2..=5, ..]) => Err(pt::refuse_bare_pickle(file)),
        ("safetensors", _) => safetensors::read(file),
        _ => Err(file.error(codes::UNKNOWN_FORMAT, "the first bytes belong to no known format").note(READABLE)),
    }
}

fn read_zip(archive: &zip::Archive) -> Result<StateDict> {
    if pt::recognise(archive) {
        return pt::read(archive);
    }
    if npz::recognise(archive) {
        return npz::read(archive);
    }
    let what = "the zip holds neither data.pkl, as torch.save writes it, nor .npy arrays only";
    Err(archive.file.error(codes::UNKNOWN_FORMAT, what).note(READABLE))
}
