//! Hand-made loop programs: what generated code computes is what the reference evaluator computes.

use crate::cpu::compile;
use cresset_ir::call::Sizes;
use cresset_ir::graph::Tree;
use cresset_ir::kernel::{
    AxisId, BufId, Buffer, Ex, ExprId, Exprs, Fold, LoopKind, Loops, Node, Reducer, Role, ScalarOp, Stmt, VarId, reduce,
};
use cresset_ir::plan::{Code, Plan};
use cresset_ir::{DType, Dim, Facts, Loc, Range, Scalar, Sym, Tensor, Type};
use cresset_runtime::Launch;
use cresset_runtime::pool::Pool;

/// A loop program in the making.
struct Make {
    p: Exprs,
    buffers: Vec<Buffer>,
}

impl Make {
    fn new() -> Make {
        let facts = Facts { ranges: [(Sym::new("N"), Range { min: 0, max: None })].into() };
        Make { p: Exprs::new(facts), buffers: vec![] }
    }

    fn buffer(&mut self, role: Role, dtype: DType, n: impl Into<Dim>) -> BufId {
        self.buffers.push(Buffer { name: format!("b{}", self.buffers.len()), ty: Type::new(dtype, [n.into()]), role });
        BufId(self.buffers.len() as u32 - 1)
    }

    fn loops(&self, grid: &[AxisId], body: Vec<Stmt>) -> Loops {
        let grid = grid.iter().map(|&a| (a, self.p.dim(&self.p.extent(a)).id())).collect();
        let (exprs, buffers) = (self.p.clone(), self.buffers.clone());
        Loops { name: "k".into(), exprs, buffers, params: vec![], grid, body, loc: Loc::NONE }
    }

    fn load<'a>(&'a self, buf: BufId, at: Ex<'a>) -> Ex<'a> {
        self.p.load(buf, self.buffers[buf.0 as usize].ty.dtype, &[at])
    }

    fn each(&self, axis: AxisId, kind: LoopKind, body: Vec<Stmt>) -> Stmt {
        Stmt::For { axis, extent: self.p.dim(&self.p.extent(axis)).id(), kind, body }
    }

    fn fold(&self, reducer: &'static Reducer, axes: &[AxisId], kind: LoopKind, body: &[Ex<'_>]) -> (Stmt, Vec<ExprId>) {
        let init = (reducer.init)(body[0].dtype());
        let fresh = || init.iter().map(|s| self.p.fresh_var(s.dtype())).collect::<Vec<_>>();
        let (state, other) = (fresh(), fresh());
        let ids = |v: &[Ex<'_>]| v.iter().map(|e| e.id()).collect::<Vec<_>>();
        let (step, merge) = (ids(&(reducer.step)(&state, body)), ids(&(reducer.merge)(&state, &other)));
        let axes = axes.iter().map(|&a| (a, self.p.dim(&self.p.extent(a)).id())).collect();
        let fold = Fold { axes, kind, state: vars(&state), init, step, other: vars(&other), merge };
        (Stmt::Fold(fold), ids(&state))
    }
}

fn vars(v: &[Ex<'_>]) -> Vec<VarId> {
    let var = |e: &Ex<'_>| match e.pool().node(e.id()) {
        Node::Var(v) => v,
        n => panic!("{n:?} is no variable"),
    };
    v.iter().map(var).collect()
}

fn store(buf: BufId, at: Ex<'_>, value: Ex<'_>) -> Stmt {
    Stmt::Store { buf, at: vec![at.id()], value: value.id(), combine: None }
}

/// A plan that is nothing but kernels; `N` is its one symbol.
fn plan(kernels: Vec<Code>) -> Plan {
    Plan {
        name: "test".into(),
        inputs: vec![("x".into(), Type::new(DType::F32, [Dim::sym("N")]))],
        output: Tree::Tuple(vec![]),
        guards: vec![],
        bounds: vec![],
        facts: Facts::default(),
        slots: vec![],
        kernels,
        steps: vec![],
        blocks: vec![],
        layout: None,
    }
}

