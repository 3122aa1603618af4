//! The formula of an op, printed from its meaning: what the documentation says is what runs.
//!
//! Element and update rules print as one line, `out[i, j] = sum(k: a[i, k] * b[k, j])`; composites as the calls that they stand for. The
//! ranks and attributes are those of the op's first sample; its sizes above 1 become letters, equal sizes the same one.

use super::attr::Attr;
use super::def::{Count, Meaning, OpDef};
use super::elem::{Elem, Read};
use super::sample::Sample;
use super::sig::Sig;
use crate::builder::{Builder, complete_attrs};
use crate::diag::Result;
use crate::dim::{Dim, Facts, Range, Sym};
use crate::graph::{Def, Graph, NodeId, Tree, Value};
use crate::kernel::{BufId, ExprId, Exprs, Node, ScalarOp};
use crate::types::Type;
use std::fmt;

/// The formula, or `None` for a structural op.
pub fn formula(op: &'static OpDef) -> Option<String> {
    let sample = (op.samples)().into_iter().next()?;
    let (types, facts) = lettered(&sample);
    let attrs = complete_attrs(op, &sample.attrs).ok()?;
    match op.meaning {
        Meaning::Composite(_) => calls(op, &types, &attrs, facts).ok(),
        Meaning::Structural => None,
        _ => rule(op, &types, &attrs, facts).ok(),
    }
}

/// The operand types of a sample, with letters for sizes.
fn lettered(sample: &Sample) -> (Vec<Type>, Facts) {
    let mut known: Vec<usize> = vec![];
    let mut letter = |n: usize| {
        let at = known.iter().position(|&k| k == n).unwrap_or_else(|| {
            known.push(n);
            known.len() - 1
        });
        Sym::new(["N", "M", "K", "L"].get(at).map_or(format!("N{at}"), |s| s.to_string()).as_str())
    };
    let mut facts = Facts::default();
    let mut size = |&n: &usize| {
        if n <= 1 {
            return n.into();
        }
        facts.ranges.insert(letter(n), Range { min: 1, max: None });
        Dim::from(letter(n))
    };
    let types = sample.operands.iter().map(|x| Type::new(x.dtype, x.shape.iter().map(&mut size).collect::<Vec<_>>())).collect();
    (types, facts)
}

/// The schema's names of operands, numbered where one name stands for many.
fn operand_names(op: &OpDef, n: usize) -> Vec<String> {
    let name = |k: usize| match op.operand(k) {
        Some(o) if o.count == Count::Many => format!("{}{k}", o.name),
        o => o.map_or("?", |o| o.name).to_owned(),
    };
    (0..n).map(name).collect()
}

fn rule(op: &'static OpDef, types: &[Type], attrs: &[Attr], facts: Facts) -> Result<String> {
    let sig = Sig::new(op, types, attrs, &facts, &[]);
    let result = &sig.infer()?[0];
    let pool = Exprs::new(facts.clone());
    let space = if matches!(op.meaning, Meaning::Updates(_)) { types.last().unwrap_or(result) } else { result };
    let ix = space.shape.iter().map(|d| pool.axis_ex(pool.axis(d.clone()))).collect();
    let read: &Read = &|k, ix| pool.load(BufId(k as u32), types[k].dtype, ix);
    let elem = Elem { pool: &pool, sig: &sig, result, ix, read };
    let names = operand_names(op, types.len());
    let show = |id: ExprId| Shown { pool: &pool, names: &names, id, tight: 0 };
    let list = |ids: Vec<ExprId>| if ids.is_empty() { String::new() } else { format!("[{}]", joined(ids.into_iter().map(show))) };
    Ok(match op.meaning {
        Meaning::Elements(rule) => {
            let at = list(elem.ix.iter().map(|i| i.id()).collect());
            format!("out{at} = {}", show(rule(&elem).id()))
        }
        Meaning::Updates(rule) => {
            let update = rule(&elem);
            let equals =
                update.combine.map_or("=".into(), |op| infix(op).map_or(format!("{}=", op.name()), |(_, s)| format!("{s}=")));
            format!("out{} {equals} {}", list(update.at.iter().map(|i| i.id()).collect()), show(update.value.id()))
        }
        Meaning::Composite(_) | Meaning::Structural => String::new(),
    })
}

