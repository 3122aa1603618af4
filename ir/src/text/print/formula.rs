//! Expressions of kernels in infix form, with as few parentheses as the grammar allows.
//!
//! Names are given by scope: axes by how deep they are bound, variables in the order of their binding. Constants without suffix
//! are i64, f32 or bool.

use super::{Text, names, order, share};
use crate::dim::Facts;
use crate::dtype::DType;
use crate::kernel::{AxisId, BufId, Buffer, ExprId, Exprs, Node, ScalarOp, VarId};
use crate::scalar::Scalar;
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Binding strength of the grammar's levels.
const SUM: u8 = 2;
const PRODUCT: u8 = 3;
const UNARY: u8 = 4;

/// The names in scope over one pool.
pub struct Formulas<'a> {
    pub pool: &'a Exprs,
    buffers: Vec<String>,
    /// Innermost last.
    axes: Vec<(AxisId, String)>,
    vars: IndexMap<VarId, String>,
    /// What `let`s name, by the expression itself.
    lets: HashMap<ExprId, String>,
    /// Names that axes, variables and lets must not take.
    taken: HashSet<String>,
}

impl<'a> Formulas<'a> {
    pub fn new(pool: &'a Exprs, buffers: &[Buffer], facts: &Facts) -> Formulas<'a> {
        let mut symbols: BTreeSet<_> = facts.ranges.keys().cloned().collect();
        buffers.iter().flat_map(|b| &b.ty.shape).for_each(|d| d.symbols(&mut symbols));
        Formulas {
            pool,
            buffers: distinct(&buffers.iter().map(|b| b.name.clone()).collect::<Vec<_>>()),
            axes: vec![],
            vars: IndexMap::new(),
            lets: HashMap::new(),
            taken: symbols.iter().map(|s| s.name().to_owned()).collect(),
        }
    }

    pub fn buffer(&self, b: BufId) -> String {
        self.buffers.get(b.0 as usize).map_or_else(|| "`no buffer`".into(), |n| names::ident(n).into_owned())
    }

    // ---- axes and variables

    pub fn bind_axes(&mut self, axes: &[AxisId]) {
        for &a in axes {
            let name = self.axis_name(self.axes.len());
            self.axes.push((a, name));
        }
    }

    pub fn unbind_axes(&mut self, count: usize) {
        self.axes.truncate(self.axes.len().saturating_sub(count));
    }

    pub fn axis(&self, a: AxisId) -> String {
        self.axis_index(a).map_or_else(|| "`no axis`".into(), |i| self.axes[i].1.clone())
    }

    pub fn axis_index(&self, a: AxisId) -> Option<usize> {
        self.axes.iter().rposition(|x| x.0 == a)
    }

    pub fn axes_in_scope(&self) -> BTreeSet<AxisId> {
        self.axes.iter().map(|x| x.0).collect()
    }

    /// i, j, k, ..., i1, j1, ...
    fn axis_name(&self, n: usize) -> String {
        const LETTERS: &str = "ijklmnpqr";
        let round = |i: usize| if i == 0 { String::new() } else { i.to_string() };
        let all = (0..).flat_map(|i| LETTERS.chars().map(move |c| format!("{c}{}", round(i))));
        all.filter(|name| !self.taken.contains(name)).nth(n).unwrap_or_default()
    }

    /// A variable with a name of its own choice, a parameter.
    pub fn bind_param(&mut self, v: VarId, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        self.vars.insert(v, name.clone());
        names::ident(&name).into_owned()
    }

    pub fn bind_var(&mut self, v: VarId) -> String {
        let name = self.free_names('v').next().unwrap_or_default();
        self.taken.insert(name.clone());
        self.vars.insert(v, name.clone());
        name
    }

    fn free_names(&self, letter: char) -> impl Iterator<Item = String> + '_ {
        (0..).map(move |n: u32| format!("{letter}{n}")).filter(|n| !self.taken.contains(n))
    }

    pub fn var_index(&self, v: VarId) -> Option<usize> {
        self.vars.get_index_of(&v)
    }

    // ---- sharing

    /// The expression that stands in the text for this one: a component of a state is written on its reduction.
    pub fn written(&self, id: ExprId) -> ExprId {
        match self.pool.node(id) {
            Node::State(r, _) => r,
            _ => id,
        }
    }

    pub fn is_bound(&self, id: ExprId) -> bool {
        self.lets.contains_key(&id)
    }

    /// The formula of an expression: `let`s for what it uses more than once, then itself.
    pub fn formula(&mut self, t: &mut Text, root: ExprId, strength: u8) {
        let shared = share::shared(self, root);
        if shared.is_empty() {
            return self.term(t, root, strength);
        }
        t.push(if strength > 0 { "(let " } else { "let " });
        for (i, &id) in shared.iter().enumerate() {
            let name = self.free_names('t').nth(self.lets.len()).unwrap_or_default();
            t.push(format_args!("{}{name} = ", if i > 0 { ", " } else { "" }));
            self.node(t, id, 0);
            self.lets.insert(id, name);
        }
        t.push(" in ");
        self.term(t, root, 0);
        t.push(if strength > 0 { ")" } else { "" });
        shared.iter().for_each(|id| drop(self.lets.remove(id)));
    }

