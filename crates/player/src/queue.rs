//! What comes in from the composer, and both ends of both queues.

use core::ops::Deref;

use rtrb::{Consumer, Producer, RingBuffer};
use score::{Part, Pitch, Ticks, Velocity};

use crate::{BeatRequest, Epoch, Player, Status};

/// A note waiting to be played.
///
/// `Copy` and free of heap data, because it crosses to the audio thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledNote {
    /// When it starts, in ticks from the start of the song. Negative during a host's pre-roll.
    pub onset: Ticks,
    /// How long it sounds, at least one tick; the player, not the queue, ends the note.
    pub duration: Ticks,
    /// A note of an epoch that is over is dropped unplayed.
    pub epoch: Epoch,
    /// Who plays.
    pub part: Part,
    /// What sounds.
    pub pitch: Pitch,
    /// How hard it is struck.
    pub velocity: Velocity,
}

/// Notes the queue can hold: four beats at [`MAX_NOTES_PER_BEAT`].
///
/// A full queue loses nothing, the composer keeps the rest for its next turn.
pub const QUEUE_CAPACITY: usize = 1024;

/// Notes of one beat that the composer may send: ten times a dense four-part beat.
pub const MAX_NOTES_PER_BEAT: usize = 256;

/// Requests the queue can hold: 100 seconds of beats at 150 BPM while the composer is stalled.
///
/// When it is full after all, the beat is asked for in a later block, and counted.
pub const REQUEST_CAPACITY: usize = 256;

/// The background thread's ends of both queues.
#[derive(Debug)]
pub struct ComposerEnd {
    /// Notes go to the audio thread. When full, keep the rest.
    pub notes: Producer<ScheduledNote>,
    /// Beats to compose, in the order in which they must be answered.
    pub requests: Consumer<BeatRequest>,
}

/// A player and the composer's ends of the queues between them.
///
/// `status` is shared between threads, usually as an `Arc<Status>`. Allocates; not for the audio
/// thread.
pub fn connect<S: Deref<Target = Status>>(status: S) -> (Player<S>, ComposerEnd) {
    let (note_producer, note_consumer) = RingBuffer::new(QUEUE_CAPACITY);
    let (request_producer, request_consumer) = RingBuffer::new(REQUEST_CAPACITY);
    let player = Player::new(note_consumer, request_producer, status);
    (player, ComposerEnd { notes: note_producer, requests: request_consumer })
}
