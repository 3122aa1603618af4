//! `torch.float32` and its like, and `torch.device`.

use super::{Cx, Torch};
use crate::eval::foreign::Foreign;
use crate::eval::interp::Interp;
use crate::eval::object::Class;
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use crate::lang::ast::CompareOp;
use cresset_ir::{DType, Diagnostic, codes};
use std::rc::Rc;

/// A dtype as an object. Forbidden dtypes have a name and nothing else: using one is the error.
pub struct DTypeObject {
    class: Rc<Class>,
    name: &'static str,
    dtype: Option<DType>,
}

/// torch names and what they stand for; none for dtypes outside the IR's.
pub const NAMES: &[(&str, Option<DType>)] = &[
    ("bool", Some(DType::Bool)),
    ("uint8", Some(DType::U8)),
    ("int8", Some(DType::I8)),
    ("int16", Some(DType::I16)),
    ("short", Some(DType::I16)),
    ("int32", Some(DType::I32)),
    ("int", Some(DType::I32)),
    ("int64", Some(DType::I64)),
    ("long", Some(DType::I64)),
    ("float16", Some(DType::F16)),
    ("half", Some(DType::F16)),
    ("bfloat16", Some(DType::BF16)),
    ("float32", Some(DType::F32)),
    ("float", Some(DType::F32)),
    ("float64", Some(DType::F64)),
    ("double", Some(DType::F64)),
    ("complex64", None),
    ("cfloat", None),
    ("complex128", None),
    ("cdouble", None),
    ("float8_e4m3fn", None),
    ("float8_e5m2", None),
    ("uint16", None),
    ("uint32", None),
    ("uint64", None),
    ("qint8", None),
    ("quint8", None),
];

impl Torch {
    pub fn dtype(&self, dtype: DType) -> Value {
        self.dtype_named(dtype.torch_name().trim_start_matches("torch."), Some(dtype))
    }

    pub fn dtype_named(&self, name: &'static str, dtype: Option<DType>) -> Value {
        let name = dtype.map_or(name, |d| d.torch_name().trim_start_matches("torch."));
        Value::foreign(DTypeObject { class: self.classes.dtype.clone(), name, dtype })
    }

    pub fn device(&self, text: &str) -> Value {
        let (kind, index) = text.split_once(':').map_or((text, None), |(k, i)| (k, i.parse().ok()));
        Value::foreign(Device { class: self.classes.device.clone(), kind: kind.to_owned(), index })
    }
}

/// The dtype that a value names: a dtype object, or one of the types `float`, `int`, `bool`.
pub fn dtype_of(cx: &Cx, value: &Value) -> Eval<Option<DType>> {
    let t = &cx.it.types;
    match value {
        Value::Class(c) if Rc::ptr_eq(c, &t.float) => return Ok(Some(DType::F64)),
        Value::Class(c) if Rc::ptr_eq(c, &t.int) => return Ok(Some(DType::I64)),
        Value::Class(c) if Rc::ptr_eq(c, &t.bool_) => return Ok(Some(DType::Bool)),
        _ => {}
    }
    let Some(object) = value.downcast::<DTypeObject>() else { return Ok(None) };
    object.dtype.map(Some).ok_or_else(|| forbidden(cx.it, object.name))
}

fn forbidden(it: &Interp, name: &str) -> Box<Raise> {
    let text = format!("torch.{name} is not one of the dtypes that programs may use");
    let allowed = "allowed are bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32 and float64";
    it.fatal(Diagnostic::error(codes::DTYPE_FORBIDDEN, text).hint(allowed))
}

impl Foreign for DTypeObject {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.class.clone()
    }

    fn getattr(&self, it: &mut Interp, _: &Value, name: &str) -> Eval<Option<Value>> {
        Ok(match (name, self.dtype) {
            ("is_floating_point", Some(d)) => Some(Value::Bool(d.is_float())),
            ("is_complex", dtype) => Some(Value::Bool(dtype.is_none() && self.name.starts_with("complex"))),
            ("is_signed", Some(d)) => Some(Value::Bool(!matches!(d, DType::Bool | DType::U8))),
            ("itemsize", Some(d)) => Some(Value::Int(d.size() as i64)),
            ("is_floating_point" | "is_signed" | "itemsize", None) => return Err(forbidden(it, self.name)),
            _ => None,
        })
    }

    fn compare(&self, _: &mut Interp, _: &Value, op: CompareOp, other: &Value) -> Eval<Option<Value>> {
        let same = other.downcast::<DTypeObject>().is_some_and(|o| o.name == self.name);
        Ok(equality(op, same))
    }

    fn hash_key(&self) -> Option<Value> {
        Some(Value::tuple(["torch.dtype".into(), self.name.into()]))
    }

    fn repr(&self, _: &mut Interp) -> Eval<String> {
        Ok(format!("torch.{}", self.name))
    }
}

fn equality(op: CompareOp, same: bool) -> Option<Value> {
    match op {
        CompareOp::Eq => Some(Value::Bool(same)),
        CompareOp::Ne => Some(Value::Bool(!same)),
        _ => None,
    }
}

/// `torch.device`: where tensors are is decided when a program is compiled, so a device is only a name here.
pub struct Device {
    class: Rc<Class>,
    pub kind: String,
    index: Option<i64>,
}

impl Foreign for Device {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.class.clone()
    }

    fn getattr(&self, _: &mut Interp, _: &Value, name: &str) -> Eval<Option<Value>> {
        Ok(match name {
            "type" => Some(self.kind.as_str().into()),
            "index" => Some(self.index.into()),
            _ => None,
        })
    }

    fn compare(&self, _: &mut Interp, _: &Value, op: CompareOp, other: &Value) -> Eval<Option<Value>> {
        let same = other.downcast::<Device>().is_some_and(|o| o.kind == self.kind && o.index == self.index);
        Ok(equality(op, same))
    }

    fn hash_key(&self) -> Option<Value> {
        Some(Value::tuple(["torch.device".into(), self.kind.as_str().into(), self.index.into()]))
    }

    fn repr(&self, _: &mut Interp) -> Eval<String> {
        Ok(match self.index {
            Some(index) => format!("device(type='{}', index={index})", self.kind),
            None => format!("device(type='{}')", self.kind),
        })
    }

    fn str(&self, _: &mut Interp) -> Eval<String> {
        Ok(self.index.map_or(self.kind.clone(), |i| format!("{}:{i}", self.kind)))
    }
}
