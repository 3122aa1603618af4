//! Attributes: the constants of a node, in the order of its op's schema.

use crate::dim::Dim;
use crate::dtype::DType;
use crate::scalar::Scalar;
use std::fmt;

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Attr {
    Bool(bool),
    Int(i64),
    Ints(Vec<i64>),
    /// A number with its dtype.
    Scalar(Scalar),
    Dim(Dim),
    Dims(Vec<Dim>),
    DType(DType),
    Str(String),
}

/// The kind of value that an attribute of a schema takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttrKind {
    Bool,
    Int,
    Ints,
    Scalar,
    Dim,
    Dims,
    DType,
    Str,
}

/// A row of an op's attribute schema. Without a default, the attribute must be given.
pub struct AttrDef {
    pub name: &'static str,
    pub kind: AttrKind,
    pub default: Option<fn() -> Attr>,
}

/// A required attribute.
pub const fn attr(name: &'static str, kind: AttrKind) -> AttrDef {
    AttrDef { name, kind, default: None }
}

/// An attribute with a default, which is not printed.
pub const fn attr_or(name: &'static str, kind: AttrKind, default: fn() -> Attr) -> AttrDef {
    AttrDef { name, kind, default: Some(default) }
}

impl Attr {
    pub fn kind(&self) -> AttrKind {
        match self {
            Attr::Bool(_) => AttrKind::Bool,
            Attr::Int(_) => AttrKind::Int,
            Attr::Ints(_) => AttrKind::Ints,
            Attr::Scalar(_) => AttrKind::Scalar,
            Attr::Dim(_) => AttrKind::Dim,
            Attr::Dims(_) => AttrKind::Dims,
            Attr::DType(_) => AttrKind::DType,
            Attr::Str(_) => AttrKind::Str,
        }
    }

    /// A float attribute, kept as f64.
    pub fn float(v: f64) -> Attr {
        Attr::Scalar(Scalar::float(DType::F64, v))
    }
}

macro_rules! from {
    ($($ty:ty => $variant:ident),*) => {
        $(impl From<$ty> for Attr { fn from(v: $ty) -> Attr { Attr::$variant(v) } })*
    };
}
from!(bool => Bool, i64 => Int, Vec<i64> => Ints, Scalar => Scalar, Dim => Dim, Vec<Dim> => Dims, DType => DType, String => Str);

impl From<&str> for Attr {
    fn from(v: &str) -> Attr {
        Attr::Str(v.to_owned())
    }
}

impl From<f64> for Attr {
    fn from(v: f64) -> Attr {
        Attr::float(v)
    }
}

impl AttrKind {
    pub fn name(self) -> &'static str {
        match self {
            AttrKind::Bool => "bool",
            AttrKind::Int => "int",
            AttrKind::Ints => "ints",
            AttrKind::Scalar => "scalar",
            AttrKind::Dim => "size",
            AttrKind::Dims => "sizes",
            AttrKind::DType => "dtype",
            AttrKind::Str => "string",
        }
    }
}

/// The text form; a scalar that is not f64 carries its dtype: `1: i64`.
impl fmt::Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attr::Bool(b) => write!(f, "{b}"),
            Attr::Int(i) => write!(f, "{i}"),
            Attr::Ints(v) => write!(f, "{v:?}"),
            Attr::Scalar(s) if s.dtype() == DType::F64 => write!(f, "{s}"),
            Attr::Scalar(s) => write!(f, "{s:?}"),
            Attr::Dim(d) => write!(f, "{d}"),
            Attr::Dims(v) => write!(f, "{v:?}"),
            Attr::DType(d) => write!(f, "{d}"),
            Attr::Str(s) => write!(f, "{s:?}"),
        }
    }
}
