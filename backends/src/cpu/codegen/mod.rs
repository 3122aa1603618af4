//! The code generator: one loop program becomes one Cranelift function.
//!
//! - [`check`](mod@check): what is taken at all; after it, emission cannot fail.
//! - [`deps`]: what an expression depends on, and so where it is computed.
//! - [`emit`]: the state of emission: bindings, scopes, values computed once.
//! - [`scalar`], [`integer`], [`convert`]: one value at a time.
//! - [`index`]: index polynomials and addresses.
//! - [`lanes`], [`vectorize`]: four lanes at a time, and when that is possible.
//! - [`stmt`], [`fold`], [`loops`]: statements.
//!
//! Invariants: no instruction traps; memory is touched only where the program says so, never by a load moved out of a loop that
//! does not run. The text of a function depends on the program alone, so equal programs give equal functions.

mod check;
mod convert;
mod deps;
mod emit;
pub mod externals;
mod fold;
mod index;
mod integer;
mod lanes;
mod loops;
mod scalar;
mod stmt;
mod vectorize;

#[cfg(test)]
mod tests;

use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, Function, Signature, UserFuncName};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cresset_ir::dim::Dim;
use cresset_ir::kernel::{BufId, Buffer, Loops, Role};
use cresset_ir::{Facts, Result, Sym};
use emit::Emitter;

/// Generated code: `(buffers, syms, params, begin, end, scratch)`.
///
/// `buffers` are the addresses of the program's buffers in order, scratch left out; `syms` and `params` are integers; the function
/// runs the points `begin..end` of the grid, which is counted row-major; `scratch` is private to the call.
pub type Entry = unsafe extern "C" fn(*const *mut u8, *const i64, *const i64, i64, i64, *mut u8);

/// The alignment of scratch buffers: a cache line.
const ALIGN: i64 = 64;

/// A translated program.
pub struct Translated {
    pub func: Function,
    /// Bytes of scratch memory that a call needs.
    pub scratch: Dim,
}

/// Translates a program. `syms` gives the order of sizes in calls. `tile` is a buffer that is no operand of the launch: its address is
/// one more parameter.
pub fn translate(
    loops: &Loops,
    syms: &[Sym],
    tile: Option<BufId>,
    isa: &dyn TargetIsa,
    context: &mut FunctionBuilderContext,
) -> Result<Translated> {
    check::check(loops, syms)?;
    let layout = Layout::new(loops, tile);
    let mut func = Function::with_name_signature(UserFuncName::default(), signature(isa));
    let builder = FunctionBuilder::new(&mut func, context);
    Emitter::new(loops, syms, &layout, isa, builder).run();
    Ok(Translated { func, scratch: layout.scratch })
}

pub fn signature(isa: &dyn TargetIsa) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params = vec![AbiParam::new(I64); 6];
    signature
}

/// Where the address of a buffer comes from.
enum Home {
    /// The n-th of the buffers.
    Argument(usize),
    /// The parameter after the declared ones.
    Tile,
    /// An offset in bytes from the scratch pointer.
    Scratch(Dim),
}

struct Layout {
    homes: Vec<Home>,
    scratch: Dim,
}

impl Layout {
    fn new(loops: &Loops, tile: Option<BufId>) -> Layout {
        let facts = loops.exprs.facts();
        let (mut arguments, mut scratch) = (0, Dim::from(0i64));
        let mut home = |(i, buffer): (usize, &Buffer)| {
            if tile == Some(BufId(i as u32)) {
                return Home::Tile;
            }
            if buffer.role != Role::Scratch {
                arguments += 1;
                return Home::Argument(arguments - 1);
            }
            let at = scratch.clone();
            scratch = at.clone() + bytes(buffer, &facts);
            Home::Scratch(at)
        };
        let homes = loops.buffers.iter().enumerate().map(&mut home).collect();
        Layout { homes, scratch }
    }
}

/// The size of a scratch buffer, rounded up to whole cache lines.
fn bytes(buffer: &Buffer, facts: &Facts) -> Dim {
    let bytes = buffer.ty.numel() * buffer.ty.dtype.size().into();
    (bytes + (ALIGN - 1).into()).floor_div(&ALIGN.into(), facts) * ALIGN.into()
}
