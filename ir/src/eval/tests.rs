//! Tests of the interpreter itself; the ops are tested by conformance.

use super::{call, kernel, loops, run};
use crate::call::Sizes;
use crate::dtype::DType::{self, BF16, Bool, F32, I64};
use crate::kernel::{
    BufId, Buffer, Contraction, Ex, Exprs, Fold, Kernel, LoopKind, Loops, Node, Reducer, Role, ScalarOp, Stage, Stmt, VarId,
    reduce,
};
use crate::op::find;
use crate::{Attr, Builder, Dim, Facts, Loc, Program, Scalar, Tensor, Tree, Type, codes};
use proptest::prelude::*;

fn tensor(shape: &[usize], v: &[f32]) -> Tensor {
    Tensor::from_slice(shape, v).unwrap()
}

fn values(t: &Tensor) -> Vec<f64> {
    t.values().collect()
}

fn one(op: &str, operands: &[Tensor], attrs: &[Attr]) -> Tensor {
    call(find(op).unwrap(), operands, attrs).unwrap().remove(0)
}

#[test]
fn ops_follow_their_element_rules() {
    let (a, b) = (tensor(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), tensor(&[2], &[10.0, 20.0]));
    assert_eq!(values(&one("add", &[a.clone(), b.clone()], &[])), [11.0, 22.0, 13.0, 24.0]);
    assert_eq!(one("lt", &[a, b], &[]).dtype(), Bool);
    let x = tensor(&[3], &[1.0, 257.0, 0.1]).cast(BF16).unwrap();
    // 257 is not a bf16: the sum is rounded once, from f32.
    assert_eq!(values(&one("add", &[x.clone(), x], &[]))[..2], [2.0, 512.0]);
    assert_eq!(values(&one("cast", &[tensor(&[2], &[-1.5, 2.5])], &[I64.into()])), [-1.0, 2.0]);
}

fn pool() -> Exprs {
    Exprs::new(Facts::default())
}

fn buffer(name: &str, shape: &[usize], role: Role) -> Buffer {
    Buffer { name: name.into(), ty: Type::of(F32, shape), role }
}

/// A kernel with one stage over `axes`, whose value `rule` gives.
fn one_stage(exprs: Exprs, buffers: Vec<Buffer>, stage: Stage, contractions: Vec<Contraction>) -> Kernel {
    Kernel { name: "k".into(), exprs, buffers, contractions, stages: vec![stage], loc: Loc::NONE }
}

/// `out[i] = x[i-1] if i >= 1 else 0`, over an extent of 4 and x of 3.
fn shifted(guarded: bool) -> Kernel {
    let p = pool();
    let axis = p.axis(4usize.into());
    let (at, value) = {
        let i = p.axis_ex(axis);
        let load = p.load(BufId(0), F32, &[i - p.int(1)]);
        (i.id(), if guarded { p.int(1).le(i).select(load, load.lit(0.0)) } else { load }.id())
    };
    let buffers = vec![buffer("x", &[3], Role::Operand), buffer("out", &[4], Role::Result)];
    one_stage(p, buffers, Stage { out: BufId(1), axes: vec![axis], at: vec![at], value, combine: None }, vec![])
}

#[test]
fn a_branch_not_taken_is_not_read() {
    let x = tensor(&[3], &[1.0, 2.0, 3.0]);
    let out = kernel(&shifted(true), &Sizes::new(), std::slice::from_ref(&x)).unwrap();
    assert_eq!(values(&out[0]), [0.0, 1.0, 2.0, 3.0]);
    let error = kernel(&shifted(false), &Sizes::new(), &[x]).unwrap_err();
    assert_eq!(error.to_string(), "error[E0503]: the index [-1] is outside a tensor of shape [3]");
}

#[test]
fn softmax_nests_reductions_and_shares_them() {
    let p = pool();
    let (i, k) = (p.axis(3usize.into()), p.axis(2usize.into()));
    let (at, value) = {
        let x = |k| p.load(BufId(0), F32, &[p.axis_ex(i), p.axis_ex(k)]);
        // Both reductions run over the same axis, one inside the other's scope.
        let max = p.reduce(&reduce::MAX, &[k], &[x(k)])[0];
        let sum = p.reduce(&reduce::SUM, &[k], &[(x(k) - max).exp()])[0];
        let j = p.axis(2usize.into());
        let value = (x(j) - max).exp() / sum;
        ((vec![i, j], vec![p.axis_ex(i).id(), p.axis_ex(j).id()]), value.id())
    };
    let buffers = vec![buffer("x", &[3, 2], Role::Operand), buffer("out", &[3, 2], Role::Result)];
    let stage = Stage { out: BufId(1), axes: at.0, at: at.1, value, combine: None };
    let x = tensor(&[3, 2], &[0.0, 0.0, 100.0, 0.0, -1.0, f32::NAN]);
    let out = kernel(&one_stage(p, buffers, stage, vec![]), &Sizes::new(), &[x]).unwrap();
    let v = values(&out[0]);
    assert_eq!(v[..4], [0.5, 0.5, 1.0, 3.783505853677006e-44]);
    assert!(v[4].is_nan() && v[5].is_nan());
}

