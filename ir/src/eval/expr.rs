//! Expressions compiled to register code: straight-line instructions, with reductions as nested folds.
//!
//! Invariants: a shared node is computed once; a node is computed in the outermost fold where its axes are bound, so nothing that
//! a reduction does not change is computed again for each of its points.

use crate::call::Sizes;
use crate::codes;
use crate::diag::{Diagnostic, Result};
use crate::dim::Dim;
use crate::dtype::DType;
use crate::kernel::{AxisId, BufId, ExprId, Exprs, Node, Reducer, ScalarOp, VarId};
use crate::scalar::Scalar;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A register: its number.
pub type Reg = usize;

/// What a loop or a `let` binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Bound {
    Axis(AxisId),
    Var(VarId),
}

/// Code for a list of expressions.
pub struct Code {
    pub registers: usize,
    /// Registers that hold bindings when the code starts.
    pub inputs: Vec<(Bound, Reg)>,
    pub body: Vec<Instr>,
    /// One register per expression.
    pub roots: Vec<Reg>,
}

/// An instruction; the first field is the register it writes.
pub enum Instr {
    Const(Reg, Scalar),
    /// A sum of products with integer coefficients.
    Int(Reg, Vec<(i64, Vec<Reg>)>),
    Load(Reg, BufId, Vec<Reg>),
    Apply(Reg, ScalarOp, Vec<Reg>),
    Cast(Reg, DType, Reg),
    Fold(FoldCode),
}

/// A reduction: for each point of the axes, `body` runs and the state becomes `next`.
pub struct FoldCode {
    pub axes: Vec<(Reg, i64)>,
    pub state: Vec<(Reg, Scalar)>,
    pub body: Vec<Instr>,
    pub next: Vec<Reg>,
}

/// Compiles expressions for a call with the given sizes. The pool gains nodes, so callers pass a pool of their own.
///
/// # Errors
/// `E0601` when a size is not bound by the call.
pub fn compile(pool: &Exprs, roots: &[ExprId], sizes: &Sizes) -> Result<Code> {
    let mut compiler =
        Compiler { pool, sizes, registers: 0, inputs: vec![], scopes: vec![Scope::default()], free: HashMap::new() };
    let roots = roots.iter().map(|&r| compiler.value(r)).collect::<Result<_>>()?;
    let body = compiler.scopes.remove(0).body;
    Ok(Code { registers: compiler.registers, inputs: compiler.inputs, body, roots })
}

struct Compiler<'a> {
    pool: &'a Exprs,
    sizes: &'a Sizes,
    registers: usize,
    inputs: Vec<(Bound, Reg)>,
    /// The code around the reductions being compiled, outermost first.
    scopes: Vec<Scope>,
    /// Memo: what the value of a node depends on.
    free: HashMap<ExprId, Rc<BTreeSet<Bound>>>,
}

#[derive(Default)]
struct Scope {
    binds: Vec<(Bound, Reg)>,
    body: Vec<Instr>,
    values: HashMap<ExprId, Reg>,
    folds: HashMap<ExprId, Vec<Reg>>,
}