fn run(loops: &Loops, n: i64, operands: &[Tensor]) -> Vec<Tensor> {
    let sizes: Sizes = [(Sym::new("N"), n)].into();
    let program = compile(&plan(vec![Code::Loops(Box::new(loops.clone()))]), Pool::global(2)).unwrap();
    let mut given = operands.iter().cloned();
    let mut tensors: Vec<(Role, Tensor)> = vec![];
    for b in loops.buffers.iter().filter(|b| b.role != Role::Scratch) {
        let numel = b.ty.numel().at(&sizes).unwrap() as usize;
        let tensor = match b.role {
            Role::Operand | Role::Stored => given.next().unwrap(),
            Role::Update(start) => tensors[start.0 as usize].1.clone(),
            _ => Tensor::zeros(b.ty.dtype, &[numel]).unwrap(),
        };
        tensors.push((b.role, tensor));
    }
    let args: Vec<*mut u8> = tensors.iter_mut().map(|(_, t)| t.bytes_mut().unwrap().as_mut_ptr()).collect();
    // SAFETY: the tensors have the sizes of their buffers and are this function's own.
    unsafe { program.launch(0, &args, &[n]) };
    tensors.into_iter().filter(|t| matches!(t.0, Role::Result | Role::Update(_))).map(|t| t.1).collect()
}

fn check(loops: &Loops, n: i64, operands: &[Tensor]) {
    let expected = cresset_ir::eval::loops(loops, &[(Sym::new("N"), n)].into(), operands, &[]).unwrap();
    for (got, want) in run(loops, n, operands).iter().zip(&expected) {
        for (i, (a, b)) in got.values().zip(want.values()).enumerate() {
            let close = (a - b).abs() <= 1e-6 * b.abs().max(1e-30) || a == b || (a.is_nan() && b.is_nan());
            assert!(close, "n = {n}: element {i} is {a}, should be {b}; {}", got.dtype());
        }
    }
}

fn numbers(n: usize, seed: usize) -> Tensor {
    let values: Vec<f32> = (0..n).map(|i| ((i * 37 + seed * 11) % 101) as f32 / 13.0 - 3.7).collect();
    Tensor::from_slice(&[n], &values).unwrap()
}

/// NaN, infinities and zeros among ordinary numbers.
fn wild(n: usize, seed: usize) -> Tensor {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 0.5, -2.5, 1e10, -1e30, 3.5];
    let values: Vec<f32> = (0..n).map(|i| odd[(i * 7 + seed * 3 + i / 10) % odd.len()]).collect();
    Tensor::from_slice(&[n], &values).unwrap()
}

fn integers(dtype: DType, n: usize) -> Tensor {
    let edges = [0, 1, -1, 2, 7, -7, 63, 64, 100, i64::MIN, i64::MAX, 1 << 31, -3];
    let values: Vec<Scalar> = (0..n).map(|i| Scalar::int(dtype, edges[(i * 5 + i / 13) % edges.len()])).collect();
    Tensor::from_scalars(dtype, &[n], &values).unwrap()
}

/// `out[i] = f(x[i], y[i])` over `N` elements in lanes.
fn elementwise(dtype: DType, f: impl for<'a> Fn(Ex<'a>, Ex<'a>) -> Ex<'a>) -> Loops {
    let mut m = Make::new();
    let n = Dim::sym("N");
    let (x, y) = (m.buffer(Role::Operand, dtype, n.clone()), m.buffer(Role::Operand, dtype, n.clone()));
    let probe = Make::new();
    let result = f(probe.p.fresh_var(dtype), probe.p.fresh_var(dtype)).dtype();
    let out = m.buffer(Role::Result, result, n.clone());
    let axis = m.p.axis(n);
    let i = m.p.axis_ex(axis);
    let value = f(m.load(x, i), m.load(y, i));
    m.loops(&[], vec![m.each(axis, LoopKind::Lane, vec![store(out, i, value)])])
}

const UNARY: [ScalarOp; 18] = {
    use ScalarOp::*;
    [Neg, Abs, Sqrt, Rsqrt, Exp, Expm1, Log, Log1p, Sin, Cos, Tanh, Erf, Sigmoid, Floor, Ceil, Round, Trunc, Not]
};
const BINARY: [ScalarOp; 18] = {
    use ScalarOp::*;
    [Add, Sub, Mul, Div, FloorDiv, Mod, Min, Max, Pow, Lt, Le, Eq, Ne, And, Or, Xor, Shl, Shr]
};

#[test]
fn a_chain_has_every_tail() {
    let loops = elementwise(DType::F32, |x, y| ((x + y) * y).max(x.lit(0.5)) - x / (y.abs() + 1.0));
    (0..=40).for_each(|n| check(&loops, n as i64, &[numbers(n, 1), numbers(n, 2)]));
}

