//! Plays notes on time.
//!
//! Runs on the **audio thread**. Nothing in this crate allocates, locks, waits, logs or panics: it
//! is `no_std` without `alloc`, and every buffer has its full size from the start.
//!
//! It does not decide *what* to play (the `composer` crate does) and knows no host: positions come
//! in as a [`Playhead`], notes leave as [`PlayerEvent`]s.
//!
//! ```
//! use player::{Playhead, PlayerEvent, Status, connect};
//! use score::Controls;
//!
//! let status = Status::new();
//! let (mut player, mut composing) = connect(&status);
//! let playhead = Playhead { playing: true, ..Playhead::standing(48_000.0) };
//! let mut accept = |_event: PlayerEvent| true;
//! player.fill_block(&playhead, 64, &Controls::default(), &mut accept);
//! // The first beat is asked for as soon as the playhead moves.
//! assert_eq!(composing.requests.pop().unwrap().frame.beat, 0);
//! ```
//!
//! Start at [`Player::fill_block`].

#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

mod active_notes;
mod chord_line;
mod clock;
mod cursor;
mod event;
mod pending;
mod played;
mod player;
mod playhead;
mod queue;
mod request;
mod status;
mod timeline;

pub use chord_line::ChordLine;
pub use clock::{Clock, Transport};
pub use event::{EventKind, PlayerEvent};
pub use played::{MAX_PLAYED, Played, PlayedNote};
pub use player::{LATE_LIMIT_SECS, PRIME_INTERVAL_SECS, Player};
pub use playhead::Playhead;
pub use queue::{
    ComposerEnd, MAX_NOTES_PER_BEAT, QUEUE_CAPACITY, REQUEST_CAPACITY, ScheduledNote, connect,
};
pub use request::{BeatRequest, Epoch, Form, Left, MAX_LEAD_SECS, RequestKind};
pub use status::{Status, WorkerState};
