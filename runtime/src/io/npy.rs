//! npy: one array, as a magic string, a Python dict literal that describes it, and its bytes.
//!
//! Versions 1 to 3, either byte order, C and Fortran order. Structured, object and string arrays are refused.

use super::file::{self, DataFile};
use super::strided;
use crate::storage::{ALIGN, Storage};
use crate::tensor::{self, Tensor};
use cresset_ir::{DType, Diagnostic, Result, codes};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

pub const MAGIC: &[u8] = b"\x93NUMPY";

struct Row(DType, char, usize);

/// dtype, NumPy's kind letter, bytes. NumPy has no bf16.
const DTYPES: [Row; 9] = [
    Row(DType::Bool, 'b', 1),
    Row(DType::U8, 'u', 1),
    Row(DType::I8, 'i', 1),
    Row(DType::I16, 'i', 2),
    Row(DType::I32, 'i', 4),
    Row(DType::I64, 'i', 8),
    Row(DType::F16, 'f', 2),
    Row(DType::F32, 'f', 4),
    Row(DType::F64, 'f', 8),
];

/// The array in `len` bytes of `storage` from `start` on; `file` and `name` are for messages.
pub fn read(file: &DataFile, name: &str, storage: &Arc<Storage>, start: usize, len: usize) -> Result<Tensor> {
    let bytes = &storage.bytes()[start..][..len];
    let (text, data_start) = split(file, name, bytes)?;
    let header = Header::parse(text).map_err(|what| file.corrupt(format!("array '{name}': {what} in the header {text:?}")))?;
    let (dtype, big_endian) = parse_descr(&header.descr).ok_or_else(|| file.forbidden_dtype(name, &header.descr))?;
    let needed = tensor::byte_len(dtype, &header.shape).map_err(|e| file.name_in(e))?;
    let data = &bytes[data_start..];
    if data.len() != needed {
        let what = format!("array '{name}' of dtype {dtype} and shape {:?} needs {needed} bytes", header.shape);
        let what = format!("{what}, but {} follow the header", data.len());
        return Err(if data.len() < needed { file.truncated(what) } else { file.corrupt(what) });
    }
    let mut array = match header.fortran_order {
        true => strided::gather(data, dtype, &header.shape, &column_major(&header.shape)),
        false => Tensor::from_storage(storage.clone(), start + data_start, dtype, &header.shape),
    }
    .map_err(|e| file.name_in(e))?;
    if big_endian != cfg!(target_endian = "big") && dtype.size() > 1 {
        array.bytes_mut()?.chunks_exact_mut(dtype.size()).for_each(<[u8]>::reverse);
    }
    Ok(array)
}

/// The header's text, and where the data begins.
fn split<'a>(file: &DataFile, name: &str, bytes: &'a [u8]) -> Result<(&'a str, usize)> {
    let cut = || file.truncated(format!("array '{name}' ends inside its header, after {} bytes", bytes.len()));
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(file.corrupt(format!("array '{name}' does not begin with the magic bytes of npy")));
    };
    let &[major, minor, a, b, ..] = rest else { return Err(cut()) };
    let (start, len) = match (major, rest.get(4..6)) {
        (1, _) => (MAGIC.len() + 4, usize::from(u16::from_le_bytes([a, b]))),
        (2 | 3, Some(&[c, d])) => (MAGIC.len() + 6, u32::from_le_bytes([a, b, c, d]) as usize),
        (2 | 3, _) => return Err(cut()),
        _ => return Err(file.unsupported(format!("array '{name}' has the npy version {major}.{minor}; 1.0 to 3.0 are read"))),
    };
    let text = bytes.get(start..).and_then(|b| b.get(..len)).ok_or_else(cut)?;
    let text = std::str::from_utf8(text).map_err(|_| file.corrupt(format!("the header of array '{name}' is not UTF-8")))?;
    Ok((text, start + len))
}

/// `<f4` as f32, little-endian.
fn parse_descr(descr: &str) -> Option<(DType, bool)> {
    let mut chars = descr.chars();
    let (order, kind) = (chars.next()?, chars.next()?);
    let size: usize = chars.as_str().parse().ok()?;
    let big_endian = match order {
        '<' => false,
        '>' => true,
        '|' | '=' => cfg!(target_endian = "big"),
        _ => return None,
    };
    let row = DTYPES.iter().find(|r| (r.1, r.2) == (kind, size))?;
    Some((row.0, big_endian))
}

fn column_major(shape: &[usize]) -> Vec<usize> {
    shape.iter().scan(1usize, |next, &d| Some(std::mem::replace(next, next.saturating_mul(d)))).collect()
}

/// What the dict literal says: exactly the keys descr, fortran_order and shape.
#[derive(PartialEq, Debug)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`; the error says what is wrong.
    fn parse(text: &str) -> Result<Header, String> {
        let mut scan = Scanner { rest: text };
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        scan.expect('{')?;
        while !scan.accept('}') {
            let key = scan.string()?;
            scan.expect(':')?;
            match key {
                "descr" => descr = Some(scan.string().map_err(|_| "a dtype that is not a plain one")?.to_string()),
                "fortran_order" => fortran_order = Some(scan.boolean()?),
                "shape" => shape = Some(scan.tuple()?),
                _ => return Err(format!("the unknown key '{key}'")),
            }
            if !scan.accept(',') {
                scan.expect('}')?;
                break;
            }
        }
        match (descr, fortran_order, shape, scan.rest.trim()) {
            (Some(descr), Some(fortran_order), Some(shape), "") => Ok(Header { descr, fortran_order, shape }),
            (_, _, _, "") => Err("a missing key".to_string()),
            (.., rest) => Err(format!("trailing text {rest:?}")),
        }
    }
}