#[test]
fn every_float_op() {
    let bits = [ScalarOp::Not, ScalarOp::And, ScalarOp::Or, ScalarOp::Xor, ScalarOp::Shl, ScalarOp::Shr];
    for op in UNARY.into_iter().filter(|op| !bits.contains(op)) {
        let loops = elementwise(DType::F32, |x, _| x.pool().apply(op, &[x]));
        check(&loops, 23, &[numbers(23, 1), numbers(23, 2)]);
        check(&loops, 23, &[wild(23, 1), wild(23, 2)]);
    }
    for op in BINARY.into_iter().filter(|op| !bits.contains(op)) {
        for dtype in [DType::F32, DType::F64] {
            let loops = elementwise(dtype, |x, y| x.pool().apply(op, &[x, y]));
            let operands = |a: Tensor, b: Tensor| [a.cast(dtype).unwrap(), b.cast(dtype).unwrap()];
            check(&loops, 23, &operands(numbers(23, 1), numbers(23, 2)));
            // An infinite dividend or a huge quotient: floor division by way of one rounded quotient is exact enough for PyTorch too.
            if !matches!(op, ScalarOp::Pow | ScalarOp::FloorDiv) {
                check(&loops, 23, &operands(wild(23, 1), wild(23, 2)));
            }
        }
    }
}

#[test]
fn every_integer_op() {
    use ScalarOp::*;
    for dtype in DType::all().filter(|d| d.is_int()) {
        let (a, b) = (integers(dtype, 169), integers(dtype, 182).cast(DType::I64).unwrap());
        let b = Tensor::from_scalars(dtype, &[169], &(13..182).map(|i| b.get(i).unwrap()).collect::<Vec<_>>()).unwrap();
        for op in BINARY {
            let loops = elementwise(dtype, |x, y| x.pool().apply(op, &[x, y]));
            check(&loops, 169, &[a.clone(), b.clone()]);
        }
        for op in [Neg, Abs, Not, Floor] {
            check(&elementwise(dtype, |x, _| x.pool().apply(op, &[x])), 169, &[a.clone(), b.clone()]);
        }
    }
    let bools = [integers(DType::Bool, 26), Tensor::from_slice(&[26], &[[true, false]; 13].concat()).unwrap()];
    for op in [And, Or, Xor, Eq, Ne, Lt, Le] {
        check(&elementwise(DType::Bool, |x, y| x.pool().apply(op, &[x, y])), 26, &bools);
    }
    check(&elementwise(DType::Bool, |x, y| (!x).select(y.cast(DType::F32), x.cast(DType::F32) + 2.0)), 26, &bools);
}

#[test]
fn conversions_agree_with_tensors() {
    for from in DType::all() {
        for to in DType::all().filter(|&to| to != from) {
            let x = if from.is_float() { wild(41, 3).cast(from).unwrap() } else { integers(from, 41) };
            let loops = elementwise(from, |x, _| x.cast(to));
            let got = &run(&loops, 41, &[x.clone(), x.clone()])[0];
            let want = x.cast(to).unwrap();
            for i in 0..41 {
                let (a, b) = (got.get(i).unwrap(), want.get(i).unwrap());
                assert!(
                    a == b || (a.as_f64().is_nan() && b.as_f64().is_nan()),
                    "{from} to {to}: {a:?}, should be {b:?} for {:?}",
                    x.get(i)
                );
            }
        }
    }
}

#[test]
fn halves_compute_in_f32() {
    for dtype in [DType::BF16, DType::F16] {
        let loops = elementwise(dtype, move |x, y| (x.cast(DType::F32) * y.cast(DType::F32) + 1.0).cast(dtype));
        check(&loops, 21, &[numbers(21, 1).cast(dtype).unwrap(), numbers(21, 2).cast(dtype).unwrap()]);
    }
}

#[test]
fn masks_come_from_indices() {
    let mut m = Make::new();
    let (x, out) = (m.buffer(Role::Operand, DType::F32, 12i64 * 12), m.buffer(Role::Result, DType::F32, 12i64 * 12));
    let (r, c) = (m.p.axis(12i64.into()), m.p.axis(12i64.into()));
    let (i, j) = (m.p.axis_ex(r), m.p.axis_ex(c));
    let at = i * 12.0 + j;
    let shifted = (at - 1.0).max(m.p.int(0));
    let value = j.le(i).and((j * 2.0).ne(i + 3.0)).select(m.load(x, at), m.load(x, shifted) * 0.5);
    let loops = m.loops(&[r], vec![m.each(c, LoopKind::Lane, vec![store(out, at, value)])]);
    check(&loops, 0, &[numbers(144, 1)]);
}

