//! Snapshots of generated text.

use super::print;
use cresset_ir::kernel::{AxisId, BufId, Buffer, Ex, Exprs, Fold, LoopKind, Loops, Node, Role, ScalarOp, Stmt, VarId, reduce};
use cresset_ir::{DType, Dim, Facts, Loc, Sym, Type};

fn buffer(name: &str, dtype: DType, n: Dim, role: Role) -> Buffer {
    Buffer { name: name.into(), ty: Type::new(dtype, [n]), role }
}

fn lanes(p: &Exprs, axis: AxisId, body: Stmt) -> Stmt {
    Stmt::For { axis, extent: p.dim(&p.extent(axis)).id(), kind: LoopKind::Lane, body: vec![body] }
}

fn store(buf: u32, at: Ex<'_>, value: Ex<'_>) -> Stmt {
    Stmt::Store { buf: BufId(buf), at: vec![at.id()], value: value.id(), combine: None }
}

fn var(e: Ex<'_>) -> VarId {
    match e.pool().node(e.id()) {
        Node::Var(v) => v,
        n => panic!("{n:?} is no variable"),
    }
}

fn program(name: &str, p: &Exprs, buffers: Vec<Buffer>, grid: &[AxisId], body: Vec<Stmt>) -> Loops {
    let grid = grid.iter().map(|&a| (a, p.dim(&p.extent(a)).id())).collect();
    Loops { name: name.into(), exprs: p.clone(), buffers, params: vec![], grid, body, loc: Loc::NONE }
}

#[test]
fn elementwise_with_shared_terms() {
    let p = Exprs::new(Facts::default());
    let n = Dim::sym("N");
    let buffers =
        vec![buffer("x", DType::BF16, n.clone(), Role::Operand), buffer("y", DType::F32, n.clone() * 2i64.into(), Role::Result)];
    let (r, c) = (p.axis(2i64.into()), p.axis(n.clone()));
    let (i, j) = (p.axis_ex(r), p.axis_ex(c));
    let x = p.load(BufId(0), DType::BF16, &[j]).cast(DType::F32);
    let value = x.lt(x.lit(f64::INFINITY)).select(x * x.sigmoid(), x.lit(-0.5));
    let loops = program("silu-twice", &p, buffers, &[r], vec![lanes(&p, c, store(1, i * p.dim(&n) + j, value))]);
    insta::assert_snapshot!(print(&loops, &[Sym::new("N")]));
}

#[test]
fn softmax_of_rows() {
    let p = Exprs::new(Facts::default());
    let (rows, n) = (Dim::from(8i64), Dim::sym("N"));
    let total = rows.clone() * n.clone();
    let buffers = vec![
        buffer("x", DType::F32, total.clone(), Role::Operand),
        buffer("y", DType::F32, total, Role::Result),
        buffer("row", DType::F32, n.clone(), Role::Scratch),
    ];
    let (r, c) = (p.axis(rows), p.axis(n.clone()));
    let (len, j) = (p.dim(&n), p.axis_ex(c));
    let at = p.axis_ex(r) * len + j;
    let load = |b, at: Ex<'_>| p.load(BufId(b), DType::F32, &[p.ex(at.id())]);
    let fold = |reducer: &reduce::Reducer, x: Ex<'_>| {
        let [s, o] = std::array::from_fn(|_| p.fresh_var(DType::F32));
        let x = p.ex(x.id());
        let (step, merge) = ((reducer.step)(&[s], &[x])[0].id(), (reducer.merge)(&[s], &[o])[0].id());
        let (state, other) = (vec![var(s)], vec![var(o)]);
        let fold = Fold {
            axes: vec![(c, len.id())],
            kind: LoopKind::Lane,
            state,
            init: (reducer.init)(DType::F32),
            step: vec![step],
            other,
            merge: vec![merge],
        };
        (Stmt::Fold(fold), s)
    };
    let (max, top) = fold(&reduce::MAX, load(0, at));
    let (sum, s) = fold(&reduce::SUM, load(2, j));
    let exp = Stmt::Block { op: ScalarOp::Exp, dst: BufId(2), src: BufId(2), len: len.id() };
    let body = vec![max, lanes(&p, c, store(2, j, load(0, at) - top)), exp, sum, lanes(&p, c, store(1, at, load(2, j) / s))];
    insta::assert_snapshot!(print(&program("softmax", &p, buffers, &[r], body), &[Sym::new("N")]));
}

#[test]
fn argmax_of_everything() {
    let p = Exprs::new(Facts::default());
    let buffers = vec![buffer("x", DType::F64, 30i64.into(), Role::Operand), buffer("at", DType::I64, 6i64.into(), Role::Result)];
    let (a, b, c) = (p.axis(2i64.into()), p.axis(3i64.into()), p.axis(5i64.into()));
    let point = p.axis_ex(a) * 3.0 + p.axis_ex(b);
    let state = [p.fresh_var(DType::F64), p.fresh_var(DType::I64)];
    let other = [p.fresh_var(DType::F64), p.fresh_var(DType::I64)];
    let x = [p.load(BufId(0), DType::F64, &[point * 5.0 + p.axis_ex(c)]), p.axis_ex(c)];
    let ids = |v: Vec<Ex<'_>>| v.into_iter().map(|e| e.id()).collect::<Vec<_>>();
    let fold = Fold {
        axes: vec![(c, p.int(5).id())],
        kind: LoopKind::Lane,
        state: state.map(var).to_vec(),
        init: (reduce::ARGMAX.init)(DType::F64),
        step: ids((reduce::ARGMAX.step)(&state, &x)),
        other: other.map(var).to_vec(),
        merge: ids((reduce::ARGMAX.merge)(&state, &other)),
    };
    let body = vec![Stmt::Fold(fold), store(1, point, state[1])];
    insta::assert_snapshot!(print(&program("argmax", &p, buffers, &[a, b], body), &[]));
}
