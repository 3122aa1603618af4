//! The ops. Each is defined once, as a static in the file of its family; [`ALL`] lists them.

pub mod attr;
pub mod def;
pub mod elem;
pub mod elementwise;
pub mod sample;
pub mod sig;
pub mod structural;

pub use attr::{Attr, AttrDef, AttrKind};
pub use def::{Call, Class, Count, Meaning, OpDef, Operand};
pub use elem::{Elem, Update};
pub use sample::{Sample, SampleOperand};
pub use sig::Sig;

/// Every op, by family.
pub static ALL: &[&OpDef] = &[
    &elementwise::ADD,
    &elementwise::RELU,
    &elementwise::LT,
    &elementwise::WHERE,
    &elementwise::GELU,
    &elementwise::CAST,
    &structural::REGION,
    &structural::IF,
    &structural::LOOP,
];

/// The op of a name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    ALL.iter().find(|o| o.name == name).copied()
}
