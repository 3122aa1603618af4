//! The graph passes on graphs made by hand, and their laws on random ones.

use cresset_ir::eval::{Reference, run as evaluate};
use cresset_ir::op::{Attr, Meaning, OpDef, Sample, find};
use cresset_ir::program::{Entry, Kind};
use cresset_ir::{Builder, DType::*, Dim, Facts, Program, Scalar, Tensor, Tree, Type, Value, verify};
use cresset_passes::manager::run;
use cresset_passes::{Options, PIPELINE, Report};
use indexmap::IndexMap;
use proptest::prelude::*;

/// A program of one method, with its weights.
#[derive(Clone)]
struct Model {
    program: Program,
    weights: IndexMap<String, Tensor>,
}

fn op(b: &mut Builder, name: &str, operands: &[Value], attrs: &[(&str, Attr)]) -> Value {
    b.op(find(name).unwrap(), operands, attrs).unwrap()
}

impl Model {
    fn new(weights: &[(&str, Tensor)], build: impl FnOnce(&mut Builder) -> Vec<Value>) -> Model {
        let mut b = Builder::new("forward", Facts::default());
        let results = build(&mut b);
        let output = Tree::Tuple(vec![Tree::Leaf; results.len()]);
        let (graph, facts) = b.finish(results, output);
        let mut program = Program { name: "net".into(), facts, ..Program::default() };
        program.methods.insert("forward".into(), graph);
        let weights: IndexMap<_, _> = weights.iter().map(|(n, t)| (n.to_string(), t.clone())).collect();
        program.store = weights.iter().map(|(n, t)| (n.clone(), Entry { kind: Kind::Param, ty: t.ty() })).collect();
        verify(&program).unwrap();
        Model { program, weights }
    }

    fn optimise(&mut self, options: Options) -> Vec<Report> {
        run(PIPELINE, &mut self.program, &mut self.weights, &Reference, options).unwrap()
    }

    /// The optimised model.
    fn optimised(&self, freeze: bool) -> Model {
        let mut model = self.clone();
        model.optimise(Options { freeze, ..Options::default() });
        model
    }

    fn call(&self, inputs: &[Tensor]) -> Vec<Tensor> {
        self.try_call(inputs).unwrap()
    }

    fn try_call(&self, inputs: &[Tensor]) -> cresset_ir::Result<Vec<Tensor>> {
        evaluate(&self.program, "forward", &|name| self.weights.get(name).cloned(), inputs)
    }

    /// The names of the ops, in order.
    fn ops(&self) -> String {
        let graph = &self.program.methods["forward"];
        graph.live_nodes().iter().map(|&n| graph.node(n).op.name).collect::<Vec<_>>().join(" ")
    }
}

fn ramp(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| (i * 7 % 11) as f32 / 4.0 - 1.0).collect();
    Tensor::from_slice(shape, &values).unwrap()
}

fn close(a: &Tensor, b: &Tensor) -> bool {
    let near = |x: f64, y: f64| x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-4 * x.abs().max(y.abs()).max(1.0);
    a.ty() == b.ty() && a.values().zip(b.values()).all(|(x, y)| near(x, y))
}

#[track_caller]
fn check(build: impl FnOnce(&mut Builder, Value) -> Value, ops: &str) {
    let model = Model::new(&[], |b| {
        let x = b.input("x", Type::of(F32, &[2, 3]));
        vec![build(b, x)]
    });
    let optimised = model.optimised(false);
    assert_eq!(optimised.ops(), ops);
    assert!(close(&model.call(&[ramp(&[2, 3])])[0], &optimised.call(&[ramp(&[2, 3])])[0]));
}

#[test]
fn arithmetic_that_does_nothing_goes() {
    let number = |b: &mut Builder, v| b.constant(Scalar::float(F32, v));
    let with = |name: &'static str, v: f64| {
        move |b: &mut Builder, x: Value| {
            let c = number(b, v);
            op(b, name, &[x, c], &[])
        }
    };
    check(with("mul", 1.0), "");
    check(with("sub", 0.0), "");
    check(with("add", 0.0), "add");
    check(with("div", 1.0), "");
    check(with("div", 8.0), "mul");
    check(with("div", 3.0), "div");
    check(with("pow", 2.0), "mul");
    check(with("pow", 3.0), "mul mul");
    check(with("pow", 2.5), "pow");
}

#[test]
fn a_magnitude_forgets_the_sign() {
    let build = |b: &mut Builder, x: Value| {
        let y = op(b, "neg", &[x], &[]);
        op(b, "abs", &[y], &[])
    };
    check(build, "abs");
}

