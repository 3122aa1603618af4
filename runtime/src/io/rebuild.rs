//! Rebuild: from the nodes of a checkpoint's pickle to tensors and plain values.
//!
//! A tensor shares its storage's bytes when its strides allow; tied weights therefore share theirs. What must be copied
//! (strided views, bools) is charged to a budget in proportion to the file, so a small file cannot ask for much memory.

use super::globals::Meaning;
use super::pickle::{Id, Node, Pickle};
use super::state_dict::Value;
use super::strided;
use super::zip::{Archive, Section};
use crate::storage::Storage;
use crate::tensor::{self, Tensor};
use cresset_ir::{DType, Diagnostic, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Copies may take this many bytes, and as many times the file's size.
const COPY_ALLOWANCE: usize = 64 << 20;
const COPY_FACTOR: usize = 16;

/// The most plain values that are taken out of a checkpoint: shared nodes count each time they appear.
const MAX_VALUES: usize = 1 << 20;

/// The deepest nesting of plain values, and of TorchScript's modules.
pub const MAX_DEPTH: usize = 64;

/// The largest alignment that an element needs.
const ELEMENT_ALIGN: usize = 8;

/// Makes tensors and values of a pickle's nodes.
pub struct Rebuilder<'a> {
    pub archive: &'a Archive,
    pub pickle: &'a Pickle<'a>,
    /// The archive's folder, in which storages lie as `data/0`, `data/1`, ...
    folder: &'a str,
    storages: BTreeMap<&'a str, Section>,
    copies_left: usize,
    values_left: usize,
}

