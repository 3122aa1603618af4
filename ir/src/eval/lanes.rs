//! Running register code on lanes of points at once.
//!
//! A lane is undefined (`None`) where an index was outside its buffer; undefined operands give undefined results, except that
//! `select` asks only for the branch it takes. So guarded loads mean what they say without control flow: a load under a false
//! condition is never seen, and one that is seen is reported.

use super::expr::{Bound, Code, FoldCode, Instr, Reg};
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dtype::DType;
use crate::kernel::{BufId, ScalarOp};
use crate::scalar::Scalar;
use crate::tensor::{Element, Tensor};
use crate::with_element;
use std::rc::Rc;

pub type Lane = Option<Scalar>;

/// The values of one expression: one per lane, or one for all.
pub type Column = Rc<[Lane]>;

/// The same value on all lanes.
pub fn uniform(s: Scalar) -> Column {
    Rc::new([Some(s)])
}

/// The value on lane `i`.
pub fn lane(column: &Column, i: usize) -> Lane {
    column[if column.len() == 1 { 0 } else { i }]
}

/// The results of a run.
pub struct Outcome {
    pub roots: Vec<Column>,
    /// Why the first undefined lane is undefined.
    fault: Option<Diagnostic>,
}

impl Outcome {
    /// The values of all roots on lane `i`, put into `out`.
    ///
    /// # Errors
    /// `E0503` when one of them read outside a buffer.
    pub fn on_lane(&self, i: usize, out: &mut Vec<Scalar>) -> Result<()> {
        out.clear();
        for column in &self.roots {
            out.push(lane(column, i).ok_or_else(|| self.fault.clone().expect("a lane is undefined for a reason"))?);
        }
        Ok(())
    }
}

impl Code {
    /// Runs the code on buffers, in the order of their numbers; `binding` gives the axes and variables.
    ///
    /// # Errors
    /// `E0601` when the code needs a binding or a buffer that is not there.
    pub fn run(&self, buffers: &[Tensor], binding: &dyn Fn(Bound) -> Option<Column>) -> Result<Outcome> {
        let mut machine = Machine { registers: vec![uniform(Scalar::zero(DType::I64)); self.registers], buffers, fault: None };
        for &(bound, reg) in &self.inputs {
            machine.registers[reg] = binding(bound).ok_or_else(|| invalid(format!("{bound:?} is used outside its loop")))?;
        }
        machine.exec(&self.body)?;
        let roots = self.roots.iter().map(|&r| machine.registers[r].clone()).collect();
        Ok(Outcome { roots, fault: machine.fault })
    }
}

fn invalid(text: String) -> Diagnostic {
    Diagnostic::error(codes::INVALID_GRAPH, text)
}

struct Machine<'a> {
    registers: Vec<Column>,
    buffers: &'a [Tensor],
    fault: Option<Diagnostic>,
}

