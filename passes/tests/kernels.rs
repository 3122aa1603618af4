//! Fusing, lowering and scheduling change nothing: each region's kernel, and its loop program, compute what the graph says.

use cresset_ir::call::Sizes;
use cresset_ir::graph::{Graph, Tree, Value};
use cresset_ir::op::{Attr, activation, arithmetic, conv, logic, matmul, movement, norm, softmax};
use cresset_ir::plan::Code;
use cresset_ir::{Builder, DType, Dim, Entry, Facts, Kind, Program, Range, Sym, Target, Tensor, Type, eval};
use cresset_passes::{fuse, legalise, lower, schedule};
use indexmap::IndexMap;

/// A program of one graph, and how many kernels it should become.
struct Case {
    name: &'static str,
    kernels: usize,
    build: fn(&mut Builder) -> Value,
}

fn f32s(shape: &[usize]) -> Type {
    Type::of(DType::F32, shape)
}

const CASES: &[Case] = &[
    Case {
        name: "linear, gelu, residual",
        kernels: 1,
        build: |b| {
            let (x, w) = (b.input("x", Type::new(DType::F32, [Dim::sym("T"), 6i64.into()])), b.stored("w", f32s(&[6, 6])));
            let bias = b.stored("bias", f32s(&[6]));
            let h = b.op(&matmul::LINEAR, &[x, w, bias], &[]).unwrap();
            let h = b.op(&activation::GELU, &[h], &[]).unwrap();
            b.op(&arithmetic::ADD, &[x, h], &[]).unwrap()
        },
    },
    Case {
        name: "softmax of a symbolic length",
        kernels: 1,
        build: |b| {
            let x = b.input("x", Type::new(DType::F32, [3i64.into(), 2i64.into(), Dim::sym("T")]));
            b.op(&softmax::SOFTMAX, &[x], &[("dim", Attr::Int(-1))]).unwrap()
        },
    },
    Case {
        name: "layer norm",
        kernels: 1,
        build: |b| {
            let (x, w) =
                (b.input("x", Type::new(DType::F32, [2i64.into(), Dim::sym("T"), 8i64.into()])), b.stored("w", f32s(&[8])));
            let bias = b.stored("bias", f32s(&[8]));
            b.op(&norm::LAYER_NORM, &[x, w, bias], &[("dims", Attr::Int(1))]).unwrap()
        },
    },
    Case {
        name: "convolution, bias, relu",
        kernels: 1,
        build: |b| {
            let (x, w) = (b.input("x", f32s(&[2, 3, 5, 5])), b.stored("w", f32s(&[4, 3, 3, 3])));
            let bias = b.stored("bias", f32s(&[4]));
            let attrs = [("stride", Attr::Ints(vec![2, 2])), ("padding", Attr::Ints(vec![1, 1]))];
            let y = b.op(&conv::CONV2D, &[x, w, bias], &attrs).unwrap();
            b.op(&activation::RELU, &[y], &[]).unwrap()
        },
    },
    Case { name: "attention with split heads", kernels: 2, build: attention },
];

/// qkv, split, heads, masked softmax, merge: what a transformer writes.
fn attention(b: &mut Builder) -> Value {
    let t = Dim::sym("T");
    let x = b.input("x", Type::new(DType::F32, [2i64.into(), t.clone(), 8i64.into()]));
    let w = b.stored("w", f32s(&[24, 8]));
    let mask = b.input("mask", Type::new(DType::Bool, [t.clone(), t.clone()]));
    let qkv = b.op(&matmul::LINEAR, &[x, w], &[]).unwrap();
    let mut head = |i: i64| {
        let attrs = [("dim", Attr::Int(2)), ("start", Attr::Dim((8 * i).into())), ("end", Attr::Dim((8 * i + 8).into()))];
        let part = b.op(&movement::SLICE, &[qkv], &attrs).unwrap();
        let shape = vec![2i64.into(), t.clone(), 2i64.into(), 4i64.into()];
        let split = b.op(&movement::RESHAPE, &[part], &[("shape", Attr::Dims(shape))]).unwrap();
        b.op(&movement::PERMUTE, &[split], &[("dims", Attr::Ints(vec![0, 2, 1, 3]))]).unwrap()
    };
    let (q, k, v) = (head(0), head(1), head(2));
    let k = b.op(&movement::PERMUTE, &[k], &[("dims", Attr::Ints(vec![0, 1, 3, 2]))]).unwrap();
    let scores = b.op(&matmul::MATMUL, &[q, k], &[]).unwrap();
    let low = b.constant(cresset_ir::Scalar::float(DType::F32, -1e9));
    let scores = b.op(&logic::WHERE, &[mask, scores, low], &[]).unwrap();
    let p = b.op(&softmax::SOFTMAX, &[scores], &[("dim", Attr::Int(-1))]).unwrap();
    let y = b.op(&matmul::MATMUL, &[p, v], &[]).unwrap();
    let y = b.op(&movement::PERMUTE, &[y], &[("dims", Attr::Ints(vec![0, 2, 1, 3]))]).unwrap();
    b.op(&movement::RESHAPE, &[y], &[("shape", Attr::Dims(vec![2i64.into(), t, 8i64.into()]))]).unwrap()
}

