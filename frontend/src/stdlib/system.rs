//! `sys`, `os`, `os.path` and `time`, as far as model files read them. Nothing here touches files or the clock's date.

use crate::eval::native::Bound;
use crate::eval::raise::Eval;
use crate::eval::{Dict, Interp, Row, Value};
use crate::import::Module;
use std::rc::Rc;

pub fn install(it: &mut Interp) {
    it.register_native_module("sys", sys);
    it.register_native_module("os", os);
    it.register_native_module("os.path", |_, module| module.define(PATH));
    it.register_native_module("time", |_, module| module.define(TIME));
    it.register_native_module("builtins", |it, module| {
        let names: Vec<_> = it.builtins.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        names.into_iter().for_each(|(name, value)| drop(module.globals.borrow_mut().insert(name, value)));
    });
}

fn sys(it: &mut Interp, module: &Rc<Module>) {
    module.set("modules", Value::Dict(it.importer.loaded.clone()));
    module.set("path", Value::list(it.importer.path.iter().map(|p| Value::from(p.display().to_string()))));
    module.set("argv", Value::list([Value::from("")]));
    module.set("version_info", Value::tuple([3, 12, 0].map(Value::Int)));
    module.set("version", "3.12.0");
    module.set("platform", "linux");
    module.set("maxsize", i64::MAX);
    module.set("byteorder", "little");
    module.define(&[
        ("getrecursionlimit", "", |_, _| Ok(Value::Int(crate::eval::interp::MAX_CALLS as i64))),
        ("setrecursionlimit", "limit", |_, _| Ok(Value::None)),
        ("exit", "code?", |it, a| {
            let code = it.repr(a.at(0))?;
            Err(it.error("SystemExit", code))
        }),
    ]);
}

fn os(it: &mut Interp, module: &Rc<Module>) {
    module.set("environ", Value::dict(Dict::new()));
    module.set("name", "posix");
    module.set("sep", "/");
    module.set("linesep", "\n");
    module.define(&[
        ("getenv", "key default?", |_, a| Ok(a.at(1).clone())),
        ("cpu_count", "", |_, _| Ok(Value::Int(1))),
        ("getcwd", "", |_, _| Ok("".into())),
        ("fspath", "path", |_, a| Ok(a.at(0).clone())),
        ("makedirs", "path **named", |_, _| Ok(Value::None)),
        ("putenv", "key value", |_, _| Ok(Value::None)),
    ]);
    if let Ok(Some(path)) = it.find_module("os.path") {
        module.set("path", Value::Module(path));
    }
}

const PATH: &[Row] = &[
    ("abspath", "path", |_, a| Ok(a.at(0).clone())),
    ("basename", "path", |it, a| part(it, a, |text| text.rsplit('/').next().unwrap_or(text))),
    ("dirname", "path", |it, a| part(it, a, |text| text.rsplit_once('/').map_or("", |(folder, _)| folder))),
    ("exists", "path", |_, _| Ok(Value::Bool(false))),
    ("expanduser", "path", |_, a| Ok(a.at(0).clone())),
    ("isdir", "path", |_, _| Ok(Value::Bool(false))),
    ("isfile", "path", |_, _| Ok(Value::Bool(false))),
    ("join", "path *paths", |it, a| {
        let mut joined = super::builtins::text(it, a.at(0))?;
        for part in &a.rest {
            let part = super::builtins::text(it, part)?;
            match part.starts_with('/') || joined.is_empty() {
                true => joined = part,
                false => joined = format!("{}/{part}", joined.trim_end_matches('/')),
            }
        }
        Ok(joined.into())
    }),
    ("realpath", "path", |_, a| Ok(a.at(0).clone())),
    ("splitext", "path", |it, a| {
        let text = super::builtins::text(it, a.at(0))?;
        let name = text.rsplit('/').next().unwrap_or(&text);
        let at = name.rfind('.').filter(|&i| i > 0).map_or(text.len(), |i| text.len() - name.len() + i);
        Ok(Value::tuple([Value::from(&text[..at]), Value::from(&text[at..])]))
    }),
];

fn part(it: &mut Interp, a: &Bound, of: fn(&str) -> &str) -> Eval {
    let text = super::builtins::text(it, a.at(0))?;
    Ok(of(&text).into())
}

/// Time stands still: an evaluation gives the same result whenever it runs.
const TIME: &[Row] = &[
    ("time", "", |_, _| Ok(Value::Float(0.0))),
    ("perf_counter", "", |_, _| Ok(Value::Float(0.0))),
    ("monotonic", "", |_, _| Ok(Value::Float(0.0))),
    ("sleep", "seconds", |_, _| Ok(Value::None)),
];
