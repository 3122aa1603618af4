//! A loop program as CUDA C++: a block per grid point, a thread per lane.
//!
//! At the level of the block all threads run the same statements: lane loops are shared out, other stores are one thread's, and a barrier follows
//! whatever others may read. Inside a lane loop a thread is alone. Barriers therefore stand in uniform control flow only.

use super::THREADS;
use super::expr::{Terms, element, literal, type_name};
use cresset_ir::Sym;
use cresset_ir::kernel::{AxisId, BufId, Buffer, ExprId, Exprs, Fold, LoopKind, Loops, Role, ScalarOp, Stmt, VarId};
use std::fmt::Write;

/// The function of a program of flat offsets. Arguments: its buffers, scratch left out, then `syms`, then its parameters.
pub fn print(loops: &Loops, syms: &[Sym]) -> String {
    let mut printer = Printer { loops, out: String::new(), indent: 1, in_lane: false, constants: 0 };
    printer.head(syms);
    printer.scratch();
    printer.grid();
    printer.body(&loops.body);
    printer.out.push_str("}\n");
    printer.out
}

struct Printer<'a> {
    loops: &'a Loops,
    out: String,
    indent: usize,
    /// Whether the statement is one thread's.
    in_lane: bool,
    /// Constants defined so far.
    constants: usize,
}

