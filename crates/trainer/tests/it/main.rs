//! The trainer's promises, in one binary.

/// The network against its twin in another framework.
mod parity;
/// From MIDI files to a model that composes, and what goes wrong on the way.
mod pipeline;
