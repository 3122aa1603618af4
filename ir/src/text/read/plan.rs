//! Plans with their kernels.

use super::Errors;
use super::formula::Formulas;
use super::literal::integer;
use super::loops::loops;
use super::size::Symbols;
use crate::codes;
use crate::dim::Facts;
use crate::dtype::DType;
use crate::kernel::{Buffer, Exprs};
use crate::plan::{Block, Code, Contract, Layout, Place, Plan, Product, Rows, Slot, SlotInfo, Step};
use crate::text::syntax::{CodeText, ContractText, Expr, ExprKind, PlanText, ProductText, RowsText, StepText, Word};
use crate::types::Type;
use std::collections::HashMap;

pub fn plan(text: &PlanText, errors: &mut Errors) -> Option<Plan> {
    let name = errors.entry_name(text.name)?;
    let facts = errors.facts(&text.dims);
    let symbols = Symbols::of(&facts);
    let mut inputs = vec![];
    for input in &text.inputs {
        inputs.push((errors.entry_name(input.name)?, errors.ty(&input.ty, &symbols)?));
    }
    let (output, leaves) = errors.tree(&text.output, &symbols)?;
    let (guards, bounds) = errors.conditions(&text.conditions, &text.inputs, &symbols);
    let mut reader = Reader { errors, slots: HashMap::new(), kernels: HashMap::new() };
    let slots = reader.slots(text, &symbols, inputs.len(), leaves.len())?;
    reader.check_outputs(text, &slots, &leaves.into_iter().map(|l| l.1).collect::<Vec<_>>());
    let blocks = reader.blocks(text, &symbols)?;
    let layout = reader.layout(text)?;
    let kernels = text.kernels.iter().map(|k| reader.code(k)).collect::<Option<Vec<_>>>()?;
    let steps = reader.steps(&text.steps, &kernels)?;
    Some(Plan { name, inputs, output, guards, bounds, facts, slots, kernels, steps, blocks, layout })
}

struct Reader<'r, 't> {
    errors: &'r mut Errors,
    slots: HashMap<&'t str, Slot>,
    kernels: HashMap<String, usize>,
}

