//! How a song ends: four bars that close it, then nothing until another begins.

use score::{BeatFrame, Controls, HistoryBeat, steps};

/// The beat's [`score::GridBeat::closing`].
///
/// An ending begins with the next bar, or at once where nothing was before; it is given up at once.
pub(crate) fn closing(history: &[HistoryBeat], frame: &BeatFrame, controls: &Controls) -> u8 {
    /// The first bar of an ending.
    const FIRST: u8 = steps::N_CLOSINGS as u8 - 1;
    if !controls.ending {
        return 0;
    }
    let Some(last) = history.last() else { return FIRST };
    match last.music.closing {
        steps::ENDED => steps::ENDED,
        closing if !is_new_bar(history, frame) => closing,
        0 => FIRST,
        1 => steps::ENDED,
        closing => closing - 1,
    }
}

/// Whether no beat before lies in the same bar.
pub(crate) fn is_new_bar(history: &[HistoryBeat], frame: &BeatFrame) -> bool {
    history.last().is_none_or(|last| last.frame.bar_start != frame.bar_start)
}

/// Whether a bar of that class is one that may not go back to what was before it.
pub(crate) fn is_last(closing: u8) -> bool {
    (1..=2).contains(&closing)
}

/// The beats of the song that goes on: those behind the last one that had ended.
pub(crate) fn since_last(history: &[HistoryBeat]) -> &[HistoryBeat] {
    let ended = history.iter().rposition(|beat| beat.music.closing == steps::ENDED);
    &history[ended.map_or(0, |last| last + 1)..]
}
