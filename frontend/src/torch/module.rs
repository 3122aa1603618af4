//! The modules `torch`, `torch.nn.functional` and their relatives: the functions of the table, dtypes, and what has no place in it.

use super::context::{self, GradMode};
use super::cx::Cx;
use super::dtype::{self, NAMES};
use super::handle::{Handle, Storage};
use super::lazy::Lazy;
use super::table::{self, F, I, M, T};
use super::tensor::Tensor;
use super::{Torch, nn};
use crate::eval::interp::Interp;
use crate::eval::native::{Bound, Native};
use crate::eval::object::{Class, Instance};
use crate::eval::raise::Eval;
use crate::eval::types::builtin;
use crate::eval::value::Value;
use crate::import::Module;
use cresset_ir::DType;
use cresset_ir::eval::Evaluate;
use std::rc::Rc;

/// Modules that hold functions of the table under their own names.
const SUBMODULES: &[(&str, &[&str])] = &[
    ("torch.linalg", &["norm", "matmul", "outer"]),
    ("torch.special", &["expit", "expm1", "exp2", "log1p", "logit", "logsumexp", "erf", "softmax", "log_softmax"]),
    ("torch.random", &["manual_seed", "initial_seed", "seed"]),
];

/// Makes `torch` importable.
pub fn install(it: &mut Interp, evaluate: Rc<dyn Evaluate>) -> Rc<Torch> {
    let torch = Torch::new(it, evaluate);
    let root = Module::native("torch");
    let functional = Module::native("torch.nn.functional");
    for (i, function) in torch.functions.iter().enumerate() {
        let name = function.name;
        let inplace = format!("{name}_");
        for (place, set) in [(T, &root), (F, &functional)] {
            if function.on & place != 0 {
                set.set(name, callable(&torch, i, name, false, false));
                if function.on & I != 0 {
                    set.set(&inplace, callable(&torch, i, &inplace, true, false));
                }
            }
        }
        if function.on & (M | I) != 0 {
            torch.classes.tensor.set(name, callable(&torch, i, name, false, true));
        }
        if function.on & I != 0 {
            torch.classes.tensor.set(&inplace, callable(&torch, i, &inplace, true, true));
        }
    }
    functional_aliases(&root, &functional);
    dtypes(&torch, &root);
    classes(it, &torch, &root);
    modes(it, &torch, &root);
    state(&torch, &root);
    constants(&root);
    for (name, functions) in SUBMODULES {
        let module = Module::native(name);
        for function in functions.iter() {
            if let Some(value) = root.globals.borrow().get_str(function) {
                module.set(function, value.clone());
            }
        }
        it.remember(&module);
    }
    devices(it);
    it.remember(&functional);
    it.remember(&root);
    nn::install(it, &torch);
    torch
}

/// A function of the table as a Python value.
fn callable(torch: &Rc<Torch>, index: usize, name: &str, inplace: bool, is_method: bool) -> Value {
    let torch = torch.clone();
    let run = move |it: &mut Interp, a: &Bound| {
        let torch = torch.clone();
        torch.functions[index].call(&mut Cx { it, torch: &torch }, a.args(), inplace)
    };
    Value::Native(Native::new(name, "*args **kwargs", run, is_method))
}

/// What `torch.nn.functional` takes over from `torch`.
fn functional_aliases(root: &Rc<Module>, functional: &Rc<Module>) {
    for name in
        ["cosine_similarity", "conv1d", "conv2d", "avg_pool1d", "pixel_shuffle", "pixel_unshuffle", "prelu", "celu", "selu"]
    {
        if let Some(value) = root.globals.borrow().get_str(name) {
            functional.set(name, value.clone());
        }
    }
}

fn dtypes(torch: &Rc<Torch>, root: &Rc<Module>) {
    for (name, dtype) in NAMES {
        root.set(name, torch.dtype_named(name, *dtype));
    }
}

/// A native function that sees torch's state.
fn native(torch: &Rc<Torch>, name: &str, params: &str, run: fn(&mut Cx, &Bound) -> Eval) -> Value {
    let torch = torch.clone();
    Native::closure(name, params, move |it, a| run(&mut Cx { it, torch: &torch }, a))
}

fn method(torch: &Rc<Torch>, name: &str, params: &str, run: fn(&mut Cx, &Bound) -> Eval) -> Value {
    let torch = torch.clone();
    Value::Native(Native::new(name, params, move |it, a| run(&mut Cx { it, torch: &torch }, a), true))
}

