//! The tensor object: a storage seen through views, with PyTorch's aliasing.
//!
//! Reading applies the views to the storage's current value, once per version of it. Writing replaces the storage's value; a write
//! through views goes back through them. So every value stays immutable and all aliases see a write.

use super::cx::Cx;
use super::handle::{Handle, Storage};
use super::stride::Layout;
use super::view::View;
use super::{Torch, item, table};
use crate::eval::dict::Dict;
use crate::eval::foreign::{Foreign, Truth};
use crate::eval::interp::Interp;
use crate::eval::journal;
use crate::eval::object::Class;
use crate::eval::raise::Eval;
use crate::eval::same::Same;
use crate::eval::shared::Shared;
use crate::eval::value::Value;
use crate::lang::ast::{BinaryOp, CompareOp, UnaryOp};
use cresset_ir::{DType, Dim, Type};
use std::cell::RefCell;
use std::rc::Rc;

pub struct Tensor {
    pub torch: Rc<Torch>,
    class: Rc<Class>,
    look: Shared<Look>,
    seen: RefCell<Option<Seen>>,
    /// Attributes that the program has set.
    dict: Shared<Dict>,
}

/// What may change of a tensor object besides its elements.
#[derive(Clone)]
pub struct Look {
    pub place: Place,
    pub requires_grad: bool,
}

/// Where a tensor's elements are.
#[derive(Clone)]
pub struct Place {
    pub storage: Rc<Storage>,
    pub views: Rc<[View]>,
    pub layout: Rc<Layout>,
}

/// The value that was read last, and what it was read from.
#[derive(Clone)]
struct Seen {
    storage: Rc<Storage>,
    version: u64,
    trace: u64,
    value: Handle,
}

impl Place {
    fn of(value: Handle) -> Place {
        let layout = Rc::new(Layout::contiguous(&value.ty().shape));
        Place { storage: Storage::new(value), views: Rc::new([]), layout }
    }

    /// Whether both show the same elements in the same way.
    pub fn same(&self, other: &Place) -> bool {
        Rc::ptr_eq(&self.storage, &other.storage) && self.views == other.views
    }
}

impl Tensor {
    /// A tensor with a storage of its own.
    pub fn new(torch: &Rc<Torch>, value: Handle) -> Rc<Tensor> {
        Tensor::at(torch, torch.classes.tensor.clone(), Place::of(value))
    }

    pub fn at(torch: &Rc<Torch>, class: Rc<Class>, place: Place) -> Rc<Tensor> {
        Rc::new(Tensor {
            torch: torch.clone(),
            class,
            look: Shared::new(Look { place, requires_grad: false }),
            seen: RefCell::new(None),
            dict: Shared::default(),
        })
    }

    pub fn place(&self) -> Place {
        self.look.borrow().place.clone()
    }

    pub fn requires_grad(&self) -> bool {
        self.look.borrow().requires_grad
    }

    pub fn set_requires_grad(&self, flag: bool) {
        if self.requires_grad() != flag {
            self.look.borrow_mut().requires_grad = flag;
        }
    }

    /// `tensor.data = other`: from now on this object shows what the other one shows.
    pub fn rebind(&self, place: Place) {
        self.look.borrow_mut().place = place;
        *self.seen.borrow_mut() = None;
    }

    pub fn dtype(&self) -> DType {
        self.look.borrow().place.storage.current().ty().dtype
    }

    pub fn shape(&self) -> Vec<Dim> {
        self.look.borrow().place.layout.shape.clone()
    }

    pub fn ty(&self) -> Type {
        Type::new(self.dtype(), self.shape())
    }

    /// The current value.
    pub fn read(&self, cx: &mut Cx) -> Eval<Handle> {
        let place = self.place();
        let trace = self.torch.trace_number();
        if let Some(seen) = &*self.seen.borrow()
            && Rc::ptr_eq(&seen.storage, &place.storage)
            && (seen.version, seen.trace) == (place.storage.version(), trace)
        {
            return Ok(seen.value.clone());
        }
        let value = match self.torch.tracing() {
            true => cx.traced(&place)?,
            false => place.views.iter().try_fold(place.storage.current(), |value, view| view.read(cx, &value))?,
        };
        let seen = Seen { version: place.storage.version(), storage: place.storage, trace, value: value.clone() };
        *self.seen.borrow_mut() = Some(seen);
        Ok(value)
    }

    /// A tensor that shares this one's storage through one more view; a view that changes nothing is left out.
    pub fn view(&self, cx: &mut Cx, view: View) -> Eval<Rc<Tensor>> {
        if view.is_identity() {
            return Ok(self.retyped(&self.torch.classes.tensor));
        }
        let place = self.place();
        let layout = Rc::new(view.layout(&place.layout, &cx.facts()));
        let value = self.read(cx)?;
        let shown = view.read(cx, &value)?;
        let views: Rc<[View]> = place.views.iter().cloned().chain([view]).collect();
        let place = Place { storage: place.storage, views, layout };
        let tensor = Tensor::at(&self.torch, self.torch.classes.tensor.clone(), place.clone());
        let seen =
            Seen { version: place.storage.version(), storage: place.storage, trace: self.torch.trace_number(), value: shown };
        *tensor.seen.borrow_mut() = Some(seen);
        tensor.set_requires_grad(self.requires_grad());
        Ok(tensor)
    }

