//! The state of emission: what axes and variables are bound to, and which values exist already.
//!
//! A scope is a stretch of code that dominates what follows in it; a value found in an open scope can be used. Before a loop is
//! entered, [`Emitter::hoist`] computes everything in its body whose axes and variables are bound, so each value is computed at
//! the outermost loop where it can be.

use super::deps::{Dep, Deps};
use super::externals;
use super::vectorize::Lane;
use super::{Home, Layout};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I8, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, ExtFuncData, ExternalName, FuncRef, InstBuilder, MemFlagsData, StackSlot, StackSlotData, StackSlotKind,
    Type, UserExternalName, Value,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig, TargetIsa};
use cranelift_frontend::FunctionBuilder;
use cresset_ir::kernel::{AxisId, BufId, Buffer, ExprId, Exprs, Loops, Node, Stmt, VarId};
use cresset_ir::{DType, Sym};
use std::collections::HashMap;

/// What an axis or a variable stands for.
#[derive(Clone)]
pub(super) enum Binding {
    One(Value),
    /// A known integer, in a loop that is written out.
    Known(i64),
    /// Registers of four lanes: numbers, or masks for bool.
    Lanes(Vec<Value>),
    /// One scalar per lane.
    Each(Vec<Value>),
}

/// What a scope has computed, by expression.
#[derive(Default)]
pub(super) struct Scope {
    pub values: HashMap<ExprId, Value>,
    pub lanes: HashMap<ExprId, Vec<Value>>,
    pub addresses: HashMap<(BufId, ExprId), Value>,
}

pub(super) struct Emitter<'a> {
    pub pool: &'a Exprs,
    pub loops: &'a Loops,
    pub b: FunctionBuilder<'a>,
    pub deps: Deps<'a>,
    pub bindings: HashMap<Dep, (u32, Binding)>,
    pub scopes: Vec<Scope>,
    /// Loops entered: the level of what is bound now.
    pub level: u32,
    /// The lanes of the vector code being emitted, if it is vector code.
    pub lane: Option<Lane>,
    /// The lane for which scalar code is being emitted inside vector code.
    pub at_lane: Option<usize>,
    pub roots: Vec<Value>,
    pub sym_values: Vec<Value>,
    slots: Vec<StackSlot>,
    /// What was bound, in order, so that closing a scope unbinds it.
    bound: Vec<Dep>,
    syms: &'a [Sym],
    layout: &'a Layout,
    imports: HashMap<usize, FuncRef>,
    convention: CallConv,
    config: TargetFrontendConfig,
}

/// The register type of a dtype: bool is 0 or 1 in 8 bits, other integers and the bits of halves fill 64.
pub(super) fn register(dtype: DType) -> Type {
    match dtype {
        DType::Bool => I8,
        DType::F32 => F32,
        DType::F64 => F64,
        _ => I64,
    }
}

/// Buffers are aligned to their elements, and every access of a legal program is inside one.
pub(super) fn trusted() -> MemFlagsData {
    MemFlagsData::trusted()
}

pub(super) fn arguments(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|&v| BlockArg::Value(v)).collect()
}

