//! Contractions of many shapes against the definition. Numbers are small integers, so sums are exact in any order.

use crate::cpu::{compile, target};
use cresset_ir::graph::Tree;
use cresset_ir::kernel::{BufId, Buffer, Ex, ExprId, Exprs, LoopKind, Loops, Node, Role, Stmt, VarId};
use cresset_ir::plan::{Code, Contract, Plan, Product, Rows};
use cresset_ir::{DType, Dim, Facts, Loc, Type};
use cresset_runtime::Launch;
use cresset_runtime::pool::Pool;

/// `out[b, i, j] = max(Σ_k a[b, i, k] · w[(b,) j, k] + bias[j], 0)`.
#[derive(Clone, Copy, Debug)]
struct Case {
    batch: i64,
    m: i64,
    n: i64,
    k: i64,
    /// Rows in place, or copied.
    direct: bool,
    /// Panels packed once, or by each task.
    stored: bool,
    /// Whether `w` differs from batch to batch.
    batched: bool,
}

const A: BufId = BufId(0);
const W: BufId = BufId(1);
const BIAS: BufId = BufId(2);
const OUT: BufId = BufId(3);
const TILE: BufId = BufId(4);

fn var(e: Ex<'_>) -> VarId {
    match e.pool().node(e.id()) {
        Node::Var(v) => v,
        n => panic!("{n:?} is no variable"),
    }
}

impl Case {
    fn buffers(self, tile: &str, role: Role) -> Vec<Buffer> {
        let weights = if self.batched { self.batch * self.n * self.k } else { self.n * self.k };
        let row = |name: &str, n: i64, role| Buffer { name: name.into(), ty: Type::new(DType::F32, [Dim::from(n)]), role };
        vec![
            row("a", self.batch * self.m * self.k, Role::Operand),
            row("w", weights, if self.stored { Role::Stored } else { Role::Operand }),
            row("bias", self.n, Role::Operand),
            row("out", self.batch * self.m * self.n, Role::Result),
            row(tile, self.k * 128, role),
        ]
    }

    /// A program of two nested loops that stores `value(outer, inner)` at `at(outer, inner)`.
    fn program<'a>(
        self,
        p: &'a Exprs,
        tile: &str,
        params: &[Ex<'a>],
        loops: [ExprId; 2],
        buf: BufId,
        f: impl Fn(Ex<'a>, Ex<'a>) -> (Ex<'a>, Ex<'a>),
    ) -> Loops {
        let (outer, inner) = (p.axis(1_000_000i64.into()), p.axis(1_000_000i64.into()));
        let (at, value) = f(p.axis_ex(outer), p.axis_ex(inner));
        let store = Stmt::Store { buf, at: vec![at.id()], value: value.id(), combine: None };
        let lanes = Stmt::For { axis: inner, extent: loops[1], kind: LoopKind::Lane, body: vec![store] };
        let body = vec![Stmt::For { axis: outer, extent: loops[0], kind: LoopKind::Serial, body: vec![lanes] }];
        let role = if tile == "acc" { Role::Operand } else { Role::Result };
        let params = params.iter().map(|&e| (String::new(), var(e))).collect();
        Loops {
            name: tile.into(),
            exprs: p.clone(),
            buffers: self.buffers(tile, role),
            params,
            grid: vec![],
            body,
            loc: Loc::NONE,
        }
    }

