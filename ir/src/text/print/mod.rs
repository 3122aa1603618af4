//! Printing: the IR to its canonical text.

mod formula;
mod kernel;
mod loops;
mod names;
mod order;
mod plan;
mod program;
mod share;

pub use kernel::{print_kernel, print_store};
pub use loops::print_loops;
pub use plan::print_plan;
pub use program::print_program;

use crate::bound::Bound;
use crate::dim::{Dim, Facts, Sym};
use crate::graph::{Guard, Tree};
use crate::loc::Loc;
use crate::program::Program;
use crate::types::Type;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// What to leave out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether nodes are followed by their places in the user's source.
    pub locs: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { locs: true }
    }
}

impl Program {
    /// The canonical text, places included.
    pub fn print(&self) -> String {
        print_program(self, Style::default())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}

/// A text under construction. It remembers the symbols that were printed, because every one of them is declared.
struct Text {
    out: String,
    style: Style,
    indent: usize,
    symbols: BTreeSet<Sym>,
}

impl Text {
    fn new(style: Style, indent: usize) -> Text {
        Text { out: String::new(), style, indent, symbols: BTreeSet::new() }
    }

    fn push(&mut self, text: impl fmt::Display) {
        write!(self.out, "{text}").expect("writing to a string cannot fail");
    }

    /// Begins a line.
    fn line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("  ", self.indent));
    }

    fn open(&mut self) {
        self.push("{");
        self.indent += 1;
    }

    fn close(&mut self) {
        self.indent -= 1;
        self.line();
        self.push("}");
    }

    /// Items separated by commas.
    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut f: impl FnMut(&mut Text, T)) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            f(self, item);
        }
    }

    fn dim(&mut self, d: &Dim) {
        d.symbols(&mut self.symbols);
        self.push(d);
    }

    fn ty(&mut self, ty: &Type) {
        ty.shape.iter().for_each(|d| d.symbols(&mut self.symbols));
        self.push(ty);
    }

    /// The place, to the end of the line.
    fn place(&mut self, loc: Loc) {
        let place = loc.to_string();
        if self.style.locs && !place.trim().is_empty() {
            // What would not be read back as a place is made so.
            let mut line: String = place.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            if line.starts_with('=') {
                line.insert(0, ' ');
            }
            self.push(format_args!("   !{line}"));
        }
    }

    fn guard(&mut self, g: &Guard) {
        self.line();
        self.push("guard ");
        self.dim(&g.left);
        self.push(format_args!(" {} ", g.rel.name()));
        self.dim(&g.right);
        if !g.message.is_empty() {
            self.push(format_args!(" {:?}", g.message));
        }
        self.place(g.loc);
    }

    /// A bound of the input of this name.
    fn bound(&mut self, b: &Bound, input: &str) {
        self.line();
        self.push(format_args!("guard {input} in "));
        self.dim(&b.values.min);
        self.push("..");
        self.dim(&b.values.below);
        self.place(b.loc);
    }

    /// The structure of results with the types of its tensors.
    fn tree(&mut self, tree: &Tree, types: &mut dyn Iterator<Item = Type>) {
        match tree {
            Tree::Leaf => match types.next() {
                Some(ty) => self.ty(&ty),
                // The verifier's G6 refuses this; the dump still shows where.
                None => self.push("missing"),
            },
            Tree::None => self.push("none"),
            Tree::Number(s) => self.push(format_args!("{s:?}")),
            Tree::Tuple(v) => {
                self.push("(");
                self.list(v, |t, e| t.tree(e, types));
                self.push(if v.len() == 1 { ",)" } else { ")" });
            }
            Tree::List(v) => {
                self.push("[");
                self.list(v, |t, e| t.tree(e, types));
                self.push("]");
            }
            Tree::Dict(v) => {
                self.push("{");
                self.list(v, |t, (k, e)| {
                    t.push(format_args!("{k:?}: "));
                    t.tree(e, types);
                });
                self.push("}");
            }
        }
    }

    /// The declarations of the given symbols and of those printed so far, before the text so far.
    fn declare(self, facts: &Facts, indent: usize) -> (String, String) {
        let mut head = Text::new(self.style, indent);
        let all: BTreeSet<&Sym> = facts.ranges.keys().chain(&self.symbols).collect();
        for s in all {
            head.line();
            head.push(format_args!("dim {s} in {}", facts.range(s)));
        }
        (head.out, self.out)
    }
}
