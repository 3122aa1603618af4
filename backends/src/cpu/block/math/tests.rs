//! Every function on every instruction set of this machine, over the whole f32 range, against double precision.

use super::*;

/// The bound in units of the last place; results that double precision rounds to f32 exactly count as 0.5.
const BOUND: f64 = 2.0;

fn reference(function: MathFn, x: f64) -> f64 {
    match function {
        MathFn::Exp => libm::exp(x),
        MathFn::Exp2 => libm::exp2(x),
        MathFn::Expm1 => libm::expm1(x),
        MathFn::Log => libm::log(x),
        MathFn::Log1p => libm::log1p(x),
        MathFn::Log2 => libm::log2(x),
        MathFn::Tanh => libm::tanh(x),
        MathFn::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        MathFn::Erf => libm::erf(x),
        MathFn::Sin => libm::sin(x),
        MathFn::Cos => libm::cos(x),
        MathFn::Sqrt => libm::sqrt(x),
        MathFn::Rsqrt => 1.0 / libm::sqrt(x),
        MathFn::Pow => unreachable!("pow takes two numbers"),
    }
}

/// The distance of `got` from `want` in units of the last place of `want` as f32; infinite where they differ in kind.
fn ulps(got: f32, want: f64) -> f64 {
    let rounded = want as f32;
    if want.is_nan() || got.is_nan() || rounded.is_infinite() || got.is_infinite() {
        let same = want.is_nan() == got.is_nan() && (want.is_nan() || got == rounded);
        // Near the largest number, both it and infinity may be within the bound.
        let edge = !want.is_nan() && !got.is_nan() && want.abs() / f64::from(f32::MAX) - 1.0 < 1e-7;
        let large = got.abs() == f32::MAX || rounded.abs() == f32::MAX;
        return if same || edge && large { 0.0 } else { f64::INFINITY };
    }
    let exponent = rounded.abs().max(f32::MIN_POSITIVE).log2().floor() as i32;
    (f64::from(got) - want).abs() / 2f64.powi(exponent - 23)
}

fn apply(strip: Strip<f32>, x: &[f32], y: &[f32]) -> Vec<f32> {
    let mut out = x.to_vec();
    // SAFETY: the strips are as long as `out`; `routine_for` gives what the CPU can run.
    unsafe {
        match strip {
            Strip::Unary(entry) => entry(out.as_mut_ptr(), out.as_ptr(), out.len()),
            Strip::Binary(entry) => entry(out.as_mut_ptr(), x.as_ptr(), y.as_ptr(), out.len()),
        }
    }
    out
}

/// The whole range at a stride that is no power of two, and the numbers next to every edge.
fn sweep() -> Vec<f32> {
    let edges = [0.0, 1.0, 0.6, 0.925, 4.0, 88.0, 88.72284, 103.97, 17.33, 100_000.0, 126.0, 128.0, 149.0, 150.0]
        .into_iter()
        .chain([std::f32::consts::PI, std::f32::consts::FRAC_PI_2, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY]);
    let near = |edge: f32| (-20i32..=20).map(move |step| f32::from_bits(edge.to_bits().wrapping_add_signed(step)));
    let edges = edges.flat_map(near).flat_map(|x| [x, -x]);
    (0..u32::MAX).step_by(9973).map(f32::from_bits).chain(edges).collect()
}

#[test]
fn unary_functions_over_the_whole_range() {
    let x = sweep();
    for function in MathFn::all().filter(|&f| f != MathFn::Pow) {
        let want: Vec<f64> = x.iter().map(|&x| reference(function, f64::from(x))).collect();
        for isa in Isa::supported() {
            let got = apply(routine_for(function, isa).f32, &x, &[]);
            let errors = got.iter().zip(&want).map(|(&got, &want)| ulps(got, want));
            let (at, worst) = errors.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            println!("{:8} {:9} {worst:.3} ulp at {:e}", function.name(), isa.name(), x[at]);
            let (x, got, want) = (x[at], got[at], want[at]);
            assert!(worst <= BOUND, "{} on {}: {got:e} at {x:e}, not {want:e}", function.name(), isa.name());
        }
    }
}

