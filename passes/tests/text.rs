//! What the compiler makes prints and reads back to the same text: programs, kernels, loop programs and plans of every op's samples.

use cresset_ir::eval::Reference;
use cresset_ir::op::{self, Attr, Sample};
use cresset_ir::text::{self, Style};
use cresset_ir::{Builder, Diagnostic, Facts, FileId, OpDef, Program, Scalar, Target, Tree, Type, source, verify};
use cresset_passes::{Options, PIPELINE, compile, fuse, legalise, lower, manager, schedule};
use indexmap::IndexMap;

/// A program of one call, with its result used twice: enough for an epilogue.
fn program(op: &'static OpDef, sample: &Sample) -> cresset_ir::Result<Program> {
    let mut b = Builder::new("forward", Facts::default());
    let inputs: Vec<_> =
        sample.operands.iter().enumerate().map(|(i, x)| b.input(&format!("x{i}"), Type::of(x.dtype, &x.shape))).collect();
    let attrs: Vec<(&str, Attr)> = sample.attrs.iter().map(|(n, a)| (*n, a.clone())).collect();
    let results = b.emit(op, &inputs, &attrs)?;
    let first = results[0];
    let half = b.constant(Scalar::float(b.ty(first).dtype, 3.5));
    let end = if b.ty(first).dtype == cresset_ir::DType::Bool { first } else { b.op(&op::arithmetic::MUL, &[first, half], &[])? };
    let output = Tree::Tuple(vec![Tree::Leaf; results.len() + 1]);
    let (graph, facts) = b.finish(results.into_iter().chain([end]).collect(), output);
    let mut program = Program { name: "sample".into(), facts, ..Program::default() };
    program.methods.insert("forward".into(), graph);
    Ok(program)
}

/// Reads a printed text and prints it again.
fn law(what: &str, printed: &str, reprint: impl FnOnce(FileId) -> Result<String, Vec<Diagnostic>>) {
    match reprint(source::register("printed.ir", printed)) {
        Ok(again) => assert_eq!(again, printed, "{what}"),
        Err(errors) => panic!("{what}: {errors:#?}\n{printed}"),
    }
}

fn program_law(what: &str, p: &Program) {
    law(what, &p.print(), |file| {
        let read = text::parse_program(file)?;
        verify(&read)?;
        Ok(read.print())
    });
}

fn check(what: &str, mut p: Program, target: &Target) -> cresset_ir::Result<()> {
    let style = Style::default();
    program_law(what, &p);
    manager::run(PIPELINE, &mut p, &mut IndexMap::new(), &Reference, Options::default())?;
    program_law(what, &p);
    fuse::fuse(&mut p)?;
    program_law(what, &p);
    let graph = &p.methods["forward"];
    for &n in graph.body.nodes.iter().filter(|&&n| graph.node(n).op.name == "region") {
        let mut kernel = lower::lower(graph, n, &p.facts)?;
        law(what, &text::print_kernel(&kernel, style), |file| Ok(text::print_kernel(&text::parse_kernel(file)?, style)));
        legalise::legalise(&mut kernel);
        if let cresset_ir::plan::Code::Loops(l) = schedule::schedule(kernel, target) {
            law(what, &text::print_loops(&l, style), |file| Ok(text::print_loops(&text::parse_loops(file)?, style)));
        }
    }
    for plan in compile::plans(&p, target)? {
        law(what, &text::print_plan(&plan, style), |file| Ok(text::print_plan(&text::parse_plan(file)?, style)));
    }
    Ok(())
}

#[test]
fn all_that_is_made_of_samples_reads_back() {
    use cresset_ir::kernel::ScalarOp::*;
    let plain = Target { name: "plain".into(), tile: None, block_ops: vec![], strip: 16, half_casts: true };
    let blocks = vec![Exp, Erf, Tanh, Sigmoid, Log, Rsqrt];
    let tiled = Target { name: "tiled".into(), tile: Some((14, 32)), block_ops: blocks, strip: 16, half_casts: false };
    for op in op::ALL {
        for sample in (op.samples)() {
            for target in [&plain, &tiled] {
                let what = format!("{} on {sample}, {}", op.name, target.name);
                let result = program(op, &sample).and_then(|p| check(&what, p, target));
                assert!(result.is_ok(), "{what}: {result:?}");
            }
        }
    }
}