/// An expression in a context that binds as tightly as `tight`.
#[derive(Clone, Copy)]
struct Shown<'a> {
    pool: &'a Exprs,
    names: &'a [String],
    id: ExprId,
    tight: u8,
}

/// How tightly the forms bind; functions and loads never need parentheses.
const CHOICE: u8 = 1;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const UNARY: u8 = 7;

fn infix(op: ScalarOp) -> Option<(u8, &'static str)> {
    Some(match op {
        ScalarOp::Or => (2, "or"),
        ScalarOp::Xor => (2, "xor"),
        ScalarOp::And => (3, "and"),
        ScalarOp::Lt => (4, "<"),
        ScalarOp::Le => (4, "<="),
        ScalarOp::Eq => (4, "=="),
        ScalarOp::Ne => (4, "!="),
        ScalarOp::Add => (SUM, "+"),
        ScalarOp::Sub => (SUM, "-"),
        ScalarOp::Mul => (PRODUCT, "*"),
        ScalarOp::Div => (PRODUCT, "/"),
        ScalarOp::FloorDiv => (PRODUCT, "//"),
        ScalarOp::Mod => (PRODUCT, "%"),
        _ => return None,
    })
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.pool.node(self.id);
        let open = self.binding(&node) < self.tight;
        f.write_str(if open { "(" } else { "" })?;
        self.node(f, &node)?;
        f.write_str(if open { ")" } else { "" })
    }
}

impl<'a> Shown<'a> {
    fn of(self, id: ExprId, tight: u8) -> Shown<'a> {
        Shown { id, tight, ..self }
    }

    fn list(self, ids: &[ExprId]) -> String {
        joined(ids.iter().map(|&id| self.of(id, 0)))
    }

    fn binding(&self, node: &Node) -> u8 {
        match node {
            Node::Int(p) if p.terms().count() > 1 => SUM,
            Node::Int(_) => PRODUCT,
            Node::Apply(ScalarOp::Select, _) => CHOICE,
            Node::Apply(ScalarOp::Neg | ScalarOp::Not, _) => UNARY,
            Node::Apply(op, _) => infix(*op).map_or(u8::MAX, |(b, _)| b),
            _ => u8::MAX,
        }
    }

    fn node(&self, f: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
        match node {
            Node::Const(c) => write!(f, "{c}"),
            Node::Axis(a) => f.write_str(&axis(a.0)),
            Node::Sym(s) => write!(f, "{s}"),
            Node::Int(_) => self.polynomial(f),
            Node::Load(BufId(b), at) if at.is_empty() => f.write_str(&self.names[*b as usize]),
            Node::Load(BufId(b), at) => write!(f, "{}[{}]", self.names[*b as usize], self.list(at)),
            Node::Apply(op, x) => self.apply(f, *op, x),
            Node::Cast(x) => write!(f, "{}({})", self.pool.dtype(self.id), self.of(*x, 0)),
            Node::Reduce(r, axes, body) => {
                let axes: Vec<_> = axes.iter().map(|a| axis(a.0)).collect();
                write!(f, "{}({}: {})", r.name, axes.join(", "), self.list(body))
            }
            Node::State(reduce, i) => {
                let component = if *i > 0 { format!(".{i}") } else { String::new() };
                write!(f, "{}{component}", self.of(*reduce, 0))
            }
            Node::Var(v) => write!(f, "v{}", v.0),
        }
    }

    fn apply(&self, f: &mut fmt::Formatter<'_>, op: ScalarOp, x: &[ExprId]) -> fmt::Result {
        match (op, x) {
            (ScalarOp::Select, [c, a, b]) => {
                write!(f, "{} if {} else {}", self.of(*a, CHOICE + 1), self.of(*c, CHOICE + 1), self.of(*b, CHOICE))
            }
            (ScalarOp::Neg, [x]) => write!(f, "-{}", self.of(*x, UNARY)),
            (ScalarOp::Not, [x]) => write!(f, "not {}", self.of(*x, UNARY)),
            (op, x) => match (infix(op), x) {
                (Some((b, sign)), [l, r]) => write!(f, "{} {sign} {}", self.of(*l, b), self.of(*r, b + 1)),
                _ => write!(f, "{}({})", op.name(), self.list(x)),
            },
        }
    }

    /// Positive terms first, the constant last.
    fn polynomial(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = self.pool.poly(self.id);
        let mut terms: Vec<_> = p.terms().collect();
        terms.sort_by_key(|(m, c)| (m.is_empty(), *c < 0));
        for (k, (m, c)) in terms.into_iter().enumerate() {
            f.write_str(match (k, c < 0) {
                (0, true) => "-",
                (0, false) => "",
                (_, true) => " - ",
                (_, false) => " + ",
            })?;
            let number = (m.is_empty() || c.unsigned_abs() != 1).then(|| c.unsigned_abs().to_string());
            let tight = if m.len() == 1 && number.is_none() { PRODUCT } else { UNARY };
            let factors = number.into_iter().chain(m.iter().map(|&a| self.of(a, tight).to_string()));
            f.write_str(&factors.collect::<Vec<_>>().join("*"))?;
        }
        Ok(())
    }
}