#[test]
fn movements_compose() {
    let shape = |s: &[i64]| Attr::Dims(s.iter().map(|&d| Dim::from(d)).collect());
    let twice = |name: &'static str, first: Attr, second: Attr, attr: &'static str| {
        move |b: &mut Builder, x: Value| {
            let y = op(b, name, &[x], &[(attr, first)]);
            op(b, name, &[y], &[(attr, second)])
        }
    };
    check(twice("reshape", shape(&[6]), shape(&[3, 2]), "shape"), "reshape");
    check(twice("reshape", shape(&[6]), shape(&[2, 3]), "shape"), "");
    check(twice("permute", vec![1, 0].into(), vec![-1, 0].into(), "dims"), "");
    check(twice("cast", I64.into(), F32.into(), "dtype"), "cast cast");
    check(twice("cast", F64.into(), F32.into(), "dtype"), "");
    check(twice("flip", Attr::Ints(vec![]), vec![1].into(), "dims"), "flip");
    let slice =
        |start: i64, end: i64| [("dim", Attr::Int(1)), ("start", Dim::from(start).into()), ("end", Dim::from(end).into())];
    let slices = |b: &mut Builder, x: Value| {
        let y = op(b, "slice", &[x], &slice(1, 3));
        op(b, "slice", &[y], &slice(1, 2))
    };
    check(slices, "slice");
}

#[test]
fn equal_calls_are_made_once() {
    let build = |b: &mut Builder, x: Value| {
        let (y, z) = (op(b, "exp", &[x], &[]), op(b, "exp", &[x], &[]));
        op(b, "add", &[y, z], &[])
    };
    check(build, "exp add");
}

#[test]
fn branches_see_what_was_computed_before_them_and_not_in_each_other() {
    let model = Model::new(&[], |b| {
        let (c, x) = (b.input("c", Type::scalar(Bool)), b.input("x", Type::of(F32, &[2])));
        let before = op(b, "exp", &[x], &[]);
        let branch = |b: &mut Builder| {
            b.open_block(&[]);
            let (again, inside) = (op(b, "exp", &[x], &[]), op(b, "tanh", &[x], &[]));
            let sum = op(b, "add", &[again, inside], &[]);
            b.close_block(vec![sum])
        };
        let blocks = vec![branch(b), branch(b)];
        let results = b.emit_with_blocks(find("if").unwrap(), &[c], vec![], blocks).unwrap();
        vec![before, results[0]]
    });
    let optimised = model.optimised(false);
    assert_eq!(optimised.ops(), "exp if tanh add tanh add");
    for c in [true, false] {
        let inputs = [Tensor::scalar(c).unwrap(), ramp(&[2])];
        assert_eq!(model.call(&inputs), optimised.call(&inputs));
    }
}

/// conv → batch norm → linear on a transposed weight.
fn conv_bn() -> Model {
    let positive = ramp(&[4]).values().map(|x| x.abs() as f32 + 0.5).collect::<Vec<_>>();
    let weights = [
        ("conv.weight", ramp(&[4, 2, 3, 3])),
        ("bn.mean", ramp(&[4])),
        ("bn.var", Tensor::from_slice(&[4], &positive).unwrap()),
        ("bn.weight", ramp(&[4])),
        ("bn.bias", ramp(&[4])),
        ("fc.weight", ramp(&[5, 3])),
    ];
    Model::new(&weights, |b| {
        let x = b.input("x", Type::new(F32, [Dim::sym("B"), 2i64.into(), 5i64.into(), 5i64.into()]));
        let stored = |b: &mut Builder, k: usize| b.stored(weights[k].0, weights[k].1.ty());
        let w = stored(b, 0);
        let y = op(b, "conv2d", &[x, w], &[("stride", vec![1, 1].into())]);
        let bn = [1, 2, 3, 4].map(|k| stored(b, k));
        let y = op(b, "batch_norm", &[&[y][..], &bn].concat(), &[]);
        let w = stored(b, 5);
        let w = op(b, "permute", &[w], &[("dims", vec![1, 0].into())]);
        vec![op(b, "matmul", &[y, w], &[])]
    })
}

#[test]
fn frozen_norms_vanish_into_weights() {
    let model = conv_bn();
    let optimised = model.optimised(true);
    assert_eq!(optimised.ops(), "conv2d matmul");
    let constants: Vec<_> =
        optimised.program.store.iter().filter(|(_, e)| e.kind == Kind::Const).map(|(n, _)| n.as_str()).collect();
    assert_eq!(constants.len(), 3, "{constants:?}");
    let x = ramp(&[3, 2, 5, 5]);
    assert!(close(&model.call(std::slice::from_ref(&x))[0], &optimised.call(&[x])[0]));
}

#[test]
fn without_freezing_parameters_stay_parameters() {
    let model = conv_bn();
    let optimised = model.optimised(false);
    assert_eq!(optimised.weights, model.weights);
    let x = ramp(&[1, 2, 5, 5]);
    assert!(close(&model.call(std::slice::from_ref(&x))[0], &optimised.call(&[x])[0]));
}

