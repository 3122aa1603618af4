//! Plans of hand-made methods. A region here is a kernel that gives its first operand back, whatever it is.

use super::plan;
use cresset_ir::dim::{Dim, Facts, Range, Sym};
use cresset_ir::graph::{Graph, NodeId, Tree, Value};
use cresset_ir::kernel::{BufId, Buffer, Exprs, Loops, Role};
use cresset_ir::op::structural::{IF, LOOP, REGION};
use cresset_ir::plan::{Code, Memory, Place, Plan, Slot, Step};
use cresset_ir::{Builder, DType, Kind, Loc, Program, Result, Scalar, Type, program::Entry, verify};

/// A method under construction.
struct Method(Builder);

impl Method {
    fn new(facts: Facts) -> Method {
        Method(Builder::new("forward", facts))
    }

    fn input(&mut self, name: &str, shape: &[Dim]) -> Value {
        self.0.input(name, Type::new(DType::F32, shape))
    }

    /// A region of the given operands, which gives a result of the type of the first.
    fn region(&mut self, name: &str, operands: &[Value]) -> Value {
        let types: Vec<Type> = operands.iter().map(|&v| self.0.ty(v).clone()).collect();
        let params = self.0.open_block(&types);
        let block = self.0.close_block(vec![params[0]]);
        self.0.emit_with_blocks(&REGION, operands, vec![name.into()], vec![block]).unwrap()[0]
    }

    fn branch(
        &mut self,
        cond: Value,
        then: impl FnOnce(&mut Method) -> Value,
        otherwise: impl FnOnce(&mut Method) -> Value,
    ) -> Value {
        self.0.open_block(&[]);
        let result = then(self);
        let then = self.0.close_block(vec![result]);
        self.0.open_block(&[]);
        let result = otherwise(self);
        let blocks = vec![then, self.0.close_block(vec![result])];
        self.0.emit_with_blocks(&IF, &[cond], vec![], blocks).unwrap()[0]
    }

