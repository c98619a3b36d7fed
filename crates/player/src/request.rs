//! What goes out to the composer: one beat to compose, with the controls captured for it.

use score::grid::BeatFrame;
use score::{Controls, Ticks};

use crate::Played;

/// A stretch of music without a break; a start, a jump and each pass of a loop has its own.
///
/// Later stretches have larger numbers. Notes of any other epoch than the current one, or one
/// that is announced for the next passes of a loop, are dropped unplayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The one after this.
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// How existing beats are used again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Form {
    /// `0.0..=1.0`: share of a loop's or phrase's beats that each pass makes anew.
    pub evolve: f32,
    /// Length of a phrase in bars, 0 for none; free playback then has the form A A' A A''.
    pub phrase_bars: u8,
    /// Keeps a phrase of what was heard and plays it over and over, whatever the controls are.
    pub hold: bool,
}

/// Why a beat is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// The transport stands still here and may start; it may never sound.
    Prime,
    /// The playhead is `lookahead` beats away.
    Commit,
}

/// Where the music was left before a jump or a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The stretch that was sounding.
    pub epoch: Epoch,
    /// The first position that was not played.
    pub at: Ticks,
}

/// Asks for the notes of one beat.
///
/// `Copy` and free of heap data, because it comes from the audio thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeatRequest {
    /// Which beat, and its place in bar, meter and tempo.
    pub frame: BeatFrame,
    /// The controls at the sample where the beat was committed.
    pub controls: Controls,
    /// The form at that sample.
    pub form: Form,
    /// What was played into the band until then.
    pub played: Played,
    /// The stretch that the beat belongs to.
    pub epoch: Epoch,
    /// Times the loop has come round since the start or jump, from 0.
    pub pass: u32,
    /// Counts requests from 1; an answer is complete once [`crate::Status::done`] reaches it.
    pub sequence: u64,
    /// Why.
    pub kind: RequestKind,
    /// First of a start or jump: no beat before it counts as heard.
    pub fresh: bool,
    /// On the first request after a stop or jump: where the music before it ended.
    pub left: Option<Left>,
    /// Seconds from the first sample of the block that asks to the beat's own,
    /// `0.0..=MAX_LEAD_SECS` at the tempo of that block: what is left to answer in.
    pub lead_secs: f32,
    /// Whether the host waits for the answer, as an offline render does; its clock is not the
    /// wall's, and nothing is late.
    pub waits: bool,
}

/// The longest lead that a request tells, in seconds.
pub const MAX_LEAD_SECS: f32 = 60.0;
