//! Index polynomials and addresses.
//!
//! A sum is computed from the outside in: the terms that an outer loop fixes are one value, to which each inner loop adds its own.
//! The constant term of an address is the displacement of the access.

use super::deps::Dep;
use super::emit::{Binding, Emitter};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use cresset_ir::kernel::{BufId, ExprId, Node};
use cresset_ir::poly::Poly;

/// An address: a register and a displacement.
#[derive(Clone, Copy)]
pub(super) struct Address {
    pub base: Value,
    pub displacement: i32,
}

impl Emitter<'_> {
    /// The value of a polynomial.
    pub fn sum(&mut self, p: &Poly<ExprId>) -> Value {
        let p = self.settle(p);
        self.settled_sum(&p)
    }

    fn settled_sum(&mut self, p: &Poly<ExprId>) -> Value {
        let (rest, top) = self.split_top(p);
        match rest.as_constant() {
            _ if top.as_constant() == Some(0) => self.b.ins().iconst(I64, rest.offset()),
            Some(0) => self.terms(&top),
            Some(c) => {
                let sum = self.terms(&top);
                self.b.ins().iadd_imm_s(sum, c)
            }
            None => {
                let (outer, inner) = (self.outer_sum(rest), self.terms(&top));
                self.b.ins().iadd(outer, inner)
            }
        }
    }

    /// The part of a settled sum that outer loops fix.
    fn outer_sum(&mut self, p: Poly<ExprId>) -> Value {
        if let Some(&atom) = p.as_atom() {
            return self.atom(atom);
        }
        let e = self.pool.from_poly(p.clone()).id();
        // Settling twice would add the lane twice.
        if self.at_lane.is_some() && self.varies(e) { self.settled_sum(&p) } else { self.value(e) }
    }

    /// The address of the element at a flat offset.
    pub fn address(&mut self, buf: BufId, offset: ExprId) -> Address {
        let size = self.buffer(buf).ty.dtype.size() as i64;
        let p = self.settle(&self.pool.poly(offset));
        let constant = p.offset();
        let p = p.sub(&Poly::constant(constant));
        let base = self.address_of(buf, &p);
        match i32::try_from(constant.wrapping_mul(size)) {
            // Room for the lanes that follow.
            Ok(displacement) if displacement.unsigned_abs() < 1 << 30 => Address { base, displacement },
            _ => Address { base: self.b.ins().iadd_imm_s(base, constant.wrapping_mul(size)), displacement: 0 },
        }
    }

    /// The address of the element at an offset, its constant term left out.
    pub fn address_of(&mut self, buf: BufId, p: &Poly<ExprId>) -> Value {
        let p = p.sub(&Poly::constant(p.offset()));
        if p.as_constant().is_some() {
            return self.roots[buf.0 as usize];
        }
        let size = self.buffer(buf).ty.dtype.size() as i64;
        let e = self.pool.from_poly(p.clone()).id();
        let key = (buf, e);
        let written = self.deps.has(e, Dep::Written);
        if let Some(&known) = self.visible(self.varies(e)).iter().rev().find_map(|s| s.addresses.get(&key)) {
            return known;
        }
        let (rest, top) = self.split_top(&p);
        let (outer, inner) = (self.address_of(buf, &rest), self.terms(&top.scale(size)));
        let value = self.b.ins().iadd(outer, inner);
        if !written {
            self.scope().addresses.insert(key, value);
        }
        value
    }

    /// Known axes replaced by their values, and the lane axis by the lane meant.
    fn settle(&self, p: &Poly<ExprId>) -> Poly<ExprId> {
        p.substitute(|&atom| match self.pool.node(atom) {
            Node::Axis(a) => match (self.binding(Dep::Axis(a)), self.at_lane) {
                (Binding::Known(k), _) => Poly::constant(*k),
                (_, Some(lane)) if self.is_lane(a) => Poly::atom(atom).add(&Poly::constant(lane as i64)),
                _ => Poly::atom(atom),
            },
            _ => Poly::atom(atom),
        })
    }

    /// The terms whose atoms are bound, and the others.
    pub fn split_bound(&self, p: &Poly<ExprId>) -> (Poly<ExprId>, Poly<ExprId>) {
        split(p, |m| m.iter().all(|&a| self.level_of(a).is_some() && !self.deps.has(a, Dep::Load)))
    }

    /// The terms of the innermost loop last.
    fn split_top(&self, p: &Poly<ExprId>) -> (Poly<ExprId>, Poly<ExprId>) {
        let level = |m: &[ExprId]| m.iter().filter_map(|&a| self.level_of(a)).max().unwrap_or(0);
        let top = p.terms().filter(|(m, _)| !m.is_empty()).map(|(m, _)| level(m)).max().unwrap_or(0);
        split(p, |m| m.is_empty() || level(m) < top)
    }

    /// A sum of products, without constant term.
    fn terms(&mut self, p: &Poly<ExprId>) -> Value {
        let mut sum = None;
        for (m, c) in p.terms() {
            let mut product = None;
            for &atom in m {
                let factor = self.atom(atom);
                product = Some(product.map_or(factor, |x| self.b.ins().imul(x, factor)));
            }
            let term = match product {
                Some(x) => self.scaled(x, c),
                None => self.b.ins().iconst(I64, c),
            };
            sum = Some(sum.map_or(term, |s| self.b.ins().iadd(s, term)));
        }
        sum.unwrap_or_else(|| self.b.ins().iconst(I64, 0))
    }

    fn scaled(&mut self, x: Value, c: i64) -> Value {
        match c {
            1 => x,
            -1 => self.b.ins().ineg(x),
            _ if c > 0 && c & (c - 1) == 0 => {
                let shift = self.b.ins().iconst(I64, c.trailing_zeros() as i64);
                self.b.ins().ishl(x, shift)
            }
            _ => self.b.ins().imul_imm_s(x, c),
        }
    }

    /// A factor of a settled polynomial: the lane axis is its first lane.
    fn atom(&mut self, atom: ExprId) -> Value {
        if let Node::Axis(a) = self.pool.node(atom)
            && let Binding::One(value) = self.binding(Dep::Axis(a))
        {
            return *value;
        }
        self.value(atom)
    }
}

fn split(p: &Poly<ExprId>, first: impl Fn(&[ExprId]) -> bool) -> (Poly<ExprId>, Poly<ExprId>) {
    let mut parts = (Poly::constant(0), Poly::constant(0));
    for (m, c) in p.terms() {
        let term = m.iter().fold(Poly::constant(c), |t, &a| t.mul(&Poly::atom(a)));
        let part = if first(m) { &mut parts.0 } else { &mut parts.1 };
        *part = part.add(&term);
    }
    parts
}
