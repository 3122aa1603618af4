//! What type rules say when a call makes no sense: the op, and the two facts that disagree.

use cresset_ir::op::{Attr, find};
use cresset_ir::{Builder, DType, Dim, Facts, Rel, Type};

/// The error of a call on f32 operands; a size 0 stands for the symbol B.
fn error(op: &str, shapes: &[&[i64]], attrs: &[(&str, Attr)]) -> String {
    let mut b = Builder::new("f", Facts::default());
    let size = |&n: &i64| if n == 0 { Dim::sym("B") } else { n.into() };
    let ty = |shape: &&[i64]| Type::new(DType::F32, shape.iter().map(size).collect::<Vec<_>>());
    let inputs: Vec<_> = shapes.iter().map(|s| b.input("x", ty(s))).collect();
    b.emit(find(op).expect("an op"), &inputs, attrs).expect_err("the call makes no sense").message().to_owned()
}

#[test]
fn errors_name_both_facts() {
    let rows: &[(String, &str)] = &[
        (error("matmul", &[&[0, 784], &[512, 10]], &[]), "`matmul` contracts 784 with 512: f32[B, 784] and f32[512, 10]"),
        (error("matmul", &[&[3], &[3, 2]], &[]), "`matmul` operand `a` must have at least 2 dimensions, got f32[3]"),
        (error("add", &[&[0, 3], &[4]], &[]), "`add` cannot broadcast f32[B, 3] and f32[4]: sizes 3 and 4 differ"),
        (
            error("reshape", &[&[2, 6]], &[("shape", Attr::Dims(vec![5i64.into(), 2i64.into()]))]),
            "`reshape` cannot give f32[2, 6] the shape [5, 2]: 12 elements are not 10",
        ),
        (
            error("slice", &[&[0, 4]], &[("dim", Attr::Int(1)), ("end", Attr::Dim(5i64.into()))]),
            "`slice` cannot take 0..5 of size 4",
        ),
        (error("cat", &[&[2, 3], &[2, 4]], &[]), "`cat` joins f32[2, 3] with f32[2, 4] along dimension 0"),
        (error("sum", &[&[2, 3]], &[("dims", Attr::Ints(vec![2]))]), "`sum` has no dimension 2: `dims` lies in -2..=1"),
        (
            error("conv2d", &[&[0, 3, 2, 2], &[8, 3, 5, 5]], &[]),
            "`conv2d` slides a window over 5 elements along 2 (padding included)",
        ),
        (error("layer_norm", &[&[0, 16], &[8]], &[]), "`layer_norm` normalises sizes [16] with a parameter f32[8]"),
        (error("logical_not", &[], &[]), "`logical_not` takes 1 operands, got 0"),
        (error("bitwise_not", &[&[2]], &[]), "`bitwise_not` operand `x` must be an integer or bool, got f32[2]"),
    ];
    for (got, want) in rows {
        assert_eq!(got, want);
    }
}

/// What sizes cannot decide becomes a guard of the graph.
#[test]
fn undecided_sizes_become_guards() {
    let mut b = Builder::new("f", Facts::default());
    let (x, w) = (Type::new(DType::F32, [Dim::sym("B"), Dim::sym("K")]), Type::new(DType::F32, [512i64.into(), 10i64.into()]));
    let (x, w) = (b.input("x", x), b.input("w", w));
    let y = b.op(find("matmul").expect("an op"), &[x, w], &[]).expect("K may be 512");
    assert_eq!(b.ty(y).to_string(), "f32[B, 10]");
    let guard = &b.graph.guards[0];
    assert_eq!((&guard.left, guard.rel, &guard.right), (&Dim::sym("K"), Rel::Eq, &512i64.into()));
}
