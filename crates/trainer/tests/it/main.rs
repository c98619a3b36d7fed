//! The trainer's promises, in one binary.

/// Corpora that are wrong, disks that fill, runs that are killed.
mod bad_input;
/// The network against its twin in another framework.
mod parity;
/// From MIDI files to a model that composes, and what goes wrong on the way.
mod pipeline;
/// Held-out artists, and styles of MIDI files.
mod styles;
