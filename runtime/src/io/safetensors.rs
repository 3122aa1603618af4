//! safetensors: an eight-byte length, a JSON header, then the tensors' bytes without gaps.
//!
//! The `safetensors` crate decides what is valid. When it refuses a header, `explain` looks for the tensor and the two facts
//! that disagree. Tensors are read in the order of their data, and share the file's mapping.

use super::file::{self, DataFile};
use super::state_dict::StateDict;
use crate::storage::ALIGN;
use crate::tensor::Tensor;
use cresset_ir::{DType, Diagnostic, Result, codes};
use indexmap::IndexMap;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};
use serde_json::Value as Json;
use std::io::{self, Write};
use std::path::Path;

/// The bytes of the header's length.
const PREFIX: usize = 8;

struct Row(DType, Dtype, &'static str);

/// Our dtype, the crate's, the name in a header.
const DTYPES: [Row; 10] = [
    Row(DType::Bool, Dtype::BOOL, "BOOL"),
    Row(DType::U8, Dtype::U8, "U8"),
    Row(DType::I8, Dtype::I8, "I8"),
    Row(DType::I16, Dtype::I16, "I16"),
    Row(DType::I32, Dtype::I32, "I32"),
    Row(DType::I64, Dtype::I64, "I64"),
    Row(DType::F16, Dtype::F16, "F16"),
    Row(DType::BF16, Dtype::BF16, "BF16"),
    Row(DType::F32, Dtype::F32, "F32"),
    Row(DType::F64, Dtype::F64, "F64"),
];

/// Whether the bytes begin as a safetensors file does: a plausible length, then a JSON object.
pub fn recognise(bytes: &[u8]) -> bool {
    header_len(bytes).is_some_and(|n| n <= 1 << 40) && bytes.get(PREFIX) == Some(&b'{')
}

fn header_len(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.first_chunk::<PREFIX>()?))
}

/// All tensors of a file, in the order of their data.
pub fn read(file: &DataFile) -> Result<StateDict> {
    let bytes = file.bytes();
    let header = header(file)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| explain(file, header, &e))?;
    let mut tensors = IndexMap::new();
    for name in metadata.offset_keys() {
        let info = metadata.info(&name).expect("offset_keys lists the tensors");
        let start = file.start + PREFIX + header.len() + info.data_offsets.0;
        let row = DTYPES.iter().find(|r| r.1 == info.dtype);
        let dtype = row.ok_or_else(|| file.forbidden_dtype(&name, &info.dtype.to_string()))?.0;
        let tensor = Tensor::from_storage(file.storage.clone(), start, dtype, &info.shape).map_err(|e| file.name_in(e))?;
        tensors.insert(name, tensor);
    }
    Ok(StateDict { tensors, extra: IndexMap::new() })
}

/// The header's bytes, when the file is long enough to hold them.
fn header(file: &DataFile) -> Result<&[u8]> {
    let bytes = file.bytes();
    let Some(len) = header_len(bytes) else {
        return Err(file.truncated(format!("a safetensors file has at least {PREFIX} bytes, this one {}", bytes.len())));
    };
    let rest = &bytes[PREFIX..];
    usize::try_from(len).ok().and_then(|n| rest.get(..n)).ok_or_else(|| {
        file.truncated(format!("the header is said to have {len} bytes, but only {} bytes follow its length", rest.len()))
    })
}

/// What is wrong with a header that the crate refused, as the first contradiction in the order of names or data.
fn explain(file: &DataFile, header: &[u8], error: &SafeTensorError) -> Diagnostic {
    let json = match serde_json::from_slice::<Json>(header) {
        Ok(json) => json,
        Err(e) => return file.corrupt(format!("the header is not valid JSON: {e}")),
    };
    let Json::Object(entries) = json else { return file.corrupt("the header is not a JSON object") };
    let data_len = file.bytes().len() - PREFIX - header.len();
    let mut claims = vec![];
    for (name, entry) in entries.iter().filter(|(name, _)| *name != "__metadata__") {
        match Claim::of(file, name, entry, data_len) {
            Ok(claim) => claims.push(claim),
            Err(diagnostic) => return diagnostic,
        }
    }
    claims.sort_by_key(|c| (c.begin, c.end));
    gap(file, &claims, data_len).unwrap_or_else(|| file.corrupt(error.to_string()))
}

/// What the header says of one tensor, consistent in itself.
struct Claim<'a> {
    name: &'a str,
    begin: u64,
    end: u64,
}