/// The graph with its composites opened.
fn expanded(case: &Case) -> Program {
    let mut facts = Facts::default();
    facts.ranges.insert(Sym::new("T"), Range { min: 1, max: None });
    let mut b = Builder::new("forward", facts);
    let out = (case.build)(&mut b);
    let (graph, facts) = b.finish(vec![out], Tree::Leaf);
    let store = graph.values.iter().filter_map(|v| match &v.def {
        cresset_ir::Def::Stored(name) => Some((name.clone(), Entry { kind: Kind::Param, ty: v.ty.clone() })),
        _ => None,
    });
    let mut program = Program { name: "test".into(), facts, store: store.collect(), methods: IndexMap::new() };
    program.methods.insert("forward".into(), expand(&graph, &program.facts));
    program
}

/// Rebuilds a flat graph, opening composites until none is left.
fn expand(graph: &Graph, facts: &Facts) -> Graph {
    let mut b = Builder::new(&graph.name, facts.clone());
    let mut map = std::collections::HashMap::new();
    for (&v, name) in graph.body.params.iter().zip(&graph.inputs) {
        map.insert(v, b.input(name, graph.ty(v).clone()));
    }
    let mut composite = false;
    for &n in &graph.body.nodes {
        let node = graph.node(n);
        composite |= matches!(node.op.meaning, cresset_ir::op::Meaning::Composite(_));
        let operands: Vec<Value> = node
            .operands
            .iter()
            .map(|v| {
                *map.entry(*v).or_insert_with(|| match graph.def(*v) {
                    cresset_ir::Def::Const(s) => b.constant(*s),
                    cresset_ir::Def::Stored(name) => b.stored(name, graph.ty(*v).clone()),
                    d => panic!("{d:?} before its definition"),
                })
            })
            .collect();
        let results = b.expand(node.op, &operands, &node.attrs).unwrap();
        map.extend(node.results.iter().copied().zip(results));
    }
    let results = graph.body.results.iter().map(|v| map[v]).collect();
    let out = b.finish(results, graph.output.clone()).0;
    if composite { expand(&out, facts) } else { out }
}

fn tensor(ty: &Type, sizes: &dyn Fn(&Dim) -> usize, seed: usize) -> Tensor {
    let shape: Vec<usize> = ty.shape.iter().map(sizes).collect();
    let n = shape.iter().product();
    let f = |i: usize| (((i * 7919 + seed * 104729) % 1000) as f32 / 500.0) - 1.0;
    match ty.dtype {
        DType::Bool => Tensor::from_slice(&shape, &(0..n).map(|i| !(i + seed).is_multiple_of(3)).collect::<Vec<bool>>()).unwrap(),
        _ => Tensor::from_slice(&shape, &(0..n).map(f).collect::<Vec<f32>>()).unwrap(),
    }
}

fn target() -> Target {
    use cresset_ir::kernel::ScalarOp::*;
    Target { name: "test".into(), tile: None, block_ops: vec![Exp, Erf, Tanh, Rsqrt], strip: 16, half_casts: true }
}

#[test]
fn fused_kernels_and_loops_compute_the_graph() {
    for case in CASES {
        for t in [1usize, 5, 37] {
            check(case, t);
        }
    }
}

fn check(case: &Case, t: usize) {
    let mut program = expanded(case);
    let sizes = move |d: &Dim| d.eval(&|_| Some(t as i64)).unwrap() as usize;
    let weights: IndexMap<String, Tensor> =
        program.store.iter().enumerate().map(|(i, (n, e))| (n.clone(), tensor(&e.ty, &sizes, i + 5))).collect();
    let graph = &program.methods["forward"];
    let inputs: Vec<Tensor> = graph.body.params.iter().enumerate().map(|(i, &v)| tensor(graph.ty(v), &sizes, i)).collect();
    let lookup = |n: &str| weights.get(n).cloned();
    let want = eval::run(&program, "forward", &lookup, &inputs).unwrap();
    fuse::fuse(&mut program).unwrap();
    cresset_ir::verify(&program).unwrap();
    let got = eval::run(&program, "forward", &lookup, &inputs).unwrap();
    assert!(want[0].max_abs_diff(&got[0]).unwrap() < 1e-6, "{}: regions", case.name);

    let graph = program.methods["forward"].clone();
    assert_eq!(graph.body.nodes.len(), case.kernels, "{}: kernels", case.name);
    let sizes: Sizes = [(Sym::new("T"), t as i64)].into_iter().collect();
    let mut values: std::collections::HashMap<Value, Tensor> = graph.body.params.iter().copied().zip(inputs).collect();
    for &n in &graph.body.nodes {
        let node = graph.node(n);
        let operands: Vec<Tensor> = node
            .operands
            .iter()
            .map(|v| match graph.def(*v) {
                cresset_ir::Def::Stored(name) => weights[name].clone(),
                _ => values[v].clone(),
            })
            .collect();
        let mut kernel = lower::lower(&graph, n, &program.facts).unwrap();
        let out = eval::kernel(&kernel, &sizes, &operands).unwrap();
        legalise::legalise(&mut kernel);
        let Code::Loops(loops) = schedule::schedule(kernel.clone(), &target()) else { panic!("the test target has no tile") };
        let looped = eval::loops(&loops, &sizes, &operands, &[]).unwrap();
        let diff = out[0].max_abs_diff(&looped[0].reshape(out[0].shape()).unwrap()).unwrap();
        assert!(diff < 1e-5, "{}: loops of {} differ by {diff}", case.name, kernel.name);
        values.insert(node.results[0], out[0].clone());
    }
    let last = values[&graph.body.results[0]].clone();
    assert!(want[0].max_abs_diff(&last).unwrap() < 1e-5, "{}: kernels", case.name);
}
