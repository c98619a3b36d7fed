//! Steps that can be taken back and made again: a plain list, without a host or a window.

use std::collections::VecDeque;

/// Steps that are kept; the oldest is forgotten first.
const MAX_STEPS: usize = 256;

/// One parameter's way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Position in the table of parameters.
    pub param: usize,
    /// Normalised value before.
    pub from: f32,
    /// Normalised value after.
    pub to: f32,
}

/// What a user did at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it was, for a button's hint.
    pub name: String,
    /// One entry a parameter.
    pub changes: Vec<Change>,
    /// Whether it went from one of two compared settings to the other.
    pub flips: bool,
}

impl Step {
    /// Adds a later change.
    pub fn add(&mut self, change: Change) {
        match self.changes.iter_mut().find(|earlier| earlier.param == change.param) {
            Some(earlier) => earlier.to = change.to,
            None => self.changes.push(change),
        }
    }

    fn is_nothing(&self) -> bool {
        !self.flips && self.changes.iter().all(|change| change.from == change.to)
    }
}

/// What was done and what was taken back.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// Whether the last step may still grow.
    is_open: bool,
}

impl History {
    /// Writes a step down; what was taken back before is gone.
    pub fn push(&mut self, mut step: Step, may_grow: bool) {
        step.changes.retain(|change| step.flips || change.from != change.to);
        if step.is_nothing() {
            return;
        }
        self.undone.clear();
        if self.done.len() >= MAX_STEPS {
            self.done.pop_front();
        }
        self.done.push_back(step);
        self.is_open = may_grow;
    }

    /// Adds changes to the last step, if it may grow; `false` if there is none.
    pub fn grow(&mut self, changes: &[Change]) -> bool {
        let Some(last) = self.done.back_mut().filter(|_| self.is_open) else { return false };
        changes.iter().for_each(|change| last.add(*change));
        self.undone.clear();
        if last.is_nothing() {
            self.done.pop_back();
            self.is_open = false;
        }
        true
    }

    /// The last step, if it may grow.
    pub fn open(&self) -> Option<&Step> {
        self.done.back().filter(|_| self.is_open)
    }

    /// Takes the last step back: its changes' `from` are to be set.
    pub fn undo(&mut self) -> Option<Step> {
        self.is_open = false;
        let step = self.done.pop_back()?;
        self.undone.push(step.clone());
        Some(step)
    }

    /// Makes the step again that was taken back last: its changes' `to` are to be set.
    pub fn redo(&mut self) -> Option<Step> {
        self.is_open = false;
        let step = self.undone.pop()?;
        self.done.push_back(step.clone());
        Some(step)
    }

    /// The name of the step that [`Self::undo`] would take back.
    pub fn undo_name(&self) -> Option<&str> {
        self.done.back().map(|step| step.name.as_str())
    }

    /// The name of the step that [`Self::redo`] would make again.
    pub fn redo_name(&self) -> Option<&str> {
        self.undone.last().map(|step| step.name.as_str())
    }
}
