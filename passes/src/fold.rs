//! Folding: what can be computed now is computed now.
//!
//! A value is known when it is computed from constants and from entries of the store that will not change: constants always,
//! parameters and buffers when they are frozen. A call on known operands is folded when that saves work:
//! - numbers always are;
//! - entries of the store are transformed once, unless the result would be larger and cheap to compute;
//! - tensors made from nothing (`arange`, `full`) are cheaper to make in a kernel than to load, and so is what cheap functions
//!   make of them; from a transcendental function, a reduction or a formula of many calls on, they are worth a table.
//!
//! A result that is large by itself and beside its operands is never folded, so that a program does not outgrow memory here.

use crate::manager::Cx;
use crate::rewrite::{Call, Rule, producer, rewrite};
use cresset_ir::kernel::{AxisId, BufId, Exprs, Node as Expr};
use cresset_ir::op::elem::Read;
use cresset_ir::op::{Elem, Meaning, Sig};
use cresset_ir::program::{Entry, Kind};
use cresset_ir::{Attr, Builder, Def, Evaluate, Facts, OpDef, Program, Result, Tensor, Tree, Type, Value};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// Results up to this size are folded whatever the size of their operands.
const SMALL_BYTES: i64 = 16 << 20;

/// Calls in a row that are computed to know an operand.
const LONGEST_CHAIN: usize = 64;

/// Calls in a formula, written out as a tree, that are still cheaper than a load.
const SHORT_FORMULA: usize = 12;

pub fn run(program: &mut Program, cx: &mut Cx) -> Result<usize> {
    let Program { methods, facts, store, .. } = program;
    let (known, calls) = (HashMap::new(), HashMap::new());
    let mut fold = Fold { store, weights: cx.weights, freeze: cx.freeze, evaluate: cx.evaluate, known, calls };
    let rewrites = rewrite(methods, facts, &mut cx.fuel, &mut fold)?;
    let unused = unused_constants(program);
    program.store.retain(|name, _| !unused.contains(name));
    cx.weights.retain(|name, _| !unused.contains(name));
    Ok(rewrites)
}

/// Constants that no method reads: what folding made on its way to others.
fn unused_constants(program: &Program) -> HashSet<String> {
    let mut unused: HashSet<String> =
        program.store.iter().filter(|(_, e)| e.kind == Kind::Const).map(|(name, _)| name.clone()).collect();
    for v in program.methods.values().flat_map(|g| &g.values) {
        if let Def::Stored(name) = &v.def {
            unused.remove(name);
        }
    }
    unused
}

struct Fold<'a> {
    store: &'a mut IndexMap<String, Entry>,
    weights: &'a mut IndexMap<String, Tensor>,
    freeze: bool,
    evaluate: &'a dyn Evaluate,
    /// Values of the graph that is being built, as far as they were asked for.
    known: HashMap<Value, Option<Tensor>>,
    /// Calls in the formulas of values.
    calls: HashMap<Value, usize>,
}

impl Rule for Fold<'_> {
    fn rewrite(&mut self, b: &mut Builder, call: &Call) -> Result<Option<Vec<Value>>> {
        let calls: usize = call.operands.iter().map(|&v| self.calls(b, v)).sum();
        if !is_worth_it(b, call, calls > SHORT_FORMULA) {
            return Ok(None);
        }
        let operands: Option<Vec<Tensor>> = call.operands.iter().map(|&v| self.value(b, v, LONGEST_CHAIN)).collect();
        let results = operands.and_then(|x| self.compute(call.node.op, &x, &call.node.attrs));
        let Some(results) = results else { return Ok(None) };
        results.into_iter().map(|t| self.constant(b, call, t)).collect::<Result<_>>().map(Some)
    }

    fn enter(&mut self, isolated: bool) {
        if isolated {
            self.known.clear();
            self.calls.clear();
        }
    }
}

fn is_worth_it(b: &Builder, call: &Call, long: bool) -> bool {
    if matches!(call.node.op.meaning, Meaning::Composite(_) | Meaning::Structural) {
        return false;
    }
    let types: Vec<Type> = call.operands.iter().map(|&v| b.ty(v).clone()).collect();
    let (Some(from), Some(to)) = (bytes(types.iter()), bytes(call.results())) else { return false };
    if to > from.max(SMALL_BYTES) {
        return false;
    }
    let stored = call.operands.iter().any(|&v| matches!(b.graph.def(v), Def::Stored(_)));
    call.ty().rank() == 0 || (stored && to <= from) || long || is_costly(call.node.op, &types, call)
}

/// Bytes of tensors of known sizes.
fn bytes<'a>(mut types: impl Iterator<Item = &'a Type>) -> Option<i64> {
    types.try_fold(0i64, |n, t| n.checked_add(t.numel().known()?.checked_mul(t.dtype.size() as i64)?))
}

