//! Where an object is found from: a name for it in a message.

use super::frame::{Frame, Names};
use super::object::Function;
use super::shared::Part;
use super::value::Value;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

/// Dicts of a module whose entries are its attributes.
const MEMBERS: [&str; 3] = ["_parameters", "_buffers", "_modules"];

/// An object, and the way to it.
pub struct Found {
    /// `layers.0.cache[2]`
    pub path: String,
    /// The containers on the way, from the outermost in, its own last.
    pub containers: Vec<usize>,
    pub value: Value,
}

/// One step from an object to another one.
enum Step {
    Attribute(String),
    Item(String),
    Same,
}

struct Child {
    container: usize,
    step: Step,
    value: Value,
}

/// The nearest object that is wanted, by breadth-first search from named roots.
pub fn find(roots: Vec<(String, Value)>, wanted: &dyn Fn(&Value) -> bool) -> Option<Found> {
    let mut seen = HashSet::new();
    let mut queue: VecDeque<Found> = roots.into_iter().map(|(path, value)| Found { path, containers: vec![], value }).collect();
    while let Some(mut found) = queue.pop_front() {
        if !seen.insert(found.value.address()) {
            continue;
        }
        if wanted(&found.value) {
            found.containers.extend(containers(&found.value));
            return Some(found);
        }
        for Child { container, step, value } in children(&found.value) {
            let containers = found.containers.iter().copied().chain([container]).collect();
            queue.push_back(Found { path: join(&found.path, step), containers, value });
        }
    }
    None
}

fn join(path: &str, step: Step) -> String {
    match step {
        Step::Same => path.to_owned(),
        Step::Item(index) => format!("{path}[{index}]"),
        Step::Attribute(name) if path.is_empty() => name,
        Step::Attribute(name) => format!("{path}.{name}"),
    }
}

/// A name for a part of one of a value's containers, which was found at a path.
pub fn part(path: &str, value: &Value, container: usize, part: Part) -> String {
    let variable = |slot: usize| match value {
        Value::Function(function) => {
            let mut frames = std::iter::successors(function.closure.as_ref(), |frame| frame.parent.as_ref());
            frames.find(|frame| frame.slots.address() == container).and_then(|frame| frame.variable(slot))
        }
        _ => None,
    };
    let step = match (part, value) {
        (Part::Named(key), Value::Dict(_)) => Step::Item(format!("'{key}'")),
        (Part::Named(name), _) => Step::Attribute(name),
        (Part::At(slot), _) => variable(slot).map_or(Step::Same, |name| Step::Attribute(name.to_string())),
        (Part::Whole, _) => Step::Same,
    };
    join(path, step)
}

/// The containers that hold what may change of a value.
pub fn containers(value: &Value) -> Vec<usize> {
    match value {
        Value::List(items) => vec![items.address()],
        Value::Dict(dict) => vec![dict.address()],
        Value::Set(set) => vec![set.items.address()],
        Value::View(view) => vec![view.dict.address()],
        Value::Class(class) => vec![class.dict.address()],
        Value::Module(module) => vec![module.globals.address()],
        Value::Instance(instance) => {
            let members = MEMBERS.iter().filter_map(|name| match instance.get(name) {
                Some(Value::Dict(dict)) => Some(dict.address()),
                _ => None,
            });
            members.chain([instance.dict.address()]).collect()
        }
        Value::Function(function) => {
            let frames = std::iter::successors(function.closure.as_ref(), |frame| frame.parent.as_ref());
            frames.map(|frame| frame.slots.address()).chain([function.dict.address()]).collect()
        }
        Value::Foreign(foreign) => foreign.containers(),
        _ => vec![],
    }
}

fn children(value: &Value) -> Vec<Child> {
    let mut out = vec![];
    match value {
        Value::List(items) => {
            let child = |(i, value): (usize, &Value)| Child {
                container: items.address(),
                step: Step::Item(i.to_string()),
                value: value.clone(),
            };
            out.extend(items.borrow().iter().enumerate().map(child));
        }
        Value::Tuple(items) => {
            let child =
                |(i, value): (usize, &Value)| Child { container: 0, step: Step::Item(i.to_string()), value: value.clone() };
            out.extend(items.iter().enumerate().map(child));
        }
        Value::Dict(dict) => {
            for (key, value) in dict.borrow().iter() {
                let index = key.value.as_str().map_or_else(|| key.value.as_int().unwrap_or(0).to_string(), |s| format!("'{s}'"));
                out.push(Child { container: dict.address(), step: Step::Item(index), value: value.clone() });
            }
        }
        Value::Instance(instance) => {
            for (key, value) in instance.dict.borrow().iter() {
                let Some(name) = key.value.as_str() else { continue };
                match value {
                    Value::Dict(members) if MEMBERS.contains(&name) => attributes(&mut out, &Value::Dict(members.clone())),
                    _ => out.push(Child {
                        container: instance.dict.address(),
                        step: Step::Attribute(name.to_owned()),
                        value: value.clone(),
                    }),
                }
            }
            out.extend(instance.base.iter().map(|base| Child { container: 0, step: Step::Same, value: base.clone() }));
        }
        Value::Class(class) => attributes(&mut out, &Value::Dict(class.dict.clone())),
        Value::Module(module) => attributes(&mut out, &Value::Dict(module.globals.clone())),
        Value::Function(function) => of_function(&mut out, function),
        Value::Method(method) => {
            out.extend([&method.this, &method.func].map(|value| Child { container: 0, step: Step::Same, value: value.clone() }));
        }
        Value::StaticMethod(inner) | Value::ClassMethod(inner) => {
            out.push(Child { container: 0, step: Step::Same, value: (**inner).clone() });
        }
        Value::Property(property) => {
            let parts = [&property.get, &property.set].into_iter().flatten();
            out.extend(parts.map(|value| Child { container: 0, step: Step::Same, value: value.clone() }));
        }
        _ => {}
    }
    out
}

/// The entries of a dict under their names.
fn attributes(out: &mut Vec<Child>, dict: &Value) {
    let Value::Dict(dict) = dict else { return };
    for (key, value) in dict.borrow().iter() {
        let Some(name) = key.value.as_str().filter(|name| !name.starts_with("__")) else { continue };
        out.push(Child { container: dict.address(), step: Step::Attribute(name.to_owned()), value: value.clone() });
    }
}

/// Defaults, attributes, and the variables around a function.
fn of_function(out: &mut Vec<Child>, function: &Rc<Function>) {
    let params = function.def.params();
    for (param, value) in params.single().zip(&function.defaults) {
        let Some(value) = value.clone() else { continue };
        out.push(Child { container: 0, step: Step::Attribute(param.name.kind.to_string()), value });
    }
    attributes(out, &Value::Dict(function.dict.clone()));
    let mut frame: Option<&Rc<Frame>> = function.closure.as_ref();
    while let Some(around) = frame {
        if !matches!(around.names, Names::Module) {
            for (name, value) in around.locals() {
                out.push(Child { container: around.slots.address(), step: Step::Attribute(name.to_string()), value });
            }
        }
        frame = around.parent.as_ref();
    }
}
