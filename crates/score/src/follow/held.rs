//! Hears chords in the keys that are held.

use super::GivenChord;
use crate::{Pitch, PitchClass};

/// The keys that are held, and the chord that was heard last.
///
/// Hands come down and go up over some milliseconds. A key that goes down is heard at once.
/// A key that comes up is heard only where it belonged to an older chord than the keys that went
/// down last and are all still held; so letting go of a chord does not change it, key by key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Bit `i` is pitch `i`.
    keys: u128,
    /// The keys that went down since one came up.
    newest: u128,
    /// Whether a key came up since the last went down.
    is_letting_go: bool,
    chord: Option<GivenChord>,
}

impl Held {
    /// Nothing is held, and nothing has been heard.
    pub const fn new() -> Self {
        Self { keys: 0, newest: 0, is_letting_go: false, chord: None }
    }

    /// A key goes down.
    pub fn press(&mut self, pitch: Pitch) {
        if self.is_letting_go {
            self.newest = 0;
            self.is_letting_go = false;
        }
        self.keys |= 1 << pitch.number();
        self.newest |= 1 << pitch.number();
        self.hear(2);
    }

    /// A key comes up.
    pub fn release(&mut self, pitch: Pitch) {
        let key = 1 << pitch.number();
        if self.keys & key == 0 {
            return;
        }
        self.keys &= !key;
        self.is_letting_go = true;
        if self.newest & !self.keys == 0 {
            self.hear(3);
        }
    }

    /// All keys come up; the chord stays.
    pub fn release_all(&mut self) {
        (self.keys, self.newest, self.is_letting_go) = (0, 0, false);
    }

    /// The last chord that was heard, which stays when all keys are up.
    pub const fn chord(&self) -> Option<GivenChord> {
        self.chord
    }

    /// Whether any key is held.
    pub const fn is_any(&self) -> bool {
        self.keys != 0
    }

    /// Takes what is held for a chord, if it has that many pitch classes.
    fn hear(&mut self, least: u32) {
        let classes = (0..11)
            .fold(0, |classes, octave| classes | (self.keys >> (12 * octave)) as u16)
            & 0xfff;
        if classes.count_ones() >= least {
            let bass = PitchClass::new(self.keys.trailing_zeros() as i32);
            self.chord = GivenChord::heard(classes, bass).or(self.chord);
        }
    }
}