impl Compiler<'_> {
    fn register(&mut self) -> Reg {
        self.registers += 1;
        self.registers - 1
    }

    /// The register of an expression, in the scope where its bindings are.
    fn value(&mut self, id: ExprId) -> Result<Reg> {
        let home = self.home(id);
        if let Some(&r) = self.scopes[home].values.get(&id) {
            return Ok(r);
        }
        let reg = match self.pool.node(id) {
            Node::Axis(a) => self.binding(Bound::Axis(a), home),
            Node::Var(v) => self.binding(Bound::Var(v), home),
            Node::State(reduce, k) => self.fold(reduce)?[k],
            Node::Reduce(..) => self.fold(id)?[0],
            node => {
                let instr = self.instr(id, node)?;
                let reg = self.registers - 1;
                self.scopes[home].body.push(instr);
                reg
            }
        };
        self.scopes[home].values.insert(id, reg);
        Ok(reg)
    }

    /// The instruction of a node, writing the newest register.
    fn instr(&mut self, id: ExprId, node: Node) -> Result<Instr> {
        let values = |c: &mut Self, ids: &[ExprId]| ids.iter().map(|&x| c.value(x)).collect::<Result<Vec<Reg>>>();
        Ok(match node {
            Node::Const(s) => Instr::Const(self.register(), s),
            Node::Sym(s) => {
                let n = self.size(&s.into())?;
                Instr::Const(self.register(), Scalar::int(DType::I64, n))
            }
            Node::Int(p) => {
                let terms = p.terms().map(|(m, c)| Ok((c, values(self, m)?))).collect::<Result<_>>()?;
                Instr::Int(self.register(), terms)
            }
            Node::Load(buf, at) => {
                let at = values(self, &at)?;
                Instr::Load(self.register(), buf, at)
            }
            Node::Apply(op, args) => {
                let args = values(self, &args)?;
                Instr::Apply(self.register(), op, args)
            }
            Node::Cast(x) => {
                let x = self.value(x)?;
                Instr::Cast(self.register(), self.pool.dtype(id), x)
            }
            Node::Axis(_) | Node::Var(_) | Node::State(..) | Node::Reduce(..) => unreachable!("`value` handles them"),
        })
    }

    fn binding(&mut self, bound: Bound, home: usize) -> Reg {
        if let Some(&(_, r)) = self.scopes[home].binds.iter().find(|b| b.0 == bound) {
            return r;
        }
        let reg = self.register();
        self.inputs.push((bound, reg));
        reg
    }

    /// The registers of the final state of a reduction.
    fn fold(&mut self, id: ExprId) -> Result<Vec<Reg>> {
        let home = self.home(id);
        if let Some(state) = self.scopes[home].folds.get(&id) {
            return Ok(state.clone());
        }
        let Node::Reduce(reducer, axes, body) = self.pool.node(id) else { unreachable!("a state belongs to a reduction") };
        let code = self.fold_code(reducer, &axes, &body)?;
        let state: Vec<Reg> = code.state.iter().map(|s| s.0).collect();
        self.scopes[home].body.push(Instr::Fold(code));
        self.scopes[home].folds.insert(id, state.clone());
        Ok(state)
    }

    fn fold_code(&mut self, reducer: &'static Reducer, axes: &[AxisId], body: &[ExprId]) -> Result<FoldCode> {
        let pool = self.pool;
        let init = (reducer.init)(pool.dtype(body[0]));
        let vars: Vec<_> = init.iter().map(|s| pool.fresh_var(s.dtype())).collect();
        let body: Vec<_> = body.iter().map(|&x| pool.ex(x)).collect();
        let next = (reducer.step)(&vars, &body);

        let mut scope = Scope::default();
        let mut loops = vec![];
        for &a in axes {
            let reg = self.register();
            scope.binds.push((Bound::Axis(a), reg));
            loops.push((reg, self.size(&pool.extent(a))?));
        }
        let mut state = vec![];
        for (var, s) in vars.iter().zip(init) {
            let reg = self.register();
            let Node::Var(v) = pool.node(var.id()) else { unreachable!("a fresh variable is a variable") };
            scope.binds.push((Bound::Var(v), reg));
            state.push((reg, s));
        }
        self.scopes.push(scope);
        let next = next.iter().map(|x| self.value(x.id())).collect::<Result<_>>()?;
        let scope = self.scopes.pop().expect("pushed above");
        Ok(FoldCode { axes: loops, state, body: scope.body, next })
    }

    /// The innermost scope that binds something the expression depends on.
    fn home(&mut self, id: ExprId) -> usize {
        let free = self.free(id);
        self.scopes.iter().rposition(|s| s.binds.iter().any(|b| free.contains(&b.0))).unwrap_or(0)
    }

    fn free(&mut self, id: ExprId) -> Rc<BTreeSet<Bound>> {
        if let Some(f) = self.free.get(&id) {
            return f.clone();
        }
        let node = self.pool.node(id);
        let mut free: BTreeSet<Bound> = BTreeSet::new();
        node.children().into_iter().for_each(|c| free.extend(self.free(c).iter()));
        match node {
            Node::Axis(a) => free.extend([Bound::Axis(a)]),
            Node::Var(v) => free.extend([Bound::Var(v)]),
            Node::Reduce(_, axes, _) => free.retain(|b| !axes.iter().any(|&a| *b == Bound::Axis(a))),
            _ => {}
        }
        let free = Rc::new(free);
        self.free.insert(id, free.clone());
        free
    }

    fn size(&self, d: &Dim) -> Result<i64> {
        d.at(self.sizes).ok_or_else(|| {
            let text = format!("the size {d} is not given by the inputs of the call");
            Diagnostic::error(codes::INVALID_GRAPH, text)
        })
    }
}
