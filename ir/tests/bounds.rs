//! Bounds of inputs: where they come from, and what they say of a call.

use cresset_ir::builder::complete_attrs;
use cresset_ir::dim::Range;
use cresset_ir::eval::{Evaluate, Reference, call};
use cresset_ir::op::{ALL, Attr, Role, Sample, find};
use cresset_ir::{Builder, DType, Diagnostic, Dim, Facts, Program, Scalar, Sym, Tensor, Tree, Type, Value, codes, verify};

/// A graph of one input `x`, of size B by T, and a table of N rows.
struct Fixture {
    b: Builder,
    x: Value,
    table: Value,
}

fn dims<const N: usize>(sizes: [&str; N]) -> Vec<Dim> {
    sizes.map(|s| s.parse::<i64>().map_or_else(|_| Dim::sym(s), Dim::from)).to_vec()
}

fn fixture(dtype: DType, rows: &str) -> Fixture {
    let ranges = ["B", "N"].map(|s| (Sym::new(s), Range { min: 1, max: None }));
    let mut b = Builder::new("forward", Facts { ranges: ranges.into() });
    let x = b.input("x", Type::new(dtype, dims(["B", "T"])));
    let table = b.input("table", Type::new(DType::F32, dims([rows, "2"])));
    Fixture { b, x, table }
}

impl Fixture {
    fn op(&mut self, op: &str, x: Value, attrs: &[(&str, Attr)]) -> Value {
        self.b.op(find(op).expect("an op"), &[x], attrs).expect("a call that fits")
    }

    fn embed(&mut self, indices: Value) -> Value {
        self.b.op(find("embedding").expect("an op"), &[self.table, indices], &[]).expect("a call that fits")
    }

    /// The bounds as the text shows them.
    fn bounds(&self) -> Vec<String> {
        let inputs = &self.b.graph.inputs;
        self.b.graph.bounds.iter().map(|bound| format!("{} in {}", inputs[bound.input], bound.values)).collect()
    }

    /// Calls the graph that gives `y`.
    fn run(self, y: Value, x: &Tensor, rows: usize) -> Result<Vec<Tensor>, Diagnostic> {
        let (graph, facts) = self.b.finish(vec![y], Tree::Leaf);
        let program = Program { facts, methods: [("forward".to_owned(), graph)].into(), ..Program::default() };
        verify(&program).expect("what the builder makes is valid");
        Reference.evaluate(&program, "forward", &[x.clone(), Tensor::zeros(DType::F32, &[rows, 2])?], &|_| None)
    }
}

fn shape<const N: usize>(sizes: [&str; N]) -> Vec<(&'static str, Attr)> {
    vec![("shape", dims(sizes).into())]
}

#[test]
fn bounds_follow_what_moves() {
    let mut f = fixture(DType::I32, "7");
    let flat = f.b.op(find("reshape").expect("an op"), &[f.x], &[("shape", vec![Dim::sym("B") * Dim::sym("T")].into())]);
    let wide = f.op("cast", flat.expect("the same elements"), &[("dtype", DType::I64.into())]);
    let turned = f.op("flip", wide, &[("dims", vec![0].into())]);
    f.embed(turned);
    assert_eq!(f.bounds(), ["x in 0..7"]);
}

#[test]
fn bools_are_indices_once_they_are_numbers() {
    let mut f = fixture(DType::Bool, "N");
    let number = f.op("cast", f.x, &[("dtype", DType::I64.into())]);
    let y = f.embed(number);
    let x = Tensor::from_slice(&[1, 2], &[false, true]).expect("a small tensor");
    let error = f.run(y, &x, 1).expect_err("there is one row");
    assert_eq!(error.message(), "index out of range: element [0, 1] of input `x` is 1, outside 0..N, which is 0..1");
}

#[test]
fn what_is_cut_off_may_be_anything() {
    let attrs: &[(&str, Attr)] = &[("dim", Attr::Int(0)), ("end", Attr::Dim(1i64.into()))];
    let narrow: &[(&str, Attr)] = &[("dtype", DType::I8.into())];
    for (op, attrs) in [("slice", attrs), ("cast", narrow), ("abs", &[])] {
        let mut f = fixture(DType::I64, "7");
        let y = f.op(op, f.x, attrs);
        f.embed(y);
        assert!(f.bounds().is_empty(), "{op}: {:?}", f.bounds());
    }
    // T may be 0: then nothing is left of one row.
    let mut f = fixture(DType::I64, "7");
    let one = f.b.input("one", Type::new(DType::I64, dims(["1"])));
    for (size, bounds) in [("T", 0), ("B", 1)] {
        let y = f.op("expand", one, &shape([size]));
        f.embed(y);
        assert_eq!(f.bounds().len(), bounds);
    }
}

#[test]
fn all_parts_of_what_is_joined_have_bounds() {
    let mut f = fixture(DType::I64, "7");
    let more = f.b.input("more", Type::new(DType::I64, dims(["B", "3"])));
    let y = f.b.op(find("cat").expect("an op"), &[f.x, more], &[("dim", Attr::Int(1))]).expect("both have B rows");
    f.embed(y);
    let mut bounds = f.bounds();
    bounds.sort();
    assert_eq!(bounds, ["more in 0..7", "x in 0..7"]);
}

