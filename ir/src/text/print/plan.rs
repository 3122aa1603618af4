//! Plans: what lives where, the steps, and the code that they launch.
//!
//! What follows from the rest (the memory that it takes) is a comment.

use super::formula::{Formulas, distinct};
use super::loops::loops;
use super::{Style, Text, names};
use crate::kernel::{Buffer, Loops};
use crate::plan::{ALIGN, Code, Contract, MemoryFormulas, Place, Plan, Product, Rows, Slot, Step};

pub fn print_plan(p: &Plan, style: Style) -> String {
    let kernels = distinct(&p.kernels.iter().map(|k| k.name().to_owned()).collect::<Vec<_>>());
    let mut body = Text::new(style, 1);
    p.guards.iter().for_each(|g| body.guard(g));
    let inputs: Vec<String> =
        distinct(&p.inputs.iter().map(|i| i.0.clone()).collect::<Vec<_>>()).iter().map(|name| names::value(name)).collect();
    p.bounds.iter().for_each(|b| body.bound(b, inputs.get(b.input).map_or("%undefined", |name| name)));
    slots(&mut body, p);
    arena(&mut body, p);
    body.line();
    body.push("steps ");
    body.open();
    steps(&mut body, &p.steps, &kernels);
    body.close();
    for (code, name) in p.kernels.iter().zip(&kernels) {
        body.push("\n\n");
        body.push(match code {
            Code::Loops(l) => loops(&Loops { name: name.clone(), ..(**l).clone() }, style, 1),
            Code::Contract(c) => contract(c, name, style),
        });
    }
    let mut head = Text::new(style, 0);
    head.push(format_args!("plan {}(", names::entry(&p.name)));
    head.list(p.inputs.iter().zip(inputs), |t, ((_, ty), name)| {
        t.push(format_args!("{name}: "));
        t.ty(ty);
    });
    head.push(") -> ");
    head.tree(&p.output, &mut output_types(p).into_iter());
    head.push(" ");
    super::kernel::assemble(head, body, &p.facts, crate::loc::Loc::NONE) + "\n"
}

/// The types of the results, by their positions.
fn output_types(p: &Plan) -> Vec<crate::types::Type> {
    let mut all: Vec<(usize, &crate::types::Type)> = vec![];
    for s in &p.slots {
        if let Place::Output(i) = s.place {
            all.push((i, &s.ty));
        }
    }
    all.sort_by_key(|x| x.0);
    all.dedup_by_key(|x| x.0);
    all.into_iter().map(|x| x.1.clone()).collect()
}

fn slots(t: &mut Text, p: &Plan) {
    for (i, s) in p.slots.iter().enumerate() {
        t.line();
        t.push(format_args!("slot %{i}: "));
        t.ty(&s.ty);
        t.push(" in ");
        match &s.place {
            Place::Input(i) => t.push(format_args!("input({i})")),
            Place::Output(i) => t.push(format_args!("output({i})")),
            Place::Stored(name) => t.push(names::entry(name)),
            Place::Const(s) => t.push(format_args!("{s:?}")),
            Place::Arena(i) => t.push(format_args!("block({i})")),
        }
    }
}

fn arena(t: &mut Text, p: &Plan) {
    for (i, b) in p.blocks.iter().enumerate() {
        t.line();
        t.push("block ");
        t.dim(&b.size);
        t.push(format_args!(" over {}..{}", b.first, b.last));
        if let Some(offset) = p.layout.as_ref().and_then(|l| l.offsets.get(i)) {
            t.push(format_args!(" in arena {offset}"));
        }
    }
    if let Some(layout) = &p.layout {
        t.line();
        t.push(format_args!("arena {}", layout.total));
    }
    memory(t, p);
}

/// What the blocks come to: in bytes at the declared maxima; where a size has none, as formulas, and in bytes at a few sizes.
fn memory(t: &mut Text, p: &Plan) {
    let mut line = |text: String| {
        t.line();
        t.push(format_args!("; {text}"));
    };
    if let Some(m) = p.most_memory() {
        return line(m.to_string());
    }
    let MemoryFormulas { lower_bound, sum, exact } = p.memory_formulas();
    let rounding = if exact { String::new() } else { format!(", before blocks are rounded up to {ALIGN}") };
    line(format!("lower bound {lower_bound} bytes, {sum} without sharing{rounding}"));
    for (sizes, m) in p.examples() {
        let sizes: Vec<String> = sizes.iter().map(|(s, n)| format!("{s} = {n}")).collect();
        line(format!("{}: {m}", sizes.join(", ")));
    }
}

fn steps(t: &mut Text, all: &[Step], kernels: &[String]) {
    for s in all {
        t.line();
        step(t, s, kernels);
    }
}

fn step(t: &mut Text, s: &Step, kernels: &[String]) {
    match s {
        Step::Launch { kernel, args, loc } => {
            let name = kernels.get(*kernel).map_or("no.kernel", |n| n);
            t.push(format_args!("launch {}(", names::entry(name)));
            t.list(args, |t, Slot(i)| t.push(format_args!("%{i}")));
            t.push(")");
            t.place(*loc);
        }
        Step::Copy { from, to } => t.push(format_args!("copy %{} -> %{}", from.0, to.0)),
        Step::If { cond, then, otherwise } => {
            t.push(format_args!("if %{} ", cond.0));
            nested(t, then, kernels);
            if !otherwise.is_empty() {
                t.push(" else ");
                nested(t, otherwise, kernels);
            }
        }
        Step::While { head, cond, body } => {
            t.push("while ");
            nested(t, head, kernels);
            t.push(format_args!(" %{} do ", cond.0));
            nested(t, body, kernels);
        }
    }
}

fn nested(t: &mut Text, all: &[Step], kernels: &[String]) {
    t.open();
    steps(t, all, kernels);
    t.close();
}

/// `contract @k(batch, m) { product(n, k) stored { rows, panels } epilogue }`.
fn contract(c: &Contract, name: &str, style: Style) -> String {
    let mut t = Text::new(style, 1);
    t.line();
    t.push(format_args!("contract {}(", names::entry(name)));
    t.list([&c.batch, &c.m], |t, d| t.dim(d));
    t.push(") ");
    t.open();
    t.place(c.loc);
    t.line();
    product(&mut t, &c.product, &c.epilogue.buffers);
    t.line();
    program(&mut t, "epilogue", &c.epilogue);
    t.close();
    t.out
}

fn product(t: &mut Text, p: &Product, buffers: &[Buffer]) {
    t.push("product(");
    t.list([&p.n, &p.k], |t, d| t.dim(d));
    t.push(if p.stored { ") stored " } else { ") " });
    t.open();
    t.line();
    match &p.rows {
        Rows::Packed(rows) => program(t, "packed", rows),
        Rows::Direct { exprs, buf, batch, start, stride } => {
            let mut f = Formulas::new(exprs, buffers, &exprs.facts());
            let batch = f.bind_param(*batch, "b");
            t.push(format_args!("direct {}({batch}): ", f.buffer(*buf)));
            f.formula(t, *start, 1);
            t.push(", ");
            f.formula(t, *stride, 1);
        }
        Rows::Product { product: inner, finish } => {
            product(t, inner, buffers);
            t.line();
            program(t, "finish", finish);
        }
    }
    t.line();
    program(t, "panels", &p.panels);
    t.close();
}

fn program(t: &mut Text, part: &str, l: &Loops) {
    t.push(format_args!("{part} {}", loops(l, t.style, t.indent).trim_start()));
}