/// Whether an element takes a reduction or a transcendental function.
fn is_costly(op: &'static OpDef, operands: &[Type], call: &Call) -> bool {
    let Meaning::Elements(rule) = op.meaning else { return true };
    let facts = Facts::default();
    let sig = Sig::new(op, operands, &call.node.attrs, &facts, &[]);
    let pool = Exprs::new(Facts::default());
    let axes: Vec<AxisId> = call.ty().shape.iter().map(|d| pool.axis(d.clone())).collect();
    let read: &Read = &|k, ix| pool.load(BufId(k as u32), operands[k].dtype, ix);
    let ix = axes.iter().map(|&a| pool.axis_ex(a)).collect();
    let element = rule(&Elem { pool: &pool, sig: &sig, result: call.ty(), ix, read });
    pool.reachable(&[element.id()]).into_iter().any(|id| match pool.node(id) {
        Expr::Reduce(..) => true,
        Expr::Apply(op, _) => op.is_transcendental(),
        _ => false,
    })
}

impl Fold<'_> {
    /// The tensor that a value is, if it is known.
    fn value(&mut self, b: &Builder, v: Value, depth: usize) -> Option<Tensor> {
        match b.graph.def(v) {
            Def::Const(s) => Tensor::from_scalars(s.dtype(), &[], &[*s]).ok(),
            Def::Stored(name) => {
                let entry = self.store.get(name).filter(|e| self.freeze || e.kind == Kind::Const)?;
                self.weights.get(name).filter(|t| t.ty() == entry.ty).cloned()
            }
            Def::Param => None,
            &Def::Result(_, k) => {
                if !self.known.contains_key(&v) {
                    let tensor = depth.checked_sub(1).and_then(|depth| self.made(b, v, k, depth));
                    self.known.insert(v, tensor);
                }
                self.known[&v].clone()
            }
        }
    }

    /// The calls that a value is made by, each as often as it is used; no more than are told apart.
    fn calls(&mut self, b: &Builder, v: Value) -> usize {
        let Def::Result(n, _) = *b.graph.def(v) else { return 0 };
        if let Some(&known) = self.calls.get(&v) {
            return known;
        }
        // Operands are older than their users: the chain ends, and each link is counted once.
        let operands = b.graph.node(n).operands.clone();
        let count = operands.into_iter().map(|x| self.calls(b, x)).sum::<usize>().saturating_add(1).min(2 * SHORT_FORMULA);
        self.calls.insert(v, count);
        count
    }

    /// Result `k` of a node whose operands are known.
    fn made(&mut self, b: &Builder, v: Value, k: usize, depth: usize) -> Option<Tensor> {
        let node = producer(b, v)?;
        let small = bytes([b.ty(v)].into_iter())? <= SMALL_BYTES;
        if !small || !node.blocks.is_empty() {
            return None;
        }
        let operands = node.operands.iter().map(|&x| self.value(b, x, depth)).collect::<Option<Vec<_>>>()?;
        self.compute(node.op, &operands, &node.attrs)?.into_iter().nth(k)
    }

    /// The results of one call, by a program of one node. What fails now is left to fail when the program runs.
    fn compute(&self, op: &'static OpDef, operands: &[Tensor], attrs: &[Attr]) -> Option<Vec<Tensor>> {
        let mut b = Builder::new("fold", Facts::default());
        let inputs: Vec<Value> = operands.iter().enumerate().map(|(k, t)| b.input(&format!("x{k}"), t.ty())).collect();
        let results = b.emit_with_blocks(op, &inputs, attrs.to_vec(), vec![]).ok()?;
        let output = Tree::Tuple(vec![Tree::Leaf; results.len()]);
        let (graph, facts) = b.finish(results, output);
        let mut program = Program { facts, ..Program::default() };
        program.methods.insert("fold".into(), graph);
        self.evaluate.evaluate(&program, "fold", operands, &|_| None).ok()
    }

    /// A tensor as a value: a number, or a new entry of the store.
    fn constant(&mut self, b: &mut Builder, call: &Call, tensor: Tensor) -> Result<Value> {
        if let Some(s) = tensor.get(0).filter(|_| tensor.shape().is_empty()) {
            return Ok(b.constant(s));
        }
        let name = self.fresh_name(b, call);
        let ty = tensor.ty();
        self.store.insert(name.clone(), Entry { kind: Kind::Const, ty: ty.clone() });
        self.weights.insert(name.clone(), tensor);
        Ok(b.stored(&name, ty))
    }

    /// `fc.weight.permute`: the entry that was transformed, if there is one, and by what.
    fn fresh_name(&self, b: &Builder, call: &Call) -> String {
        let source = call.operands.iter().find_map(|&v| match b.graph.def(v) {
            Def::Stored(name) => Some(name.as_str()),
            _ => None,
        });
        let name = format!("{}.{}", source.unwrap_or("folded"), call.node.op.name);
        let taken = |name: &String| self.store.contains_key(name) || self.weights.contains_key(name);
        let numbered = (1..).map(|k| format!("{name}.{k}"));
        std::iter::once(name.clone()).chain(numbered).find(|n| !taken(n)).expect("numbers do not end")
    }
}