fn joined(parts: impl Iterator<Item = impl fmt::Display>) -> String {
    parts.map(|p| p.to_string()).collect::<Vec<_>>().join(", ")
}

fn axis(n: u32) -> String {
    const NAMES: &[u8] = b"ijklmnpqrstuvw";
    NAMES.get(n as usize).map_or(format!("i{n}"), |&c| (c as char).to_string())
}

/// The calls that a composite stands for, one per line.
fn calls(op: &'static OpDef, types: &[Type], attrs: &[Attr], facts: Facts) -> Result<String> {
    let mut b = Builder::new(op.name, facts);
    let names = operand_names(op, types.len());
    let inputs: Vec<_> = names.iter().zip(types).map(|(name, ty)| b.input(name, ty.clone())).collect();
    let results = b.expand(op, &inputs, attrs)?;
    let (graph, _) = b.finish(results, Tree::Leaf);
    Ok(graph.body.nodes.iter().map(|&n| call(&graph, n)).collect::<Vec<_>>().join("\n"))
}

fn call(g: &Graph, id: NodeId) -> String {
    let node = g.node(id);
    let operands = node.operands.iter().map(|&v| value(g, v));
    let attrs =
        node.op.attrs.iter().zip(&node.attrs).enumerate().filter(|(k, (_, a))| node.op.default_attr(*k).as_ref() != Some(a));
    let attrs = attrs.map(|(_, (def, a))| format!("{}={a}", def.name));
    format!("{} = {}({})", value(g, node.results[0]), node.op.name, joined(operands.chain(attrs)))
}

/// `out` for the result, the schema's name for an operand, the number for a constant, a letter for what is between.
fn value(g: &Graph, v: Value) -> String {
    match g.def(v) {
        _ if g.body.results.contains(&v) => "out".into(),
        Def::Const(c) => c.to_string(),
        Def::Stored(name) => format!("@{name}"),
        Def::Param => g.body.params.iter().position(|&p| p == v).map_or("?".into(), |k| g.inputs[k].clone()),
        Def::Result(n, _) => g.body.nodes.iter().position(|m| m == n).map_or("?".into(), |k| format!("t{k}")),
    }
}