#[test]
fn a_transpose_is_strided_and_a_gather_clamps() {
    let mut m = Make::new();
    let (x, ids) = (m.buffer(Role::Operand, DType::F32, 7i64 * 21), m.buffer(Role::Operand, DType::I64, 21i64));
    let (out, picked) = (m.buffer(Role::Result, DType::F32, 7i64 * 21), m.buffer(Role::Result, DType::F32, 21i64));
    let (r, c) = (m.p.axis(7i64.into()), m.p.axis(21i64.into()));
    let (i, j) = (m.p.axis_ex(r), m.p.axis_ex(c));
    let at = m.load(ids, j).max(m.p.int(0)).min(m.p.int(146));
    let body = vec![store(out, i * 21.0 + j, m.load(x, j * 7.0 + i)), store(picked, j, m.load(x, at) + j.cast(DType::F32))];
    let loops = m.loops(&[], vec![m.each(r, LoopKind::Serial, vec![m.each(c, LoopKind::Lane, body)])]);
    let ids: Vec<i64> = (0..21).map(|i| i * 9 - 4).collect();
    check(&loops, 0, &[numbers(147, 1), Tensor::from_slice(&[21], &ids).unwrap()]);
}

#[test]
fn softmax_folds_and_calls_routines() {
    let mut m = Make::new();
    let n = Dim::sym("N");
    let total = n.clone() * 5i64.into();
    let (x, out, row) = (
        m.buffer(Role::Operand, DType::F32, total.clone()),
        m.buffer(Role::Result, DType::F32, total),
        m.buffer(Role::Scratch, DType::F32, n.clone()),
    );
    let (r, c) = (m.p.axis(5i64.into()), m.p.axis(n.clone()));
    let (i, j, len) = (m.p.axis_ex(r), m.p.axis_ex(c), m.p.dim(&n));
    let at = i * len + j;
    let (max, top) = m.fold(&reduce::MAX, &[c], LoopKind::Lane, &[m.load(x, at)]);
    let shifted = m.each(c, LoopKind::Lane, vec![store(row, j, m.load(x, at) - m.p.ex(top[0]))]);
    let exp = Stmt::Block { op: ScalarOp::Exp, dst: row, src: row, len: len.id() };
    let (sum, s) = m.fold(&reduce::SUM, &[c], LoopKind::Lane, &[m.load(row, j)]);
    let divided = m.each(c, LoopKind::Lane, vec![store(out, at, m.load(row, j) / m.p.ex(s[0]))]);
    let loops = m.loops(&[r], vec![max, shifted, exp, sum, divided]);
    for n in [0, 1, 3, 4, 9, 16, 33, 100] {
        check(&loops, n, &[numbers(5 * n as usize, 3)]);
    }
}

#[test]
fn folds_of_every_reducer() {
    for reducer in [&reduce::SUM, &reduce::PROD, &reduce::MAX, &reduce::MIN, &reduce::LOGSUMEXP, &reduce::ARGMAX] {
        let mut m = Make::new();
        let n = Dim::sym("N");
        let (x, out) = (m.buffer(Role::Operand, DType::F32, n.clone() * 3i64.into()), m.buffer(Role::Result, DType::F32, 2i64));
        let (r, c) = (m.p.axis(3i64.into()), m.p.axis(n.clone()));
        let at = m.p.axis_ex(r) * m.p.dim(&n) + m.p.axis_ex(c);
        let body = [m.load(x, at) * 0.25, at];
        let (fold, state) = m.fold(reducer, &[r, c], LoopKind::Lane, &body[..reducer.inputs]);
        let last = m.p.ex(state[state.len() - 1]).cast(DType::F32);
        let loops = m.loops(&[], vec![fold, store(out, m.p.int(0), m.p.ex(state[0])), store(out, m.p.int(1), last)]);
        (0..40).for_each(|n| check(&loops, n, &[numbers(3 * n as usize, 4)]));
        check(&loops, 20, &[wild(60, 4)]);
    }
}

