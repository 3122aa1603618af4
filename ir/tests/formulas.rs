//! The formulas of all ops, as the documentation prints them.

use cresset_ir::op::{ALL, Meaning, OpDef, formula};

#[test]
fn formulas_read_like_maths() {
    let ops = ALL.iter().filter(|op| !matches!(op.meaning, Meaning::Structural));
    let text =
        |op: &&'static OpDef| format!("{}\n    {}\n", op.name, formula(op).expect("samples are valid").replace('\n', "\n    "));
    insta::assert_snapshot!(ops.map(text).collect::<String>());
}