impl Machine<'_> {
    fn exec(&mut self, code: &[Instr]) -> Result<()> {
        for instr in code {
            let (to, column) = match instr {
                Instr::Const(to, s) => (to, uniform(*s)),
                Instr::Int(to, terms) => (to, self.int(terms)),
                Instr::Load(to, buf, at) => (to, self.load(*buf, at)?),
                Instr::Apply(to, op, args) => (to, self.apply(*op, args)),
                Instr::Cast(to, dtype, x) => (to, self.registers[*x].iter().map(|x| x.map(|x| x.cast(*dtype))).collect()),
                Instr::Fold(fold) => {
                    self.fold(fold)?;
                    continue;
                }
            };
            self.registers[*to] = column;
        }
        Ok(())
    }

    /// As many lanes as the widest of these registers.
    fn width<'r>(&self, regs: impl IntoIterator<Item = &'r Reg>) -> usize {
        regs.into_iter().map(|&r| self.registers[r].len()).max().unwrap_or(1)
    }

    fn int(&self, terms: &[(i64, Vec<Reg>)]) -> Column {
        let product = |c: i64, m: &[Reg], i: usize| {
            m.iter().try_fold(c, |p, &r| lane(&self.registers[r], i).map(|x| p.wrapping_mul(x.as_i64())))
        };
        let sum = |i| terms.iter().try_fold(0i64, |s, (c, m)| product(*c, m, i).map(|p| s.wrapping_add(p)));
        let width = self.width(terms.iter().flat_map(|t| &t.1));
        (0..width).map(|i| sum(i).map(|s| Scalar::int(DType::I64, s))).collect()
    }

    fn apply(&self, op: ScalarOp, args: &[Reg]) -> Column {
        let width = self.width(args);
        let x = |k: usize, i| lane(&self.registers[args[k]], i);
        match args.len() {
            1 => (0..width).map(|i| Some(op.eval(&[x(0, i)?]))).collect(),
            2 => (0..width).map(|i| Some(op.eval(&[x(0, i)?, x(1, i)?]))).collect(),
            _ => (0..width).map(|i| if x(0, i)?.is_zero() { x(2, i) } else { x(1, i) }).collect(),
        }
    }

    fn load(&mut self, buf: BufId, at: &[Reg]) -> Result<Column> {
        let tensor = self.buffers.get(buf.0 as usize).ok_or_else(|| invalid(format!("there is no buffer {}", buf.0)))?;
        let mut fault = None;
        let mut index = vec![0; at.len()];
        let mut place = |i| {
            for (x, &r) in index.iter_mut().zip(at) {
                *x = lane(&self.registers[r], i)?.as_i64();
            }
            let place = offset(tensor, &index);
            place.map_err(|d| fault.get_or_insert(d).code()).ok()
        };
        let places: Vec<Option<usize>> = (0..self.width(at)).map(&mut place).collect();
        if self.fault.is_none() {
            self.fault = fault;
        }
        Ok(read(tensor, &places))
    }

    fn fold(&mut self, fold: &FoldCode) -> Result<()> {
        for &(reg, init) in &fold.state {
            self.registers[reg] = uniform(init);
        }
        let mut point = vec![0i64; fold.axes.len()];
        if fold.axes.iter().any(|a| a.1 <= 0) {
            return Ok(());
        }
        loop {
            for (&(reg, _), &i) in fold.axes.iter().zip(&point) {
                self.registers[reg] = uniform(Scalar::int(DType::I64, i));
            }
            self.exec(&fold.body)?;
            let next: Vec<Column> = fold.next.iter().map(|&r| self.registers[r].clone()).collect();
            fold.state.iter().zip(next).for_each(|(&(reg, _), column)| self.registers[reg] = column);
            if !advance(&mut point, &fold.axes) {
                return Ok(());
            }
        }
    }
}

/// The elements at places inside the tensor.
fn read(tensor: &Tensor, places: &[Option<usize>]) -> Column {
    let (bytes, size) = (tensor.bytes(), tensor.dtype().size());
    with_element!(tensor.dtype(), T => places.iter().map(|p| p.map(|k| Scalar::of(T::read(&bytes[k * size..])))).collect())
}

/// The next point in row-major order; false after the last.
fn advance(point: &mut [i64], axes: &[(Reg, i64)]) -> bool {
    for (i, &(_, extent)) in point.iter_mut().zip(axes).rev() {
        *i += 1;
        if *i < extent {
            return true;
        }
        *i = 0;
    }
    false
}

/// The position of an element: by one index per dimension, or by one flat index.
///
/// # Errors
/// `E0503` when it is outside the tensor.
pub fn offset(tensor: &Tensor, index: &[i64]) -> Result<usize> {
    let shape = tensor.shape();
    let inside = |i: i64, n: usize| usize::try_from(i).ok().filter(|&i| i < n);
    let found = match index {
        _ if index.len() == shape.len() => index.iter().zip(shape).try_fold(0, |k, (&i, &n)| inside(i, n).map(|i| k * n + i)),
        [flat] => inside(*flat, tensor.numel()),
        _ => None,
    };
    found.ok_or_else(|| {
        let text = format!("the index {index:?} is outside a tensor of shape {shape:?}");
        Diagnostic::error(codes::OUT_OF_BOUNDS, text)
    })
}