impl<'a> Rebuilder<'a> {
    pub fn new(archive: &'a Archive, folder: &'a str, pickle: &'a Pickle<'a>) -> Rebuilder<'a> {
        let copies_left = archive.file.bytes().len().saturating_mul(COPY_FACTOR).saturating_add(COPY_ALLOWANCE);
        Rebuilder { archive, pickle, folder, storages: BTreeMap::new(), copies_left, values_left: MAX_VALUES }
    }

    /// Whether the node is a tensor.
    pub fn is_tensor(&self, id: Id) -> bool {
        matches!(self.pickle.call(id), Some((Meaning::Tensor | Meaning::TypedTensor | Meaning::Parameter, _)))
    }

    /// The tensor that the node stands for, if it is one; `name` is for messages.
    pub fn tensor(&mut self, id: Id, name: &str) -> Result<Option<Tensor>> {
        let mut id = id;
        // Arguments are older than their call, so this ends.
        while let Some((Meaning::Parameter, &[inner, ..])) = self.pickle.call(id) {
            id = inner;
        }
        let pickle = self.pickle;
        match pickle.call(id) {
            Some((Meaning::Tensor, arguments)) => self.rebuild(arguments, None, name).map(Some),
            Some((Meaning::TypedTensor, arguments)) => {
                let dtype = arguments.get(6).copied().ok_or_else(|| self.malformed(name))?;
                self.rebuild(arguments, Some(dtype), name).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A tensor from the arguments (storage, offset, size, stride, ...).
    fn rebuild(&mut self, arguments: &[Id], dtype: Option<Id>, name: &str) -> Result<Tensor> {
        let &[storage, offset, size, stride, ..] = arguments else { return Err(self.malformed(name)) };
        let numbers = (self.pickle.size(offset), self.pickle.sizes(size), self.pickle.sizes(stride));
        let (Some(offset), Some(shape), Some(strides)) = numbers else { return Err(self.malformed(name)) };
        if shape.len() != strides.len() {
            return Err(self.malformed(name));
        }
        let (storage_dtype, section) = self.storage(storage, name)?;
        let dtype_name = dtype.map_or(Some(storage_dtype.to_string()), |id| self.dtype_name(id));
        let dtype_name = dtype_name.ok_or_else(|| self.malformed(name))?;
        let dtype = DType::all().find(|d| d.torch_name() == dtype_name);
        let dtype = dtype.ok_or_else(|| self.archive.file.forbidden_dtype(name, &dtype_name))?;
        self.view(&section, View { dtype, offset, shape, strides }, name)
    }

    fn view(&mut self, section: &Section, view: View, name: &str) -> Result<Tensor> {
        let View { dtype, offset, shape, strides } = view;
        let in_file = |e: Diagnostic| self.archive.file.name_in(e);
        let bytes = tensor::byte_len(dtype, &shape).map_err(in_file)?;
        let end = strided::extent(&shape, &strides).and_then(|n| n.checked_add(offset)?.checked_mul(dtype.size()));
        let start = offset.checked_mul(dtype.size()).filter(|&s| s <= section.len);
        let (Some(start), Some(_)) = (start, end.filter(|&n| n <= section.len)) else {
            return Err(self.outside(name, section, &format!("offset {offset}, shape {shape:?} and strides {strides:?}")));
        };
        let contiguous = strided::is_contiguous(&shape, &strides);
        if !contiguous || dtype == DType::Bool {
            self.charge(name, bytes)?;
        }
        match contiguous {
            true => Tensor::from_storage(section.storage.clone(), section.start + start, dtype, &shape),
            false => strided::gather(&section.bytes()[start..], dtype, &shape, &strides),
        }
        .map_err(|e| self.archive.file.name_in(e))
    }

    /// The dtype and the bytes of a storage, from its persistent id: ('storage', class, key, location, count).
    fn storage(&mut self, id: Id, name: &str) -> Result<(&'static str, Section)> {
        let pickle = self.pickle;
        let Node::Persistent(id) = pickle[id] else { return Err(self.malformed(name)) };
        let Node::Tuple(parts) = &pickle[id] else { return Err(self.malformed(name)) };
        let &[kind, class, key, _location, _count, ..] = parts.as_slice() else { return Err(self.malformed(name)) };
        let (Some("storage"), Some(key)) = (pickle.str(kind), pickle.str(key)) else { return Err(self.malformed(name)) };
        let Node::Global { meaning: Meaning::Storage(dtype), .. } = pickle[class] else { return Err(self.malformed(name)) };
        Ok((dtype, self.section(key)?))
    }

    /// The bytes of storage `key`: the same ones each time, aligned for any element.
    fn section(&mut self, key: &'a str) -> Result<Section> {
        if let Some(section) = self.storages.get(key) {
            return Ok(section.clone());
        }
        let mut section = self.archive.section(&format!("{}data/{key}", self.folder))?;
        if section.bytes().as_ptr().align_offset(ELEMENT_ALIGN) != 0 {
            section = Section { storage: Arc::new(Storage::copy_of(section.bytes())?), start: 0, len: section.len };
        }
        self.storages.insert(key, section.clone());
        Ok(section)
    }

    fn dtype_name(&self, id: Id) -> Option<String> {
        if let Node::Global { module, name, .. } = &self.pickle[id] { Some(format!("{module}.{name}")) } else { None }
    }

    /// The node as a plain value, tensors included.
    pub fn value(&mut self, id: Id, name: &str) -> Result<Value> {
        self.value_at(id, name, MAX_DEPTH)
    }

    fn value_at(&mut self, id: Id, name: &str, depth: usize) -> Result<Value> {
        self.spend(name, depth)?;
        if let Some(tensor) = self.tensor(id, name)? {
            return Ok(Value::Tensor(tensor));
        }
        let pickle = self.pickle;
        let mut inner = |id: Id| self.value_at(id, name, depth - 1);
        Ok(match &pickle[id] {
            Node::None => Value::None,
            Node::Bool(b) => Value::Bool(*b),
            Node::Int(n) => Value::Int(*n),
            Node::Float(x) => Value::Float(*x),
            Node::Str(text) => {
                self.charge(name, text.len())?;
                Value::Str(text.to_string())
            }
            Node::Bytes(bytes) => {
                self.charge(name, bytes.len())?;
                Value::Bytes(bytes.to_vec())
            }
            Node::List(items) | Node::Set(items) => Value::List(items.iter().map(|&i| inner(i)).collect::<Result<_>>()?),
            Node::Tuple(items) => Value::Tuple(items.iter().map(|&i| inner(i)).collect::<Result<_>>()?),
            Node::Dict(pairs) => Value::Dict(pairs.iter().map(|&(k, v)| Ok((inner(k)?, inner(v)?))).collect::<Result<_>>()?),
            Node::Global { module, name, .. } => Value::Name(format!("{module}.{name}")),
            Node::Persistent(id) => inner(*id)?,
            Node::Call { callee, arguments, state } => match pickle.call(id) {
                Some((Meaning::Sequence, &[items, ..])) => inner(items)?,
                _ => Value::Call {
                    callee: self.dtype_name(*callee).unwrap_or_default(),
                    arguments: Box::new(self.value_at(*arguments, name, depth - 1)?),
                    state: state.map(|s| self.value_at(s, name, depth - 1)).transpose()?.map(Box::new),
                },
            },
        })
    }

    /// Counts a visit to one node at a depth that is left over.
    pub fn spend(&mut self, name: &str, depth: usize) -> Result<()> {
        if depth == 0 {
            return Err(self.archive.file.unsupported(format!("'{name}' is nested more than {MAX_DEPTH} levels deep")));
        }
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| {
            self.archive.file.excessive(format!("'{name}' and what came before hold more than {MAX_VALUES} values"))
        })?;
        Ok(())
    }

    fn malformed(&self, name: &str) -> Diagnostic {
        self.archive.file.corrupt(format!("tensor '{name}' is not described as PyTorch describes tensors"))
    }

    fn outside(&self, name: &str, section: &Section, view: &str) -> Diagnostic {
        let what = format!("tensor '{name}' with {view} reaches beyond its storage of {} bytes", section.len);
        self.archive.file.corrupt(what)
    }

    /// Counts bytes that are about to be copied for `name`.
    fn charge(&mut self, name: &str, bytes: usize) -> Result<()> {
        self.copies_left = self.copies_left.checked_sub(bytes).ok_or_else(|| {
            let file = &self.archive.file;
            let what =
                format!("'{name}' would expand to {bytes} bytes, more than a file of {} bytes explains", file.bytes().len());
            file.excessive(what).hint("save expanded tensors before expanding them")
        })?;
        Ok(())
    }
}

/// A tensor's place in its storage, counted in elements.
struct View {
    dtype: DType,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}
