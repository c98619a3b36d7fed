//! Counters and positions that other threads may read at any time.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use crate::{ChordLine, Epoch};

/// What the composing thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// The model is being loaded.
    Loading,
    /// The model composes.
    Ready,
    /// The model failed; stored patterns play instead.
    Fallback,
    /// The thread has ended.
    Stopped,
}

/// What the editor shows about playing, written by the audio thread and the composing thread.
///
/// Every counter but those of the originality guard is written by the audio thread alone, through
/// the one player that a status is connected to; they only rise, and wrap after 2^32. All loads are
/// of the newest value; two of them need not belong to the same block.
#[derive(Debug, Default)]
pub struct Status {
    position_bits: AtomicU64,
    playing: AtomicBool,
    epoch: AtomicU32,
    played: AtomicU32,
    late: AtomicU32,
    dropped: AtomicU32,
    merged: AtomicU32,
    cut: AtomicU32,
    refused: AtomicU32,
    underruns: AtomicU32,
    delayed_requests: AtomicU32,
    given_up: AtomicU32,
    redrawn: AtomicU32,
    redraws_forced: AtomicU32,
    cells_ahead: AtomicU32,
    done: AtomicU64,
    reprime: AtomicU32,
    worker_state: AtomicU8,
    chords: ChordLine,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident, $count:ident;)*) => {
        impl Status {
            $($(#[$doc])*
            pub fn $name(&self) -> u32 {
                self.$name.load(Ordering::Relaxed)
            }

            // A load and a store are enough, and lock no bus, since nobody else writes.
            pub(crate) fn $count(&self) {
                let count = self.$name.load(Ordering::Relaxed);
                self.$name.store(count.wrapping_add(1), Ordering::Relaxed);
            }
            )*
        }
    };
}

counters! {
    /// Notes begun.
    played, count_played;
    /// Notes begun after their time, at most [`crate::LATE_LIMIT_SECS`] late; part of `played`.
    late, count_late;
    /// Notes that came too late to be played at all.
    dropped, count_dropped;
    /// Notes not begun because the same part and pitch began at the same sample.
    merged, count_merged;
    /// Notes ended early because too many were sounding.
    cut, count_cut;
    /// Events that the host had no room for, played a block later.
    refused, count_refused;
    /// Beats entered before the composer had answered.
    underruns, count_underrun;
    /// Times that the request queue was full.
    delayed_requests, count_delayed_request;
    /// Beats that an offline render has waited for in vain, and played without.
    given_up, count_given_up;
}

impl Status {
    /// All zero, the worker loading.
    pub fn new() -> Self {
        Self::default()
    }

    /// Song position in beats at the end of the last block.
    pub fn position_beats(&self) -> f64 {
        f64::from_bits(self.position_bits.load(Ordering::Relaxed))
    }

    /// Whether the last block played.
    pub fn playing(&self) -> bool {
        self.playing.load(Ordering::Relaxed)
    }

    /// The stretch of music that the position belongs to.
    pub fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Relaxed))
    }

    /// Beats after the current one that are composed already.
    pub fn cells_ahead(&self) -> u32 {
        self.cells_ahead.load(Ordering::Relaxed)
    }

    /// Sequence number of the newest request that is answered in full.
    ///
    /// Once it is seen here, all its notes are in the queue.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// Called by the composer after the last note of a request went into the queue.
    pub fn set_done(&self, sequence: u64) {
        self.done.store(sequence, Ordering::Release);
    }

    /// Asks the player to have the beats at a standing playhead composed again.
    #[cfg_attr(not(test), expect(clippy::disallowed_methods, reason = "not by the audio thread"))]
    pub fn ask_for_prime(&self) {
        self.reprime.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn prime_generation(&self) -> u32 {
        self.reprime.load(Ordering::Relaxed)
    }

    /// Beats of parts that were composed again, before they were heard, because they would have
    /// copied too much of a song that the model was trained on.
    pub fn redrawn(&self) -> u32 {
        self.redrawn.load(Ordering::Relaxed)
    }

    /// Those of them that went on copying until the notes that did so were forbidden.
    pub fn redraws_forced(&self) -> u32 {
        self.redraws_forced.load(Ordering::Relaxed)
    }

    /// Called by the composing thread alone, with the numbers since the session began.
    pub fn set_redraws(&self, redrawn: u32, forced: u32) {
        self.redrawn.store(redrawn, Ordering::Relaxed);
        self.redraws_forced.store(forced, Ordering::Relaxed);
    }

    /// What the last committed beats follow, at once, or have been composed on, in the sounding key.
    pub fn chords(&self) -> &ChordLine {
        &self.chords
    }

    /// What the composing thread is doing.
    pub fn worker_state(&self) -> WorkerState {
        match self.worker_state.load(Ordering::Acquire) {
            0 => WorkerState::Loading,
            1 => WorkerState::Ready,
            2 => WorkerState::Fallback,
            _ => WorkerState::Stopped,
        }
    }

    /// Called by the composing thread alone.
    pub fn set_worker_state(&self, state: WorkerState) {
        let code = match state {
            WorkerState::Loading => 0,
            WorkerState::Ready => 1,
            WorkerState::Fallback => 2,
            WorkerState::Stopped => 3,
        };
        self.worker_state.store(code, Ordering::Release);
    }

    pub(crate) fn set_position(&self, beats: f64, epoch: Epoch, playing: bool) {
        self.epoch.store(epoch.0, Ordering::Relaxed);
        self.position_bits.store(beats.to_bits(), Ordering::Relaxed);
        self.playing.store(playing, Ordering::Relaxed);
    }

    pub(crate) fn set_cells_ahead(&self, n_cells: u32) {
        self.cells_ahead.store(n_cells, Ordering::Relaxed);
    }
}
