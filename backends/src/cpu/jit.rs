//! Machine code: the host's instruction set, and memory that holds compiled functions.
//!
//! Invariants: functions are compiled apart from any module (so in parallel), then placed in one; the memory is freed when its
//! [`Module`] is dropped, and function pointers do not outlive it, because they are reached through it. Unsafe code: calls into generated code, and freeing it.

use super::codegen::{Entry, externals, signature};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{Function, Signature};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, Context};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module as _, ModuleReloc, default_libcall_names};
use cresset_ir::{Diagnostic, Result, codes};
use std::fmt::Display;

/// The instruction set of this machine.
pub fn host() -> Result<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let verify = if cfg!(debug_assertions) { "true" } else { "false" };
    // Rows: flag, value. Addresses are final, so nothing need be position-independent.
    for (flag, value) in [
        ("opt_level", "speed"),
        ("enable_verifier", verify),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
    ] {
        flags.set(flag, value).map_err(failed)?;
    }
    let builder = cranelift_native::builder().map_err(failed)?;
    builder.finish(settings::Flags::new(flags)).map_err(failed)
}

fn failed(error: impl Display) -> Diagnostic {
    Diagnostic::error(codes::CODE_GENERATOR, format!("the code generator failed: {error}"))
}

/// The machine code of one function, not yet placed in memory.
pub struct Compiled {
    bytes: Vec<u8>,
    alignment: u64,
    relocations: Vec<ModuleReloc>,
    /// The assembly text, where it was asked for.
    pub assembly: Option<String>,
}

/// Compiles functions, reusing its tables from one to the next.
pub struct Compiler {
    isa: OwnedTargetIsa,
    context: Context,
}

impl Compiler {
    pub fn new(isa: OwnedTargetIsa) -> Compiler {
        Compiler { isa, context: Context::new() }
    }

    pub fn compile(&mut self, func: Function, assembly: bool) -> Result<Compiled> {
        self.context.clear();
        self.context.func = func;
        self.context.set_disasm(assembly);
        let compiled = self.context.compile(&*self.isa, &mut ControlPlane::default());
        let code = compiled.map_err(|e| match e.inner {
            CodegenError::Verifier(errors) => failed(format_args!("{errors}\n{}", e.func.display())),
            inner => failed(inner),
        })?;
        let (bytes, alignment, assembly) = (code.code_buffer().to_vec(), code.buffer.alignment as u64, code.vcode.clone());
        // The id stands for the function itself, and only jumps within it would name it.
        let relocations = code.buffer.relocs().to_vec();
        let relocation = |r| ModuleReloc::from_mach_reloc(r, &self.context.func, FuncId::from_u32(u32::MAX - 1));
        let relocations = relocations.iter().map(relocation).collect();
        Ok(Compiled { bytes, alignment, relocations, assembly })
    }
}

/// Functions in executable memory.
pub struct Module {
    /// `None` only while it is dropped.
    jit: Option<JITModule>,
    entries: Vec<Entry>,
}

// SAFETY: after `new` the module is only held to be freed on drop; entries are plain function pointers, and generated functions have no
// state but their arguments.
unsafe impl Sync for Module {}

impl Module {
    /// Places functions in memory and resolves what they call.
    pub fn new(isa: OwnedTargetIsa, functions: &[Compiled]) -> Result<Module> {
        let signature = signature(&*isa);
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        builder.symbols(externals::table().iter().map(|e| (e.name.as_str(), e.address())));
        // From here on the memory is freed, whatever fails.
        let mut module = Module { jit: Some(JITModule::new(builder)), entries: vec![] };
        let jit = module.jit.as_mut().expect("just made");
        declare_externals(jit)?;
        let place = |f| place(jit, &signature, f);
        let ids = functions.iter().map(place).collect::<Result<Vec<FuncId>>>()?;
        jit.finalize_definitions().map_err(failed)?;
        module.entries = ids.into_iter().map(|id| module.entry_of(id)).collect();
        Ok(module)
    }

    fn entry_of(&self, id: FuncId) -> Entry {
        let code = self.jit.as_ref().expect("the module lives until drop").get_finalized_function(id);
        // SAFETY: every function was compiled with the signature of `Entry` in the platform's C convention.
        unsafe { std::mem::transmute::<*const u8, Entry>(code) }
    }

    /// Runs the points `begin..end` of a function.
    ///
    /// # Safety
    /// `call` is what the function was compiled for: the addresses of its buffers, each with as many elements as its type has for
    /// `syms` and aligned to them, its sizes and its parameters; `scratch` is private, 64-byte aligned and as large as it needs; buffers
    /// it writes are written by nobody else meanwhile, but for other points of the same launch.
    pub unsafe fn run(&self, function: usize, call: Call<'_>, begin: i64, end: i64, scratch: *mut u8) {
        // SAFETY: the caller vouches.
        unsafe { self.entries[function](call.buffers.as_ptr(), call.syms.as_ptr(), call.params.as_ptr(), begin, end, scratch) }
    }
}

/// Functions call externals by their place in the table.
fn declare_externals(jit: &mut JITModule) -> Result<()> {
    let convention = jit.isa().default_call_conv();
    for (i, external) in externals::table().iter().enumerate() {
        let id = jit.declare_function(&external.name, Linkage::Import, &external.signature(convention)).map_err(failed)?;
        debug_assert_eq!(id.as_u32() as usize, i, "imports are the first functions of a module");
    }
    Ok(())
}

fn place(jit: &mut JITModule, signature: &Signature, f: &Compiled) -> Result<FuncId> {
    let id = jit.declare_anonymous_function(signature).map_err(failed)?;
    jit.define_function_bytes(id, f.alignment, &f.bytes, &f.relocations).map_err(failed)?;
    Ok(id)
}

/// The arguments of a function that its points share.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub buffers: &'a [*mut u8],
    pub syms: &'a [i64],
    pub params: &'a [i64],
}

impl Drop for Module {
    fn drop(&mut self) {
        if let Some(jit) = self.jit.take() {
            // SAFETY: entries are private and called through `&self` alone, so none runs and none will.
            unsafe { jit.free_memory() }
        }
    }
}
