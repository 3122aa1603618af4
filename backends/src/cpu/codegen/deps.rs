//! What an expression depends on: the axes and variables that must be bound, and the memory that must not change, before its
//! value can be computed. This decides where a value is computed: as far out as everything is bound.

use cresset_ir::kernel::{AxisId, Buffer, ExprId, Exprs, Node, Role, VarId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dep {
    Axis(AxisId),
    Var(VarId),
    /// Reads memory at all: must not run where its loop would not.
    Load,
    /// Reads memory that the kernel writes: holds until the next statement.
    Written,
}

/// Dependencies, found once per expression.
pub struct Deps<'a> {
    pool: &'a Exprs,
    buffers: &'a [Buffer],
    known: RefCell<HashMap<ExprId, Rc<[Dep]>>>,
}

impl<'a> Deps<'a> {
    pub fn new(pool: &'a Exprs, buffers: &'a [Buffer]) -> Deps<'a> {
        Deps { pool, buffers, known: RefCell::default() }
    }

    /// The dependencies, sorted.
    pub fn of(&self, e: ExprId) -> Rc<[Dep]> {
        if let Some(known) = self.known.borrow().get(&e) {
            return known.clone();
        }
        let deps: Rc<[Dep]> = self.find(e).into();
        self.known.borrow_mut().insert(e, deps.clone());
        deps
    }

    pub fn has(&self, e: ExprId, dep: Dep) -> bool {
        self.of(e).contains(&dep)
    }

    fn find(&self, e: ExprId) -> Vec<Dep> {
        match self.pool.node(e) {
            Node::Const(_) | Node::Sym(_) => vec![],
            Node::Axis(a) => vec![Dep::Axis(a)],
            Node::Var(v) => vec![Dep::Var(v)],
            Node::Int(p) => self.union(p.atoms().copied(), &[]),
            Node::Load(buf, at) => {
                let read_only = matches!(self.buffers[buf.0 as usize].role, Role::Operand | Role::Stored);
                self.union(at.into_iter(), if read_only { &[Dep::Load] } else { &[Dep::Load, Dep::Written] })
            }
            Node::Apply(_, args) => self.union(args.into_iter(), &[]),
            Node::Cast(x) => self.of(x).to_vec(),
            Node::Reduce(_, _, args) => self.union(args.into_iter(), &[]),
            Node::State(x, _) => self.of(x).to_vec(),
        }
    }

    fn union(&self, parts: impl Iterator<Item = ExprId>, own: &[Dep]) -> Vec<Dep> {
        let mut all = own.to_vec();
        parts.for_each(|p| all.extend_from_slice(&self.of(p)));
        all.sort();
        all.dedup();
        all
    }
}
