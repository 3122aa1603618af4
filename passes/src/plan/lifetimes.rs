//! Lifetimes: the first and the last step that touch each slot, counted over the flattened steps.
//!
//! Branches count one after the other, as if both ran. What enters a loop from outside lives to the loop's end, since the next round may
//! read it; what a round makes for itself does not.

use cresset_ir::plan::{Slot, Step};

/// First and last step of each slot; `None` for a slot that no step touches.
pub fn lifetimes(steps: &[Step], slots: usize) -> Vec<Option<(usize, usize)>> {
    let mut walk = Walk { now: 0, lives: vec![None; slots] };
    walk.steps(steps);
    walk.lives
}

struct Walk {
    now: usize,
    lives: Vec<Option<(usize, usize)>>,
}

impl Walk {
    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Launch { args, .. } => self.touch(args),
                Step::Copy { from, to } => self.touch(&[*from, *to]),
                Step::If { cond, then, otherwise } => {
                    self.touch(&[*cond]);
                    self.steps(then);
                    self.steps(otherwise);
                }
                Step::While { head, cond, body } => {
                    let start = self.now;
                    self.steps(head);
                    self.touch(&[*cond]);
                    self.steps(body);
                    self.keep_alive(start);
                }
            }
        }
    }

    /// One step.
    fn touch(&mut self, slots: &[Slot]) {
        for s in slots {
            let life = &mut self.lives[s.0 as usize];
            *life = Some((life.map_or(self.now, |l| l.0), self.now));
        }
        self.now += 1;
    }

    /// What lives before a loop that began at `start`, and is touched in it, lives to its last step.
    fn keep_alive(&mut self, start: usize) {
        let end = self.now - 1;
        self.lives.iter_mut().flatten().filter(|l| l.0 < start && l.1 >= start).for_each(|l| l.1 = end);
    }
}
