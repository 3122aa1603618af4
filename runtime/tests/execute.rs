//! Running plans: hand-made steps over kernels that are Rust functions.

use cresset_ir::dim::{Facts, Range, Rel};
use cresset_ir::plan::{Block, Layout, Memory, Place, Plan, Slot, SlotInfo, Step};
use cresset_ir::{DType, Dim, Guard, Loc, Scalar, Sym, Tree, Type, codes};
use cresset_runtime::{Executable, Launch, Tensor};
use indexmap::IndexMap;
use std::sync::Arc;

/// Kernels over f32: `out = f(operands)` for each of `numel` elements; an operand of one element is broadcast.
struct Kernels {
    numel: fn(&[i64]) -> usize,
    rows: Vec<fn(&[f32]) -> f32>,
}

impl Launch for Kernels {
    unsafe fn launch(&self, kernel: usize, args: &[*mut u8], syms: &[i64]) {
        let (out, operands) = args.split_last().unwrap();
        let numel = (self.numel)(syms);
        for i in 0..numel {
            // SAFETY: the plans below give each operand `numel` elements.
            let x: Vec<f32> = operands.iter().map(|p| unsafe { *p.cast::<f32>().add(i) }).collect();
            // SAFETY: as above.
            unsafe { *out.cast::<f32>().add(i) = (self.rows[kernel])(&x) };
        }
    }
}

fn launch(kernel: usize, args: &[u32]) -> Step {
    Step::Launch { kernel, args: args.iter().map(|&a| Slot(a)).collect(), loc: Loc::NONE }
}

fn copy(from: u32, to: u32) -> Step {
    Step::Copy { from: Slot(from), to: Slot(to) }
}

fn slot(ty: &Type, place: Place) -> SlotInfo {
    SlotInfo { ty: ty.clone(), place }
}

fn block(ty: &Type, first: usize, last: usize) -> Block {
    Block { size: slot(ty, Place::Arena(0)).size(), first, last }
}

fn weights(entries: &[(&str, Tensor)]) -> IndexMap<String, Tensor> {
    entries.iter().map(|(n, t)| (n.to_string(), t.clone())).collect()
}

/// `out = (x + 1) * 2 - w`, over `f32[B, 4]` with `B` up to `max`; asserts `B != 7`.
fn chain(max: Option<i64>) -> Executable {
    let ty = Type::new(DType::F32, [Dim::sym("B"), 4i64.into()]);
    let (one, w) = (Place::Const(Scalar::float(DType::F32, 1.0)), Place::Stored("w".into()));
    let blocks = vec![block(&ty, 0, 1), block(&ty, 1, 2)];
    let guard = Guard {
        left: Dim::sym("B"),
        rel: Rel::Ne,
        right: 7i64.into(),
        message: "no batch of {B}, please".into(),
        loc: Loc::NONE,
    };
    let plan = Plan {
        name: "forward".into(),
        inputs: vec![("x".into(), ty.clone())],
        output: Tree::Dict(vec![("y".into(), Tree::Leaf), ("half".into(), Tree::Number(Scalar::float(DType::F32, 0.5)))]),
        guards: vec![guard],
        bounds: vec![],
        facts: Facts { ranges: [(Sym::new("B"), Range { min: 1, max })].into() },
        slots: vec![
            slot(&ty, Place::Input(0)),
            slot(&ty, Place::Output(0)),
            slot(&ty, Place::Arena(0)),
            slot(&ty, Place::Arena(1)),
            slot(&Type::scalar(DType::F32), one),
            slot(&Type::of(DType::F32, &[1]), w),
        ],
        kernels: vec![],
        steps: vec![launch(0, &[0, 2]), launch(1, &[2, 3]), launch(2, &[3, 1])],
        layout: max.and_then(|m| Layout::of(&blocks, &[m as usize * 16; 2])),
        blocks,
    };
    let rows: Vec<fn(&[f32]) -> f32> = vec![|x| x[0] + 1.0, |x| x[0] * 2.0, |x| x[0] - 0.5];
    let kernels = Kernels { numel: |syms| syms[0] as usize * 4, rows };
    Executable::new(plan, Arc::new(kernels), &weights(&[("w", Tensor::from_slice(&[1], &[0.5f32]).unwrap())])).unwrap()
}

