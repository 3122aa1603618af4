//! Globals: the classes and functions that a checkpoint may name, and what each means here.
//!
//! A pickle can name any function of any module and have it called; this table is the whole of what is understood. Nothing is
//! ever called: a name that is not here is refused where it stands.

/// What a named class or function stands for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Meaning {
    /// A function of (storage, offset, size, stride, ...) that gives a tensor of the storage's dtype.
    Tensor,
    /// The same with the dtype as its seventh argument, over untyped storage.
    TypedTensor,
    /// A function of (tensor, ...) that gives the tensor, as a parameter.
    Parameter,
    /// A storage of a torch dtype.
    Storage(&'static str),
    /// A dict, made of pairs or of nothing.
    OrderedDict,
    /// The first argument itself, a tuple or list.
    Sequence,
    /// Data without a meaning for tensors: kept by name.
    Inert,
}

use Meaning::*;

struct Row(&'static str, &'static str, Meaning);

/// module, name, meaning.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    Row("torch._utils",       "_rebuild_tensor",               Tensor),
    Row("torch._utils",       "_rebuild_tensor_v2",            Tensor),
    Row("torch._utils",       "_rebuild_tensor_v3",            TypedTensor),
    Row("torch._utils",       "_rebuild_parameter",            Parameter),
    Row("torch._utils",       "_rebuild_parameter_with_state", Parameter),
    Row("torch",              "BoolStorage",                   Storage("torch.bool")),
    Row("torch",              "ByteStorage",                   Storage("torch.uint8")),
    Row("torch",              "CharStorage",                   Storage("torch.int8")),
    Row("torch",              "ShortStorage",                  Storage("torch.int16")),
    Row("torch",              "IntStorage",                    Storage("torch.int32")),
    Row("torch",              "LongStorage",                   Storage("torch.int64")),
    Row("torch",              "HalfStorage",                   Storage("torch.float16")),
    Row("torch",              "BFloat16Storage",               Storage("torch.bfloat16")),
    Row("torch",              "FloatStorage",                  Storage("torch.float32")),
    Row("torch",              "DoubleStorage",                 Storage("torch.float64")),
    // Known, so that the dtype is what gets refused.
    Row("torch",              "ComplexFloatStorage",           Storage("torch.complex64")),
    Row("torch",              "ComplexDoubleStorage",          Storage("torch.complex128")),
    Row("torch",              "QInt8Storage",                  Storage("torch.qint8")),
    Row("torch",              "QUInt8Storage",                 Storage("torch.quint8")),
    Row("torch",              "QInt32Storage",                 Storage("torch.qint32")),
    Row("torch",              "UntypedStorage",                Storage("untyped")),
    Row("collections",        "OrderedDict",                   OrderedDict),
    Row("torch",              "Size",                          Sequence),
    Row("torch",              "device",                        Inert),
    Row("collections",        "Counter",                       Inert),
    Row("builtins",           "set",                           Sequence),
    Row("builtins",           "frozenset",                     Sequence),
    Row("builtins",           "bytearray",                     Inert),
    Row("builtins",           "complex",                       Inert),
    Row("_codecs",            "encode",                        Inert),
    Row("torch.jit._pickle",  "build_intlist",                 Sequence),
    Row("torch.jit._pickle",  "build_doublelist",              Sequence),
    Row("torch.jit._pickle",  "build_boollist",                Sequence),
    Row("torch.jit._pickle",  "build_tensorlist",              Sequence),
    Row("torch.jit._pickle",  "restore_type_tag",              Sequence),
];

/// The dtypes of PyTorch, by their names in the module `torch`.
const DTYPES: &[&str] = &[
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex32",
    "complex64",
    "complex128",
    "qint8",
    "quint8",
    "qint32",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
];

/// The meaning of `module.name`; `None` for all that is not on the list.
pub fn meaning(module: &str, name: &str) -> Option<Meaning> {
    let module = match module {
        // Python 2's name of it.
        "__builtin__" => "builtins",
        // Where a storage lived does not matter.
        "torch.cuda" | "torch.storage" if name.ends_with("Storage") => "torch",
        other => other,
    };
    if module == "torch" && DTYPES.contains(&name) {
        return Some(Inert);
    }
    TABLE.iter().find(|r| (r.0, r.1) == (module, name)).map(|r| r.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_list_is_known() {
        assert_eq!(meaning("torch.cuda", "FloatStorage"), Some(Storage("torch.float32")));
        assert_eq!(meaning("__builtin__", "set"), Some(Sequence));
        assert_eq!(meaning("torch", "bfloat16"), Some(Inert));
        for (module, name) in [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch.storage", "_load_from_bytes")] {
            assert_eq!(meaning(module, name), None);
        }
    }
}