fn set_new(torch: &Rc<Torch>, class: &Rc<Class>, params: &str, run: fn(&mut Cx, &Bound) -> Eval) {
    class.set("__new__", Value::StaticMethod(Rc::new(native(torch, "__new__", params, run))));
}

fn classes(it: &mut Interp, torch: &Rc<Torch>, root: &Rc<Module>) {
    let c = &torch.classes;
    for class in [&c.tensor, &c.dtype, &c.device, &c.size, &c.generator] {
        class.set("__module__", "torch");
    }
    set_new(torch, &c.tensor, "cls *data", legacy_tensor);
    set_new(torch, &c.device, "cls type index?", device);
    c.size.set("numel", Value::Native(Native::new("numel", "self", size_numel, true)));
    c.size.set("__repr__", Value::Native(Native::new("__repr__", "self", size_repr, true)));
    c.tensor.set("__deepcopy__", method(torch, "__deepcopy__", "self memo", deepcopy));
    c.tensor.set(
        "where",
        method(torch, "where", "self condition other", |cx, a| table::operator(cx, "where", &[a.at(1), a.at(0), a.at(2)])),
    );
    c.tensor.set("__copy__", method(torch, "__copy__", "self", shallow_copy));
    for (name, class) in [("Tensor", &c.tensor), ("dtype", &c.dtype), ("device", &c.device), ("Size", &c.size)] {
        root.set(name, Value::Class(class.clone()));
    }
    root.set("Generator", Value::Class(c.generator.clone()));
    root.set("SymInt", Value::Class(c.sym_int.clone()));
    for (name, dtype) in [
        ("FloatTensor", DType::F32),
        ("LongTensor", DType::I64),
        ("BoolTensor", DType::Bool),
        ("DoubleTensor", DType::F64),
        ("IntTensor", DType::I32),
        ("HalfTensor", DType::F16),
    ] {
        let torch = torch.clone();
        root.set(
            name,
            Native::closure(name, "data", move |it, a| table::creation_of(&mut Cx { it, torch: &torch }, a.at(0), Some(dtype))),
        );
    }
    let tensor = Module::native("torch.types");
    tensor.set("Device", Value::Class(c.device.clone()));
    tensor.set("Number", Value::Class(it.types.float.clone()));
    it.remember(&tensor);
}

/// `torch.Tensor(2, 3)` is uninitialised, `torch.Tensor([1, 2])` holds the data: both in the default dtype.
fn legacy_tensor(cx: &mut Cx, a: &Bound) -> Eval {
    let dtype = cx.default_dtype();
    if let [data] = &a.rest[..]
        && data.as_int().is_none()
    {
        return table::creation_of(cx, data, Some(dtype));
    }
    let sizes: Option<Vec<usize>> = a.rest.iter().map(|v| v.as_int().and_then(|n| usize::try_from(n).ok())).collect();
    let Some(mut sizes) = sizes else { return Err(cx.it.type_error("new(): invalid arguments")) };
    if sizes.is_empty() {
        sizes.push(0);
    }
    let tensor = cresset_ir::Tensor::zeros(dtype, &sizes).map_err(|d| cx.refuse(d))?;
    Ok(cx.wrap(Handle::Lazy(Lazy::known(tensor))))
}

fn device(cx: &mut Cx, a: &Bound) -> Eval {
    let name = cx.it.str(a.at(1))?;
    match a.at(2).as_int() {
        Some(index) => Ok(cx.torch.device(&format!("{name}:{index}"))),
        None => Ok(cx.torch.device(&name)),
    }
}

fn size_numel(it: &mut Interp, a: &Bound) -> Eval {
    let items = it.collect(a.at(0))?;
    items.iter().try_fold(Value::Int(1), |n, size| it.binary(crate::lang::ast::BinaryOp::Mul, &n, size))
}

fn size_repr(it: &mut Interp, a: &Bound) -> Eval {
    let items = it.collect(a.at(0))?.iter().map(|size| it.repr(size)).collect::<Eval<Vec<_>>>()?;
    Ok(format!("torch.Size([{}])", items.join(", ")).into())
}