fn ramp(rows: usize, start: usize) -> Tensor {
    let v: Vec<f32> = (0..rows * 4).map(|i| (start + i) as f32).collect();
    Tensor::from_slice(&[rows, 4], &v).unwrap()
}

fn check_chain(executable: &Executable, rows: usize, start: usize) {
    let x = ramp(rows, start);
    let y = executable.run(std::slice::from_ref(&x)).unwrap();
    let expected: Vec<f32> = x.as_slice::<f32>().unwrap().iter().map(|x| (x + 1.0) * 2.0 - 0.5).collect();
    assert_eq!((y.len(), y[0].shape(), y[0].as_slice::<f32>().unwrap()), (1, &[rows, 4][..], &expected[..]));
}

#[test]
fn shapes_may_change_between_calls() {
    for max in [Some(64), None] {
        let executable = chain(max);
        for rows in [1, 3, 64, 2, 64, 1, 33] {
            check_chain(&executable, rows, rows);
        }
        // More shapes than are remembered.
        (1..=64).chain(1..=64).filter(|r| *r != 7).for_each(|rows| check_chain(&executable, rows, 5));
    }
}

#[test]
fn many_threads_run_one_executable() {
    let executable = chain(None);
    std::thread::scope(|s| {
        for thread in 0..8 {
            let executable = &executable;
            s.spawn(move || (0..200).for_each(|i| check_chain(executable, 1 + (i * 7 + thread) % 6, thread * 1000 + i)));
        }
    });
}

#[test]
fn results_have_names() {
    let named = chain(None).run_named(&weights(&[("x", ramp(1, 0))])).unwrap();
    assert_eq!(named.keys().collect::<Vec<_>>(), ["y", "half"]);
    assert_eq!((named["y"].get_f64(3), named["half"].get_f64(0)), (Some(7.5), Some(0.5)));
    let by_position = chain(None).run_named(&weights(&[("0", ramp(1, 0))])).unwrap();
    assert_eq!(named, by_position);
}

#[test]
fn calls_that_do_not_fit_are_refused() {
    let executable = chain(Some(64));
    let fail = |inputs: &[Tensor]| executable.run(inputs).unwrap_err();
    assert_eq!(fail(&[]).code(), codes::INPUT_MISMATCH);
    assert_eq!(fail(&[ramp(2, 0).cast(DType::F64).unwrap()]).message(), "input `x` is declared f32[B, 4], got f64[2, 4]");
    assert_eq!(fail(&[Tensor::zeros(DType::F32, &[2, 5]).unwrap()]).message(), "input `x` is declared f32[B, 4], got f32[2, 5]");
    assert_eq!(fail(&[ramp(7, 0)]).message(), "no batch of 7, please");
    assert_eq!(fail(&[ramp(65, 0)]).message(), "B = 65 is outside its declared range 1..64");
    assert_eq!(fail(&[ramp(0, 0)]).code(), codes::GUARD_FAILED);
    // A refused call leaves the executable as it was.
    check_chain(&executable, 3, 0);
}

#[test]
fn the_arena_of_a_call_is_known() {
    let memory = |max, rows| chain(max).memory(&[ramp(rows, 0)]).unwrap();
    assert_eq!(memory(None, 3), Memory { peak: 128, lower_bound: 128, sum: 128 });
    // A layout for the maximum serves every call.
    assert_eq!(memory(Some(64), 3), Memory { peak: 2048, lower_bound: 128, sum: 128 });
    assert_eq!(chain(Some(64)).memory(&[ramp(65, 0)]).unwrap_err().code(), codes::GUARD_FAILED);
}