#[test]
fn the_tightest_bound_is_kept() {
    let mut f = fixture(DType::I64, "7");
    for (classes, bound) in [(9i64, "x in 0..9"), (5, "x in 0..5"), (6, "x in 0..5"), (5, "x in 0..5")] {
        f.op("one_hot", f.x, &[("num_classes", classes.into())]);
        assert_eq!(f.bounds(), [bound]);
    }
    let mut f = fixture(DType::I64, "N");
    f.embed(f.x);
    f.op("one_hot", f.x, &[("num_classes", Attr::Int(5))]);
    assert_eq!(f.bounds(), ["x in 0..N", "x in 0..5"]);
}

#[test]
fn blocks_that_may_not_run_ask_for_nothing() {
    let mut f = fixture(DType::I64, "7");
    f.b.open_block(&[]);
    let y = f.embed(f.x);
    f.b.close_block(vec![y]);
    assert!(f.bounds().is_empty());
}

#[test]
fn constants_are_refused_at_once() {
    let mut f = fixture(DType::I64, "7");
    let seven = f.b.constant(Scalar::int(DType::I64, 7));
    let error = f.b.op(find("embedding").expect("an op"), &[f.table, seven], &[]).expect_err("rows are 0 to 6");
    assert_eq!(error.to_string(), "error[E0505]: index out of range: the index is 7, outside 0..7");
}

/// Positions: what sizes alone decide is a guard, or refused at once.
#[test]
fn what_is_made_from_sizes_asks_for_guards() {
    let positions = |end: &str, offset: i64| {
        let mut f = fixture(DType::I64, "7");
        let made = f.b.op(find("arange").expect("an op"), &[], &[("end", Attr::Dim(dims([end])[0].clone()))]).expect("numbers");
        let offset = f.b.constant(Scalar::int(DType::I64, offset));
        let moved = f.b.op(find("add").expect("an op"), &[made, offset], &[]).expect("numbers");
        let row = f.op("reshape", moved, &shape(["1", end]));
        let used = f.b.op(find("embedding").expect("an op"), &[f.table, row], &[]);
        let guards = f.b.graph.guards.iter().map(|g| format!("{} {} {}: {}", g.left, g.rel.name(), g.right, g.message)).collect();
        used.map(|_| guards).map_err(|d| d.to_string())
    };
    assert_eq!(positions("B", 0), Ok(vec!["B - 1 < 7: index out of range: B - 1 is outside 0..7".to_owned()]));
    assert_eq!(positions("B", 2), Ok(vec!["B + 1 < 7: index out of range: B + 1 is outside 0..7".to_owned()]));
    assert_eq!(positions("7", 0), Ok(vec![]));
    assert_eq!(positions("7", 1), Err("error[E0505]: index out of range: 7 is outside 0..7".to_owned()));
    assert_eq!(positions("7", -1), Err("error[E0505]: index out of range: -1 is outside 0..7".to_owned()));
}

#[test]
fn calls_are_checked() {
    let run = |dtype: DType, x: &[i64]| {
        let mut f = fixture(dtype, "N");
        let y = f.embed(f.x);
        f.run(y, &Tensor::from_slice(&[1, x.len()], x)?.cast(dtype)?, 5)
    };
    for dtype in [DType::U8, DType::I32, DType::I64] {
        let fits = run(dtype, &[0, 4, 2]).expect("rows are 0 to 4");
        assert_eq!(fits[0].shape(), [1, 3, 2]);
        assert_eq!(run(dtype, &[]).expect("there is no index")[0].shape(), [1, 0, 2]);
        let error = run(dtype, &[0, 4, 5, 9]).expect_err("rows are 0 to 4");
        assert_eq!(error.code(), codes::INDEX_OUT_OF_RANGE);
        assert_eq!(error.message(), "index out of range: element [0, 2] of input `x` is 5, outside 0..N, which is 0..5");
    }
    for (dtype, x) in [(DType::I32, -1), (DType::I64, i64::MIN), (DType::I64, i64::MAX)] {
        let error = run(dtype, &[1, x]).expect_err("rows are 0 to 4");
        assert!(error.message().contains(&format!("element [0, 1] of input `x` is {x}, outside")), "{error}");
    }
}

/// What `Role::Moved` promises, for every op that does: no element of the operand is lost.
#[test]
fn moved_elements_are_in_the_result() {
    let mut tried = 0;
    for op in ALL {
        let moved = |k: usize| op.operand(k).is_some_and(|o| matches!(o.role, Role::Moved));
        for sample in (op.samples)().iter().filter(|s| (0..s.operands.len()).any(moved)) {
            let operands = distinct(sample);
            let attrs = complete_attrs(op, &sample.attrs).expect("samples fit their op");
            let result = &call(op, &operands, &attrs).expect("samples fit their op")[0];
            for (k, x) in operands.iter().enumerate().filter(|&(k, x)| moved(k) && x.dtype() == result.dtype()) {
                let kept = x.values().all(|v| result.values().any(|r| r == v));
                assert!(kept, "`{}`({sample}) loses an element of operand {k}", op.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 10, "{tried} operands were tried");
}

/// Operands of a sample with numbers that tell the elements apart.
fn distinct(sample: &Sample) -> Vec<Tensor> {
    let mut numbers = (0..).map(f64::from);
    let one = |x: &cresset_ir::op::SampleOperand| {
        let values: Vec<f64> = numbers.by_ref().take(x.values.len()).collect();
        Tensor::from_slice(&x.shape, &values).and_then(|t| t.cast(x.dtype)).expect("a small tensor")
    };
    sample.operands.iter().map(one).collect()
}