    fn contract(self) -> Contract {
        let p = &Exprs::new(Facts::default());
        let [batch, first, count, column, columns] = std::array::from_fn(|_| p.fresh_var(DType::I64));
        let (m, n, k) = (p.int(self.m), p.int(self.n), p.int(self.k));
        let load = |buf, at: Ex<'_>| p.load(buf, DType::F32, &[p.ex(at.id())]);
        let rows = match self.direct {
            true => Rows::Direct { buf: A, batch: var(batch), start: (batch * m * k).id(), stride: k.id(), exprs: p.clone() },
            false => Rows::Packed(self.program(p, "rows", &[batch, first, count], [count.id(), k.id()], TILE, |r, x| {
                (r * k + x, load(A, ((batch * m) + first + r) * k + x))
            })),
        };
        let width = target().tile.expect("the CPU has micro-kernels").1 as i64;
        let row = if self.batched { batch * n } else { p.int(0) };
        let panels = self.program(p, "panel", &[batch, first], [k.id(), p.int(width).id()], TILE, |x, j| {
            let column = first + j;
            let value = load(W, (row + column.min(n - 1.0)) * k + x);
            (x * p.int(width) + j, column.lt(n).select(value, value.lit(0.0)))
        });
        let epilogue =
            self.program(p, "acc", &[batch, first, count, column, columns], [count.id(), columns.id()], OUT, |r, j| {
                let sum = load(TILE, r * p.int(Contract::ACC_STRIDE as i64) + j);
                let value = (sum + load(BIAS, column + j)).max(sum.lit(0.0));
                (((batch * m) + first + r) * n + column + j, value)
            });
        let [b_, m_, n_, k_] = [self.batch, self.m, self.n, self.k].map(Dim::from);
        let product = Product { n: n_, k: k_, rows, panels, stored: self.stored };
        Contract { name: "c".into(), batch: b_, m: m_, product, epilogue, loc: Loc::NONE }
    }

    fn check(self, threads: usize) {
        let plan = Plan {
            name: "test".into(),
            inputs: vec![],
            output: Tree::Tuple(vec![]),
            guards: vec![],
            bounds: vec![],
            facts: Facts::default(),
            slots: vec![],
            kernels: vec![Code::Contract(Box::new(self.contract()))],
            steps: vec![],
            blocks: vec![],
            layout: None,
        };
        let program = compile(&plan, Pool::global(threads)).unwrap();
        let numbers = |n: usize, seed: usize| -> Vec<f32> { (0..n).map(|i| ((i * 31 + seed * 17) % 7) as f32 - 3.0).collect() };
        let mut buffers: Vec<Vec<f32>> = self.buffers("acc", Role::Operand)[..4]
            .iter()
            .enumerate()
            .map(|(i, b)| numbers(b.ty.numel().known().unwrap() as usize, i))
            .collect();
        let args: Vec<*mut u8> = buffers.iter_mut().map(|b| b.as_mut_ptr().cast()).collect();
        // The second launch uses the panels that the first has packed.
        for _ in 0..2 {
            // SAFETY: the vectors have the sizes of the buffers and are this function's own.
            unsafe { program.launch(0, &args, &[]) };
        }
        self.compare(&buffers);
    }

    fn compare(self, buffers: &[Vec<f32>]) {
        let [batch, m, n, k] = [self.batch, self.m, self.n, self.k].map(|x| x as usize);
        let [a, w, bias, out] = buffers else { panic!("four buffers") };
        for (at, &got) in out.iter().enumerate().take(batch * m * n) {
            let (b, i, j) = (at / n / m, at / n % m, at % n);
            let w = &w[if self.batched { b * n * k } else { 0 } + j * k..][..k];
            let sum: f32 = a[(b * m + i) * k..][..k].iter().zip(w).map(|(x, y)| x * y).sum();
            assert_eq!(got, (sum + bias[j]).max(0.0), "{self:?} at {b}, {i}, {j}");
        }
    }
}

#[test]
fn products_of_many_shapes() {
    let shapes = [
        (1, 1, 1, 1),
        (1, 3, 5, 7),
        (2, 14, 32, 16),
        (1, 15, 33, 17),
        (3, 29, 70, 9),
        (1, 1, 300, 64),
        (1, 61, 129, 40),
        (2, 130, 200, 33),
        (1, 4, 40, 0),
    ];
    for (batch, m, n, k) in shapes {
        for bits in 0..8 {
            let case = Case { batch, m, n, k, direct: bits & 1 > 0, stored: bits & 2 > 0, batched: bits & 4 > 0 };
            case.check(1 + bits % 2);
        }
    }
}

#[test]
fn deep_and_large_products() {
    for (m, n, k) in [(70, 96, 3000), (300, 260, 128), (2, 2000, 1537)] {
        for bits in 0..4 {
            Case { batch: 1, m, n, k, direct: bits & 1 > 0, stored: bits & 2 > 0, batched: false }.check(2);
        }
    }
}

#[test]
fn empty_products_do_nothing() {
    for (m, n) in [(0, 5), (5, 0)] {
        Case { batch: 1, m, n, k: 8, direct: true, stored: true, batched: false }.check(2);
    }
}