#[test]
fn memory_that_cannot_be_had_is_an_error() {
    let huge = Type::new(DType::F32, [Dim::sym("B") * (1i64 << 58).into()]);
    let plan = Plan {
        name: "forward".into(),
        inputs: vec![("x".into(), Type::new(DType::F32, [Dim::sym("B"), 4i64.into()]))],
        output: Tree::Leaf,
        guards: vec![],
        bounds: vec![],
        facts: Facts::default(),
        slots: vec![slot(&huge, Place::Output(0))],
        kernels: vec![],
        steps: vec![],
        blocks: vec![],
        layout: None,
    };
    let kernels = Kernels { numel: |_| 0, rows: vec![] };
    let executable = Executable::new(plan, Arc::new(kernels), &IndexMap::new()).unwrap();
    assert_eq!(executable.run(&[ramp(1, 0)]).unwrap_err().code(), codes::TOO_LARGE);
    assert_eq!(executable.run(&[ramp(64, 0)]).unwrap_err().code(), codes::GUARD_FAILED);
}

#[test]
fn weights_are_checked() {
    let ty = Type::of(DType::F32, &[2]);
    let plan = || Plan {
        name: "forward".into(),
        inputs: vec![],
        output: Tree::Leaf,
        guards: vec![],
        bounds: vec![],
        facts: Facts::default(),
        slots: vec![slot(&ty, Place::Stored("fc.weight".into())), slot(&ty, Place::Output(0))],
        kernels: vec![],
        steps: vec![copy(0, 1)],
        blocks: vec![],
        layout: None,
    };
    let with = |entries: &[(&str, Tensor)]| {
        let kernels = Kernels { numel: |_| 0, rows: vec![] };
        Executable::new(plan(), Arc::new(kernels), &weights(entries))
    };
    assert_eq!(with(&[]).err().unwrap().message(), "no tensor was given for @fc.weight: f32[2]");
    let wrong = with(&[("fc.weight", ramp(1, 0))]).err().unwrap();
    assert_eq!(wrong.message(), "@fc.weight is declared f32[2], the tensor given is f32[1, 4]");
    let w = Tensor::from_slice(&[2], &[3.0f32, 4.0]).unwrap();
    assert_eq!(with(&[("fc.weight", w.clone())]).unwrap().run(&[]).unwrap(), [w]);
}

/// `if flag { n = x } else { n = 1 }; while n < 100 { n = n * 2 }`, with `test` writing a bool.
struct Doubling;

impl Launch for Doubling {
    unsafe fn launch(&self, kernel: usize, args: &[*mut u8], _: &[i64]) {
        let (n, out) = (args[0].cast::<i64>(), args[1]);
        // SAFETY: the plan below gives each argument one element.
        unsafe {
            match kernel {
                0 => *out = (*n < 100) as u8,
                _ => *out.cast::<i64>() = *n * 2,
            }
        }
    }
}

#[test]
fn branches_and_loops() {
    let (int, flag) = (Type::scalar(DType::I64), Type::scalar(DType::Bool));
    let repeat = Step::While { head: vec![launch(0, &[3, 4])], cond: Slot(4), body: vec![launch(1, &[3, 5]), copy(5, 3)] };
    let plan = Plan {
        name: "forward".into(),
        inputs: vec![("x".into(), int.clone()), ("flag".into(), flag.clone())],
        output: Tree::Leaf,
        guards: vec![],
        bounds: vec![],
        facts: Facts::default(),
        slots: vec![
            slot(&int, Place::Input(0)),
            slot(&flag, Place::Input(1)),
            slot(&int, Place::Const(Scalar::int(DType::I64, 1))),
            slot(&int, Place::Output(0)),
            slot(&flag, Place::Arena(0)),
            slot(&int, Place::Arena(1)),
        ],
        kernels: vec![],
        steps: vec![Step::If { cond: Slot(1), then: vec![copy(0, 3)], otherwise: vec![copy(2, 3)] }, repeat],
        blocks: vec![block(&flag, 3, 6), block(&int, 5, 6)],
        layout: None,
    };
    let executable = Executable::new(plan, Arc::new(Doubling), &IndexMap::new()).unwrap();
    let run = |x: i64, flag: bool| {
        let results = executable.run(&[Tensor::scalar(x).unwrap(), Tensor::scalar(flag).unwrap()]).unwrap();
        results[0].get_i64(0).unwrap()
    };
    assert_eq!([run(3, true), run(3, false), run(500, true)], [192, 128, 500]);
}