/// A copy with a storage of its own; tensors that share a storage share the copy of it too.
fn deepcopy(cx: &mut Cx, a: &Bound) -> Eval {
    let Some(tensor) = a.at(0).downcast::<Tensor>() else { return Ok(a.at(0).clone()) };
    let storage = tensor.place().storage;
    let Value::Dict(memo) = a.at(1) else {
        return Ok(Value::Foreign(tensor.copied(Storage::new(storage.current()))));
    };
    let key = cx.it.key(&Value::tuple(["torch.storage".into(), Value::Int(Rc::as_ptr(&storage) as usize as i64)]))?;
    let known = memo.borrow().get(&key).cloned();
    let copy = match known.as_ref().and_then(|v| v.downcast::<Tensor>()) {
        Some(holder) => holder.place().storage,
        None => {
            let holder = Tensor::new(cx.torch, storage.current());
            let copy = holder.place().storage;
            memo.borrow_mut().insert(key, Value::Foreign(holder));
            copy
        }
    };
    Ok(Value::Foreign(tensor.copied(copy)))
}

fn shallow_copy(_: &mut Cx, a: &Bound) -> Eval {
    Ok(match a.at(0).downcast::<Tensor>() {
        Some(tensor) => Value::Foreign(tensor.copied(tensor.place().storage)),
        None => a.at(0).clone(),
    })
}

/// Context managers and decorators that only concern gradients, and decorators that concern TorchScript.
fn modes(it: &mut Interp, torch: &Rc<Torch>, root: &Rc<Module>) {
    for (name, enable) in [("no_grad", false), ("inference_mode", false), ("enable_grad", true)] {
        let class = builtin(name, &[&it.types.object]);
        context::install(&class);
        let state = (torch.clone(), class.clone());
        // `@torch.no_grad` without a call decorates too; the mode of `inference_mode(False)` and `set_grad_enabled(True)` is the argument.
        let new = Native::closure("__new__", "cls mode?", move |it, a| match a.get(1) {
            Some(function @ (Value::Function(_) | Value::Method(_) | Value::Native(_))) => Ok(function.clone()),
            Some(mode) => Ok(GradMode::value(&state.0, state.1.clone(), !it.truth(mode)? || enable)),
            None => Ok(GradMode::value(&state.0, state.1.clone(), enable)),
        });
        class.set("__new__", Value::StaticMethod(Rc::new(new)));
        root.set(name, Value::Class(class));
    }
    let class = builtin("set_grad_enabled", &[&it.types.object]);
    context::install(&class);
    let state = (torch.clone(), class.clone());
    let new = Native::closure("__new__", "cls mode", move |it, a| {
        let enable = it.truth(a.at(1))?;
        let mode = GradMode::value(&state.0, state.1.clone(), enable);
        state.0.grad.set(enable);
        Ok(mode)
    });
    class.set("__new__", Value::StaticMethod(Rc::new(new)));
    root.set("set_grad_enabled", Value::Class(class));
    let jit = Module::native("torch.jit");
    for name in ["ignore", "unused", "export", "script", "script_method", "interface", "_overload", "_overload_method"] {
        jit.set(name, Native::closure(name, "function? *rest **options", decorate));
    }
    jit.set("is_scripting", Native::closure("is_scripting", "", |_, _| Ok(Value::Bool(false))));
    jit.set("is_tracing", Native::closure("is_tracing", "", |_, _| Ok(Value::Bool(false))));
    jit.set("annotate", Native::closure("annotate", "type value", |_, a| Ok(a.at(1).clone())));
    root.set("compile", Native::closure("compile", "function? *rest **options", decorate));
    let compiler = Module::native("torch.compiler");
    compiler.set("disable", Native::closure("disable", "function? *rest **options", decorate));
    compiler.set("is_compiling", Native::closure("is_compiling", "", |_, _| Ok(Value::Bool(false))));
    root.set(
        "_assert",
        Native::closure("_assert", "condition message?", |it, a| {
            let (condition, message) = (a.at(0).clone(), a.at(1).clone());
            it.require(&condition, &mut |_| Ok(Some(message.clone()))).map(|()| Value::None)
        }),
    );
    // Libraries count their use here.
    let internal = Module::native("torch._C");
    internal.set("_log_api_usage_once", Native::closure("_log_api_usage_once", "event", |_, _| Ok(Value::None)));
    for module in [jit, compiler, internal] {
        it.remember(&module);
    }
}

/// A decorator that changes nothing, with options or without.
fn decorate(_: &mut Interp, a: &Bound) -> Eval {
    match a.at(0) {
        Value::None => Ok(Native::closure("decorator", "function", |_, a| Ok(a.at(0).clone()))),
        function => Ok(function.clone()),
    }
}