impl<'a> Claim<'a> {
    fn of(file: &DataFile, name: &'a str, entry: &Json, data_len: usize) -> Result<Claim<'a>> {
        let numbers = |key: &str| entry.get(key)?.as_array()?.iter().map(Json::as_u64).collect::<Option<Vec<_>>>();
        let lacks = |what: &str| file.corrupt(format!("tensor '{name}' has no valid {what} in the header"));
        let dtype = entry.get("dtype").and_then(Json::as_str).ok_or_else(|| lacks("dtype"))?;
        let shape = numbers("shape").ok_or_else(|| lacks("shape"))?;
        let offsets = numbers("data_offsets").ok_or_else(|| lacks("data_offsets"))?;
        let &[begin, end] = offsets.as_slice() else { return Err(lacks("pair of data_offsets")) };
        let row = DTYPES.iter().find(|r| r.2 == dtype).ok_or_else(|| file.forbidden_dtype(name, dtype))?;
        let needed = shape.iter().try_fold(row.0.size() as u64, |n, &d| n.checked_mul(d));
        let needed = needed
            .ok_or_else(|| file.corrupt(format!("tensor '{name}' of shape {shape:?} has more bytes than any file can hold")))?;
        if end.checked_sub(begin) != Some(needed) {
            let what = format!("tensor '{name}' of dtype {} and shape {shape:?} needs {needed} bytes", row.0);
            return Err(file.corrupt(format!("{what}, but its data_offsets are [{begin}, {end}]")));
        }
        if end > data_len as u64 {
            let what = format!("tensor '{name}' ends at byte {end} of the data");
            return Err(file.truncated(format!("{what}, but the file holds {data_len} bytes of data")));
        }
        Ok(Claim { name, begin, end })
    }
}

/// The first place where the data is covered twice or not at all.
fn gap(file: &DataFile, claims: &[Claim], data_len: usize) -> Option<Diagnostic> {
    let mut before = ("the header", 0);
    for claim in claims {
        if claim.begin != before.1 {
            let what = format!("the data of tensor '{}' begins at byte {}", claim.name, claim.begin);
            return Some(file.corrupt(format!("{what}, but that of {} ends at byte {}", before.0, before.1)));
        }
        before = (claim.name, claim.end);
    }
    let what = format!("the header describes {} bytes of data, but the file holds {data_len}", before.1);
    (before.1 != data_len as u64).then(|| file.corrupt(what))
}

/// Writes the tensors to `path`: larger elements first, then by name, the data on an [`ALIGN`]-byte border.
pub fn write(path: &Path, tensors: &IndexMap<String, Tensor>) -> Result<()> {
    let image = Image::of(path, tensors)?;
    file::replace(path, |out| image.write(out))
}

/// A file about to be written.
pub struct Image<'a> {
    header: Vec<u8>,
    entries: Vec<(&'a String, &'a Tensor)>,
}

impl<'a> Image<'a> {
    /// The file of these tensors, to be written to `path`.
    pub fn of(path: &Path, tensors: &'a IndexMap<String, Tensor>) -> Result<Image<'a>> {
        let mut entries: Vec<_> = tensors.iter().collect();
        // The order of the format's own writer: it keeps every tensor aligned to its element.
        entries.sort_by(|(a, x), (b, y)| y.dtype().size().cmp(&x.dtype().size()).then(a.cmp(b)));
        let header = describe(&entries)
            .map_err(|e| Diagnostic::error(codes::FILE_UNWRITABLE, format!("{} cannot be written: {e}", path.display())))?;
        Ok(Image { header, entries })
    }

    /// Bytes of the file.
    pub fn len(&self) -> usize {
        PREFIX + self.header.len() + self.entries.iter().map(|(_, t)| t.bytes().len()).sum::<usize>()
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&(self.header.len() as u64).to_le_bytes())?;
        out.write_all(&self.header)?;
        self.entries.iter().try_for_each(|(_, tensor)| out.write_all(tensor.bytes()))
    }
}

/// The JSON header, padded with spaces.
fn describe(entries: &[(&String, &Tensor)]) -> Result<Vec<u8>, SafeTensorError> {
    let mut end = 0;
    let infos = entries.iter().map(|(name, tensor)| {
        let begin = end;
        end += tensor.bytes().len();
        let dtype = DTYPES[tensor.dtype() as usize].1;
        (name.to_string(), TensorInfo { dtype, shape: tensor.shape().to_vec(), data_offsets: (begin, end) })
    });
    let metadata = Metadata::new(None, infos.collect())?;
    let mut header = serde_json::to_vec(&metadata)?;
    header.resize((PREFIX + header.len()).next_multiple_of(ALIGN) - PREFIX, b' ');
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, data: usize, expected: &str) {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        let error = read(&DataFile::from_bytes("w.safetensors", &bytes).unwrap()).expect_err("the header is refused");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn hostile_headers_are_explained() {
        let one = |dtype: &str, shape: &str, offsets: &str| {
            format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        check(
            "{",
            0,
            "error[E0404]: w.safetensors: the header is not valid JSON: EOF while parsing an object at line 1 column 1",
        );
        check("[]", 0, "error[E0404]: w.safetensors: the header is not a JSON object");
        check(&one("C64", "[1]", "[0,8]"), 8, "error[E0302]: w.safetensors: tensor 'a' has the dtype C64");
        check(&one("Q9", "[1]", "[0,8]"), 8, "error[E0302]: w.safetensors: tensor 'a' has the dtype Q9");
        check(
            &one("F32", "[2,3]", "[0,20]"),
            20,
            "error[E0404]: w.safetensors: tensor 'a' of dtype f32 and shape [2, 3] needs 24 bytes, but its data_offsets are [0, 20]",
        );
        check(
            &one("F32", "[4294967296,4294967296]", "[0,4]"),
            4,
            "error[E0404]: w.safetensors: tensor 'a' of shape [4294967296, 4294967296] has more bytes than any file can hold",
        );
        check(
            &one("F32", "[2]", "[0,8]"),
            4,
            "error[E0405]: w.safetensors: tensor 'a' ends at byte 8 of the data, but the file holds 4 bytes of data",
        );
        check(
            &one("F32", "[1]", "[4,8]"),
            8,
            "error[E0404]: w.safetensors: the data of tensor 'a' begins at byte 4, but that of the header ends at byte 0",
        );
        check(
            &one("F32", "[1]", "[0,4]"),
            8,
            "error[E0404]: w.safetensors: the header describes 4 bytes of data, but the file holds 8",
        );
        check(&one("F32", "[-1]", "[0,4]"), 4, "error[E0404]: w.safetensors: tensor 'a' has no valid shape in the header");
    }

    #[test]
    fn dtype_rows_stand_at_their_discriminant() {
        assert!(DTYPES.iter().enumerate().all(|(i, r)| r.0 as usize == i && r.1.to_string() == r.2));
    }
}
