//! Hostile texts: nothing panics, nothing hangs, and what is accepted obeys the law of the text form.

use cresset_ir::kernel::{AxisId, BufId, Buffer, Ex, Exprs, Kernel, Role, ScalarOp, Stage};
use cresset_ir::text::{self, Style};
use cresset_ir::{DType, Diagnostic, Dim, Facts, FileId, Loc, Range, Scalar, Sym, Type, source, verify};
use proptest::prelude::*;

const FILES: [&str; 7] = [
    include_str!("files/blocks.ir"),
    include_str!("files/outputs.ir"),
    include_str!("files/sizes.ir"),
    include_str!("files/formulas.ir"),
    include_str!("files/sharing.ir"),
    include_str!("files/loops.ir"),
    include_str!("files/plan.ir"),
];

/// Reads a text as everything that it could be; what is read must print to a text that reads and prints the same.
fn swallow(text: &str) {
    let style = Style::default();
    obey(text, |f| {
        let p = text::parse_program(f)?;
        let _ = verify(&p);
        Ok(p.print())
    });
    obey(text, |f| Ok(text::print_kernel(&text::parse_kernel(f)?, style)));
    obey(text, |f| Ok(text::print_loops(&text::parse_loops(f)?, style)));
    obey(text, |f| Ok(text::print_plan(&text::parse_plan(f)?, style)));
}

fn obey(text: &str, reprint: impl Fn(FileId) -> Result<String, Vec<Diagnostic>>) {
    match reprint(source::register("fuzz.ir", text)) {
        Err(errors) => {
            assert!(!errors.is_empty());
            errors.iter().for_each(|e| assert!(!e.render(false).is_empty()));
        }
        Ok(printed) => match reprint(source::register("fuzz.ir", printed.clone())) {
            Ok(again) => assert_eq!(printed, again),
            Err(errors) => panic!("{errors:#?}\n{printed}"),
        },
    }
}

/// Tokens of the language, and some that are not.
fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        "program kernel loops plan dim in param buffer const graph guard return else do let contract for of if fold over step merge \
         block params grid slot arena steps launch copy while direct packed product finish panels epilogue stored result scratch update lane unroll \
         %0 %x @w x i j f32 i64 bool u8 true inf nan_f64 none relu add gelu sum argmax max floordiv mod min select cast exp \
         0 1 3_u8 0.5 1e9 \"s\" ( ) [ ] { } , : . .. -> <- = + - * / | < <= == != !a.py:1:1\n ;c\n 9223372036854775808 99999999999999999999 ` \" \u{e9}"
            .split(' ')
            .collect::<Vec<_>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn token_soup_is_refused_in_peace(soup in prop::collection::vec(token(), 0..60)) {
        swallow(&soup.join(" "));
        swallow(&format!("program p {{ graph @f(%x: f32[4]) -> f32[4] {{ {} }} }}", soup.join(" ")));
        swallow(&format!("kernel @k(x: f32[4], result out: i64[4]) {{ for i < 4: out[i] = {} }}", soup.join(" ")));
    }

    #[test]
    fn wounded_files_are_refused_in_peace(file in 0..FILES.len(), at in any::<prop::sample::Index>(), len in 0usize..12, new in token()) {
        let text = FILES[file];
        let border = |i: usize| (0..=i.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let start = border(at.index(text.len()));
        let end = border(start + len).max(start);
        swallow(&format!("{}{new}{}", &text[..start], &text[end..]));
    }

    #[test]
    fn formulas_read_back(recipe in prop::collection::vec(any::<[u8; 4]>(), 1..40)) {
        let kernel = random_kernel(&recipe);
        let printed = text::print_kernel(&kernel, Style::default());
        prop_assert!(printed.len() < 20_000, "{}", printed.len());
        obey(&printed, |f| Ok(text::print_kernel(&text::parse_kernel(f)?, Style::default())));
        let read = text::parse_kernel(source::register("fuzz.ir", printed.clone()));
        prop_assert!(read.is_ok(), "{printed}\n{read:?}", read = read.err());
    }
}

