//! What a module holds: its dicts of parameters, buffers and children, and what counts as each.

use crate::eval::dict::Dict;
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::{Set, Value};
use crate::eval::{Instance, Shared};
use crate::lang::ast::Name;
use crate::torch::{Cx, Tensor};
use cresset_ir::DType;
use std::rc::Rc;

pub const PARAMETERS: &str = "_parameters";
pub const BUFFERS: &str = "_buffers";
pub const MODULES: &str = "_modules";
pub const TRANSIENT: &str = "_non_persistent_buffers_set";

pub type Members = Shared<Dict>;

/// The instance behind a module.
pub fn instance(this: &Value) -> Option<&Rc<Instance>> {
    match this {
        Value::Instance(instance) => Some(instance),
        _ => None,
    }
}

/// One of a module's dicts; none before `Module.__init__` has run.
pub fn members(this: &Value, dict: &str) -> Option<Members> {
    match instance(this)?.get(dict)?.primitive() {
        Value::Dict(members) => Some(members.clone()),
        _ => None,
    }
}

/// The entries of one of a module's dicts as they are now, without those that are `None`.
pub fn entries(this: &Value, dict: &str) -> Vec<(Name, Value)> {
    let Some(members) = members(this, dict) else { return vec![] };
    let members = members.borrow();
    let named = members.iter().filter_map(|(key, value)| Some((Name::from(key.value.as_str()?), value.clone())));
    named.filter(|(_, value)| !value.is_none()).collect()
}

/// The names of the buffers that checkpoints do not hold.
pub fn transient(this: &Value) -> Option<Rc<Set>> {
    match instance(this)?.get(TRANSIENT)? {
        Value::Set(set) => Some(set),
        _ => None,
    }
}

pub fn is_transient(this: &Value, name: &str) -> bool {
    transient(this).is_some_and(|set| set.items.borrow().get_str(name).is_some())
}

pub fn is_parameter(value: &Value) -> bool {
    value.downcast::<Tensor>().is_some_and(Tensor::is_parameter)
}

impl Cx<'_> {
    pub fn is_module(&self, value: &Value) -> bool {
        matches!(value, Value::Instance(i) if i.class.borrow().is_subclass(&self.torch.classes.module))
    }

    pub fn is_buffer(&self, value: &Value) -> bool {
        value.downcast::<Tensor>().is_some() && self.it.is_instance(value, &self.torch.classes.buffer)
    }

    /// Whether a module's class has a method of its own in place of `nn.Module`'s.
    pub fn overrides(&self, this: &Value, method: &str) -> bool {
        self.it.class_of(this).owner(method).is_none_or(|owner| !Rc::ptr_eq(owner, &self.torch.classes.module))
    }

    /// The name of a value's type as `torch.typename` tells it.
    pub fn typename(&self, value: &Value) -> String {
        if let Some(tensor) = value.downcast::<Tensor>() {
            return format!("torch.{}", tensor_type(tensor.dtype()));
        }
        let class = match value {
            Value::Class(class) => class.clone(),
            other => self.it.class_of(other),
        };
        match class.lookup("__module__").as_ref().and_then(Value::as_str) {
            Some(module) if module != "builtins" && !matches!(value, Value::Class(c) if c.builtin) => {
                format!("{module}.{}", class.name)
            }
            _ => class.name.to_string(),
        }
    }

    /// A string argument.
    pub fn text<'v>(&self, value: &'v Value, what: &str) -> Eval<&'v str> {
        value.as_str().ok_or_else(|| self.it.type_error(format!("{what} should be a string. Got {}", self.typename(value))))
    }

    pub fn attribute_error(&self, text: impl Into<String>) -> Box<Raise> {
        self.it.error("AttributeError", text)
    }
}

/// The name of the class that tensors of a dtype once had.
pub fn tensor_type(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "BoolTensor",
        DType::U8 => "ByteTensor",
        DType::I8 => "CharTensor",
        DType::I16 => "ShortTensor",
        DType::I32 => "IntTensor",
        DType::I64 => "LongTensor",
        DType::F16 => "HalfTensor",
        DType::BF16 => "BFloat16Tensor",
        DType::F32 => "FloatTensor",
        DType::F64 => "DoubleTensor",
    }
}
