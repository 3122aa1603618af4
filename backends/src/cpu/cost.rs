//! Costs: a rough time per grid point, from which launches are cut into tasks. It must be right within a factor of a few.

use cresset_ir::dim::Dim;
use cresset_ir::kernel::{ExprId, Loops, Node, Stmt};
use std::collections::HashSet;

/// Picoseconds per element: an operation in vector code, one element of a block routine, and a function called by itself.
const OPERATION: i64 = 60;
const ROUTINE: i64 = 350;
const CALL: i64 = 3000;
/// Iterations of a loop whose count depends on data.
const UNKNOWN: i64 = 256;

/// Picoseconds per grid point.
pub fn per_point(loops: &Loops) -> Dim {
    body(loops, &loops.body) + OPERATION.into()
}

fn body(loops: &Loops, stmts: &[Stmt]) -> Dim {
    stmts.iter().map(|s| stmt(loops, s)).fold(Dim::from(0i64), |a, b| a + b)
}

fn stmt(loops: &Loops, stmt: &Stmt) -> Dim {
    match stmt {
        Stmt::For { extent, body: inner, .. } => count(loops, *extent) * body(loops, inner),
        Stmt::Let { value, .. } => weight(loops, &[*value]).into(),
        Stmt::Store { at, value, .. } => weight(loops, &[*value, at[0]]).into(),
        Stmt::Fold(fold) => fold.axes.iter().fold(weight(loops, &fold.step).into(), |cost, a| cost * count(loops, a.1)),
        Stmt::Block { len, .. } => count(loops, *len) * ROUTINE.into(),
        Stmt::If { body: inner, .. } => body(loops, inner),
    }
}

/// The most iterations of a loop.
fn count(loops: &Loops, extent: ExprId) -> Dim {
    loops.exprs.extreme(&loops.exprs.poly(extent), true).unwrap_or(UNKNOWN.into())
}

fn weight(loops: &Loops, roots: &[ExprId]) -> i64 {
    let (mut seen, mut todo, mut sum) = (HashSet::new(), roots.to_vec(), OPERATION);
    while let Some(e) = todo.pop() {
        if !seen.insert(e) {
            continue;
        }
        sum += match loops.exprs.node(e) {
            Node::Load(_, at) => {
                todo.extend(at);
                OPERATION
            }
            Node::Apply(op, args) => {
                todo.extend(args);
                if op.is_transcendental() { CALL } else { OPERATION }
            }
            Node::Cast(x) => {
                todo.push(x);
                OPERATION
            }
            Node::Int(p) => {
                todo.extend(p.atoms());
                0
            }
            _ => 0,
        };
    }
    sum
}
