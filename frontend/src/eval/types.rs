//! The built-in classes, and which of them a value belongs to.

use super::dict::Dict;
use super::interp::Interp;
use super::object::Class;
use super::shared::Shared;
use super::value::{Part, Value};
use crate::lang::ast::Name;
use cresset_ir::Span;
use indexmap::IndexMap;
use std::cell::Cell;
use std::rc::Rc;

macro_rules! types {
    ($($field:ident $name:literal $($base:ident)?;)*) => {
        /// The classes of the values that are built in. Methods are filled in by the standard library.
        pub struct Types {
            pub object: Rc<Class>,
            $(pub $field: Rc<Class>,)*
            exceptions: IndexMap<&'static str, Rc<Class>>,
        }

        impl Types {
            pub fn new() -> Types {
                let object = builtin("object", &[]);
                $(let $field = builtin($name, &[types!(@base object $($base)?)]);)*
                let exceptions = exceptions(&object);
                Types { object, $($field,)* exceptions }
            }

            /// The classes that are names of the language.
            pub fn each(&self) -> impl Iterator<Item = &Rc<Class>> {
                [&self.object, $(&self.$field),*].into_iter().chain(self.exceptions.values())
            }
        }
    };
    (@base $object:ident) => { &$object };
    (@base $object:ident $base:ident) => { &$base };
}

types! {
    type_ "type";
    none "NoneType";
    ellipsis "ellipsis";
    not_implemented "NotImplementedType";
    int "int";
    bool_ "bool" int;
    float "float";
    str_ "str";
    bytes "bytes";
    tuple "tuple";
    list "list";
    dict "dict";
    dict_keys "dict_keys";
    dict_values "dict_values";
    dict_items "dict_items";
    set "set";
    frozenset "frozenset";
    slice "slice";
    range "range";
    function "function";
    method "method";
    native "builtin_function_or_method";
    module "module";
    iterator "iterator";
    generator "generator";
    property "property";
    staticmethod "staticmethod";
    classmethod "classmethod";
    super_ "super";
}

/// The exception classes, each after its base.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("BaseException", "object"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("Exception", "BaseException"),
    ("StopIteration", "Exception"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("FloatingPointError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ConnectionError", "OSError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("Warning", "Exception"),
    ("UserWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("ImportWarning", "Warning"),
];

fn exceptions(object: &Rc<Class>) -> IndexMap<&'static str, Rc<Class>> {
    let mut classes: IndexMap<&'static str, Rc<Class>> = IndexMap::new();
    for (name, base) in EXCEPTIONS {
        let class = builtin(name, &[classes.get(base).unwrap_or(object)]);
        classes.insert(name, class);
    }
    classes
}

/// A class written in Rust; its resolution order is its bases' one after the other.
pub fn builtin(name: &str, bases: &[&Rc<Class>]) -> Rc<Class> {
    let bases: Vec<Rc<Class>> = bases.iter().map(|&b| b.clone()).collect();
    let ancestors = linearise(&bases).unwrap_or_else(|| bases.clone());
    class(name.into(), name.into(), bases, ancestors, Shared::default(), None, true)
}

pub fn class(
    name: Name,
    qualname: Name,
    bases: Vec<Rc<Class>>,
    ancestors: Vec<Rc<Class>>,
    dict: Shared<Dict>,
    span: Option<Span>,
    builtin: bool,
) -> Rc<Class> {
    let hooked = dict.borrow().get_str("__getattribute__").is_some() || ancestors.iter().any(|a| a.hooked.get());
    Rc::new(Class { name, qualname, bases, ancestors, dict, span, builtin, hooked: Cell::new(hooked) })
}

/// C3: the order of a class's ancestors that keeps each base's own order and the order of the bases; none where they disagree.
pub fn linearise(bases: &[Rc<Class>]) -> Option<Vec<Rc<Class>>> {
    let mut lists: Vec<Vec<Rc<Class>>> = bases.iter().map(|b| b.mro().cloned().collect()).collect();
    lists.push(bases.to_vec());
    let mut order = vec![];
    loop {
        lists.retain(|l| !l.is_empty());
        if lists.is_empty() {
            return Some(order);
        }
        let in_tail = |c: &Rc<Class>| lists.iter().any(|l| l[1..].iter().any(|x| Rc::ptr_eq(x, c)));
        let head = lists.iter().map(|l| l[0].clone()).find(|head| !in_tail(head))?;
        lists.iter_mut().filter(|l| Rc::ptr_eq(&l[0], &head)).for_each(|l| drop(l.remove(0)));
        order.push(head);
    }
}

impl Default for Types {
    fn default() -> Types {
        Types::new()
    }
}

impl Types {
    /// A built-in exception class by its name; `Exception` for a name that is none.
    pub fn exception(&self, name: &str) -> Rc<Class> {
        let class = self.exceptions.get(name).or_else(|| self.exceptions.get("Exception"));
        class.unwrap_or(&self.object).clone()
    }
}

impl Interp {
    /// `type(value)`
    pub fn class_of(&self, value: &Value) -> Rc<Class> {
        let t = &self.types;
        match value {
            Value::None => &t.none,
            Value::Ellipsis => &t.ellipsis,
            Value::NotImplemented => &t.not_implemented,
            Value::Bool(_) => &t.bool_,
            Value::Int(_) => &t.int,
            Value::Float(_) => &t.float,
            Value::Str(_) => &t.str_,
            Value::Bytes(_) => &t.bytes,
            Value::Tuple(_) => &t.tuple,
            Value::List(_) => &t.list,
            Value::Dict(_) => &t.dict,
            Value::View(view) => match view.part {
                Part::Keys => &t.dict_keys,
                Part::Values => &t.dict_values,
                Part::Items => &t.dict_items,
            },
            Value::Set(set) => [&t.set, &t.frozenset][set.frozen as usize],
            Value::Slice(_) => &t.slice,
            Value::Range(_) => &t.range,
            Value::Function(_) => &t.function,
            Value::Method(_) => &t.method,
            Value::Native(_) => &t.native,
            Value::Class(_) => &t.type_,
            Value::Instance(instance) => return instance.class(),
            Value::Module(_) => &t.module,
            Value::Iter(iter) => [&t.iterator, &t.generator][(iter.name == "generator") as usize],
            Value::Property(_) => &t.property,
            Value::StaticMethod(_) => &t.staticmethod,
            Value::ClassMethod(_) => &t.classmethod,
            Value::Super(_) => &t.super_,
            Value::Foreign(foreign) => return foreign.class(self),
        }
        .clone()
    }

    pub fn type_name(&self, value: &Value) -> Name {
        self.class_of(value).name.clone()
    }

    /// `isinstance(value, class)`
    pub fn is_instance(&self, value: &Value, class: &Rc<Class>) -> bool {
        self.class_of(value).is_subclass(class)
    }
}
