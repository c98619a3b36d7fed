//! The built-in sound: a small band of drums, bass, chords and lead, with a few patches a part, or
//! a SoundFont in their place.
//!
//! Runs on the **audio thread**. Nothing allocates, locks, waits or logs after [`Synth::new`], and
//! the samples do not depend on how a stretch of time is cut into blocks.
//!
//! It knows no queue, no host and no song position: whoever calls it splits the block at the
//! offsets of the notes. It is meant to be heard at once, not to replace an instrument track.
//!
//! ```
//! use score::{Part, Pitch, Velocity};
//!
//! let mut synth = synth::Synth::new(48_000.0);
//! let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
//! synth.note_on(Part::Bass, Pitch::clamped(36), Velocity::clamped(100));
//! synth.render(&mut left, &mut right);
//! assert!(left.iter().any(|sample| *sample != 0.0));
//! ```
//!
//! Start at [`Synth`]; what a part can sound like is a table of [`Patch`]es (`patches`, for drums
//! `kits`), and how a patch makes a note is one of the files `drums`, `tone` (subtractive), `fm`,
//! `plucked` and `modal`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

mod drums;
mod dsp;
mod fm;
mod kits;
mod limiter;
mod mixer;
mod modal;
mod patches;
mod plucked;
mod pool;
mod reverb;
mod sound_font;
mod tone;
mod voice;

pub use mixer::{PartOutputs, Synth};
pub use patches::Patch;
pub use sound_font::{SoundFontBand, SoundFontError};

#[cfg(test)]
mod tests;
