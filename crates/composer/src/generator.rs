//! Where the notes of a beat come from.

use std::sync::Arc;

use judge::Judge;
use model::Redraws;
use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GenreNames, GridBeat, Part};

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

    /// `beat` with another take of one part, fitting the other parts and the chord; which takes
    /// it holds then, `beat` says already.
    ///
    /// Unless overridden, the part is taken from a beat composed without regard to `beat`.
    ///
    /// # Errors
    /// As for [`Self::compose`].
    fn compose_part(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
        part: Part,
        beat: &GridBeat,
    ) -> Result<GridBeat, GenerateError> {
        let other = self.compose(history, frame, controls, pass)?;
        let mut beat = beat.clone();
        beat.parts[part.index()].clone_from(&other.parts[part.index()]);
        Ok(beat)
    }

    /// What composes, in words.
    fn name(&self) -> &str {
        "stored patterns"
    }

    /// What its genres and styles are called, in the order of the knobs; further knobs weigh nothing.
    fn genres(&self) -> GenreNames {
        GenreNames::default()
    }

    /// What hears which genre the music sounds like, if the generator comes with that.
    fn judge(&self) -> Option<Arc<Judge>> {
        None
    }

    /// How often it has composed again so far, because a part would have copied too much of a song
    /// that the model was trained on.
    fn redraws(&self) -> Redraws {
        Redraws::default()
    }
}
