//! A data file: its bytes, its name for messages, and the errors that readers of every format share.
//!
//! Files are mapped when they are regular and read when they are not (pipes). Writing replaces: the new contents go to a
//! temporary file beside the target, which is then renamed over it, so readers of the old file keep the old bytes.

use super::zip::Section;
use crate::storage::Storage;
use cresset_ir::{Code, DType, Diagnostic, Result, codes};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest stream that is read from something that cannot be mapped.
const MAX_STREAM: u64 = 16 << 30;

/// A file's bytes and the name that messages give it; or those of a file that lies inside another.
#[derive(Clone)]
pub struct DataFile {
    pub name: String,
    pub storage: Arc<Storage>,
    /// Where the bytes lie in the storage.
    pub start: usize,
    len: usize,
}

impl DataFile {
    /// Maps the file at `path`. Fails with `E0401`, saying why.
    pub fn open(path: &Path) -> Result<DataFile> {
        let storage = open_storage(path).map_err(|e| unreadable(path, &e))?;
        Ok(DataFile::whole(path.display().to_string(), storage))
    }

    /// A file that is in memory already.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<DataFile> {
        Ok(DataFile::whole(name.to_string(), Storage::copy_of(bytes)?))
    }

    fn whole(name: String, storage: Storage) -> DataFile {
        let len = storage.bytes().len();
        DataFile { name, storage: Arc::new(storage), start: 0, len }
    }

    /// The entry of an archive, as a file of its own.
    pub fn inside(name: String, section: Section) -> DataFile {
        DataFile { name, storage: section.storage, start: section.start, len: section.len }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.storage.bytes()[self.start..][..self.len]
    }

    /// An error about this file: `digits.pt: what is wrong`.
    pub fn error(&self, code: Code, what: impl AsRef<str>) -> Diagnostic {
        Diagnostic::error(code, format!("{}: {}", self.name, what.as_ref()))
    }

    pub fn corrupt(&self, what: impl AsRef<str>) -> Diagnostic {
        self.error(codes::CORRUPT_FILE, what)
    }

    pub fn truncated(&self, what: impl AsRef<str>) -> Diagnostic {
        self.error(codes::TRUNCATED_FILE, what).hint("copy or download the file again")
    }

    pub fn unsupported(&self, what: impl AsRef<str>) -> Diagnostic {
        self.error(codes::UNSUPPORTED_FILE, what)
    }

    pub fn excessive(&self, what: impl AsRef<str>) -> Diagnostic {
        self.error(codes::EXCESSIVE_FILE, what)
    }

    /// The tensor called `tensor` has a dtype, `found`, that is not one of the ten.
    pub fn forbidden_dtype(&self, tensor: &str, found: &str) -> Diagnostic {
        let allowed: Vec<_> = DType::all().map(DType::name).collect();
        self.error(codes::DTYPE_FORBIDDEN, format!("tensor '{tensor}' has the dtype {found}"))
            .note(format!("the allowed dtypes are {}", allowed.join(", ")))
            .hint("convert the tensor before saving it")
    }

    /// Puts the file's name in front of an error that does not know it.
    pub fn name_in(&self, error: Diagnostic) -> Diagnostic {
        self.error(error.code(), error.message())
    }
}

fn open_storage(path: &Path) -> io::Result<Storage> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    if metadata.is_file() {
        return map(&file);
    }
    let mut bytes = vec![];
    if Read::by_ref(&mut file).take(MAX_STREAM).read_to_end(&mut bytes)? as u64 == MAX_STREAM {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("the stream has more than {MAX_STREAM} bytes")));
    }
    Storage::copy_of(&bytes).map_err(io::Error::other)
}

fn map(file: &File) -> io::Result<Storage> {
    // SAFETY: the mapping is private to us and read-only; that others leave the file alone is the trap in `storage`. Bytes are only
    // ever read as plain numbers, for which every bit pattern is a value (bools are copied out first).
    Ok(Storage::mapped(unsafe { memmap2::Mmap::map(file)? }))
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let d = Diagnostic::error(codes::FILE_UNREADABLE, format!("{} cannot be read: {}", path.display(), reason(error)));
    match path.parent().filter(|p| error.kind() == io::ErrorKind::NotFound && p.is_dir()) {
        Some(_) => d.hint("check the spelling of the file name"),
        None => d,
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(codes::FILE_UNWRITABLE, format!("{} cannot be written: {}", path.display(), reason(error)))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        _ => error.to_string(),
    }
}

/// Replaces the file at `path` by what `write` writes; on any failure the old file stays. Devices and pipes are written to
/// directly. Fails with `E0402`.
pub fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    replace_io(path, write).map_err(|e| unwritable(path, &e))
}

fn replace_io(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    // Through links: the rename must replace the file, not the link to it.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let special = fs::metadata(&target).is_ok_and(|m| !m.is_file() && !m.is_dir());
    if special {
        let mut out = BufWriter::new(File::options().write(true).open(&target)?);
        write(&mut out)?;
        return out.flush();
    }
    let temporary = temporary_beside(&target)?;
    let mut out = BufWriter::with_capacity(1 << 20, temporary.as_file().try_clone()?);
    write(&mut out)?;
    out.flush()?;
    temporary.persist(&target).map_err(|e| e.error)?;
    Ok(())
}

fn temporary_beside(target: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).map_or(PathBuf::from("."), Path::to_path_buf);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cresset-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What an ordinary new file would get: the process's umask still applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