    fn term(&mut self, t: &mut Text, id: ExprId, strength: u8) {
        let written = self.written(id);
        match self.lets.get(&written) {
            Some(name) => t.push(name),
            None => self.node(t, written, strength),
        }
        if let Node::State(_, k @ 1..) = self.pool.node(id) {
            t.push(format_args!(".{k}"));
        }
    }

    fn terms(&mut self, t: &mut Text, ids: &[ExprId]) {
        t.list(ids, |t, &id| self.term(t, id, 0));
    }

    fn node(&mut self, t: &mut Text, id: ExprId, strength: u8) {
        match self.pool.node(id) {
            Node::Const(s) => parenthesised(t, strength > UNARY && negative(s), |t| t.push(literal(s))),
            Node::Axis(a) => t.push(self.axis(a)),
            Node::Sym(s) => {
                t.push(&s);
                t.symbols.insert(s);
            }
            Node::Var(v) => match self.vars.get(&v) {
                Some(name) => t.push(names::ident(name)),
                None => t.push("`no variable`"),
            },
            Node::Int(p) => {
                let terms = order::terms(self, &p);
                let simple = terms.len() == 1 && terms[0].1 > 0;
                parenthesised(t, strength > if simple { PRODUCT } else { SUM }, |t| self.polynomial(t, &terms));
            }
            Node::Load(b, at) => {
                t.push(format_args!("{}[", self.buffer(b)));
                self.terms(t, &at);
                t.push("]");
            }
            Node::Apply(op, args) => self.apply(t, op, &args, strength),
            Node::Cast(x) => {
                t.push(format_args!("cast({}, ", self.pool.dtype(id)));
                self.term(t, x, 0);
                t.push(")");
            }
            Node::Reduce(reducer, axes, body) => {
                t.push(format_args!("{}(", reducer.name));
                self.bind_axes(&axes);
                self.extents(t, &axes);
                t.push(": ");
                t.list(&body, |t, &e| self.formula(t, e, 0));
                self.unbind_axes(axes.len());
                t.push(")");
            }
            Node::State(..) => unreachable!("a state is written on its reduction"),
        }
    }

    /// `i < 8, j < 4`.
    pub fn extents(&self, t: &mut Text, axes: &[AxisId]) {
        t.list(axes, |t, &a| {
            t.push(format_args!("{} < ", self.axis(a)));
            t.dim(&self.pool.extent(a));
        });
    }

    /// `out[i] = e`, `out[i] add= e`.
    pub fn store(&mut self, t: &mut Text, out: BufId, at: &[ExprId], combine: Option<ScalarOp>, value: ExprId) {
        t.push(format_args!("{}[", self.buffer(out)));
        t.list(at, |t, &e| self.formula(t, e, 1));
        t.push("] ");
        t.push(combine.map_or("", ScalarOp::name));
        t.push("= ");
        self.formula(t, value, 0);
    }

    fn polynomial(&mut self, t: &mut Text, terms: &[(Vec<ExprId>, i64)]) {
        for (i, (atoms, c)) in terms.iter().enumerate() {
            t.push(match (i, *c < 0) {
                (0, true) => "-",
                (0, false) => "",
                (_, true) => " - ",
                (_, false) => " + ",
            });
            let magnitude = c.unsigned_abs();
            if atoms.is_empty() || magnitude != 1 {
                t.push(magnitude);
            }
            for (j, &atom) in atoms.iter().enumerate() {
                t.push(if j > 0 || magnitude != 1 { "*" } else { "" });
                self.term(t, atom, UNARY);
            }
        }
    }

    fn apply(&mut self, t: &mut Text, op: ScalarOp, args: &[ExprId], strength: u8) {
        use ScalarOp::*;
        let (sign, own) = match op {
            Add => ("+", SUM),
            Sub => ("-", SUM),
            Mul => ("*", PRODUCT),
            Div => ("/", PRODUCT),
            Lt => ("<", 1),
            Le => ("<=", 1),
            Eq => ("==", 1),
            Ne => ("!=", 1),
            Neg => {
                return parenthesised(t, strength > UNARY, |t| {
                    t.push("-");
                    self.term(t, args[0], UNARY);
                });
            }
            _ => {
                t.push(format_args!("{}(", op.name()));
                self.terms(t, args);
                return t.push(")");
            }
        };
        // Comparisons do not chain; the others group to the left.
        let left = if own == 1 { SUM } else { own };
        parenthesised(t, strength > own, |t| {
            self.term(t, args[0], left);
            t.push(format_args!(" {sign} "));
            self.term(t, args[1], own + 1);
        });
    }
}

/// Names made distinct by underscores.
pub fn distinct(all: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    all.iter()
        .map(|name| {
            let mut name = name.clone();
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        })
        .collect()
}

fn parenthesised(t: &mut Text, needed: bool, f: impl FnOnce(&mut Text)) {
    t.push(if needed { "(" } else { "" });
    f(t);
    t.push(if needed { ")" } else { "" });
}

fn negative(s: Scalar) -> bool {
    s.as_f64().is_sign_negative() && !s.as_f64().is_nan()
}

/// `3`, `0.5` (f32), `true`; every other dtype is a suffix: `0.5_f64`, `inf_bf16`, `3_u8`.
pub fn literal(s: Scalar) -> String {
    match s.dtype() {
        DType::I64 | DType::F32 | DType::Bool => s.to_string(),
        d => format!("{s}_{d}"),
    }
}

/// The strength of an operand of a product on its left and right side.
pub const FACTORS: (u8, u8) = (PRODUCT, UNARY);
