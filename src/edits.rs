//! What a user has changed in the window: undo and redo, two settings to compare, and the preset
//! that was loaded last.
//!
//! Runs on the **GUI thread**, and where a project is saved or loaded; never on the audio thread.
//! A change is a gesture of the editor, a preset, or dice; what a host automates is none. A host may
//! take its time to pass a change back to the parameters, so a value that was just set counts as
//! set for a while ([`PATIENCE`]).

mod history;
mod recorder;

pub use history::{Change, History, Step};
pub use recorder::Recorder;

use std::collections::BTreeMap;

use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::ParamSetter;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::presets::{Role, Table};

/// How long a host may take to pass a value back, in seconds.
const PATIENCE: f64 = 1.0;

/// Turns of one control less than this apart are one step, in seconds: a stroke of a wheel.
const STROKE: f64 = 0.6;

/// Longest name of a preset that a project is believed.
const MAX_NAME: usize = 64;

/// One of two settings to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What a project saves of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The preset that was loaded last.
    #[serde(default)]
    preset: Option<String>,
    /// Which of the two settings is heard.
    #[serde(default)]
    slot: Slot,
    /// The other setting, normalised values by id; empty before there is one.
    #[serde(default)]
    other: BTreeMap<String, f32>,
}

/// The memory of one instance.
#[derive(Debug, Default)]
pub struct Edits {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    saved: Saved,
    history: History,
    /// The step that is being made: gestures that have begun since all had ended.
    making: Option<Step>,
    /// Parameters with a gesture that goes on.
    held: Vec<usize>,
    /// Whether gestures come from here and are written down already.
    is_applying: bool,
    /// Values on their way through the host.
    pending: Vec<Pending>,
    now: f64,
    /// When the last gesture ended.
    ended: f64,
    frame: u64,
    /// The frame in which it ended.
    ended_frame: u64,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    param: usize,
    /// What stood there when it was set.
    before: f32,
    to: f32,
    since: f64,
}

impl State {
    /// A parameter's value as the user knows it.
    fn value(&self, table: &Table<'_>, param: usize) -> f32 {
        let value = table.value(param);
        let pending = self.pending.iter().find(|pending| pending.param == param);
        match pending {
            Some(p) if p.before == value && self.now - p.since < PATIENCE => p.to,
            _ => value,
        }
    }

    fn values(&self, table: &Table<'_>) -> Vec<f32> {
        (0..table.len()).map(|param| self.value(table, param)).collect()
    }

    fn expect(&mut self, table: &Table<'_>, param: usize, to: f32) {
        self.pending.retain(|pending| pending.param != param);
        self.pending.push(Pending { param, before: table.value(param), to, since: self.now });
    }

    /// Closes the step that was being made.
    fn close(&mut self) {
        self.held.clear();
        let Some(step) = self.making.take() else { return };
        let is_stroke = self.now - self.ended < STROKE
            && matches!(
                (self.history.open().map(|last| last.changes.as_slice()), &*step.changes),
                (Some([last]), [change]) if last.param == change.param
            );
        let is_same_frame = self.ended_frame == self.frame;
        let grew = (is_stroke || is_same_frame) && self.history.grow(&step.changes);
        if !grew {
            self.history.push(step, true);
        }
        self.ended = self.now;
        self.ended_frame = self.frame;
    }
}

impl Edits {
    /// Tells the time at the start of a frame, in seconds: what is set in one frame is one step.
    pub fn begin_frame(&self, now: f64) {
        let mut state = self.state.lock();
        state.now = now;
        state.frame += 1;
        let is_due = |pending: &Pending| now - pending.since < PATIENCE && now >= pending.since;
        state.pending.retain(is_due);
    }

    /// Closes gestures that nobody ends any more, as when the window closes.
    pub fn close(&self) {
        self.state.lock().close();
    }

    fn begin(&self, table: &Table<'_>, param: usize) {
        let mut state = self.state.lock();
        if state.is_applying {
            return;
        }
        let value = state.value(table, param);
        let step = state.making.get_or_insert_with(|| Step {
            name: table.name(param),
            changes: Vec::new(),
            flips: false,
        });
        if step.changes.iter().all(|change| change.param != param) {
            step.changes.push(Change { param, from: value, to: value });
        }
        state.held.push(param);
    }

    fn set(&self, table: &Table<'_>, param: usize, to: f32) {
        let mut state = self.state.lock();
        state.expect(table, param, to);
        if let Some(step) = state.making.as_mut()
            && let Some(change) = step.changes.iter_mut().find(|change| change.param == param)
        {
            change.to = to;
        }
    }

    fn end(&self, param: usize) {
        let mut state = self.state.lock();
        if state.is_applying {
            return;
        }
        state.held.retain(|held| *held != param);
        if state.held.is_empty() {
            state.close();
        }
    }

    /// Values as the user knows them: what was just set counts, whether the host has passed it on
    /// or not.
    pub fn values(&self, table: &Table<'_>) -> Vec<f32> {
        self.state.lock().values(table)
    }