fn state(torch: &Rc<Torch>, root: &Rc<Module>) {
    root.set("get_default_dtype", native(torch, "get_default_dtype", "", |cx, _| Ok(cx.torch.dtype(cx.default_dtype()))));
    root.set("set_default_dtype", native(torch, "set_default_dtype", "d", set_default_dtype));
    root.set("is_grad_enabled", native(torch, "is_grad_enabled", "", |cx, _| Ok(Value::Bool(*cx.torch.grad.borrow()))));
    root.set("finfo", native(torch, "finfo", "type?", finfo));
    root.set("iinfo", native(torch, "iinfo", "type", iinfo));
}

fn set_default_dtype(cx: &mut Cx, a: &Bound) -> Eval {
    match dtype::dtype_of(cx, a.at(0))? {
        Some(dtype) if dtype.is_float() => cx.torch.default_dtype.set(dtype),
        _ => return Err(cx.it.type_error("only floating-point types are supported as the default type")),
    }
    Ok(Value::None)
}

/// An object with attributes.
fn record(cx: &Cx, name: &str, fields: &[(&str, Value)]) -> Value {
    let instance = Instance::new(builtin(name, &[&cx.it.types.object]), None);
    fields.iter().for_each(|(name, value)| instance.set(name, value.clone()));
    Value::Instance(instance)
}

fn finfo(cx: &mut Cx, a: &Bound) -> Eval {
    let dtype = match a.get(0) {
        Some(value) => dtype::dtype_of(cx, value)?,
        None => Some(cx.default_dtype()),
    };
    // dtype, eps, smallest normal number
    let (eps, tiny) = match dtype {
        Some(DType::F16) => (2f64.powi(-10), 2f64.powi(-14)),
        Some(DType::BF16) => (2f64.powi(-7), 2f64.powi(-126)),
        Some(DType::F32) => (2f64.powi(-23), 2f64.powi(-126)),
        Some(DType::F64) => (f64::EPSILON, f64::MIN_POSITIVE),
        _ => {
            return Err(cx
                .it
                .type_error("torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"));
        }
    };
    let dtype = dtype.unwrap_or(DType::F32);
    let max = table::largest(dtype);
    let fields = [("max", max), ("min", -max), ("eps", eps), ("tiny", tiny), ("smallest_normal", tiny), ("resolution", eps)];
    let mut fields: Vec<(&str, Value)> = fields.iter().map(|(n, v)| (*n, Value::Float(*v))).collect();
    fields.push(("bits", Value::Int(8 * dtype.size() as i64)));
    fields.push(("dtype", dtype.torch_name().trim_start_matches("torch.").into()));
    Ok(record(cx, "finfo", &fields))
}

fn iinfo(cx: &mut Cx, a: &Bound) -> Eval {
    match dtype::dtype_of(cx, a.at(0))? {
        Some(dtype) if dtype.is_int() => {
            let (low, high) = (cresset_ir::Scalar::lowest(dtype).as_i64(), cresset_ir::Scalar::highest(dtype).as_i64());
            let bits = 8 * dtype.size() as i64;
            Ok(record(cx, "iinfo", &[("min", low.into()), ("max", high.into()), ("bits", bits.into())]))
        }
        _ => Err(cx.it.type_error("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")),
    }
}

fn constants(root: &Rc<Module>) {
    for (name, value) in [("pi", std::f64::consts::PI), ("e", std::f64::consts::E), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        root.set(name, value);
    }
    root.set("__version__", "2.15.0");
    root.set("newaxis", Value::None);
    for name in ["strided", "contiguous_format", "channels_last", "preserve_format"] {
        root.set(name, format!("torch.{name}"));
    }
}

/// `torch.cuda` and its like: there is no device but the one that a program is compiled for.
fn devices(it: &mut Interp) {
    for name in ["torch.cuda", "torch.mps", "torch.xpu", "torch.backends.mps", "torch.backends.cudnn"] {
        let module = Module::native(name);
        for (function, value) in [
            ("is_available", Value::Bool(false)),
            ("device_count", Value::Int(0)),
            ("manual_seed_all", Value::None),
            ("manual_seed", Value::None),
        ] {
            module.set(function, Native::closure(function, "*args", move |_, _| Ok(value.clone())));
        }
        it.remember(&module);
    }
}
