//! The built-in sound: a small band of drums, bass, electric piano and lead.
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
//! Start at [`Synth`]; a part's timbre is one file: `drums` (with its table, `drum_kit`), `bass`,
//! `keys`, `lead`.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

mod bass;
mod drum_kit;
mod drums;
mod dsp;
mod keys;
mod lead;
mod limiter;
mod mixer;
mod pool;
mod reverb;

pub use mixer::Synth;

#[cfg(test)]
mod tests;
