//! Integer polynomials in normal form: the algebra behind symbolic sizes and index expressions.
//!
//! A polynomial is a sum of monomials with non-zero integer coefficients; equal polynomials are equal values.
//! Arithmetic wraps: the i64 values of a tensor form a ring modulo 2^64, and sizes never come near its border.

use std::collections::BTreeMap;

/// A product of atoms, sorted; the empty product is the constant term.
pub type Monomial<A> = Vec<A>;

/// A polynomial over atoms of type `A`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Poly<A: Ord> {
    terms: BTreeMap<Monomial<A>, i64>,
}

impl<A: Ord + Clone> Poly<A> {
    pub fn constant(c: i64) -> Self {
        Poly { terms: (c != 0).then(|| (vec![], c)).into_iter().collect() }
    }

    pub fn atom(a: A) -> Self {
        Poly { terms: [(vec![a], 1)].into() }
    }

    /// The monomials with their coefficients, the constant term (if any) first.
    pub fn terms(&self) -> impl DoubleEndedIterator<Item = (&Monomial<A>, i64)> {
        self.terms.iter().map(|(m, &c)| (m, c))
    }

    /// The value, if the polynomial has no atoms.
    pub fn as_constant(&self) -> Option<i64> {
        match self.terms.len() {
            0 => Some(0),
            1 => self.terms.get(&[][..]).copied(),
            _ => None,
        }
    }

    /// The atom, if the polynomial is one atom alone.
    pub fn as_atom(&self) -> Option<&A> {
        match self.terms.iter().next() {
            Some((m, 1)) if self.terms.len() == 1 && m.len() == 1 => Some(&m[0]),
            _ => None,
        }
    }

    /// The constant term.
    pub fn offset(&self) -> i64 {
        self.terms.get(&[][..]).copied().unwrap_or(0)
    }

    fn add_term(&mut self, m: Monomial<A>, c: i64) {
        use std::collections::btree_map::Entry;
        match self.terms.entry(m) {
            Entry::Vacant(_) if c == 0 => {}
            Entry::Vacant(e) => {
                e.insert(c);
            }
            Entry::Occupied(e) if e.get().wrapping_add(c) == 0 => {
                e.remove();
            }
            Entry::Occupied(mut e) => *e.get_mut() = e.get().wrapping_add(c),
        }
    }

    pub fn add(&self, other: &Self) -> Self {
        let mut out = self.clone();
        other.terms.iter().for_each(|(m, &c)| out.add_term(m.clone(), c));
        out
    }

    pub fn scale(&self, k: i64) -> Self {
        let mut out = Poly::constant(0);
        self.terms.iter().for_each(|(m, &c)| out.add_term(m.clone(), c.wrapping_mul(k)));
        out
    }

    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.scale(-1))
    }

    pub fn mul(&self, other: &Self) -> Self {
        let mut out = Poly::constant(0);
        for (a, &ca) in &self.terms {
            for (b, &cb) in &other.terms {
                let mut m: Vec<A> = a.iter().chain(b).cloned().collect();
                m.sort();
                out.add_term(m, ca.wrapping_mul(cb));
            }
        }
        out
    }

    /// Splits into `divisible · d + rest`, term by term, for a divisor that is one monomial `c·m`: the first part is already divided.
    /// `None` when the divisor has several terms or is zero.
    pub fn split_by(&self, divisor: &Self) -> Option<(Self, Self)> {
        let mut it = divisor.terms.iter();
        let (dm, &dc) = it.next()?;
        if it.next().is_some() {
            return None;
        }
        let (mut quotient, mut rest) = (Poly::constant(0), Poly::constant(0));
        for (m, &c) in &self.terms {
            match remove_all(m, dm) {
                // Split the coefficient with a non-negative remainder, so that constants carry as floor division does.
                Some(q) if c.wrapping_rem_euclid(dc) == 0 => quotient.add_term(q, c.wrapping_div_euclid(dc)),
                Some(q) if q.is_empty() && dc > 0 => {
                    quotient.add_term(q, c.div_euclid(dc));
                    rest.add_term(m.clone(), c.rem_euclid(dc));
                }
                _ => rest.add_term(m.clone(), c),
            }
        }
        Some((quotient, rest))
    }

    /// Replaces every atom by a polynomial.
    pub fn substitute<B: Ord + Clone>(&self, mut f: impl FnMut(&A) -> Poly<B>) -> Poly<B> {
        let mut out = Poly::constant(0);
        for (m, &c) in &self.terms {
            let product = m.iter().fold(Poly::constant(c), |p, a| p.mul(&f(a)));
            out = out.add(&product);
        }
        out
    }

    /// All atoms, with repetition.
    pub fn atoms(&self) -> impl Iterator<Item = &A> {
        self.terms.keys().flatten()
    }
}

/// `m` without the atoms of `part`, if it holds them all.
fn remove_all<A: Ord + Clone>(m: &[A], part: &[A]) -> Option<Vec<A>> {
    let mut out = m.to_vec();
    for a in part {
        let i = out.iter().position(|x| x == a)?;
        out.remove(i);
    }
    Some(out)
}
