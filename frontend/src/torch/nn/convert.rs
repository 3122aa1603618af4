//! Conversion of a module's tensors: dtypes change, devices are only names while a module is built.

use super::Row;
use super::member::{self, BUFFERS, MODULES, PARAMETERS};
use crate::eval::native::{Args, Bound, Native};
use crate::eval::raise::{Eval, Raise};
use crate::eval::value::Value;
use crate::torch::dtype::{Device, dtype_of};
use crate::torch::{Cx, Tensor};
use cresset_ir::{DType, Diagnostic, codes};

#[rustfmt::skip]
pub const METHODS: &[Row] = &[
    ("to",           "self / *args **kwargs",   to),
    ("float",        "self",                    float),
    ("double",       "self",                    double),
    ("half",         "self",                    half),
    ("bfloat16",     "self",                    bfloat16),
    ("type",         "self dst_type",           of_type),
    ("cpu",          "self",                    same),
    ("to_empty",     "self * device? recurse?", to_empty),
    ("share_memory", "self",                    same),
    ("cuda",         "self device?",            elsewhere),
    ("_apply",       "self fn recurse?",        apply),
];

fn same(_: &mut Cx, a: &Bound) -> Eval {
    Ok(a.at(0).clone())
}

fn to_empty(cx: &mut Cx, a: &Bound) -> Eval {
    check_device(cx, a.at(1))?;
    Ok(a.at(0).clone())
}

fn elsewhere(cx: &mut Cx, _: &Bound) -> Eval {
    Err(refuse_device(cx, "cuda"))
}

fn refuse_device(cx: &Cx, device: &str) -> Box<Raise> {
    let text = format!("a module cannot be moved to '{device}' while it is built");
    let hint = "where a model runs is chosen when it is compiled: leave this out, or guard it with torch.cuda.is_available()";
    cx.refuse(Diagnostic::error(codes::UNSUPPORTED, text).hint(hint))
}

fn check_device(cx: &Cx, device: &Value) -> Eval<()> {
    let name = match (device.as_str(), device.downcast::<Device>()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(device)) => device.kind.clone(),
        (None, None) if device.as_int().is_some() => "cuda".to_owned(),
        (None, None) => return Ok(()),
    };
    match name.split(':').next() {
        Some("cpu" | "meta") => Ok(()),
        _ => Err(refuse_device(cx, &name)),
    }
}

fn to(cx: &mut Cx, a: &Bound) -> Eval {
    let mut wanted = None;
    for value in a.rest.iter().chain(a.named.iter().map(|(_, value)| value)) {
        match dtype_of(cx, value)? {
            Some(dtype) => wanted = Some((dtype, value.clone())),
            None => match value.downcast::<Tensor>() {
                Some(tensor) => wanted = Some((tensor.dtype(), cx.torch.dtype(tensor.dtype()))),
                None if matches!(value, Value::Bool(_)) => {}
                None => check_device(cx, value)?,
            },
        }
    }
    match wanted {
        Some((dtype, _)) if dtype.is_float() => convert(cx, a.at(0), dtype, false),
        Some((_, value)) => {
            let value = cx.it.str(&value)?;
            let text = format!("nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={value}");
            Err(cx.it.type_error(text))
        }
        None => Ok(a.at(0).clone()),
    }
}

fn float(cx: &mut Cx, a: &Bound) -> Eval {
    convert(cx, a.at(0), DType::F32, false)
}

fn double(cx: &mut Cx, a: &Bound) -> Eval {
    convert(cx, a.at(0), DType::F64, false)
}

fn half(cx: &mut Cx, a: &Bound) -> Eval {
    convert(cx, a.at(0), DType::F16, false)
}

fn bfloat16(cx: &mut Cx, a: &Bound) -> Eval {
    convert(cx, a.at(0), DType::BF16, false)
}

fn of_type(cx: &mut Cx, a: &Bound) -> Eval {
    match dtype_of(cx, a.at(1))? {
        Some(dtype) => convert(cx, a.at(0), dtype, true),
        None => Err(cx.it.type_error(format!("type() takes a dtype, not '{}'", cx.it.type_name(a.at(1))))),
    }
}

/// Casts the tensors of a module, all or those of floats, through its `_apply`.
fn convert(cx: &mut Cx, this: &Value, dtype: DType, all: bool) -> Eval {
    let torch = cx.torch.clone();
    let cast = Native::closure("convert", "t", move |it, a| {
        let mut cx = Cx { it, torch: &torch };
        match a.at(0).downcast::<Tensor>() {
            Some(tensor) if tensor.dtype() != dtype && (all || tensor.dtype().is_float()) => {
                let value = tensor.read(&mut cx)?;
                let value = cx.cast(&value, dtype)?;
                Ok(cx.wrap(value))
            }
            _ => Ok(a.at(0).clone()),
        }
    });
    cx.it.call_method(this, "_apply", Args::of([cast]))
}

/// Replaces what every tensor holds by what a function makes of it. Parameters stay the objects that they are, so tied ones stay tied.
fn apply(cx: &mut Cx, a: &Bound) -> Eval {
    cx.it.deeper()?;
    let (this, function) = (a.at(0), a.at(1));
    if a.get(2).map_or(Ok(true), |flag| cx.it.truth(flag))? {
        for (_, child) in member::entries(this, MODULES) {
            cx.it.call_method(&child, "_apply", Args::of([function.clone()]))?;
        }
    }
    for (_, parameter) in member::entries(this, PARAMETERS) {
        let new = cx.it.call(function, Args::of([parameter.clone()]))?;
        if let (Some(old), Some(new)) = (parameter.downcast::<Tensor>(), new.downcast::<Tensor>())
            && !old.place().same(&new.place())
        {
            old.rebind(new.place());
        }
    }
    for (name, buffer) in member::entries(this, BUFFERS) {
        let new = cx.it.call(function, Args::of([buffer]))?;
        super::attr::insert(this, BUFFERS, &name, &new);
    }
    Ok(this.clone())
}