#[test]
fn zeros_keep_their_sign() {
    use MathFn::*;
    for function in [Expm1, Log1p, Tanh, Erf, Sin, Sqrt] {
        for isa in Isa::supported() {
            let got = apply(routine_for(function, isa).f32, &[0.0, -0.0], &[]);
            let signs = got.iter().map(|y| (*y, y.is_sign_negative())).collect::<Vec<_>>();
            assert_eq!(signs, [(0.0, false), (-0.0, true)], "{} on {}", function.name(), isa.name());
        }
    }
}

#[test]
fn pow_of_ordinary_and_other_numbers() {
    let bases = (0..u32::MAX).step_by(1_699_009).map(f32::from_bits).chain([0.0, -0.0, 1.0, -1.0, -2.0, 1e-40, f32::INFINITY]);
    // One NaN for all: the library tells signalling ones apart.
    let bases: Vec<f32> = bases.map(|x| if x.is_nan() { f32::NAN } else { x }).collect();
    for y in
        [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, 1.0 / 3.0, 7.25, -30.5, 1e-30, 1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]
    {
        for isa in Isa::supported() {
            // Ordinary numbers in groups of their own, then all together.
            for x in [bases.iter().copied().filter(|x| x.is_normal() && *x > 0.0).collect(), bases.clone()] {
                let got = apply(routine_for(MathFn::Pow, isa).f32, &x, &vec![y; x.len()]);
                for (&x, &got) in x.iter().zip(&got) {
                    let want = libm::pow(f64::from(x), f64::from(y));
                    assert!(ulps(got, want) <= 1.0, "{x:e} ^ {y:e} is {want:e}, not {got:e}, on {}", isa.name());
                }
            }
        }
    }
}

#[test]
fn strips_of_all_lengths_touch_only_themselves() {
    for function in MathFn::all() {
        for isa in Isa::supported() {
            for n in 0..40 {
                let mut strip = [0.25f32; 42];
                let pair = [0.25f32; 42];
                // SAFETY: the strips hold `n + 1` values and more.
                unsafe {
                    let dst = strip.as_mut_ptr().add(1);
                    match routine_for(function, isa).f32 {
                        Strip::Unary(entry) => entry(dst, dst, n),
                        Strip::Binary(entry) => entry(dst, dst, pair.as_ptr(), n),
                    }
                }
                let inside = &strip[1..=n];
                assert!(inside.iter().all(|y| *y != 0.25 && *y == inside[0]), "{} on {}", function.name(), isa.name());
                assert!(strip[0] == 0.25 && strip[n + 1..].iter().all(|y| *y == 0.25));
            }
        }
    }
}

#[test]
fn doubles_follow_the_library() {
    for function in MathFn::all() {
        let x = [-0.75f64, -0.0, 0.3, 1.0, 2.5, 40.0, f64::INFINITY, f64::NAN];
        let mut got = x;
        // SAFETY: all strips hold eight values.
        unsafe {
            match routine(function).f64 {
                Strip::Unary(entry) => entry(got.as_mut_ptr(), x.as_ptr(), x.len()),
                Strip::Binary(entry) => entry(got.as_mut_ptr(), x.as_ptr(), [2.0; 8].as_ptr(), x.len()),
            }
        }
        for (x, got) in x.into_iter().zip(got) {
            let want = if function == MathFn::Pow { x * x } else { reference(function, x) };
            let close = (got - want).abs() <= 1e-15 * want.abs() || got == want || got.is_nan() && want.is_nan();
            assert!(close, "{} of {x} is {want}, not {got}", function.name());
        }
    }
}

#[test]
fn names_parse_back() {
    for (at, function) in MathFn::all().enumerate() {
        assert_eq!((MathFn::parse(function.name()), function as usize), (Some(function), at));
    }
    assert_eq!(MathFn::parse("gamma"), None);
}
