//! What an op is: its schema, its type rule, its meaning and its samples, in one static.

use super::attr::{Attr, AttrDef};
use super::elem::{Elem, Update};
use super::sample::Sample;
use super::sig::Sig;
use crate::builder::Builder;
use crate::diag::Result;
use crate::dim::Dim;
use crate::dtype::{Category, DType};
use crate::graph::Value;
use crate::kernel::Ex;
use crate::types::Type;
use std::fmt;

/// The one definition of an op. From it follow the builder, the verifier, the parser and printer, the reference semantics,
/// fusion, the code of every backend, the conformance tests and the documentation.
pub struct OpDef {
    pub name: &'static str,
    /// One sentence; the formula is printed from `meaning`.
    pub doc: &'static str,
    pub operands: &'static [Operand],
    pub attrs: &'static [AttrDef],
    /// The types of the results: builder and verifier both call this, and nothing else decides types.
    pub infer: fn(&Sig) -> Result<Vec<Type>>,
    pub meaning: Meaning,
    /// Operand and attribute choices for conformance tests on every backend and for documentation.
    pub samples: fn() -> Vec<Sample>,
}

/// An operand of the schema.
pub struct Operand {
    pub name: &'static str,
    pub class: Class,
    pub count: Count,
    pub role: Role,
}

/// What others must know of how an op uses the elements of an operand.
#[derive(Clone, Copy)]
pub enum Role {
    /// Nothing: the op computes with them.
    Computed,
    /// Each of them is an element of the result, as it is.
    Moved,
    /// They are places along a dimension of this size.
    Places(fn(&Sig) -> Dim),
}

/// The dtypes an operand may have. All `Same*` operands of one call share one dtype.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Any dtype, its own.
    Any,
    /// The dtype shared by all `Same*` operands, whatever it is.
    Same,
    /// The shared dtype, not bool.
    SameNumber,
    /// The shared dtype, a float.
    SameFloat,
    /// The shared dtype, an integer or bool.
    SameBits,
    /// An integer dtype, its own.
    Index,
    /// `bool`.
    Bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    One,
    /// May be left out; only at the end of the list.
    Optional,
    /// One or more (of structural ops: any number); only as the last.
    Many,
}

/// What an op computes.
pub enum Meaning {
    /// Pull: the value of one element of the result.
    Elements(for<'a> fn(&Elem<'a>) -> Ex<'a>),
    /// Push: for each element of the last operand, a value combined into a place of the result, which starts as the first operand.
    Updates(for<'a> fn(&Elem<'a>) -> Update<'a>),
    /// Defined by other ops.
    Composite(fn(&mut Builder, &Call) -> Result<Vec<Value>>),
    /// Control and storage: the only ops that a pass may match by name.
    Structural,
}

/// The operands and attributes of a composite that is being opened.
pub struct Call<'a> {
    pub operands: &'a [Value],
    pub sig: &'a Sig<'a>,
}

impl Class {
    pub fn accepts(self, d: DType) -> bool {
        match self {
            Class::Any | Class::Same => true,
            Class::SameNumber => d != DType::Bool,
            Class::SameFloat => d.is_float(),
            Class::SameBits => !d.is_float(),
            Class::Index => d.category() == Category::Int,
            Class::Bool => d == DType::Bool,
        }
    }

    /// Whether operands of this class share their dtype.
    pub fn shares(self) -> bool {
        matches!(self, Class::Same | Class::SameNumber | Class::SameFloat | Class::SameBits)
    }

    /// The allowed dtypes in words.
    pub fn words(self) -> &'static str {
        match self {
            Class::Any | Class::Same => "any dtype",
            Class::SameNumber => "a number (not bool)",
            Class::SameFloat => "a float (f16, bf16, f32, f64)",
            Class::SameBits => "an integer or bool",
            Class::Index => "an integer (u8, i8, i16, i32, i64)",
            Class::Bool => "bool",
        }
    }
}

/// Schema rows: `operand("x", SameFloat)`.
pub const fn operand(name: &'static str, class: Class) -> Operand {
    Operand { name, class, count: Count::One, role: Role::Computed }
}

pub const fn optional(name: &'static str, class: Class) -> Operand {
    Operand { name, class, count: Count::Optional, role: Role::Computed }
}

pub const fn many(name: &'static str, class: Class) -> Operand {
    Operand { name, class, count: Count::Many, role: Role::Computed }
}

/// Roles, after the schema row: `operand("x", Same).moved()`.
impl Operand {
    /// Each of its elements is an element of the result.
    pub const fn moved(self) -> Operand {
        Operand { role: Role::Moved, ..self }
    }

    /// Its elements are places along a dimension of this size. The size is asked for once `infer` has agreed to the call.
    pub const fn into_size(self, size: fn(&Sig) -> Dim) -> Operand {
        Operand { role: Role::Places(size), ..self }
    }
}

impl OpDef {
    /// The position of an attribute in the schema.
    pub fn attr_index(&self, name: &str) -> Option<usize> {
        self.attrs.iter().position(|a| a.name == name)
    }

    /// The schema row of the `k`-th operand of a call.
    pub fn operand(&self, k: usize) -> Option<&Operand> {
        self.operands.get(k).or_else(|| self.operands.last().filter(|o| o.count == Count::Many))
    }

    /// The fewest and the most operands.
    pub fn arity(&self) -> (usize, Option<usize>) {
        // A region may compute from constants alone.
        let none = |o: &Operand| o.count == Count::Many && matches!(self.meaning, Meaning::Structural);
        let least = self.operands.iter().filter(|o| o.count != Count::Optional && !none(o)).count();
        let most = self.operands.iter().all(|o| o.count != Count::Many).then_some(self.operands.len());
        (least, most)
    }

    /// The default of an attribute that the caller left out.
    pub fn default_attr(&self, k: usize) -> Option<Attr> {
        self.attrs[k].default.map(|f| f())
    }
}

/// Ops are statics: one name, one op.
impl PartialEq for OpDef {
    fn eq(&self, o: &OpDef) -> bool {
        self.name == o.name
    }
}

impl Eq for OpDef {}

impl fmt::Debug for OpDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