impl<'t> Reader<'_, 't> {
    fn slots(&mut self, text: &PlanText<'t>, symbols: &Symbols, inputs: usize, outputs: usize) -> Option<Vec<SlotInfo>> {
        let mut out = vec![];
        for (slot, place) in &text.slots {
            if self.slots.insert(slot.name.text, Slot(out.len() as u32)).is_some() {
                self.errors.say::<()>(codes::IR_DUPLICATE, slot.name.at, format!("the slot {} is defined twice", slot.name.text));
            }
            let ty = self.errors.ty(&slot.ty, symbols)?;
            let place = self.place(place, [inputs, outputs, text.blocks.len()])?;
            out.push(SlotInfo { ty, place });
        }
        Some(out)
    }

    /// `input(0)`, `output(0)`, `block(0)` below their counts, `@w`, or a constant.
    fn place(&mut self, e: &Expr, counts: [usize; 3]) -> Option<Place> {
        match &e.kind {
            ExprKind::Entry(text) => self.errors.entry_name(Word { at: e.at, text }).map(Place::Stored),
            ExprKind::Typed(..) => self.errors.typed_scalar(e).map(Place::Const),
            ExprKind::Call(kind, args) if let [position] = &args[..] => {
                let (count, place): (usize, fn(usize) -> Place) = match kind.text {
                    "input" => (counts[0], Place::Input),
                    "output" => (counts[1], Place::Output),
                    "block" => (counts[2], Place::Arena),
                    _ => return self.no_place(e),
                };
                let position = self.errors.int(position).and_then(|i| usize::try_from(i).ok()).filter(|&i| i < count);
                position.map(place).or_else(|| self.no_place(e))
            }
            _ => self.no_place(e),
        }
    }

    fn no_place<T>(&mut self, e: &Expr) -> Option<T> {
        let message = "a slot is in input(i), output(i) or block(i) of this plan, in `@w`, or a constant";
        self.errors.say(codes::IR_VALUE, e.at, message)
    }

    fn check_outputs(&mut self, text: &PlanText, slots: &[SlotInfo], leaves: &[Type]) {
        for ((slot, _), info) in text.slots.iter().zip(slots) {
            if let Place::Output(i) = info.place
                && leaves.get(i) != Some(&info.ty)
            {
                let message = format!("{} is result {i}, for which the header has another type", slot.name.text);
                self.errors.say::<()>(codes::IR_VALUE, slot.name.at, message);
            }
        }
    }

    fn blocks(&mut self, text: &PlanText, symbols: &Symbols) -> Option<Vec<Block>> {
        let mut out = vec![];
        for b in &text.blocks {
            let size = self.errors.size(&b.size, symbols)?;
            out.push(Block { size, first: self.count(b.first)?, last: self.count(b.last)? });
        }
        Some(out)
    }

    /// Offsets for all blocks and the size of the arena, or neither.
    fn layout(&mut self, text: &PlanText) -> Option<Option<Layout>> {
        let Some(total) = text.total else {
            return match text.blocks.iter().find_map(|b| b.offset) {
                Some(at) => self.errors.say(codes::IR_VALUE, at.at, "a block has an offset in an arena that has no size"),
                None => Some(None),
            };
        };
        let total = self.count(total)?;
        let mut offsets = vec![];
        for b in &text.blocks {
            match b.offset {
                Some(offset) => offsets.push(self.count(offset)?),
                None => return self.errors.say(codes::IR_VALUE, b.size.at, "this block has no offset in the arena"),
            }
        }
        Some(Some(Layout { offsets, total }))
    }

    fn count(&mut self, word: Word) -> Option<usize> {
        let n = integer(word.text, false, DType::I64).and_then(|s| usize::try_from(s.as_i64()).ok());
        n.or_else(|| self.errors.say(codes::IR_VALUE, word.at, "this is not a number of bytes or steps"))
    }

    fn slot(&mut self, word: Word<'t>) -> Option<Slot> {
        let slot = self.slots.get(word.text).copied();
        slot.or_else(|| self.errors.say(codes::IR_UNKNOWN, word.at, format!("there is no slot {}", word.text)))
    }

    fn steps(&mut self, all: &[StepText<'t>], kernels: &[Code]) -> Option<Vec<Step>> {
        let steps: Vec<Option<Step>> = all.iter().map(|s| self.step(s, kernels)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, text: &StepText<'t>, kernels: &[Code]) -> Option<Step> {
        Some(match text {
            StepText::Launch { at, kernel, args, place } => {
                let name = self.errors.entry_name(*kernel)?;
                let Some(&kernel) = self.kernels.get(&name) else {
                    return self.errors.say(codes::IR_UNKNOWN, kernel.at, format!("there is no kernel @{name}"));
                };
                let args = args.iter().map(|&a| self.slot(a)).collect::<Option<Vec<_>>>()?;
                if args.len() > kernels.get(kernel).map_or(0, |k| k.buffers().len()) {
                    return self.errors.say(codes::IR_VALUE, *at, format!("@{name} has fewer buffers than this"));
                }
                Step::Launch { kernel, args, loc: self.errors.loc(*at, *place) }
            }
            StepText::Copy { from, to } => Step::Copy { from: self.slot(*from)?, to: self.slot(*to)? },
            StepText::If { cond, then, otherwise } => {
                Step::If { cond: self.slot(*cond)?, then: self.steps(then, kernels)?, otherwise: self.steps(otherwise, kernels)? }
            }
            StepText::While { head, cond, body } => {
                Step::While { head: self.steps(head, kernels)?, cond: self.slot(*cond)?, body: self.steps(body, kernels)? }
            }
        })
    }

    fn code(&mut self, text: &CodeText) -> Option<Code> {
        let (code, at) = match text {
            CodeText::Loops(l) => (Code::Loops(Box::new(loops(l, self.errors)?)), l.name.at),
            CodeText::Contract(c) => (Code::Contract(Box::new(self.contract(c)?)), c.name.at),
        };
        let next = self.kernels.len();
        if self.kernels.insert(code.name().to_owned(), next).is_some() {
            self.errors.say::<()>(codes::IR_DUPLICATE, at, format!("two kernels are called @{}", code.name()));
        }
        Some(code)
    }

    fn contract(&mut self, text: &ContractText) -> Option<Contract> {
        let name = self.errors.entry_name(text.name)?;
        let epilogue = loops(&text.epilogue, self.errors)?;
        let facts = epilogue.exprs.facts();
        let sizes = text.sizes.iter().map(|e| self.errors.size(e, &Symbols::Any)).collect::<Option<Vec<_>>>()?;
        let Ok([batch, m]) = <[_; 2]>::try_from(sizes) else {
            return self.errors.say(
                codes::IR_VALUE,
                text.name.at,
                "a contraction has two sizes besides its product's: batch, rows",
            );
        };
        let product = self.product(&text.product, &facts, &epilogue.buffers)?;
        let loc = self.errors.loc(text.at, text.place);
        Some(Contract { name, batch, m, product, epilogue, loc })
    }

    fn product(&mut self, text: &ProductText, facts: &Facts, buffers: &[Buffer]) -> Option<Product> {
        let (n, k) = (self.errors.size(&text.n, &Symbols::Any)?, self.errors.size(&text.k, &Symbols::Any)?);
        let stored = match text.stored {
            None => false,
            Some(Word { text: "stored", .. }) => true,
            Some(other) => return self.errors.say(codes::IR_UNKNOWN, other.at, "panels are `stored`, or nothing is said"),
        };
        let rows = match &text.rows {
            RowsText::Packed(l) => Rows::Packed(loops(l, self.errors)?),
            RowsText::Direct { .. } => self.direct(&text.rows, facts, buffers)?,
            RowsText::Product(inner, finish) => {
                let product = Box::new(self.product(inner, facts, buffers)?);
                Rows::Product { product, finish: loops(finish, self.errors)? }
            }
        };
        Some(Product { n, k, rows, panels: loops(&text.panels, self.errors)?, stored })
    }

    fn direct(&mut self, text: &RowsText, facts: &Facts, buffers: &[Buffer]) -> Option<Rows> {
        let RowsText::Direct { buffer, batch, start, stride } = text else { return None };
        let (exprs, symbols) = (Exprs::new(facts.clone()), Symbols::of(facts));
        let mut f = Formulas::new(self.errors, &exprs, &symbols, buffers);
        let buf = f.buffer(*buffer)?.0;
        let batch = f.fresh(*batch, DType::I64);
        let (start, stride) = (f.index(start)?, f.index(stride)?);
        Some(Rows::Direct { exprs, buf, batch, start, stride })
    }
}
