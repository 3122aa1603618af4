//! `nn.Parameter` and `nn.Buffer`: tensors that are registered when they are assigned to a module.

use crate::eval::native::{Bound, Native};
use crate::eval::object::Class;
use crate::eval::raise::Eval;
use crate::eval::value::Value;
use crate::import::Module;
use crate::torch::{Cx, Handle, Lazy, Tensor, Torch};
use std::rc::Rc;

/// Gives the classes their constructors; the module `torch.nn.parameter`.
pub fn install(torch: &Rc<Torch>) -> Rc<Module> {
    let classes = &torch.classes;
    for class in [&classes.parameter, &classes.buffer] {
        class.set("__module__", "torch.nn.parameter");
    }
    set_new(torch, &classes.parameter, "cls data? requires_grad?", parameter);
    set_new(torch, &classes.buffer, "cls data? * persistent?", buffer);
    let module = Module::native("torch.nn.parameter");
    module.set("Parameter", Value::Class(classes.parameter.clone()));
    module.set("Buffer", Value::Class(classes.buffer.clone()));
    module
}

fn set_new(torch: &Rc<Torch>, class: &Rc<Class>, params: &str, run: fn(&mut Cx, &Bound) -> Eval) {
    let torch = torch.clone();
    let new = Native::closure("__new__", params, move |it, a| run(&mut Cx { it, torch: &torch }, a));
    class.set("__new__", Value::StaticMethod(Rc::new(new)));
}

fn parameter(cx: &mut Cx, a: &Bound) -> Eval {
    let tensor = of_class(cx, a, &cx.torch.classes.parameter.clone())?;
    let requires_grad = a.get(2).map_or(Ok(true), |flag| cx.it.truth(flag))?;
    if requires_grad && !tensor.dtype().is_float() {
        return Err(cx.runtime_error("Only Tensors of floating point and complex dtype can require gradients"));
    }
    tensor.set_requires_grad(requires_grad);
    Ok(Value::Foreign(tensor))
}

fn buffer(cx: &mut Cx, a: &Bound) -> Eval {
    let tensor = of_class(cx, a, &cx.torch.classes.buffer.clone())?;
    let value = Value::Foreign(tensor);
    cx.it.setattr(&value, "persistent", a.get(2).cloned().unwrap_or(Value::Bool(true)))?;
    Ok(value)
}

/// The tensor argument as one of the class that is constructed, on the same storage.
fn of_class(cx: &mut Cx, a: &Bound, default: &Rc<Class>) -> Eval<Rc<Tensor>> {
    let class = match a.at(0) {
        Value::Class(class) => class.clone(),
        _ => default.clone(),
    };
    match a.at(1) {
        Value::None => {
            let empty = cresset_ir::Tensor::zeros(cx.default_dtype(), &[0]).map_err(|d| cx.refuse(d))?;
            Ok(Tensor::new(cx.torch, Handle::Lazy(Lazy::known(empty))).retyped(&class))
        }
        value => match value.downcast::<Tensor>() {
            Some(tensor) => Ok(tensor.retyped(&class)),
            None => Err(cx.it.type_error(format!("{} takes a Tensor, not '{}'", class.name, cx.it.type_name(value)))),
        },
    }
}
