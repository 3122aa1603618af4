//! Loop programs: one line per statement, bodies indented.

use super::formula::{Formulas, literal};
use super::kernel::{assemble, buffers};
use super::{Style, Text, names};
use crate::kernel::{AxisId, ExprId, Fold, LoopKind, Loops, Stmt};

pub fn print_loops(l: &Loops, style: Style) -> String {
    loops(l, style, 0) + "\n"
}

/// Without a line end, so that it can stand in a plan.
pub fn loops(l: &Loops, style: Style, indent: usize) -> String {
    let facts = l.exprs.facts();
    let mut f = Formulas::new(&l.exprs, &l.buffers, &facts);
    let mut head = Text::new(style, indent);
    head.line();
    head.push(format_args!("loops {}(", names::entry(&l.name)));
    buffers(&mut head, &f, &l.buffers);
    head.push(") ");
    if !l.params.is_empty() {
        head.push("params(");
        head.list(&l.params, |t, (name, v)| t.push(f.bind_param(*v, name)));
        head.push(") ");
    }
    if !l.grid.is_empty() {
        head.push("grid(");
        head.list(&l.grid, |t, (a, extent)| axis(t, &mut f, *a, *extent));
        head.push(") ");
    }
    let mut body = Text::new(style, indent + 1);
    statements(&mut body, &mut f, &l.body);
    assemble(head, body, &facts, l.loc)
}

/// `i < n`, and the extent that the pool knows where it is another: `i < n of 256`.
fn axis(t: &mut Text, f: &mut Formulas, a: AxisId, extent: ExprId) {
    let known = f.pool.extent(a);
    // The extent is not in the scope of its axis, but the axis is named by its depth all the same.
    let mut text = Text::new(t.style, 0);
    f.formula(&mut text, extent, 1);
    t.symbols.append(&mut text.symbols);
    f.bind_axes(&[a]);
    t.push(format_args!("{} < {}", f.axis(a), text.out));
    if f.pool.dim(&known).id() != extent {
        t.push(" of ");
        t.dim(&known);
    }
}

fn kind(t: &mut Text, kind: LoopKind) {
    t.push(match kind {
        LoopKind::Serial => "",
        LoopKind::Lane => " lane",
        LoopKind::Unroll => " unroll",
    });
}

fn block(t: &mut Text, f: &mut Formulas, body: &[Stmt]) {
    t.push(" ");
    t.open();
    statements(t, f, body);
    t.close();
}

fn statements(t: &mut Text, f: &mut Formulas, body: &[Stmt]) {
    for s in body {
        t.line();
        statement(t, f, s);
    }
}

fn statement(t: &mut Text, f: &mut Formulas, s: &Stmt) {
    match s {
        Stmt::For { axis: a, extent, kind: k, body } => {
            t.push("for ");
            axis(t, f, *a, *extent);
            kind(t, *k);
            block(t, f, body);
            f.unbind_axes(1);
        }
        Stmt::Let { var, value } => {
            let mut text = Text::new(t.style, 0);
            f.formula(&mut text, *value, 0);
            t.symbols.append(&mut text.symbols);
            t.push(format_args!("let {}: {} = {}", f.bind_var(*var), f.pool.dtype(*value), text.out));
        }
        Stmt::Store { buf, at, value, combine } => f.store(t, *buf, at, *combine, *value),
        Stmt::Fold(fold) => print_fold(t, f, fold),
        Stmt::Block { op, dst, src, len } => {
            t.push(format_args!("block {} {} <- {}, ", op.name(), f.buffer(*dst), f.buffer(*src)));
            f.formula(t, *len, 0);
        }
        Stmt::If { cond, body } => {
            t.push("if ");
            f.formula(t, *cond, 1);
            block(t, f, body);
        }
    }
}

/// The step sees axes and state, the merge sees state and the other state.
fn print_fold(t: &mut Text, f: &mut Formulas, fold: &Fold) {
    t.push("fold ");
    let state: Vec<_> = fold.state.iter().zip(&fold.init).collect();
    t.list(state, |t, (v, init)| t.push(format_args!("{}: {} = {}", f.bind_var(*v), init.dtype(), literal(*init))));
    t.push(" over ");
    t.list(&fold.axes, |t, (a, extent)| axis(t, f, *a, *extent));
    kind(t, fold.kind);
    t.push(" ");
    t.open();
    t.line();
    t.push("step ");
    t.list(&fold.step, |t, &e| f.formula(t, e, 1));
    f.unbind_axes(fold.axes.len());
    t.line();
    t.push("merge ");
    t.list(&fold.other, |t, &v| t.push(f.bind_var(v)));
    t.push(": ");
    t.list(&fold.merge, |t, &e| f.formula(t, e, 1));
    t.close();
}