impl Printer<'_> {
    fn pool(&self) -> &Exprs {
        &self.loops.exprs
    }

    fn line(&mut self, text: impl std::fmt::Display) {
        writeln!(self.out, "{:1$}{text}", "", 2 * self.indent).expect("a string takes all text");
    }

    /// `head {`, what `f` prints, `}`.
    fn block(&mut self, head: impl std::fmt::Display, f: impl FnOnce(&mut Self)) {
        let open = if head.to_string().is_empty() { "{".into() } else { format!("{head} {{") };
        self.line(open);
        self.indent += 1;
        f(self);
        self.indent -= 1;
        self.line("}");
    }

    fn barrier(&mut self) {
        if !self.in_lane {
            self.line("__syncthreads();");
        }
    }

    /// The texts of expressions, their definitions printed before.
    fn terms(&mut self, exprs: &[ExprId]) -> Vec<String> {
        let loops = self.loops;
        let mut terms = Terms::new(&loops.exprs, exprs, &mut self.constants);
        let texts = exprs.iter().map(|&e| terms.text(e)).collect();
        terms.definitions.into_iter().for_each(|d| self.line(d));
        texts
    }

    /// A size or a condition in one piece.
    fn inline(&self, e: ExprId) -> String {
        Terms::new(self.pool(), &[], &mut 0).text(e)
    }

    fn head(&mut self, syms: &[Sym]) {
        let pointer = |(i, b): (usize, &Buffer)| {
            let fixed = if matches!(b.role, Role::Operand | Role::Stored) { "const " } else { "" };
            (b.role != Role::Scratch).then(|| format!("{fixed}{}* __restrict__ b{i}", type_name(b.ty.dtype)))
        };
        let buffers = self.loops.buffers.iter().enumerate().filter_map(pointer);
        let sizes = syms.iter().map(|s| format!("i64 {}", s.name()));
        let params = self.loops.params.iter().map(|(_, v)| format!("i64 v{}", v.0));
        let all: Vec<String> = buffers.chain(sizes).chain(params).collect();
        let name: String = self.loops.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        writeln!(self.out, "extern \"C\" __global__ void __launch_bounds__({THREADS}) {name}({}) {{", all.join(", "))
            .expect("a string takes all text");
    }

    /// Scratch buffers lie one after the other in the arena, the tree of reductions after them.
    fn scratch(&mut self) {
        self.line("CR_ARENA;");
        let mut at = "cr_arena".to_owned();
        for (i, b) in self.loops.buffers.iter().enumerate().filter(|(_, b)| b.role == Role::Scratch) {
            let (ty, size) = (type_name(b.ty.dtype), self.inline(self.pool().dim(&b.ty.numel()).id()));
            self.line(format_args!("{ty}* b{i} = ({ty}*)({at});"));
            at = format!("b{i} + ({size} + 15) / 16 * 16");
        }
        self.line(format_args!("double* tree = (double*)({at});"));
    }

    fn grid(&mut self) {
        let grid = &self.loops.grid;
        if grid.len() > 1 {
            self.line("i64 point = blockIdx.x;");
        }
        for (i, &(axis, extent)) in grid.iter().enumerate().rev() {
            let extent = self.inline(extent);
            match (grid.len(), i) {
                (1, _) => self.line(format_args!("const i64 a{} = blockIdx.x;", axis.0)),
                (_, 0) => self.line(format_args!("const i64 a{} = point;", axis.0)),
                _ => {
                    self.line(format_args!("const i64 a{} = point % {extent};", axis.0));
                    self.line(format_args!("point /= {extent};"));
                }
            }
        }
    }

    fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|s| self.stmt(s));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::For { axis, extent, kind: LoopKind::Lane, body } if !self.in_lane => {
                self.lanes(*axis, *extent, |s| s.body(body));
                self.barrier();
            }
            Stmt::For { axis, extent, kind, body } => {
                if *kind == LoopKind::Unroll {
                    self.line("#pragma unroll");
                }
                let head = self.serial(*axis, *extent);
                self.block(head, |s| s.body(body));
            }
            Stmt::Let { var, value } => {
                let texts = self.terms(&[*value]);
                self.line(format_args!("const {} v{} = {};", type_name(self.pool().dtype(*value)), var.0, texts[0]));
                self.barrier();
            }
            Stmt::Store { buf, at, value, combine } => self.store(*buf, at[0], *value, *combine),
            Stmt::Fold(fold) => self.fold(fold),
            Stmt::Block { op, dst, src, len } => {
                let n = self.inline(*len);
                let at = |b: &BufId| element(*b, "i");
                self.line(format_args!(
                    "for (i64 i = threadIdx.x; i < {n}; i += {THREADS}) {} = cr_{}({});",
                    at(dst),
                    op.name(),
                    at(src)
                ));
                self.barrier();
            }
            Stmt::If { cond, body } => {
                let head = format!("if ({})", self.inline(*cond));
                self.block(head, |s| {
                    // All have read the condition before it changes.
                    s.barrier();
                    s.body(body);
                });
            }
        }
    }

    fn serial(&self, axis: AxisId, extent: ExprId) -> String {
        let (a, n) = (axis.0, self.inline(extent));
        format!("for (i64 a{a} = 0; a{a} < {n}; ++a{a})")
    }

    fn lanes(&mut self, axis: AxisId, extent: ExprId, f: impl FnOnce(&mut Self)) {
        let (a, n) = (axis.0, self.inline(extent));
        self.in_lane = true;
        self.block(format_args!("for (i64 a{a} = threadIdx.x; a{a} < {n}; a{a} += {THREADS})"), f);
        self.in_lane = false;
    }

    fn store(&mut self, buf: BufId, at: ExprId, value: ExprId, combine: Option<ScalarOp>) {
        let head = if self.in_lane { "" } else { "if (threadIdx.x == 0)" };
        self.block(head, |s| {
            let texts = s.terms(&[at, value]);
            let place = element(buf, &texts[0]);
            let value = match combine {
                None => texts[1].clone(),
                Some(ScalarOp::Add) => format!("{place} + {}", texts[1]),
                Some(ScalarOp::Mul) => format!("{place} * {}", texts[1]),
                Some(op) => format!("cr_{}({place}, {})", op.name(), texts[1]),
            };
            s.line(format_args!("{place} = {value};"));
        });
        self.barrier();
    }

    fn fold(&mut self, fold: &Fold) {
        for (v, init) in fold.state.iter().zip(&fold.init) {
            self.line(format_args!("{} v{} = {};", type_name(init.dtype()), v.0, literal(*init)));
        }
        let shared = fold.kind == LoopKind::Lane && !self.in_lane;
        self.fold_axes(fold, &fold.axes, shared);
        if shared { self.tree(fold) } else { self.barrier() }
    }

    fn fold_axes(&mut self, fold: &Fold, axes: &[(AxisId, ExprId)], shared: bool) {
        match axes {
            [] => self.assign(&fold.state, &fold.step),
            &[(axis, extent)] if shared => self.lanes(axis, extent, |s| s.assign(&fold.state, &fold.step)),
            [(axis, extent), rest @ ..] => {
                let head = self.serial(*axis, *extent);
                self.block(head, |s| s.fold_axes(fold, rest, shared));
            }
        }
    }

    /// All at once: the next states read the old ones.
    fn assign(&mut self, vars: &[VarId], values: &[ExprId]) {
        let texts = self.terms(values);
        if let [v] = vars {
            return self.line(format_args!("v{} = {};", v.0, texts[0]));
        }
        for ((v, &value), text) in vars.iter().zip(values).zip(&texts) {
            self.line(format_args!("const {} next{} = {text};", type_name(self.pool().dtype(value)), v.0));
        }
        vars.iter().for_each(|v| self.line(format_args!("v{0} = next{0};", v.0)));
    }

    /// One state per thread becomes one: a tree over shared memory, which all threads read at its root.
    fn tree(&mut self, fold: &Fold) {
        let place = |i: usize, thread: &str| format!("tree[{} + {thread}]", i * THREADS);
        let states: Vec<VarId> = fold.state.clone();
        let publish = |s: &mut Self| {
            states.iter().enumerate().for_each(|(i, v)| s.line(format_args!("{} = cr_pack(v{});", place(i, "threadIdx.x"), v.0)))
        };
        publish(self);
        self.line("__syncthreads();");
        self.block(format_args!("for (int half = {}; half > 0; half /= 2)", THREADS / 2), |s| {
            s.block("if (threadIdx.x < half)", |s| {
                for (i, (v, init)) in fold.other.iter().zip(&fold.init).enumerate() {
                    let ty = type_name(init.dtype());
                    s.line(format_args!("const {ty} v{} = cr_unpack<{ty}>({});", v.0, place(i, "threadIdx.x + half")));
                }
                s.assign(&fold.state, &fold.merge);
                publish(s);
            });
            s.line("__syncthreads();");
        });
        for (i, (v, init)) in fold.state.iter().zip(&fold.init).enumerate() {
            self.line(format_args!("v{} = cr_unpack<{}>({});", v.0, type_name(init.dtype()), place(i, "0")));
        }
        self.line("__syncthreads();");
    }
}