#[test]
fn tables_are_folded_and_cheap_tensors_are_not() {
    let model = Model::new(&[], |b| {
        let x = b.input("x", Type::of(F32, &[4, 4]));
        let end = [("end", Dim::from(4i64).into()), ("dtype", F32.into())];
        let positions = op(b, "arange", &[], &end);
        let half = b.constant(Scalar::float(F32, 0.5));
        let angles = op(b, "mul", &[positions, half], &[]);
        let table = op(b, "cos", &[angles], &[]);
        let square = [("shape", Attr::Dims(vec![4i64.into(), 4i64.into()])), ("value", 1.0.into()), ("dtype", F32.into())];
        let ones = op(b, "full", &[], &square);
        let mask = op(b, "tril", &[ones], &[]);
        let y = op(b, "mul", &[x, mask], &[]);
        vec![op(b, "mul", &[y, table], &[])]
    });
    let optimised = model.optimised(false);
    assert_eq!(optimised.ops(), "full tril mul mul");
    assert!(optimised.weights.contains_key("folded.cos"));
    assert_eq!(model.call(&[ramp(&[4, 4])]), optimised.call(&[ramp(&[4, 4])]));
}

#[test]
fn passes_can_be_stopped_and_limited() {
    let reports = |options: Options| conv_bn().optimise(options).iter().map(|r| (r.pass, r.rewrites)).collect::<Vec<_>>();
    assert_eq!(reports(Options { stop_after: Some("dce"), ..Options::default() }), [("dce", 0)]);
    let limited = reports(Options { freeze: true, limit: Some(("fold", 2)), ..Options::default() });
    assert_eq!(limited.last(), Some(&("fold", 2)));
    let mut seen = vec![];
    conv_bn().optimise(Options { dump: Some(&mut |r, _| seen.push(r.pass)), ..Options::default() });
    assert_eq!(seen, PIPELINE.iter().map(|p| p.name).collect::<Vec<_>>());
}

/// Every sample of every op that has a meaning without blocks.
fn samples() -> Vec<(&'static OpDef, Sample)> {
    let ops = cresset_ir::op::ALL.iter().filter(|o| !matches!(o.meaning, Meaning::Structural));
    ops.flat_map(|&o| (o.samples)().into_iter().map(move |s| (o, s))).collect()
}

/// A graph that grows by samples of ops: where the type rule allows, operands are values that are there already; otherwise they are
/// new inputs or weights, as `choices` say.
fn grow(choices: &[(usize, usize)]) -> (Model, Vec<Tensor>) {
    let samples = samples();
    let (mut inputs, mut weights) = (vec![], vec![]);
    let mut b = Builder::new("forward", Facts::default());
    let mut values: Vec<Value> = vec![];
    for &(which, how) in choices {
        let (op, sample) = &samples[which % samples.len()];
        let reused: Vec<Value> =
            (0..sample.operands.len()).filter_map(|k| values.get((how >> (3 * k)) % values.len().max(1))).copied().collect();
        if reused.len() == sample.operands.len()
            && let Ok(results) = b.emit(op, &reused, &sample.attrs)
        {
            values.extend(results);
            continue;
        }
        let mut operands = vec![];
        for (k, x) in sample.operands.iter().enumerate() {
            let tensor = Tensor::from_scalars(x.dtype, &x.shape, &x.values).unwrap();
            let name = format!("t{}", inputs.len() + weights.len());
            if (how >> k) & 1 == 0 {
                operands.push(b.input(&name, tensor.ty()));
                inputs.push(tensor);
            } else {
                operands.push(b.stored(&name, tensor.ty()));
                weights.push((name, tensor));
            }
        }
        values.extend(b.emit(op, &operands, &sample.attrs).unwrap());
    }
    let output = Tree::Tuple(vec![Tree::Leaf; values.len()]);
    let (graph, facts) = b.finish(values, output);
    let store = weights.iter().map(|(n, t): &(String, Tensor)| (n.clone(), Entry { kind: Kind::Param, ty: t.ty() })).collect();
    let program = Program { name: "random".into(), facts, store, methods: [("forward".into(), graph)].into() };
    (Model { program, weights: weights.into_iter().collect() }, inputs)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Optimised equals unoptimised, and a pass that runs again finds nothing to do.
    #[test]
    fn passes_keep_the_meaning_and_are_idempotent(choices in prop::collection::vec((any::<usize>(), any::<usize>()), 1..10), freeze: bool) {
        let (mut model, inputs) = grow(&choices);
        let before = model.ops();
        // A softmax over nothing has a type and no value.
        let Ok(expected) = model.try_call(&inputs) else { return Ok(()) };
        for pass in PIPELINE {
            let options = || Options { freeze, ..Options::default() };
            let twice = [0, 1].map(|_| {
                run(std::slice::from_ref(pass), &mut model.program, &mut model.weights, &Reference, options()).unwrap()
            });
            prop_assert_eq!(twice[1][0].rewrites, 0, "{} on {}", pass.name, before);
            for (a, b) in expected.iter().zip(&model.call(&inputs)) {
                prop_assert!(close(a, b), "{} and {} after {}: {}, before: {}", a, b, pass.name, model.ops(), before);
            }
        }
    }
}