    /// Replaces the elements that this tensor shows; the value has its dtype and shape.
    pub fn write(&self, cx: &mut Cx, value: &Handle) -> Eval<()> {
        let place = self.place();
        if let Some(view) = place.views.iter().find(|v| v.overlaps()) {
            return view.write(cx, value, value).map(drop);
        }
        // The values that the views are applied to, from the storage on. Without views nothing is read.
        let mut bases: Vec<Handle> = vec![];
        for (i, _) in place.views.iter().enumerate() {
            bases.push(match i {
                0 => cx.base(&place.storage)?,
                _ => place.views[i - 1].read(cx, &bases[i - 1])?,
            });
        }
        let mut new = value.clone();
        for (view, base) in place.views.iter().zip(bases).rev() {
            new = view.write(cx, &base, &new)?;
        }
        place.storage.set(new);
        journal::place(cx.it.user_span());
        Ok(())
    }

    /// The object in the class `Parameter` or `Buffer`, on the same storage.
    pub fn retyped(&self, class: &Rc<Class>) -> Rc<Tensor> {
        let tensor = Tensor::at(&self.torch, class.clone(), self.place());
        *tensor.seen.borrow_mut() = self.seen.borrow().clone();
        tensor
    }

    /// The tensor on another storage, with its attributes.
    pub fn copied(&self, storage: Rc<Storage>) -> Rc<Tensor> {
        let copy = Tensor::at(&self.torch, self.class.clone(), Place { storage, ..self.place() });
        copy.set_requires_grad(self.requires_grad());
        *copy.dict.borrow_mut() = self.dict.borrow().clone();
        copy
    }

    pub fn is_parameter(&self) -> bool {
        self.class.is_subclass(&self.torch.classes.parameter)
    }

    pub fn is_contiguous(&self) -> bool {
        self.look.borrow().place.layout.is_contiguous()
    }
}

impl Foreign for Tensor {
    fn class(&self, _: &Interp) -> Rc<Class> {
        self.class.clone()
    }

    fn getattr(&self, it: &mut Interp, this: &Value, name: &str) -> Eval<Option<Value>> {
        if let Some(value) = self.dict.borrow().get_str(name) {
            return Ok(Some(value.clone()));
        }
        let torch = self.torch.clone();
        Ok(Some(match name {
            "shape" => torch.shape(&self.shape()),
            "dtype" => torch.dtype(self.dtype()),
            "ndim" => Value::Int(self.shape().len() as i64),
            "device" => torch.device("cpu"),
            "requires_grad" => Value::Bool(self.requires_grad()),
            "is_leaf" => Value::Bool(true),
            "grad" | "grad_fn" => Value::None,
            "is_cuda" | "is_sparse" | "is_quantized" | "is_meta" => Value::Bool(false),
            "layout" => "torch.strided".into(),
            "itemsize" => Value::Int(self.dtype().size() as i64),
            "data" => Value::Foreign(Tensor::at(&torch, torch.classes.tensor.clone(), self.place())),
            "__dict__" => Value::Dict(self.dict.clone()),
            "T" | "mT" => return table::transposed(&mut Cx { it, torch: &torch }, this, name).map(Some),
            _ => return Ok(None),
        }))
    }

    fn setattr(&self, it: &mut Interp, _: &Value, name: &str, value: Value) -> Eval<bool> {
        match (name, value.downcast::<Tensor>()) {
            ("data", Some(other)) => self.rebind(other.place()),
            ("data", None) => return Err(it.type_error("Variable data has to be a tensor")),
            ("requires_grad", _) => self.set_requires_grad(it.truth(&value)?),
            ("grad", _) => {}
            ("shape" | "dtype" | "ndim" | "device", _) => return Ok(false),
            _ => drop(self.dict.borrow_mut().insert(name, value)),
        }
        Ok(true)
    }

    fn unary(&self, it: &mut Interp, this: &Value, op: UnaryOp) -> Eval<Option<Value>> {
        let torch = self.torch.clone();
        let name = match op {
            UnaryOp::Neg => "neg",
            UnaryOp::Pos => return Ok(Some(this.clone())),
            UnaryOp::Invert => "bitwise_not",
            UnaryOp::Not => return Ok(None),
        };
        table::operator(&mut Cx { it, torch: &torch }, name, &[this]).map(Some)
    }

    fn binary(&self, it: &mut Interp, this: &Value, op: BinaryOp, other: &Value, reflected: bool) -> Eval<Option<Value>> {
        let torch = self.torch.clone();
        let mut cx = Cx { it, torch: &torch };
        if !table::is_operand(other) {
            return Ok(None);
        }
        let operands = if reflected { [other, this] } else { [this, other] };
        table::operator(&mut cx, table::binary_name(op), &operands).map(Some)
    }

