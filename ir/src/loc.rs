//! Where things come from: the places that a node carries through every stage.

use crate::source::Span;
use indexmap::IndexSet;
use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

/// An interned place. Equal places are equal numbers; the number itself is never shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Loc(u32);

/// What a [`Loc`] stands for.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Place {
    /// The expression in the user's source.
    pub span: Option<Span>,
    /// The path of the module whose `forward` was running: `blocks.2.attn`; empty at the top.
    pub scope: Arc<str>,
    /// The places of the nodes that were fused or folded into this one, in order.
    pub from: Vec<Loc>,
    /// For what was read from an IR text: the place as written there. The span is then that of the IR text.
    pub shown: Option<Arc<str>>,
}

fn table() -> &'static RwLock<IndexSet<Place>> {
    static TABLE: OnceLock<RwLock<IndexSet<Place>>> = OnceLock::new();
    TABLE.get_or_init(|| RwLock::new([Place::default()].into_iter().collect()))
}

impl Loc {
    /// The unknown place.
    pub const NONE: Loc = Loc(0);

    pub fn new(span: Option<Span>, scope: &str) -> Loc {
        Loc::intern(Place { span, scope: scope.into(), ..Place::default() })
    }

    /// The place of a node that stands for several. One place stands for itself.
    pub fn fused(from: &[Loc]) -> Loc {
        let mut all: IndexSet<Loc> = IndexSet::new();
        for &l in from {
            let inner = l.place().from;
            all.extend(if inner.is_empty() { vec![l] } else { inner });
        }
        all.shift_remove(&Loc::NONE);
        match all.len() {
            0 => Loc::NONE,
            1 => all[0],
            _ => {
                let first = all[0].place();
                Loc::intern(Place { from: all.into_iter().collect(), ..first })
            }
        }
    }

    pub fn intern(place: Place) -> Loc {
        let mut table = table().write().unwrap_or_else(|e| e.into_inner());
        Loc(table.insert_full(place).0 as u32)
    }

    pub fn place(self) -> Place {
        let table = table().read().unwrap_or_else(|e| e.into_inner());
        table.get_index(self.0 as usize).cloned().unwrap_or_default()
    }

    pub fn span(self) -> Option<Span> {
        self.place().span
    }

    /// The first place and those fused into it, simple ones only.
    pub fn parts(self) -> Vec<Loc> {
        let from = self.place().from;
        if from.is_empty() { vec![self] } else { from }
    }
}

/// `ffn.py:8:45 in fc`; nothing for the unknown place.
impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        if let Some(shown) = &place.shown {
            return f.write_str(shown);
        }
        if let Some(span) = place.span {
            write!(f, "{span}")?;
        }
        if !place.scope.is_empty() {
            write!(f, "{}in {}", if place.span.is_some() { " " } else { "" }, place.scope)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
