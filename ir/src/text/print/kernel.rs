//! Kernels as stages: buffers, the contraction clauses, and one assignment per stage.

use super::formula::{FACTORS, Formulas};
use super::{Style, Text, names};
use crate::dim::Facts;
use crate::kernel::{AxisId, Buffer, Contraction, Exprs, Kernel, Role, Stage};
use crate::loc::Loc;
use std::collections::BTreeSet;

pub fn print_kernel(k: &Kernel, style: Style) -> String {
    let facts = k.exprs.facts();
    let mut f = Formulas::new(&k.exprs, &k.buffers, &facts);
    let mut body = Text::new(style, 1);
    let mut bound = BTreeSet::new();
    for c in &k.contractions {
        contraction(&mut body, &mut f, c, &mut bound);
    }
    for s in &k.stages {
        stage(&mut body, &mut f, s, &mut bound);
    }
    let mut head = Text::new(style, 0);
    head.push(format_args!("kernel {}(", names::entry(&k.name)));
    buffers(&mut head, &f, &k.buffers);
    head.push(") ");
    assemble(head, body, &facts, k.loc) + "\n"
}

/// What a stage stores, without the loops around it: `out[i, j] = x[i] + y[j]`.
pub fn print_store(exprs: &Exprs, buffers: &[Buffer], s: &Stage) -> String {
    let mut f = Formulas::new(exprs, buffers, &exprs.facts());
    let mut t = Text::new(Style::default(), 0);
    f.bind_axes(&s.axes);
    f.store(&mut t, s.out, &s.at, s.combine, s.value);
    t.out
}

/// The header, the declarations of symbols, the body.
pub fn assemble(mut head: Text, mut body: Text, facts: &Facts, loc: Loc) -> String {
    head.push("{");
    head.place(loc);
    body.symbols.append(&mut head.symbols);
    let (indent, inner) = (head.indent, body.indent);
    let (dims, body) = body.declare(facts, inner);
    let mut parts = vec![head.out, dims, body, format!("{}}}", "  ".repeat(indent))];
    parts.retain(|p| !p.is_empty());
    parts.join("\n")
}

pub fn buffers(t: &mut Text, f: &Formulas, all: &[Buffer]) {
    t.list(all.iter().enumerate(), |t, (i, b)| {
        match b.role {
            Role::Operand => {}
            Role::Stored => t.push("stored "),
            Role::Result => t.push("result "),
            Role::Update(from) => t.push(format_args!("update({}) ", f.buffer(from))),
            Role::Scratch => t.push("scratch "),
        }
        t.push(format_args!("{}: ", f.buffer(crate::kernel::BufId(i as u32))));
        t.ty(&b.ty);
    });
}

/// `contract acc[b < 4 | i < 8 | j < 5] = sum(k < 7: x[b, i, k] * w[b, j, k]) in f32`.
fn contraction(t: &mut Text, f: &mut Formulas, c: &Contraction, bound: &mut BTreeSet<AxisId>) {
    t.line();
    t.push(format_args!("contract {}[", f.buffer(c.acc)));
    for (i, group) in [&c.batch, &c.m, &c.n].into_iter().enumerate() {
        t.push(if i > 0 { "|" } else { "" });
        t.push(if i > 0 && !group.is_empty() { " " } else { "" });
        axes(t, f, group, bound);
        t.push(if i < 2 && !(i == 0 && group.is_empty()) { " " } else { "" });
    }
    t.push("] = sum(");
    axes(t, f, &c.k, bound);
    t.push(": ");
    f.formula(t, c.a, FACTORS.0);
    t.push(" * ");
    f.formula(t, c.b, FACTORS.1);
    t.push(format_args!(") in {}", c.dtype));
}

/// `for i < 8, j < 4: out[i, j] add= x[i] * y[j]`. An axis that an earlier stage has is named without its extent.
fn stage(t: &mut Text, f: &mut Formulas, s: &Stage, bound: &mut BTreeSet<AxisId>) {
    t.line();
    if !s.axes.is_empty() {
        t.push("for ");
        axes(t, f, &s.axes, bound);
        t.push(": ");
    }
    f.store(t, s.out, &s.at, s.combine, s.value);
}

fn axes(t: &mut Text, f: &mut Formulas, all: &[AxisId], bound: &mut BTreeSet<AxisId>) {
    t.list(all, |t, &a| {
        if bound.insert(a) {
            f.bind_axes(&[a]);
            f.extents(t, &[a]);
        } else {
            t.push(f.axis(a));
        }
    });
}
