//! zip: the container of npz files and torch.save checkpoints.
//!
//! Stored entries are read in place; deflated ones are inflated into memory of the declared size, which is bounded: deflate
//! cannot expand more than 1032 times, and entries may not overlap. An entry read in place has no checksum computed, just as
//! a safetensors file has none.

use super::file::DataFile;
use crate::storage::Storage;
use cresset_ir::Result;
use indexmap::IndexMap;
use std::io::{Cursor, Read};
use std::sync::Arc;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

pub const MAGIC: &[u8] = b"PK";

/// What a record of the directory starts with, and its bytes without name, extra field and comment.
const RECORD_MAGIC: &[u8] = b"PK\x01\x02";
const RECORD: usize = 46;

/// The most that deflate can expand.
const MAX_RATIO: u64 = 1032;

/// An opened archive: a directory of entries, each inside the file.
pub struct Archive {
    pub file: DataFile,
    entries: IndexMap<String, Entry>,
    zip: ZipArchive<Cursor<SharedBytes>>,
}

struct Entry {
    index: usize,
    start: usize,
    size: usize,
    stored: bool,
}

/// The bytes of one entry: in the mapped file, or inflated.
#[derive(Clone)]
pub struct Section {
    pub storage: Arc<Storage>,
    pub start: usize,
    pub len: usize,
}

impl Section {
    pub fn bytes(&self) -> &[u8] {
        &self.storage.bytes()[self.start..][..self.len]
    }
}

#[derive(Clone)]
struct SharedBytes(Arc<Storage>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl Archive {
    /// Reads the directory, and refuses entries that lie outside the file, are encrypted, or promise too much.
    pub fn open(file: &DataFile) -> Result<Archive> {
        let bytes = SharedBytes(file.storage.clone());
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| refusal(file, "the archive", &e))?;
        let records = records(file.bytes(), zip.central_directory_start());
        if records > zip.len() {
            return Err(file.corrupt(format!("the directory has {records} records for {} names: a name comes twice", zip.len())));
        }
        let mut entries = IndexMap::new();
        let mut total = 0u64;
        for index in 0..zip.len() {
            if let Some((name, entry, packed)) = entry(file, &mut zip, index)? {
                total = total.saturating_add(packed);
                entries.insert(name, entry);
            }
        }
        if total > file.bytes().len() as u64 {
            let what = format!("the entries take {total} bytes, but the archive has {}: they overlap", file.bytes().len());
            return Err(file.excessive(what));
        }
        Ok(Archive { file: file.clone(), entries, zip })
    }

    /// The entries' names, in the order of the directory.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The bytes of an entry, in place when it is stored. Fails with `E0404` when there is no such entry.
    pub fn section(&self, name: &str) -> Result<Section> {
        let entry = self.entries.get(name).ok_or_else(|| self.file.corrupt(format!("the archive has no entry '{name}'")))?;
        match entry.stored {
            true => Ok(Section { storage: self.file.storage.clone(), start: entry.start, len: entry.size }),
            false => self.inflate(name, entry),
        }
    }

    /// The bytes of an entry of at most `most` bytes, after comparing its checksum: for what is parsed rather than mapped.
    pub fn checked(&self, name: &str, most: usize) -> Result<Section> {
        let entry = self.entries.get(name).ok_or_else(|| self.file.corrupt(format!("the archive has no entry '{name}'")))?;
        match entry.size > most {
            true => Err(self.file.excessive(format!("entry '{name}' has {} bytes, more than the {most} allowed", entry.size))),
            false => self.inflate(name, entry),
        }
    }

    fn inflate(&self, name: &str, entry: &Entry) -> Result<Section> {
        let mut storage = Storage::zeroed(entry.size).map_err(|e| self.file.name_in(e))?;
        // A clone of the directory shares it; reading needs a cursor of its own.
        let mut zip = self.zip.clone();
        let mut reader = zip.by_index(entry.index).map_err(|e| refusal(&self.file, name, &e))?;
        let failed = |e: std::io::Error| self.file.corrupt(format!("entry '{name}' does not inflate: {e}"));
        reader.read_exact(storage.bytes_mut().expect("zeroed storage is owned")).map_err(failed)?;
        // Reading the end makes the reader compare checksums.
        if reader.read(&mut [0]).map_err(failed)? != 0 {
            return Err(self.file.corrupt(format!("entry '{name}' inflates to more than the {} bytes it declares", entry.size)));
        }
        Ok(Section { storage: Arc::new(storage), start: 0, len: entry.size })
    }
}

/// The number of records in the directory, of which the `zip` crate keeps the last of each name.
fn records(bytes: &[u8], start: u64) -> usize {
    let rest = |at: usize| bytes.get(at..).filter(|r| r.len() >= RECORD && r.starts_with(RECORD_MAGIC));
    let length = |r: &[u8], at| usize::from(u16::from_le_bytes([r[at], r[at + 1]]));
    let next = |at: &usize| rest(*at).map(|r| at + RECORD + length(r, 28) + length(r, 30) + length(r, 32));
    let places = std::iter::successors(usize::try_from(start).ok(), next);
    places.take_while(|at| rest(*at).is_some()).count()
}

/// Name, place and packed size of the entry at `index`; `None` for a folder.
fn entry(file: &DataFile, zip: &mut ZipArchive<Cursor<SharedBytes>>, index: usize) -> Result<Option<(String, Entry, u64)>> {
    let raw = zip.by_index_raw(index).map_err(|e| refusal(file, &format!("entry {index}"), &e))?;
    let name = raw.name().map_err(|e| refusal(file, &format!("entry {index}"), &e))?.into_owned();
    if raw.is_dir() {
        return Ok(None);
    }
    if raw.encrypted() {
        return Err(file.unsupported(format!("entry '{name}' is encrypted")));
    }
    let stored = match raw.compression() {
        CompressionMethod::Stored => true,
        CompressionMethod::Deflated => false,
        other => return Err(file.unsupported(format!("entry '{name}' is compressed with {other}; stored and deflated are read"))),
    };
    let (packed, size) = (raw.compressed_size(), raw.size());
    let start = raw.data_start().unwrap_or(u64::MAX);
    let file_len = file.bytes().len() as u64;
    if start.checked_add(packed).is_none_or(|end| end > file_len) {
        return Err(file.truncated(format!("entry '{name}' needs {packed} bytes from byte {start} on; the file has {file_len}")));
    }
    if stored && packed != size {
        return Err(file.corrupt(format!("entry '{name}' is stored, but declares {size} bytes in {packed}")));
    }
    if size > packed.saturating_mul(MAX_RATIO).saturating_add(MAX_RATIO) {
        return Err(file.excessive(format!("entry '{name}' declares {size} bytes, more than {packed} compressed ones can hold")));
    }
    // Both fit: `start` lies in the file, and a size beyond usize cannot be inflated either way.
    let (start, size) = (start as usize, usize::try_from(size).unwrap_or(usize::MAX));
    Ok(Some((name, Entry { index, start, size, stored }, packed)))
}

fn refusal(file: &DataFile, what: &str, error: &ZipError) -> cresset_ir::Diagnostic {
    match error {
        ZipError::UnsupportedArchive(why) => file.unsupported(format!("{what} is not read: {why}")),
        other => file.corrupt(format!("{what} is not valid zip: {other}")),
    }
}
