//! Legalisation: rewrites of a loop program until a backend has only plain statements to translate.
//!
//! - Guarded loads: `select(c, x[i], y)` may not touch `x[i]` where `c` fails, so the offset becomes `select(c, i, 0)`.

mod guards;

use cresset_ir::kernel::Loops;
use cresset_ir::plan::{Code, Rows};

/// Legalises every loop program of a kernel.
pub fn legalise(code: &mut Code) {
    match code {
        Code::Loops(l) => loops(l),
        Code::Contract(c) => {
            if let Rows::Packed(l) = &mut c.a {
                loops(l);
            }
            loops(&mut c.b);
            loops(&mut c.epilogue);
        }
    }
}

fn loops(l: &mut Loops) {
    guards::guard_loads(l);
}
