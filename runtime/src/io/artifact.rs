//! The artifact, `model.cst`: a program with its weights in one file.
//!
//! | entry | holds |
//! |---|---|
//! | `manifest.json` | the format's version, and the methods' signatures for people and scripts |
//! | `program.ir` | the program as IR text: all methods and the declarations of the store |
//! | `weights.safetensors` | the tensors of the store |
//!
//! It is a zip whose entries are stored uncompressed on [`ALIGN`]-byte borders, so that weights map into memory and `unzip` reads it.
//! Nothing in it executes. A loader trusts nothing either: the text is parsed and verified, and the tensors must be what it declares.

use super::file::{self, DataFile};
use super::safetensors;
use super::zip::Archive;
use crate::signature::Signature;
use crate::storage::ALIGN;
use crate::tensor::Tensor;
use crate::weights;
use cresset_ir::text::parse_program;
use cresset_ir::{Diagnostic, Graph, Program, Result, codes, source, verify};
use indexmap::IndexMap;
use serde_json::{Value as Json, json};
use std::io::{self, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What `format` in the manifest says.
const FORMAT: &str = "cresset";
/// Rises when older loaders cannot read what is written.
const VERSION: u64 = 1;

const MANIFEST: &str = "manifest.json";
const PROGRAM: &str = "program.ir";
const WEIGHTS: &str = "weights.safetensors";

/// Far above what people write or compilers print.
const MOST_MANIFEST: usize = 16 << 20;
const MOST_PROGRAM: usize = 256 << 20;

/// Writes a program and the tensors of its store; a file at `path` is replaced in one step. Equal programs give equal files.
///
/// # Errors
/// `E0504` for a tensor that is missing or not of its declared type, `E0402` when the file cannot be written.
pub fn save(path: &Path, program: &Program, weights: &IndexMap<String, Tensor>) -> Result<()> {
    let weights = weights::declared(program, weights)?;
    let (manifest, text) = (format!("{:#}\n", manifest(program)), program.to_string());
    let image = safetensors::Image::of(path, &weights)?;
    file::replace(path, |out| {
        let mut zip = ZipWriter::new(out);
        for (name, text) in [(MANIFEST, &manifest), (PROGRAM, &text)] {
            zip.start_file(name, options(text.len()))?;
            zip.write_all(text.as_bytes())?;
        }
        zip.start_file(WEIGHTS, options(image.len()))?;
        image.write(&mut zip)?;
        zip.finish().map_err(io::Error::from)?;
        Ok(())
    })
}

/// A fixed time, so that equal programs give equal files.
fn options(len: usize) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    options.last_modified_time(DateTime::default()).with_alignment(ALIGN as u16).large_file(len >= u32::MAX as usize / 2)
}

/// `targets` lists the machines that native code is included for; everywhere else the program is compiled.
fn manifest(program: &Program) -> Json {
    let methods = program.methods.iter().map(|(name, graph)| (name.clone(), signature(program, graph)));
    json!({
        "format": FORMAT,
        "version": VERSION,
        "program": program.name,
        "methods": methods.collect::<serde_json::Map<String, Json>>(),
        "targets": [],
    })
}

fn signature(program: &Program, graph: &Graph) -> Json {
    let signature = Signature::of_graph(graph, &program.facts);
    let inputs = signature.inputs.iter().map(|(name, ty)| json!({ "name": name, "type": ty.to_string() }));
    let types = graph.body.results.iter().map(|&v| graph.ty(v).to_string());
    let outputs = graph.output.paths().into_iter().zip(types).map(|(path, ty)| json!({ "path": path, "type": ty }));
    json!({ "inputs": inputs.collect::<Vec<_>>(), "outputs": outputs.collect::<Vec<_>>() })
}

/// The program of the file at `path`, verified, and the tensors of its store, in its order; they share the file's mapping.
///
/// # Errors
/// `E04xx` for a file that is no artifact, `E06xx` for a program that is no valid IR, `E0504` for tensors that are not what it declares.
pub fn load(path: &Path) -> Result<(Program, IndexMap<String, Tensor>)> {
    read(&DataFile::open(path)?)
}

/// The program and tensors of an artifact that is in memory already, called `name` in messages; see [`load`].
pub fn parse(name: &str, bytes: &[u8]) -> Result<(Program, IndexMap<String, Tensor>)> {
    read(&DataFile::from_bytes(name, bytes)?)
}

fn read(file: &DataFile) -> Result<(Program, IndexMap<String, Tensor>)> {
    let archive = Archive::open(file)?;
    check_manifest(&archive)?;
    let program = read_program(&archive)?;
    let inner = DataFile::inside(format!("{}:{WEIGHTS}", file.name), archive.section(WEIGHTS)?);
    let tensors = safetensors::read(&inner)?.tensors;
    if let Some(extra) = tensors.keys().find(|name| !program.store.contains_key(*name)) {
        return Err(inner.corrupt(format!("the program declares no '{extra}', which has a tensor")));
    }
    let tensors = weights::declared(&program, &tensors).map_err(|e| inner.name_in(e))?;
    Ok((program, tensors))
}

fn check_manifest(archive: &Archive) -> Result<()> {
    let file = &archive.file;
    if !archive.contains(MANIFEST) {
        return Err(file.error(codes::UNKNOWN_FORMAT, format!("the zip has no {MANIFEST}, so it is no artifact of cresset")));
    }
    let section = archive.checked(MANIFEST, MOST_MANIFEST)?;
    let manifest: Json =
        serde_json::from_slice(section.bytes()).map_err(|e| file.corrupt(format!("{MANIFEST} is not valid JSON: {e}")))?;
    if manifest["format"] != FORMAT {
        return Err(file.error(codes::UNKNOWN_FORMAT, format!("{MANIFEST} does not say \"format\": \"{FORMAT}\"")));
    }
    match manifest["version"].as_u64() {
        Some(VERSION) => Ok(()),
        Some(v) => Err(file
            .unsupported(format!("it has version {v} of the format, and version {VERSION} is read"))
            .hint("compile the model again")),
        None => Err(file.corrupt(format!("{MANIFEST} has no version number"))),
    }
}

fn read_program(archive: &Archive) -> Result<Program> {
    let file = &archive.file;
    let section = archive.checked(PROGRAM, MOST_PROGRAM)?;
    let text = std::str::from_utf8(section.bytes()).map_err(|e| file.corrupt(format!("{PROGRAM} is not UTF-8: {e}")))?;
    let program = parse_program(source::register(format!("{}:{PROGRAM}", file.name), text)).map_err(first)?;
    verify(&program).map_err(first)?;
    Ok(program)
}

/// The first of several problems, and how many there are.
fn first(problems: Vec<Diagnostic>) -> Diagnostic {
    let more = problems.len().saturating_sub(1);
    let first =
        problems.into_iter().next().unwrap_or_else(|| Diagnostic::error(codes::INVALID_GRAPH, "the program is not valid"));
    if more == 0 { first } else { first.note(format!("{more} more problems follow")) }
}