    /// Sets parameters, each as a gesture, all as one step; those that are there already are not
    /// touched.
    pub fn apply(
        &self,
        table: &Table<'_>,
        setter: &ParamSetter,
        name: &str,
        values: &[Option<f32>],
    ) {
        let changes = {
            let mut state = self.state.lock();
            state.close();
            let changes: Vec<Change> = values
                .iter()
                .enumerate()
                .take(table.len())
                .filter_map(|(param, to)| {
                    let (from, to) = (state.value(table, param), (*to)?);
                    (!table.is_same(param, from, to)).then_some(Change { param, from, to })
                })
                .collect();
            let step = Step { name: name.to_owned(), changes: changes.clone(), flips: false };
            state.history.push(step, false);
            changes
        };
        self.send(table, setter, changes.iter().map(|change| (change.param, change.to)));
    }

    /// Takes the last step back; `false` if there is none.
    pub fn undo(&self, table: &Table<'_>, setter: &ParamSetter) -> bool {
        let Some(step) = self.step_with(table, History::undo) else { return false };
        self.send(table, setter, step.changes.iter().rev().map(|c| (c.param, c.from)));
        true
    }

    /// Makes the last step again that was taken back; `false` if there is none.
    pub fn redo(&self, table: &Table<'_>, setter: &ParamSetter) -> bool {
        let Some(step) = self.step_with(table, History::redo) else { return false };
        self.send(table, setter, step.changes.iter().map(|c| (c.param, c.to)));
        true
    }

    fn step_with(
        &self,
        table: &Table<'_>,
        take: impl FnOnce(&mut History) -> Option<Step>,
    ) -> Option<Step> {
        let mut state = self.state.lock();
        state.close();
        let step = take(&mut state.history)?;
        if step.flips {
            state.flip(table);
        }
        Some(step)
    }

    /// The name of what [`Self::undo`] would take back, and of what [`Self::redo`] would make again.
    pub fn names(&self) -> [Option<String>; 2] {
        let state = self.state.lock();
        [state.history.undo_name(), state.history.redo_name()].map(|name| name.map(str::to_owned))
    }

    /// Which of two settings is heard.
    pub fn slot(&self) -> Slot {
        self.state.lock().saved.slot
    }

    /// Whether the other of two settings is another one.
    pub fn has_other(&self) -> bool {
        !self.state.lock().saved.other.is_empty()
    }

    /// Goes over to the other of two settings, as one step. The first time, it is like this one.
    pub fn compare(&self, table: &Table<'_>, setter: &ParamSetter) {
        let changes = {
            let mut state = self.state.lock();
            state.close();
            let values = state.values(table);
            let other = state.saved.other.clone();
            let change = |param: usize| {
                let (from, to) = (values[param], *other.get(table.id(param))?);
                let differs = is_compared(table, param) && !table.is_same(param, from, to);
                differs.then_some(Change { param, from, to })
            };
            let changes: Vec<Change> = (0..table.len()).filter_map(change).collect();
            state.flip(table);
            let name = format!("Compare with {:?}", state.saved.slot);
            let step = Step { name, changes: changes.clone(), flips: true };
            state.history.push(step, false);
            changes
        };
        self.send(table, setter, changes.iter().map(|change| (change.param, change.to)));
    }

    /// Makes the other of two settings the same as the one that is heard.
    pub fn copy_to_other(&self, table: &Table<'_>) {
        let mut state = self.state.lock();
        state.saved.other = state.snapshot(table);
    }

    /// The name of the preset that was loaded or saved last.
    pub fn preset(&self) -> Option<String> {
        self.state.lock().saved.preset.clone()
    }

    /// Remembers the preset that was loaded or saved.
    pub fn set_preset(&self, name: Option<String>) {
        self.state.lock().saved.preset = name;
    }

    fn send(
        &self,
        table: &Table<'_>,
        setter: &ParamSetter,
        values: impl Iterator<Item = (usize, f32)>,
    ) {
        self.state.lock().is_applying = true;
        for (param, to) in values {
            self.state.lock().expect(table, param, to);
            table.set(param, setter, to);
        }
        self.state.lock().is_applying = false;
    }
}

impl State {
    /// Puts the setting that is heard into the place of the other.
    fn flip(&mut self, table: &Table<'_>) {
        self.saved.other = self.snapshot(table);
        self.saved.slot = self.saved.slot.other();
    }

    fn snapshot(&self, table: &Table<'_>) -> BTreeMap<String, f32> {
        let compared = (0..table.len()).filter(|param| is_compared(table, *param));
        compared.map(|param| (table.id(param).to_owned(), self.value(table, param))).collect()
    }
}

/// Whether a parameter is one of the settings that are compared.
fn is_compared(table: &Table<'_>, param: usize) -> bool {
    table.role(param) != Role::Setup
}

/// A state that is loaded is another beginning: there is nothing to take back.
impl PersistentField<'_, Saved> for Edits {
    fn set(&self, mut saved: Saved) {
        saved.preset = saved.preset.filter(|name| name.chars().count() <= MAX_NAME);
        saved.other.retain(|_, value| (0.0..=1.0).contains(value));
        let mut state = self.state.lock();
        *state = State { saved, now: state.now, frame: state.frame, ..State::default() };
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Saved) -> R,
    {
        f(&self.state.lock().saved)
    }
}

#[cfg(test)]
pub(crate) mod tests;