#[test]
fn columns_fold_in_lanes() {
    let mut m = Make::new();
    let n = Dim::sym("N");
    let (x, out) = (m.buffer(Role::Operand, DType::F32, n.clone() * 6i64.into()), m.buffer(Role::Result, DType::F32, n.clone()));
    let (r, c) = (m.p.axis(6i64.into()), m.p.axis(n.clone()));
    let (i, j) = (m.p.axis_ex(r), m.p.axis_ex(c));
    let scale = m.p.fresh_var(DType::F32);
    let bind = Stmt::Let { var: vars(&[scale])[0], value: (j.cast(DType::F32) + 1.0).id() };
    let (sum, s) = m.fold(&reduce::SUM, &[r], LoopKind::Serial, &[m.load(x, i * m.p.dim(&n) + j) * scale]);
    let last = store(out, j, m.p.ex(s[0]).max(scale));
    let guarded = Stmt::If { cond: m.p.int(2).lt(m.p.dim(&n)).id(), body: vec![last] };
    let first = store(out, j, scale);
    let loops = m.loops(&[], vec![m.each(c, LoopKind::Lane, vec![bind, first, sum, guarded])]);
    for n in [0, 1, 2, 3, 8, 17, 32, 45] {
        check(&loops, n, &[numbers(6 * n as usize, 5)]);
    }
}

#[test]
fn updates_combine_in_order() {
    for op in [ScalarOp::Add, ScalarOp::Max] {
        let mut m = Make::new();
        let (start, x) = (m.buffer(Role::Operand, DType::F32, 8i64), m.buffer(Role::Operand, DType::F32, 19i64));
        let ids = m.buffer(Role::Operand, DType::I64, 19i64);
        let out = m.buffer(Role::Update(start), DType::F32, 8i64);
        let a = m.p.axis(19i64.into());
        let i = m.p.axis_ex(a);
        let at = m.load(ids, i).max(m.p.int(0)).min(m.p.int(7));
        let stmt = Stmt::Store { buf: out, at: vec![at.id()], value: m.load(x, i).id(), combine: Some(op) };
        let loops = m.loops(&[], vec![m.each(a, LoopKind::Lane, vec![stmt])]);
        let ids: Vec<i64> = (0..19).map(|i| i * i % 8).collect();
        check(&loops, 0, &[numbers(8, 1), numbers(19, 2), Tensor::from_slice(&[19], &ids).unwrap()]);
    }
}

#[test]
fn grids_count_in_all_axes() {
    let mut m = Make::new();
    let n = Dim::sym("N");
    let out = m.buffer(Role::Result, DType::I64, n.clone() * 12i64.into());
    let (a, b, c, d) = (m.p.axis(n), m.p.axis(2i64.into()), m.p.axis(3i64.into()), m.p.axis(2i64.into()));
    let [i, j, k, l] = [a, b, c, d].map(|axis| m.p.axis_ex(axis));
    let at = ((i * 2.0 + j) * 3.0 + k) * 2.0 + l;
    let value = i * 1000.0 + j * 100.0 + k * 10.0 + l + at.floor_div(m.p.int(5)) * at.modulo(m.p.int(7));
    let loops = m.loops(&[a, b, c], vec![m.each(d, LoopKind::Unroll, vec![store(out, at, value)])]);
    [0, 1, 5, 20_000].into_iter().for_each(|n| check(&loops, n, &[]));
}

#[test]
fn equal_programs_are_one_function_and_text_is_stable() {
    let loops = elementwise(DType::F32, |x, y| (x + y).exp());
    let listing = || crate::cpu::listings(&Code::Loops(Box::new(loops.clone())), &[Sym::new("N")]).unwrap().remove(0);
    let (a, b) = (listing(), listing());
    assert_eq!((&a.clif, &a.assembly), (&b.clif, &b.assembly));
    assert!(a.clif.contains("f32x4") && a.assembly.contains("addps"), "{}", a.assembly);
}

#[test]
fn illegal_programs_are_refused() {
    let mut m = Make::new();
    let (x, out) = (m.buffer(Role::Operand, DType::BF16, 4i64), m.buffer(Role::Result, DType::BF16, 4i64));
    let a = m.p.axis(4i64.into());
    let i = m.p.axis_ex(a);
    let refused =
        |body: Stmt| compile(&plan(vec![Code::Loops(Box::new(m.loops(&[], vec![body])))]), Pool::global(1)).err().unwrap();
    let half = refused(store(out, i, m.load(x, i) + m.load(x, i)));
    assert!(half.message().contains("add on bf16"), "{half}");
    let unknown = refused(store(out, m.p.sym(&Sym::new("Z")), m.load(x, i)));
    assert!(unknown.message().contains("size Z"), "{unknown}");
}
