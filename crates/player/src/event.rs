//! What leaves the player: a note begins or ends at a sample of this block.

use score::{Part, Pitch, Velocity};

/// A note event at a sample of the block that is being filled.
///
/// A block's events come in ascending order of `offset`, ends before beginnings at the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayerEvent {
    /// Samples from the block's start, always less than the block's length.
    pub offset: u32,
    /// What happens.
    pub kind: EventKind,
}

/// A beginning or an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A note begins. No other note of the same part and pitch is sounding.
    NoteOn {
        /// Who plays; decides the channel.
        part: Part,
        /// What sounds.
        pitch: Pitch,
        /// How hard it is struck.
        velocity: Velocity,
        /// Names this note until its end; never negative.
        note_id: i32,
    },
    /// The note with this id ends.
    NoteOff {
        /// As in the beginning.
        part: Part,
        /// As in the beginning.
        pitch: Pitch,
        /// As in the beginning.
        note_id: i32,
    },
}