/// A kernel of random operations on what was made before: shared expressions abound.
fn random_kernel(recipe: &[[u8; 4]]) -> Kernel {
    let mut facts = Facts::default();
    facts.ranges.insert(Sym::new("B"), Range { min: 1, max: Some(64) });
    let pool = Exprs::new(facts);
    let b = Dim::sym("B");
    let buffer = |name: &str, ty, role| Buffer { name: name.into(), ty, role };
    let row = |d| Type::new(d, [b.clone(), 8i64.into()]);
    let buffers = vec![
        buffer("x", row(DType::F32), Role::Operand),
        buffer("n", row(DType::I64), Role::Stored),
        buffer("out", row(DType::F32), Role::Result),
    ];
    let axes: Vec<AxisId> = vec![pool.axis(b.clone()), pool.axis(8i64.into())];
    let (value, at) = {
        let (i, j) = (pool.axis_ex(axes[0]), pool.axis_ex(axes[1]));
        let mut floats = vec![pool.load(BufId(0), DType::F32, &[i, j]), pool.constant(Scalar::float(DType::F32, -0.5))];
        let mut ints = vec![i, j, pool.dim(&b), pool.int(-3), pool.load(BufId(1), DType::I64, &[i, j])];
        for step in recipe {
            grow(&pool, &mut floats, &mut ints, step);
        }
        let sum = floats[floats.len() - 1] + ints[ints.len() - 1].cast(DType::F32);
        (sum.id(), vec![i.id(), j.id()])
    };
    let stage = Stage { out: BufId(2), axes, at, value, combine: Some(ScalarOp::Add) };
    Kernel { name: "random".into(), exprs: pool, buffers, contractions: vec![], stages: vec![stage], loc: Loc::NONE }
}

/// One more expression: an operation on two earlier ones, or a reduction over a fresh axis.
fn grow<'a>(pool: &'a Exprs, floats: &mut Vec<Ex<'a>>, ints: &mut Vec<Ex<'a>>, &[op, a, b, c]: &[u8; 4]) {
    let pick = |v: &[Ex<'a>], k: u8| v[v.len() - 1 - k as usize % v.len().min(6)];
    let (x, y, n, m) = (pick(floats, a), pick(floats, b), pick(ints, a), pick(ints, b));
    let wide = |e: Ex| pool.poly(e.id()).terms().any(|(p, _)| p.len() > 2) || pool.poly(e.id()).terms().count() > 4;
    let new = match op % 16 {
        0 => x + y,
        1 => x - y,
        2 => x * y,
        3 => x / y,
        4 => x.exp(),
        5 => -x,
        6 => x.lt(y).select(x, y),
        7 => n.le(m).or(x.eq(y)).select(x, y * 2.0),
        8 => x.max(n.cast(DType::F32)),
        9 => pool.load(BufId(0), DType::F32, &[n, m]),
        10 => {
            let k = pool.axis(Dim::from(i64::from(c % 4) + 2));
            let e = pool.axis_ex(k);
            let inner = pool.load(BufId(0), DType::F32, &[e, n]) * x;
            pool.reduce(&cresset_ir::kernel::reduce::SUM, &[k], &[inner.exp() + inner])[0]
        }
        11 => {
            let k = pool.axis(Dim::sym("B"));
            let e = pool.axis_ex(k);
            let states = pool.reduce(&cresset_ir::kernel::reduce::ARGMAX, &[k], &[pool.load(BufId(0), DType::F32, &[e, m]), e]);
            ints.push(states[1]);
            states[0] + x
        }
        _ => {
            ints.push(match op % 16 {
                _ if wide(n) || wide(m) => pool.load(BufId(1), DType::I64, &[n, m]),
                12 => n + m * f64::from(c % 5),
                13 => n - m,
                14 => n * m,
                _ => n.modulo(pool.int(i64::from(c % 7) + 1)),
            });
            return;
        }
    };
    floats.push(new);
}

#[test]
fn depth_and_size_are_bounded() {
    let nest = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let kernel = |e: &str| format!("kernel @k(x: f32[4], result out: i64[4]) {{\n  for i < 4: out[i] = {e}\n}}\n");
    let lets = |n: usize, e: &str| {
        let all: Vec<String> = (1..n).map(|k| format!("t{k} = {}", e.replace('#', &format!("t{}", k - 1)))).collect();
        format!("let t0 = i, {} in t{}", all.join(", "), n - 1)
    };
    let sums: String = (0..100).map(|k| format!("S{k} + ")).collect();
    for text in [
        nest("(", ")", 100_000),
        kernel(&nest("(", ")", 100_000)),
        kernel(&"-".repeat(100_000)),
        kernel(&"i + ".repeat(100_000)),
        kernel(&lets(5000, "# * # + i")),
        kernel(&lets(5000, "min(#, max(i, # - 1))")),
        kernel(&lets(5000, "select(# < i, # * 2, #)")),
        kernel(&lets(40, "cast(i64, exp(cast(f32, # + 1)) + cast(f32, #))")),
        kernel(&lets(300, "sum(a < 2: # * a + sum(b < 2: # + b))")),
        format!("program p {{ graph @f(%x: f32[({sums} 1) * ({sums} 1) * ({sums} 1)]) -> () {{ return }} }}"),
        format!("program p {{ dim B in 1.. graph @f(%x: f32[{}]) -> () {{ return }} }}", nest("floordiv(B + ", ", 2)", 110)),
        format!("program p {{ graph @f() -> {} {{ return }} }}", nest("(", ")", 5000)),
    ] {
        swallow(&text);
    }
}
