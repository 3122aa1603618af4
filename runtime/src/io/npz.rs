//! npz: a zip of npy arrays; the entry `weight.npy` is the tensor `weight`.

use super::file;
use super::npy;
use super::state_dict::StateDict;
use super::zip::Archive;
use crate::storage::ALIGN;
use crate::tensor::Tensor;
use cresset_ir::Result;
use indexmap::IndexMap;
use std::io;
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const SUFFIX: &str = ".npy";

/// Whether the archive holds arrays and nothing else.
pub fn recognise(archive: &Archive) -> bool {
    archive.names().all(|entry| entry.ends_with(SUFFIX))
}

/// All arrays, in the order of the directory.
pub fn read(archive: &Archive) -> Result<StateDict> {
    let mut tensors = IndexMap::new();
    for entry in archive.names() {
        let name = entry.strip_suffix(SUFFIX).unwrap_or(entry);
        let section = archive.section(entry)?;
        let array = npy::read(&archive.file, name, &section.storage, section.start, section.len)?;
        tensors.insert(name.to_string(), array);
    }
    Ok(StateDict { tensors, extra: IndexMap::new() })
}

/// Writes the tensors to `path` in their order, uncompressed and aligned, so that reading them maps them.
pub fn write(path: &Path, tensors: &IndexMap<String, Tensor>) -> Result<()> {
    let headers: Vec<_> = tensors.iter().map(|(name, t)| npy::describe(path, name, t)).collect::<Result<_>>()?;
    file::replace(path, |out| {
        let mut zip = ZipWriter::new(out);
        for ((name, tensor), header) in tensors.iter().zip(&headers) {
            zip.start_file(format!("{name}{SUFFIX}"), options(tensor))?;
            npy::write(&mut zip, header, tensor)?;
        }
        zip.finish().map_err(io::Error::from)?;
        Ok(())
    })
}

/// A fixed time, so that equal tensors give equal files.
fn options(tensor: &Tensor) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let options = options.last_modified_time(zip::DateTime::default()).with_alignment(ALIGN as u16);
    options.large_file(tensor.bytes().len() >= u32::MAX as usize / 2)
}
