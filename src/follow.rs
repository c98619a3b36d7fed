//! Chords that the band follows: from keys that are held, from a progression, from other instances.
//!
//! [`Input`] runs on the **audio thread**. [`Progressions`] is written by the host's main thread and
//! the editor, [`bus`] by any instance's audio thread; both are read without waiting.

#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

pub mod bus;
mod progressions;

pub use progressions::Progressions;

use nice_plug::prelude::NoteEvent;
use score::follow::Held;
use score::{GivenChord, Pitch, Progression};

/// Where the chords come from that the band follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The model chooses.
    Model,
    /// Keys that are held.
    Keys,
    /// The typed progression.
    Typed,
    /// Another instance.
    Bus(usize),
}

/// What an instance hears of chords.
#[derive(Debug, Default)]
pub struct Input {
    held: Held,
    typed: Progression,
    /// Which [`Progressions`] were read last.
    version: u32,
}

impl Input {
    /// Hears a note event.
    pub fn hear(&mut self, event: &NoteEvent<()>) {
        match event {
            NoteEvent::NoteOn { key, velocity, .. } => {
                let Some(pitch) = key.number().and_then(Pitch::new) else { return };
                // Some keyboards end notes with a velocity of 0.
                match *velocity > 0.0 {
                    true => self.held.press(pitch),
                    false => self.held.release(pitch),
                }
            }
            NoteEvent::NoteOff { key, .. } | NoteEvent::Choke { key, .. } => {
                match key.number().and_then(Pitch::new) {
                    Some(pitch) => self.held.release(pitch),
                    None => self.held.release_all(),
                }
            }
            _ => {}
        }
    }

    /// Forgets which keys are held; the last chord stays.
    pub fn reset(&mut self) {
        self.held.release_all();
    }

    /// The chord to follow now, where it does not depend on the beat.
    pub fn chord(&self, source: Source) -> Option<GivenChord> {
        match source {
            Source::Model | Source::Typed => None,
            Source::Keys => self.held.chord(),
            Source::Bus(number) => bus::read(number),
        }
    }

    /// The progression to follow, if that is what is followed.
    pub fn progression(&mut self, source: Source, shared: &Progressions) -> &Progression {
        if source != Source::Typed {
            return &Progression::EMPTY;
        }
        if let Some((version, typed)) = shared.newer_than(self.version) {
            (self.version, self.typed) = (version, typed);
        }
        &self.typed
    }
}