    /// A loop over carried values; `head` and `body` see them.
    fn repeat(
        &mut self,
        start: &[Value],
        head: impl FnOnce(&mut Method, &[Value]) -> Value,
        body: impl FnOnce(&mut Method, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let types: Vec<Type> = start.iter().map(|&v| self.0.ty(v).clone()).collect();
        let params = self.0.open_block(&types);
        let cond = head(self, &params);
        let head = self.0.close_block(vec![cond]);
        let params = self.0.open_block(&types);
        let next = body(self, &params);
        let body = self.0.close_block(next);
        self.0.emit_with_blocks(&LOOP, start, vec![], vec![head, body]).unwrap()
    }

    fn plan(self, results: &[Value]) -> Plan {
        let output = Tree::Tuple(results.iter().map(|_| Tree::Leaf).collect());
        let (graph, facts) = self.0.finish(results.to_vec(), output);
        let mut program = Program { name: "test".into(), facts, ..Program::default() };
        program.store.insert("w".into(), Entry { kind: Kind::Param, ty: Type::of(DType::F32, &[4]) });
        program.methods.insert("forward".into(), graph);
        plan(verify(&program).unwrap(), "forward", &compile).unwrap()
    }
}

/// A kernel with no body. Regions named `update…` combine into their first operand.
fn compile(graph: &Graph, region: NodeId) -> Result<Code> {
    let node = graph.node(region);
    let name = node.attrs[0].to_string().trim_matches('"').to_owned();
    let result = if name.starts_with("update") { Role::Update(BufId(0)) } else { Role::Result };
    let buffer = |role| move |&v: &Value| Buffer { name: String::new(), ty: graph.ty(v).clone(), role };
    let buffers = node.operands.iter().map(buffer(Role::Operand)).chain(node.results.iter().map(buffer(result))).collect();
    let exprs = Exprs::new(Facts::default());
    Ok(Code::Loops(Box::new(Loops { name, exprs, buffers, params: vec![], grid: vec![], body: vec![], loc: Loc::NONE })))
}

/// `f(in0 -> arena0)`, one step per line.
fn show(plan: &Plan) -> String {
    let slot = |s: &Slot| match &plan.slots[s.0 as usize].place {
        Place::Input(i) => format!("in{i}"),
        Place::Output(i) => format!("out{i}"),
        Place::Stored(name) => format!("@{name}"),
        Place::Const(c) => c.to_string(),
        Place::Arena(i) => format!("a{i}"),
    };
    fn lines(plan: &Plan, steps: &[Step], indent: usize, slot: &dyn Fn(&Slot) -> String, out: &mut String) {
        let pad = " ".repeat(indent);
        for step in steps {
            match step {
                Step::Launch { kernel, args, .. } => {
                    let args: Vec<String> = args.iter().map(slot).collect();
                    *out += &format!("{pad}{}({})\n", plan.kernels[*kernel].name(), args.join(", "));
                }
                Step::Copy { from, to } => *out += &format!("{pad}{} -> {}\n", slot(from), slot(to)),
                Step::If { cond, then, otherwise } => {
                    *out += &format!("{pad}if {}\n", slot(cond));
                    lines(plan, then, indent + 2, slot, out);
                    *out += &format!("{pad}else\n");
                    lines(plan, otherwise, indent + 2, slot, out);
                }
                Step::While { head, cond, body } => {
                    *out += &format!("{pad}loop\n");
                    lines(plan, head, indent + 2, slot, out);
                    *out += &format!("{pad}while {}\n", slot(cond));
                    lines(plan, body, indent + 2, slot, out);
                }
            }
        }
    }
    let mut out = String::new();
    lines(plan, &plan.steps, 0, &slot, &mut out);
    out
}

fn check(plan: &Plan, expected: &str) {
    assert_eq!(show(plan).trim_end(), expected.trim_matches('\n'));
}

fn lives(plan: &Plan) -> Vec<(usize, usize)> {
    plan.blocks.iter().map(|b| (b.first, b.last)).collect()
}

#[test]
fn a_chain_shares_memory_and_ends_in_the_result() {
    let mut m = Method::new(Facts::default());
    let x = m.input("x", &[100i64.into()]);
    let last = ["f", "g", "h", "k"].iter().fold(x, |v, name| m.region(name, &[v]));
    let plan = m.plan(&[last]);
    check(&plan, "f(in0, a0)\ng(a0, a1)\nh(a1, a2)\nk(a2, out0)");
    assert_eq!(lives(&plan), [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(plan.layout.as_ref().unwrap().offsets, [0, 448, 0]);
    assert_eq!(plan.most_memory(), Some(Memory { peak: 896, lower_bound: 896, sum: 1344 }));
}

#[test]
fn what_is_not_made_is_copied() {
    let mut m = Method::new(Facts::default());
    let x = m.input("x", &[4i64.into()]);
    let w = m.0.stored("w", Type::of(DType::F32, &[4]));
    let one = m.0.constant(Scalar::float(DType::F32, 1.0));
    let y = m.region("f", &[w, x]);
    let plan = m.plan(&[y, x, w, one, y]);
    check(&plan, "f(@w, in0, out0)\nin0 -> out1\n@w -> out2\n1.0 -> out3\nout0 -> out4");
    assert!(plan.blocks.is_empty());
}

#[test]
fn an_update_starts_as_its_operand() {
    let mut m = Method::new(Facts::default());
    let x = m.input("x", &[4i64.into()]);
    let y = m.region("update", &[x, x]);
    check(&m.plan(&[y]), "in0 -> out0\nupdate(in0, in0, out0)");
}

#[test]
fn branches_write_their_common_result() {
    let mut m = Method::new(Facts::default());
    let x = m.input("x", &[4i64.into()]);
    let cond = m.0.input("c", Type::scalar(DType::Bool));
    let y = m.region("f", &[x]);
    let z = m.branch(cond, |m| m.region("g", &[y]), |_| x);
    let plan = m.plan(&[z]);
    check(&plan, "f(in0, a0)\nif in1\n  g(a0, out0)\nelse\n  in0 -> out0");
    assert_eq!(lives(&plan), [(0, 2)]);
}

#[test]
fn a_loop_keeps_what_comes_from_outside() {
    let mut m = Method::new(Facts::default());
    let x = m.input("x", &[4i64.into()]);
    let c = m.0.input("c", Type::scalar(DType::Bool));
    let outer = m.region("f", &[x]);
    let done = m.repeat(
        &[x, c],
        |m, p| m.region("test", &[p[1], p[0]]),
        |m, p| {
            let t = m.region("g", &[p[0], outer]);
            let next = m.region("h", &[t]);
            vec![next, p[1]]
        },
    );
    let plan = m.plan(&[done[0]]);
    check(
        &plan,
        "
f(in0, a0)
in0 -> out0
in1 -> a1
loop
  test(a1, out0, a2)
while a2
  g(out0, a0, a3)
  h(a3, out0)",
    );
    // `a0` is read in every round, so it lives to the end of the loop; `a3` is made anew in each.
    assert_eq!(lives(&plan), [(0, 6), (2, 6), (3, 4), (5, 6)]);
}

#[test]
fn carried_values_that_change_places_are_not_lost() {
    let mut m = Method::new(Facts::default());
    let x = m.input("x", &[4i64.into()]);
    let y = m.input("y", &[4i64.into()]);
    let c = m.0.input("c", Type::scalar(DType::Bool));
    let done = m.repeat(
        &[x, y, c],
        |_, p| p[2],
        |m, p| {
            let next = m.region("f", &[p[0]]);
            vec![p[1], next, p[2]]
        },
    );
    check(
        &m.plan(&[done[0], done[1]]),
        "
in0 -> out0
in1 -> out1
in2 -> a0
loop
  a0 -> a1
while a1
  f(out0, a3)
  out1 -> a2
  a2 -> out0
  a3 -> out1",
    );
}

#[test]
fn sizes_follow_symbols() {
    let (b, t) = (Dim::sym("B"), Dim::sym("T"));
    let build = |max: Option<i64>| {
        let ranges = [(Sym::new("B"), Range { min: 1, max: Some(2) }), (Sym::new("T"), Range { min: 1, max })].into();
        let mut m = Method::new(Facts { ranges });
        let x = m.input("x", &[b.clone(), t.clone(), 16i64.into()]);
        let last = ["f", "g", "h"].iter().fold(x, |v, name| m.region(name, &[v]));
        m.plan(&[last])
    };
    let bounded = build(Some(128));
    let at = |plan: &Plan, b, t| plan.memory(&|s| Some(if s.name() == "B" { b } else { t }));
    assert_eq!(bounded.layout.as_ref().unwrap().total, 2 * 2 * 128 * 64);
    assert_eq!(at(&bounded, 1, 3), Some(Memory { peak: 384, lower_bound: 384, sum: 384 }));
    assert_eq!(bounded.symbols(), [Sym::new("B"), Sym::new("T")]);
    let open = build(None);
    assert_eq!((open.layout.clone(), open.most_memory()), (None, None));
    assert_eq!(
        (open.memory_formulas().lower_bound.to_string(), open.memory_formulas().sum.to_string()),
        ("128*B*T".into(), "128*B*T".into())
    );
    assert_eq!(at(&open, 2, 10).unwrap().peak, 2 * 2 * 10 * 64);
    assert_eq!(at(&open, i64::MAX / 2, 4), None);
    // The maximum is known and absurd: what a call needs is laid out when it comes.
    assert_eq!(build(Some(1 << 40)).layout, None);
}

#[test]
fn a_missing_method_is_refused() {
    let program = Program::default();
    let missing = plan(verify(&program).unwrap(), "forward", &compile).err().unwrap();
    assert_eq!(missing.code(), cresset_ir::codes::INVALID_GRAPH);
}
