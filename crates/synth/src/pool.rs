//! A fixed number of voices, given to notes and taken back.

use crate::dsp::placed;

/// One sounding note of some timbre.
pub trait Voice {
    /// The next sample, left and right.
    fn next(&mut self) -> [f32; 2];
    /// The key was let go.
    fn release(&mut self);
    /// Ends within `seconds`, without a click.
    fn fade(&mut self, seconds: f32);
    /// Whether nothing more will be heard.
    fn is_done(&mut self) -> bool;
}

struct Slot<V> {
    voice: V,
    key: u8,
    held: bool,
    active: bool,
    /// When it started, counted in notes.
    age: u64,
    last: [f32; 2],
    pan: [f32; 2],
}

/// Voices of one part. The oldest released voice is taken when all are in use, else the oldest.
pub struct Pool<V, const N: usize> {
    slots: [Slot<V>; N],
    n_started: u64,
    /// What taken voices were putting out, fading away instead of stopping.
    residue: [f32; 2],
    residue_decay: f32,
}

impl<V: Voice, const N: usize> Pool<V, N> {
    /// Makes room for `N` notes with the voices that `make` gives.
    pub fn new(sample_rate: f32, make: impl Fn() -> V) -> Self {
        Self {
            slots: core::array::from_fn(|_| Slot {
                voice: make(),
                key: 0,
                held: false,
                active: false,
                age: 0,
                last: [0.0; 2],
                pan: [0.0; 2],
            }),
            n_started: 0,
            residue: [0.0; 2],
            residue_decay: crate::dsp::decay_factor(0.02, sample_rate),
        }
    }

    /// How many notes were started so far; a seed for what should differ from note to note.
    pub fn n_started(&self) -> u64 {
        self.n_started
    }

    /// Gives a voice, which `begin` sets up, to a note; `pan` from -1 (left) to 1.
    pub fn start(&mut self, key: u8, pan: f32, begin: impl FnOnce(&mut V)) {
        let free = self
            .slots
            .iter_mut()
            .min_by_key(|slot| (slot.active, slot.active && slot.held, slot.age));
        let Some(slot) = free else { return };
        if slot.active {
            for side in 0..2 {
                self.residue[side] += slot.last[side] * slot.pan[side];
            }
        }
        begin(&mut slot.voice);
        (slot.key, slot.held, slot.active) = (key, true, true);
        (slot.age, slot.last, slot.pan) = (self.n_started, [0.0; 2], placed(pan));
        self.n_started += 1;
    }

    /// Lets go of the notes of a key.
    pub fn release(&mut self, key: u8) {
        for slot in self.slots.iter_mut().filter(|slot| slot.active && slot.held) {
            if slot.key == key {
                slot.held = false;
                slot.voice.release();
            }
        }
    }

    /// Ends within `seconds` every note whose key is chosen.
    pub fn fade(&mut self, seconds: f32, choose: impl Fn(u8) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| slot.active && choose(slot.key)) {
            slot.held = false;
            slot.voice.fade(seconds);
        }
    }

    /// Silences everything at once.
    pub fn reset(&mut self) {
        for slot in &mut self.slots {
            slot.active = false;
        }
        self.residue = [0.0; 2];
        self.n_started = 0;
    }

    /// Writes the sum of the voices; `false`, with nothing written, when all are silent.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> bool {
        let is_residual = |residue: [f32; 2]| residue[0].abs() + residue[1].abs() > 1e-6;
        if !is_residual(self.residue) && self.slots.iter().all(|slot| !slot.active) {
            return false;
        }
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            [*left, *right] = self.residue;
            self.residue = self.residue.map(|side| side * self.residue_decay);
            if !is_residual(self.residue) {
                self.residue = [0.0; 2];
            }
        }
        for slot in self.slots.iter_mut().filter(|slot| slot.active) {
            for (left, right) in left.iter_mut().zip(right.iter_mut()) {
                if slot.voice.is_done() {
                    slot.active = false;
                    break;
                }
                slot.last = slot.voice.next();
                *left += slot.last[0] * slot.pan[0];
                *right += slot.last[1] * slot.pan[1];
            }
        }
        true
    }
}