    fn inplace(&self, it: &mut Interp, this: &Value, op: BinaryOp, other: &Value) -> Eval<Option<Value>> {
        let torch = self.torch.clone();
        if !table::is_operand(other) || op == BinaryOp::MatMul {
            return Ok(None);
        }
        let mut cx = Cx { it, torch: &torch };
        let result = table::operator(&mut cx, table::binary_name(op), &[this, other])?;
        table::store(&mut cx, this, &result).map(Some)
    }

    fn compare(&self, it: &mut Interp, this: &Value, op: CompareOp, other: &Value) -> Eval<Option<Value>> {
        let torch = self.torch.clone();
        let name = match op {
            CompareOp::Eq => "eq",
            CompareOp::Ne => "ne",
            CompareOp::Lt => "lt",
            CompareOp::Le => "le",
            CompareOp::Gt => "gt",
            CompareOp::Ge => "ge",
            _ => return Ok(None),
        };
        if !table::is_operand(other) {
            return Ok(None);
        }
        table::operator(&mut Cx { it, torch: &torch }, name, &[this, other]).map(Some)
    }

    fn contains(&self, it: &mut Interp, this: &Value, item: &Value) -> Eval<Option<bool>> {
        let torch = self.torch.clone();
        let mut cx = Cx { it, torch: &torch };
        let equal = table::operator(&mut cx, "eq", &[this, item])?;
        let any = table::operator(&mut cx, "any", &[&equal])?;
        it.truth(&any).map(Some)
    }

    fn getitem(&self, it: &mut Interp, this: &Value, index: &Value) -> Eval<Option<Value>> {
        let torch = self.torch.clone();
        super::index::get(&mut Cx { it, torch: &torch }, this, index).map(Some)
    }

    fn setitem(&self, it: &mut Interp, this: &Value, index: &Value, value: Value) -> Eval<bool> {
        let torch = self.torch.clone();
        super::index::set(&mut Cx { it, torch: &torch }, this, index, &value).map(|()| true)
    }

    fn len(&self, it: &mut Interp) -> Eval<Option<Value>> {
        match self.shape().first() {
            Some(first) => Ok(Some(self.torch.size(first))),
            None => Err(it.type_error("len() of a 0-d tensor")),
        }
    }

    fn iter(&self, it: &mut Interp, this: &Value) -> Eval<Option<Value>> {
        let torch = self.torch.clone();
        let mut cx = Cx { it, torch: &torch };
        let Some(first) = self.shape().first().cloned() else { return Err(it.type_error("iteration over a 0-d tensor")) };
        let Some(length) = first.known() else { return Err(super::size::unknown_size(it, &first, "a loop runs over it")) };
        let items = (0..length).map(|i| super::index::get(&mut cx, this, &Value::Int(i))).collect::<Eval<Vec<_>>>()?;
        Ok(Some(Value::list(items)))
    }

    fn truth(&self, it: &mut Interp, this: &Value) -> Eval<Truth> {
        let torch = self.torch.clone();
        let mut cx = Cx { it, torch: &torch };
        match self.read(&mut cx)? {
            Handle::Traced(_) => Ok(Truth::Unknown(item::undecided(it))),
            Handle::Lazy(_) => item::truth(&mut cx, this).map(Truth::Known),
        }
    }

    fn repr(&self, it: &mut Interp) -> Eval<String> {
        let torch = self.torch.clone();
        item::repr(&mut Cx { it, torch: &torch }, self)
    }

    fn format(&self, it: &mut Interp, spec: &str) -> Eval<Option<String>> {
        if !self.shape().is_empty() {
            return Ok(None);
        }
        let torch = self.torch.clone();
        let value = item::item(&mut Cx { it, torch: &torch }, self)?;
        it.format(&value, spec).map(Some)
    }

    fn index(&self, it: &mut Interp) -> Eval<Option<i64>> {
        if self.dtype().is_float() {
            return Ok(None);
        }
        let torch = self.torch.clone();
        Ok(item::item(&mut Cx { it, torch: &torch }, self)?.as_int())
    }

    fn containers(&self) -> Vec<usize> {
        vec![self.place().storage.shared().address(), self.look.address(), self.dict.address()]
    }

    fn same(&self, _: &Value, other: &Value, with: &mut Same) -> bool {
        let Some(other) = other.downcast::<Tensor>() else { return false };
        Rc::ptr_eq(&self.class, &other.class) && with.shared(&self.look, &other.look) && with.shared(&self.dict, &other.dict)
    }

    fn convert(&self, it: &mut Interp, this: &Value, to: &str) -> Eval<Option<Value>> {
        if to == "bool" {
            return it.truth(this).map(|truth| Some(Value::Bool(truth)));
        }
        let torch = self.torch.clone();
        let value = item::item(&mut Cx { it, torch: &torch }, self)?;
        Ok(match (to, value) {
            ("int", Value::Float(f)) => Some(Value::Int(f as i64)),
            ("int", value) => value.as_int().map(Value::Int),
            ("float", value) => value.as_float().map(Value::Float),
            _ => None,
        })
    }
}
