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
use score::{GivenChord, Pitch, Progression, Velocity};

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

/// A key of a keyboard that goes down or, without a velocity, comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which; without, all keys come up.
    pub pitch: Option<Pitch>,
    /// How hard it was struck.
    pub velocity: Option<Velocity>,
}

/// What a note event says of a key; `None` for other events, and for a key that there is not.
pub fn key(event: &NoteEvent<()>) -> Option<Key> {
    match event {
        NoteEvent::NoteOn { key, velocity, .. } => {
            let pitch = Some(key.number().and_then(Pitch::new)?);
            // Some keyboards end notes with a velocity of 0.
            let struck = (*velocity > 0.0).then(|| (*velocity * 127.0).round() as i32);
            Some(Key { pitch, velocity: struck.map(Velocity::clamped) })
        }
        NoteEvent::NoteOff { key, .. } | NoteEvent::Choke { key, .. } => {
            Some(Key { pitch: key.number().and_then(Pitch::new), velocity: None })
        }
        _ => None,
    }
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
        match key(event) {
            Some(Key { pitch: Some(pitch), velocity: Some(_) }) => self.held.press(pitch),
            Some(Key { pitch: Some(pitch), velocity: None }) => self.held.release(pitch),
            Some(Key { pitch: None, .. }) => self.held.release_all(),
            None => {}
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
            Source::Bus(number) => bus::newest(number),
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
