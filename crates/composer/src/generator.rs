//! Where the notes of a beat come from.

use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat};

use crate::GenerateError;

/// Composes one beat at a time.
///
/// Must be a pure function of its arguments (caches may change its speed alone): offline
/// rendering repeats what was heard only then. Random numbers are keyed by seed, pass, beat and
/// part.
pub trait Generator: Send {
    /// The notes and the chord of the beat at `frame`.
    ///
    /// `history` are the beats before it as they were heard, oldest first and contiguous, at most
    /// [`crate::HISTORY_BEATS`]; empty at a start. `pass` counts passes of a loop.
    ///
    /// # Errors
    /// Any error makes the worker continue with stored patterns for good.
    fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat, GenerateError>;
}