impl<'a> Emitter<'a> {
    pub fn new(
        loops: &'a Loops,
        syms: &'a [Sym],
        layout: &'a Layout,
        isa: &dyn TargetIsa,
        b: FunctionBuilder<'a>,
    ) -> Emitter<'a> {
        Emitter {
            pool: &loops.exprs,
            loops,
            b,
            deps: Deps::new(&loops.exprs, &loops.buffers),
            bindings: HashMap::new(),
            scopes: vec![Scope::default()],
            level: 0,
            lane: None,
            at_lane: None,
            roots: vec![],
            sym_values: vec![],
            slots: vec![],
            bound: vec![],
            syms,
            layout,
            imports: HashMap::new(),
            convention: isa.default_call_conv(),
            config: isa.frontend_config(),
        }
    }

    /// The whole function.
    pub fn run(mut self) {
        let entry = self.b.create_block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        let [buffers, syms, params, begin, end, scratch] = *self.b.block_params(entry) else {
            unreachable!("the signature has six parameters")
        };
        self.prologue(buffers, syms, params, scratch);
        self.grid(begin, end);
        self.b.ins().return_(&[]);
        self.b.seal_all_blocks();
        self.b.finalize(self.config);
    }

    /// Sizes, parameters and base addresses.
    fn prologue(&mut self, buffers: Value, syms: Value, params: Value, scratch: Value) {
        let word = |s: &mut Self, base, i: usize| s.b.ins().load(I64, trusted(), base, 8 * i as i32);
        let loops = self.loops;
        self.sym_values = (0..self.syms.len()).map(|i| word(self, syms, i)).collect();
        for (i, &(_, var)) in loops.params.iter().enumerate() {
            let value = word(self, params, i);
            self.bind(Dep::Var(var), Binding::One(value));
        }
        for home in &self.layout.homes {
            let root = match home {
                Home::Argument(i) => word(self, buffers, *i),
                Home::Tile => word(self, params, loops.params.len()),
                Home::Scratch(offset) => {
                    let offset = self.value(self.pool.dim(offset).id());
                    self.b.ins().iadd(scratch, offset)
                }
            };
            self.roots.push(root);
        }
    }

    pub fn sym(&self, sym: &Sym) -> Value {
        let i = self.syms.iter().position(|s| s == sym).expect("check rule 4: symbols are known");
        self.sym_values[i]
    }

    pub fn buffer(&self, buf: BufId) -> &'a Buffer {
        &self.loops.buffers[buf.0 as usize]
    }

    pub fn bind(&mut self, dep: Dep, binding: Binding) {
        self.bindings.insert(dep, (self.level, binding));
        self.bound.push(dep);
    }

    pub fn bind_var(&mut self, var: VarId, binding: Binding) {
        self.bind(Dep::Var(var), binding);
    }

    pub fn bind_axis(&mut self, axis: AxisId, binding: Binding) {
        self.bind(Dep::Axis(axis), binding);
    }

    pub fn binding(&self, dep: Dep) -> &Binding {
        &self.bindings.get(&dep).expect("verified programs bind before they use").1
    }

    /// The loop level at which an expression can be computed; `None` if something in it is not bound yet.
    pub fn level_of(&self, e: ExprId) -> Option<u32> {
        let of = |dep: &Dep| match dep {
            Dep::Load | Dep::Written => Some(0),
            _ => self.bindings.get(dep).map(|b| b.0),
        };
        self.deps.of(e).iter().try_fold(0, |level, dep| Some(level.max(of(dep)?)))
    }

    /// Whether an expression differs from lane to lane.
    pub fn varies(&self, e: ExprId) -> bool {
        let Some(lane) = &self.lane else { return false };
        self.deps.of(e).iter().any(|dep| match dep {
            Dep::Axis(a) if Some(*a) == lane.axis => true,
            Dep::Var(_) => matches!(self.bindings.get(dep), Some((_, Binding::Lanes(_) | Binding::Each(_)))),
            _ => false,
        })
    }

    pub fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("the function's scope is never closed")
    }

    /// Open scopes in which a value may be looked up: for one lane, what differs by lane is in the innermost alone.
    pub fn visible(&self, varying: bool) -> &[Scope] {
        let from = if varying && self.at_lane.is_some() { self.scopes.len() - 1 } else { 0 };
        &self.scopes[from..]
    }

    /// Runs `f` in a scope of its own; what it binds is unbound afterwards.
    pub fn scoped<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.bound.len();
        self.scopes.push(Scope::default());
        let result = f(self);
        self.scopes.pop();
        for dep in self.bound.split_off(before) {
            self.bindings.remove(&dep);
        }
        result
    }

    /// Forgets what was read from memory that may have changed.
    pub fn forget_written(&mut self) {
        let deps = &self.deps;
        for scope in &mut self.scopes {
            scope.values.retain(|&e, _| !deps.has(e, Dep::Written));
            scope.lanes.retain(|&e, _| !deps.has(e, Dep::Written));
        }
    }

    pub fn import(&mut self, index: usize) -> FuncRef {
        if let Some(&known) = self.imports.get(&index) {
            return known;
        }
        let signature = self.b.import_signature(externals::table()[index].signature(self.convention));
        let name = self.b.func.declare_imported_user_function(UserExternalName { namespace: 0, index: index as u32 });
        let data = ExtFuncData { name: ExternalName::user(name), signature, colocated: false, patchable: false };
        let func = self.b.import_function(data);
        self.imports.insert(index, func);
        func
    }

    /// The address of the n-th buffer for calls: room for all lanes of a value.
    pub fn slot(&mut self, n: usize) -> Value {
        while self.slots.len() <= n {
            let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 64, 6));
            self.slots.push(slot);
        }
        self.b.ins().stack_addr(I64, self.slots[n], 0)
    }

    /// Emits `f` where the count is positive, with the values it changes; gives them after it. Loads may move to the start of `f`.
    pub fn guarded(
        &mut self,
        count: Value,
        known: Option<i64>,
        carried: &[Value],
        f: impl FnOnce(&mut Self) -> Vec<Value>,
    ) -> Vec<Value> {
        match known {
            Some(n) if n > 0 => return f(self),
            Some(_) => return carried.to_vec(),
            None => {}
        }
        let (enter, exit) = (self.b.create_block(), self.b.create_block());
        let results = self.append_params(exit, carried);
        let some = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, count, 0);
        self.b.ins().brif(some, enter, &[], exit, &arguments(carried));
        self.b.switch_to_block(enter);
        let end = self.scoped(f);
        self.b.ins().jump(exit, &arguments(&end));
        self.b.switch_to_block(exit);
        results
    }

    pub fn append_params(&mut self, block: Block, like: &[Value]) -> Vec<Value> {
        let types: Vec<Type> = like.iter().map(|&v| self.b.func.dfg.value_type(v)).collect();
        types.into_iter().map(|t| self.b.append_block_param(block, t)).collect()
    }

    /// Computes what in these statements can be computed now. `loads`: whether the statements certainly run.
    pub fn hoist(&mut self, body: &[Stmt], loads: bool) {
        for stmt in body {
            match stmt {
                Stmt::For { extent, body, .. } => {
                    self.hoist_expr(*extent, loads);
                    let runs = self.pool.as_const(*extent).is_some_and(|n| n.as_i64() > 0);
                    self.hoist(body, loads && runs);
                }
                Stmt::Let { value, .. } => self.hoist_expr(*value, loads),
                Stmt::Store { buf, at, value, .. } => {
                    self.hoist_address(*buf, at[0], loads);
                    self.hoist_expr(*value, loads);
                }
                Stmt::Fold(fold) => {
                    let runs = fold.axes.iter().all(|a| self.pool.as_const(a.1).is_some_and(|n| n.as_i64() > 0));
                    fold.axes.iter().for_each(|a| self.hoist_expr(a.1, loads));
                    fold.step.iter().for_each(|&e| self.hoist_expr(e, loads && runs));
                }
                Stmt::Block { len, .. } => self.hoist_expr(*len, loads),
                Stmt::If { cond, body } => {
                    self.hoist_expr(*cond, loads);
                    self.hoist(body, false);
                }
            }
        }
    }

    pub fn hoist_expr(&mut self, e: ExprId, loads: bool) {
        let deps = self.deps.of(e);
        let reads = deps.contains(&Dep::Load);
        if self.level_of(e).is_some() && !deps.contains(&Dep::Written) && (loads || !reads) {
            if self.varies(e) {
                self.hoist_lanes(e);
            } else if self.pool.as_const(e).is_none() {
                self.value(e);
            }
            return;
        }
        match self.pool.node(e) {
            Node::Load(buf, at) => self.hoist_address(buf, at[0], loads),
            Node::Int(p) => {
                let (bound, _) = self.split_bound(&p);
                if bound.as_constant().is_none() {
                    self.value(self.pool.from_poly(bound).id());
                }
                p.atoms().for_each(|&a| self.hoist_expr(a, loads));
            }
            Node::Apply(_, args) => args.iter().for_each(|&a| self.hoist_expr(a, loads)),
            Node::Cast(x) => self.hoist_expr(x, loads),
            _ => {}
        }
    }

    fn hoist_address(&mut self, buf: BufId, offset: ExprId, loads: bool) {
        let p = self.pool.poly(offset);
        let (bound, _) = self.split_bound(&p);
        if bound.as_constant().is_none() {
            self.address_of(buf, &bound);
        }
        p.atoms().for_each(|&a| self.hoist_expr(a, loads));
    }
}
