//! What somebody plays into the band, placed in the song.

use score::{Pitch, Ticks, Velocity};

use crate::Epoch;

/// Most notes that a request tells: what is played in a beat or two, however fast.
pub const MAX_PLAYED: usize = 24;

/// Most keys that go down or up at one sample.
const MAX_KEYS: usize = 32;

/// A note that was played into the band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayedNote {
    /// The stretch in which it began.
    pub epoch: Epoch,
    /// Where it began.
    pub onset: Ticks,
    /// How long it sounded, or has so far; at least 1 tick.
    pub duration: Ticks,
    /// Its key.
    pub pitch: Pitch,
    /// Its velocity.
    pub velocity: Velocity,
}

/// The last notes that were played into the band.
///
/// A request tells all of them again, so none is lost where beats are committed irregularly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    notes: [Option<PlayedNote>; MAX_PLAYED],
}

impl Default for Played {
    fn default() -> Self {
        Self::NONE
    }
}

impl Played {
    /// Nothing was played.
    pub const NONE: Self = Self { notes: [None; MAX_PLAYED] };

    /// The notes, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &PlayedNote> {
        self.notes.iter().flatten()
    }
}

impl FromIterator<PlayedNote> for Played {
    /// The first [`MAX_PLAYED`] of them.
    fn from_iter<I: IntoIterator<Item = PlayedNote>>(notes: I) -> Self {
        let mut played = Self::NONE;
        played.notes.iter_mut().zip(notes).for_each(|(place, note)| *place = Some(note));
        played
    }
}

/// A key that went down with a velocity, or came up.
#[derive(Clone, Copy, Debug)]
struct Key {
    pitch: Pitch,
    velocity: Option<Velocity>,
}

/// The keys of whoever plays, and what came of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyboard {
    /// Keys that wait for the block to say where they are in the song.
    waiting: [Option<Key>; MAX_KEYS],
    n_waiting: usize,
    played: Played,
    /// Bit `i`: note `i` of these still sounds.
    sounding: u32,
    /// Where the next note is written.
    next: usize,
}

impl Keyboard {
    pub(crate) const fn new() -> Self {
        Self { waiting: [None; MAX_KEYS], n_waiting: 0, played: Played::NONE, sounding: 0, next: 0 }
    }

    /// A key goes down or, without a velocity, comes up at the first sample of the next block.
    /// More than fit are not heard.
    pub(crate) fn hear(&mut self, pitch: Pitch, velocity: Option<Velocity>) {
        if let Some(place) = self.waiting.get_mut(self.n_waiting) {
            *place = Some(Key { pitch, velocity });
            self.n_waiting += 1;
        }
    }

    /// Puts the keys that wait at a place in the song; `None` while nothing plays, when they are
    /// not heard.
    pub(crate) fn settle(&mut self, at: Option<(Epoch, Ticks)>) {
        for idx in 0..core::mem::take(&mut self.n_waiting) {
            let key = self.waiting.get_mut(idx).and_then(Option::take);
            match (key, at) {
                (Some(Key { pitch, velocity: Some(velocity) }), Some((epoch, onset))) => {
                    self.end(pitch, at);
                    let note = PlayedNote { epoch, onset, duration: Ticks(1), pitch, velocity };
                    if let Some(place) = self.played.notes.get_mut(self.next) {
                        *place = Some(note);
                        self.sounding |= 1 << self.next;
                    }
                    self.next = (self.next + 1) % MAX_PLAYED;
                }
                (Some(key), _) => self.end(key.pitch, at),
                (None, _) => {}
            }
        }
    }

    /// Ends the notes of a key.
    fn end(&mut self, pitch: Pitch, at: Option<(Epoch, Ticks)>) {
        for (idx, note) in self.played.notes.iter_mut().enumerate() {
            if let Some(note) = note.as_mut().filter(|note| note.pitch == pitch)
                && self.sounding >> idx & 1 == 1
            {
                self.sounding &= !(1 << idx);
                last_until(note, at);
            }
        }
    }

    /// What was played until `at`.
    pub(crate) fn played(&self, epoch: Epoch, at: Ticks) -> Played {
        let mut played = self.played;
        for (idx, note) in played.notes.iter_mut().enumerate() {
            if let Some(note) = note.as_mut().filter(|_| self.sounding >> idx & 1 == 1) {
                last_until(note, Some((epoch, at)));
            }
        }
        played
    }
}

/// Lets a note last until a place of its own stretch; one that has been left tells nothing.
fn last_until(note: &mut PlayedNote, at: Option<(Epoch, Ticks)>) {
    if let Some((_, at)) = at.filter(|(epoch, _)| *epoch == note.epoch) {
        note.duration = Ticks((at.0 - note.onset.0).max(note.duration.0));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    const HERE: Epoch = Epoch(3);

    fn pitch(number: u8) -> Pitch {
        Pitch::clamped(number.into())
    }

    fn told(keyboard: &Keyboard, at: i64) -> Vec<(u8, i64, i64)> {
        let played = keyboard.played(HERE, Ticks(at));
        let mut notes: Vec<_> =
            played.iter().map(|n| (n.pitch.number(), n.onset.0, n.duration.0)).collect();
        notes.sort_unstable();
        notes
    }

    #[test]
    fn keys_become_notes_of_the_place_where_the_block_begins() {
        let mut keyboard = Keyboard::new();
        let velocity = Some(Velocity::clamped(80));
        keyboard.hear(pitch(60), velocity);
        assert_eq!(told(&keyboard, 0), [], "no block yet");
        keyboard.settle(Some((HERE, Ticks(100))));
        assert_eq!(told(&keyboard, 150), [(60, 100, 50)], "sounds so far");
        keyboard.hear(pitch(60), None);
        keyboard.hear(pitch(64), velocity);
        keyboard.settle(Some((HERE, Ticks(200))));
        assert_eq!(told(&keyboard, 400), [(60, 100, 100), (64, 200, 200)]);
        // Struck again without having come up.
        keyboard.hear(pitch(64), velocity);
        keyboard.settle(Some((HERE, Ticks(300))));
        assert_eq!(told(&keyboard, 400), [(60, 100, 100), (64, 200, 100), (64, 300, 100)]);
        // A jump: what sounds is no longer than it was known to be.
        keyboard.hear(pitch(64), None);
        keyboard.settle(Some((HERE.next(), Ticks(5))));
        assert_eq!(told(&keyboard, 400), [(60, 100, 100), (64, 200, 100), (64, 300, 1)]);
    }

    #[test]
    fn what_is_too_much_or_played_to_nothing_is_not_heard() {
        let mut keyboard = Keyboard::new();
        let velocity = Some(Velocity::clamped(80));
        for key in 0..128 {
            keyboard.hear(pitch(key), velocity);
        }
        keyboard.settle(None);
        assert_eq!(told(&keyboard, 0), []);
        for key in 0..100 {
            keyboard.hear(pitch(key), velocity);
            keyboard.settle(Some((HERE, Ticks(10 * i64::from(key)))));
        }
        let last: Vec<u8> = told(&keyboard, 2_000).iter().map(|note| note.0).collect();
        assert_eq!(last, (100 - MAX_PLAYED as u8..100).collect::<Vec<_>>(), "the last are kept");
    }
}