/// Reads the few Python literals that a header is made of.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn accept(&mut self, c: char) -> bool {
        let rest = self.rest.trim_start();
        self.rest = rest.strip_prefix(c).unwrap_or(rest);
        self.rest.len() < rest.len()
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.accept(c) { Ok(()) } else { Err(format!("no '{c}' where one belongs")) }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.accept('\'') { '\'' } else { self.expect('"').map(|_| '"')? };
        let (text, rest) = self.rest.split_once(quote).ok_or("an unterminated string")?;
        self.rest = rest;
        Ok(text)
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        self.rest = &rest[end..];
        &rest[..end]
    }

    fn boolean(&mut self) -> Result<bool, String> {
        match self.word() {
            "True" => Ok(true),
            "False" => Ok(false),
            word => Err(format!("'{word}' instead of True or False")),
        }
    }

    /// `(3, 4)`, `(3,)` or `()`; Python 2 wrote `3L`.
    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        let mut sizes = vec![];
        self.expect('(')?;
        while !self.accept(')') {
            let word = self.word();
            let size = word.trim_end_matches('L').parse().map_err(|_| format!("the size '{word}', which is not valid,"))?;
            sizes.push(size);
            if sizes.len() > strided::MAX_RANK {
                return Err(format!("more than {} dimensions", strided::MAX_RANK));
            }
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }
}

/// Writes one array to `path`.
pub fn write_file(path: &Path, array: &Tensor) -> Result<()> {
    let header = describe(path, "0", array)?;
    file::replace(path, |out| write(out, &header, array))
}

/// Writes a header made by [`describe`], then the array's bytes.
pub fn write(out: &mut impl Write, header: &[u8], array: &Tensor) -> io::Result<()> {
    out.write_all(header)?;
    out.write_all(array.bytes())
}

/// Everything before the data, padded so that the data begins on an [`ALIGN`]-byte border. Fails with `E0302` for bf16, which
/// the format cannot say.
pub fn describe(path: &Path, name: &str, array: &Tensor) -> Result<Vec<u8>> {
    let row = DTYPES.iter().find(|r| r.0 == array.dtype()).ok_or_else(|| {
        let message = format!("{}: tensor '{name}' has the dtype {}, which npy cannot hold", path.display(), array.dtype());
        Diagnostic::error(codes::DTYPE_FORBIDDEN, message).hint("save as .safetensors")
    })?;
    let order = if row.2 == 1 {
        '|'
    } else if cfg!(target_endian = "big") {
        '>'
    } else {
        '<'
    };
    let shape: String = array.shape().iter().map(|d| format!("{d},")).collect();
    let dict = format!("{{'descr': '{order}{}{}', 'fortran_order': False, 'shape': ({shape}), }}", row.1, row.2);
    // Version 2 where 16 bits cannot say the header's length.
    let prefix = if dict.len() + ALIGN + 11 > usize::from(u16::MAX) { 12 } else { 10 };
    let len = (prefix + dict.len() + 1).next_multiple_of(ALIGN) - prefix;
    let mut header = MAGIC.to_vec();
    match prefix {
        10 => header.extend([&[1, 0][..], &(len as u16).to_le_bytes()].concat()),
        _ => header.extend([&[2, 0][..], &(len as u32).to_le_bytes()].concat()),
    }
    header.extend(dict.as_bytes());
    header.resize(prefix + len - 1, b' ');
    header.push(b'\n');
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_parse() {
        let header = |shape: &[usize]| Header { descr: "<f4".into(), fortran_order: false, shape: shape.to_vec() };
        let check = |text, shape: &[usize]| assert_eq!(Header::parse(text), Ok(header(shape)));
        check("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n", &[3, 4]);
        check("{\"shape\":(3L,),'fortran_order':False,'descr':'<f4'}", &[3]);
        check("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", &[]);
    }

    #[test]
    fn broken_headers_are_explained() {
        let check = |text, expected: &str| assert_eq!(Header::parse(text), Err(expected.to_string()));
        check("", "no '{' where one belongs");
        check("{'descr': [('a', '<f4')]}", "a dtype that is not a plain one");
        check("{'shape': (-1,)}", "the size '', which is not valid,");
        check("{'shape': (99999999999999999999,)}", "the size '99999999999999999999', which is not valid,");
        check("{'shape': (1,)}", "a missing key");
        check("{'x': 1}", "the unknown key 'x'");
        check("{'fortran_order': None}", "'None' instead of True or False");
    }

    #[test]
    fn both_orders_and_byte_orders_are_converted() {
        let read_one = |descr: &str, fortran: &str, data: &[u8]| {
            let dict = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 3)}}\n");
            let bytes = [MAGIC, &[1, 0], &(dict.len() as u16).to_le_bytes(), dict.as_bytes(), data].concat();
            let file = DataFile::from_bytes("a.npy", &bytes).unwrap();
            read(&file, "0", &file.storage, 0, bytes.len())
        };
        let values = |t: Tensor| t.values().collect::<Vec<_>>();
        assert_eq!(values(read_one("|u1", "True", &[0, 1, 2, 3, 4, 5]).unwrap()), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        let big: Vec<u8> = (0..6i16).flat_map(i16::to_be_bytes).collect();
        assert_eq!(values(read_one(">i2", "False", &big).unwrap()), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(read_one("<c8", "False", &[]).unwrap_err().code(), codes::DTYPE_FORBIDDEN);
        assert_eq!(read_one("<f8", "False", &[0; 6]).unwrap_err().code(), codes::TRUNCATED_FILE);
    }
}