#[test]
fn contractions_feed_their_epilogue() {
    let p = pool();
    let [m, n, k] = [2usize, 2, 3].map(|e| p.axis(e.into()));
    let [i, j, l] = [m, n, k].map(|a| p.axis_ex(a).id());
    let load = |buf, at: [_; 2]| p.load(BufId(buf), F32, &at.map(|x| p.ex(x))).id();
    let (a, b) = (load(0, [i, l]), load(1, [j, l]));
    let value = (p.load(BufId(2), F32, &[p.ex(i), p.ex(j)]) + 1.0).id();
    let c = Contraction { acc: BufId(2), batch: vec![], m: vec![m], n: vec![n], k: vec![k], a, b, dtype: F32 };
    let roles = [Role::Operand, Role::Operand, Role::Scratch, Role::Result];
    let shapes = [[2, 3], [2, 3], [2, 2], [2, 2]];
    let buffers = roles.iter().zip(shapes).map(|(&r, s)| buffer("b", &s, r)).collect();
    let stage = Stage { out: BufId(3), axes: vec![m, n], at: vec![i, j], value, combine: None };
    let x = tensor(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let out = kernel(&one_stage(p, buffers, stage, vec![c]), &Sizes::new(), &[x.clone(), x]).unwrap();
    assert_eq!(values(&out[0]), [15.0, 33.0, 33.0, 78.0]);
}

fn var(x: Ex) -> VarId {
    match x.pool().node(x.id()) {
        Node::Var(v) => v,
        node => panic!("not a variable: {node:?}"),
    }
}

/// For each row of the grid, the sum of its exponentials, by way of a scratch row.
#[test]
fn loop_programs_run_statement_by_statement() {
    let p = pool();
    let (row, col, lane) = (p.axis(2usize.into()), p.axis(3usize.into()), p.axis(3usize.into()));
    let [r, c, l] = [row, col, lane].map(|a| p.axis_ex(a).id());
    let (state, other) = (p.fresh_var(F32), p.fresh_var(F32));
    let three = p.int(3).id();
    let copied = p.load(BufId(0), F32, &[p.ex(r), p.ex(c)]).id();
    let (init, step, merge) = (vec![Scalar::zero(F32)], (state + p.load(BufId(1), F32, &[p.ex(l)])).id(), (state + other).id());
    let (result, state, other) = (state.id(), var(state), var(other));
    let body = vec![
        Stmt::For {
            axis: col,
            extent: three,
            kind: LoopKind::Serial,
            body: vec![Stmt::Store { buf: BufId(1), at: vec![c], value: copied, combine: None }],
        },
        Stmt::Block { op: ScalarOp::Exp, dst: BufId(1), src: BufId(1), len: three },
        Stmt::Fold(Fold {
            axes: vec![(lane, three)],
            kind: LoopKind::Lane,
            state: vec![state],
            init,
            step: vec![step],
            other: vec![other],
            merge: vec![merge],
        }),
        Stmt::Store { buf: BufId(2), at: vec![r], value: result, combine: None },
    ];
    let buffers =
        vec![buffer("x", &[2, 3], Role::Operand), buffer("row", &[3], Role::Scratch), buffer("out", &[2], Role::Result)];
    let grid = vec![(row, p.int(2).id())];
    let program = Loops { name: "rows".into(), exprs: p, buffers, params: vec![], grid, body, loc: Loc::NONE };
    let x = tensor(&[2, 3], &[0.0, 0.0, 0.0, 1.0, 1.0, f32::NEG_INFINITY]);
    let out = loops(&program, &Sizes::new(), &[x], &[]).unwrap();
    assert_eq!(values(&out[0]), [3.0, f64::from(2.0 * std::f32::consts::E)]);
}

/// `while x < 100: x = x + x`, after a branch on the sign, with a symbolic batch.
#[test]
fn graphs_branch_and_loop() {
    let mut b = Builder::new("forward", Facts::default());
    let x = b.input("x", Type::scalar(F32));
    let y = b.input("y", Type::new(F32, [Dim::sym("B")]));
    let limit = b.constant(Scalar::float(F32, 100.0));
    let zero = b.constant(Scalar::zero(F32));
    let (lt, add) = (find("lt").unwrap(), find("add").unwrap());

    let negative = b.op(lt, &[x, zero], &[]).unwrap();
    b.open_block(&[]);
    let one = b.constant(Scalar::one(F32));
    let then = b.close_block(vec![one]);
    b.open_block(&[]);
    let otherwise = b.close_block(vec![x]);
    let start = b.emit_with_blocks(find("if").unwrap(), &[negative], vec![], vec![then, otherwise]).unwrap();

    let carried = b.open_block(&[Type::scalar(F32)]);
    let more = b.op(lt, &[carried[0], limit], &[]).unwrap();
    let head = b.close_block(vec![more]);
    let carried = b.open_block(&[Type::scalar(F32)]);
    let twice = b.op(add, &[carried[0], carried[0]], &[]).unwrap();
    let body = b.close_block(vec![twice]);
    let end = b.emit_with_blocks(find("loop").unwrap(), &start, vec![], vec![head, body]).unwrap();

    let out = b.op(add, &[y, end[0]], &[]).unwrap();
    let (graph, facts) = b.finish(vec![out], Tree::Leaf);
    let mut program = Program { name: "net".into(), facts, ..Program::default() };
    program.methods.insert("forward".into(), graph);

    let forward = |x: f32, y: Tensor| run(&program, "forward", &|_| None, &[tensor(&[], &[x]), y]);
    assert_eq!(values(&forward(3.0, tensor(&[2], &[0.0, 1.0])).unwrap()[0]), [192.0, 193.0]);
    assert_eq!(values(&forward(-3.0, tensor(&[1], &[0.0])).unwrap()[0]), [128.0]);
    assert_eq!(forward(1.0, tensor(&[], &[0.0])).unwrap_err().code(), codes::INPUT_MISMATCH);
    assert_eq!(run(&program, "backward", &|_| None, &[]).unwrap_err().code(), codes::INVALID_GRAPH);
}

/// The inputs of a reducer for the elements of `xs`: their values, and for argmax and argmin their places.
fn fold(r: &'static Reducer, dtype: DType, xs: &[(f64, i64)]) -> Vec<Scalar> {
    let p = pool();
    let mut state: Vec<_> = (r.init)(dtype).into_iter().map(|s| p.constant(s)).collect();
    for &(x, place) in xs {
        let input = [p.constant(Scalar::float(dtype, x)), p.int(place)];
        state = (r.step)(&state, &input[..r.inputs]);
    }
    state.iter().map(|x| p.as_const(x.id()).expect("constants fold")).collect()
}

fn merge(r: &'static Reducer, a: &[Scalar], b: &[Scalar]) -> Vec<Scalar> {
    let p = pool();
    let [a, b] = [a, b].map(|s| s.iter().map(|&s| p.constant(s)).collect::<Vec<_>>());
    (r.merge)(&a, &b).iter().map(|x| p.as_const(x.id()).expect("constants fold")).collect()
}

/// Equal, or as near as sums in another order are.
fn near(a: Scalar, b: Scalar) -> bool {
    let (x, y) = (a.as_f64(), b.as_f64());
    a == b || (x.is_nan() && y.is_nan()) || x == y || (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0)
}

fn element() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -4.0..4.0f64, 2 => (-2i32..3).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(f64::NEG_INFINITY), 1 => Just(f64::INFINITY)]
}

proptest! {
    /// `fold(xs ++ ys) = merge(fold(xs), fold(ys))` for every reducer.
    #[test]
    fn merging_states_is_folding_on(xs in prop::collection::vec(element(), 0..12), cut in 0..12usize) {
        for r in reduce::REDUCERS {
            let xs: Vec<(f64, i64)> = xs.iter().copied().zip(0..).collect();
            let (head, tail) = xs.split_at(cut.min(xs.len()));
            let whole = fold(r, DType::F64, &xs);
            let merged = merge(r, &fold(r, DType::F64, head), &fold(r, DType::F64, tail));
            for (a, b) in whole.iter().zip(&merged) {
                prop_assert!(near(*a, *b), "{}: {whole:?} and {merged:?} of {xs:?} cut at {cut}", r.name);
            }
        }
    }
}
