//! The beats that have been composed, by song position and pass, and the beats as they were heard.

use std::collections::BTreeMap;

use player::{BeatRequest, Epoch};
use score::grid::{BeatFrame, HistoryBeat};
use score::{Controls, GridBeat, PitchClass, Ticks};

/// Most beats of history that a generator is given: more than any model's window.
pub const HISTORY_BEATS: usize = 96;

/// History is cut to this when it has grown to [`HISTORY_BEATS`], so that the oldest beat stays
/// the same for a while and caches of it stay good.
const HISTORY_BEATS_KEPT: usize = 64;

/// Places that are remembered for loops and phrases: 512 bars of 4/4.
const MAX_PLACES: usize = 2048;

/// Passes that are remembered of each place.
const MAX_PASSES: usize = 4;

/// Bars that `hold` repeats where no phrase length is set.
const HELD_BARS: u8 = 4;

/// One composed beat.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// What starts in it.
    pub(crate) music: GridBeat,
    frame: BeatFrame,
    controls: Controls,
    /// Which take of each part it holds.
    pub(crate) takes: [u32; 4],
}

impl Cell {
    pub(crate) fn new(request: &BeatRequest, music: GridBeat, takes: [u32; 4]) -> Self {
        Self { music, frame: request.frame, controls: request.controls, takes }
    }

    /// Whether the cell is what these controls ask for at such a place of the bar.
    fn suits(&self, request: &BeatRequest) -> bool {
        let place = |frame: &BeatFrame| (frame.meter, frame.offset_in_bar());
        place(&self.frame) == place(&request.frame)
            && (request.form.hold
                || composing_controls(&self.controls) == composing_controls(&request.controls))
    }
}

/// The controls without those that act on composed notes alone.
fn composing_controls(controls: &Controls) -> Controls {
    Controls { key: PitchClass::new(0), swing: 0.0, humanize: 0.0, ..*controls }
}

/// What was composed since the last start or jump.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    cells: BTreeMap<i64, Vec<Cell>>,
    history: Vec<HistoryBeat>,
    history_epochs: Vec<Epoch>,
}

impl Ledger {
    /// Forgets everything: what is composed next depends on nothing before it.
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.clear_history();
    }

    pub(crate) fn clear_history(&mut self) {
        self.history.clear();
        self.history_epochs.clear();
    }

    /// The beats heard before `request`'s, as if they lay right before it in the song.
    pub(crate) fn history_before(&mut self, request: &BeatRequest) -> &[HistoryBeat] {
        self.align_history(request);
        &self.history
    }

    fn align_history(&mut self, request: &BeatRequest) {
        // Passes that were announced and given up have not been heard.
        while self.history_epochs.last().is_some_and(|epoch| *epoch > request.epoch) {
            self.history_epochs.pop();
            self.history.pop();
        }
        if let Some(last) = self.history.last() {
            let shift = request.frame.beat - (last.frame.beat + 1);
            if shift != 0 {
                for beat in &mut self.history {
                    shift_frame(&mut beat.frame, shift);
                }
            }
        }
    }

    /// An existing cell that the request's form says to use again.
    pub(crate) fn reusable(&self, request: &BeatRequest) -> Option<Cell> {
        let beat = request.frame.beat;
        let newest_suiting = |beat: i64| {
            let passes = self.cells.get(&beat)?;
            passes.iter().rev().find(|cell| cell.suits(request))
        };
        let evolves = share(request, 0x6576) < request.form.evolve;
        if request.pass > 0 && self.cells.contains_key(&beat) {
            return newest_suiting(beat).filter(|_| !evolves).cloned();
        }
        let source = phrase_source(request)?;
        newest_suiting(source).filter(|_| !evolves).cloned()
    }

    /// Writes down a cell that was committed, and that it is heard next.
    pub(crate) fn record(&mut self, request: &BeatRequest, cell: Cell) {
        self.align_history(request);
        if self.history.len() >= HISTORY_BEATS {
            let n_old = self.history.len() - HISTORY_BEATS_KEPT;
            self.history.drain(..n_old);
            self.history_epochs.drain(..n_old);
        }
        self.history.push(HistoryBeat { frame: request.frame, music: cell.music.clone() });
        self.history_epochs.push(request.epoch);
        let passes = self.cells.entry(request.frame.beat).or_default();
        if passes.len() >= MAX_PASSES {
            // The first pass is kept: it is what a listener comes home to.
            passes.remove(1);
        }
        passes.push(cell);
        while self.cells.len() > MAX_PLACES {
            let (first, last) = (self.cells.keys().next(), self.cells.keys().next_back());
            let (Some(&first), Some(&last)) = (first, last) else { break };
            let beat = request.frame.beat;
            let farthest = if beat - first >= last - beat { first } else { last };
            self.cells.remove(&farthest);
        }
    }
}

/// Moves a frame by whole beats, its bar with it.
fn shift_frame(frame: &mut BeatFrame, beats: i64) {
    let bar_ticks = frame.meter.bar_ticks().0.max(1);
    let ticks = Ticks::from_beat(beats);
    frame.beat += beats;
    frame.bar_start = frame.bar_start + ticks;
    frame.bar_number += (ticks.0 as f64 / bar_ticks as f64).round() as i64;
}

/// The beat that the form of phrases says to repeat: A A' A A'', then a new A.
///
/// A' and A'' differ from A in their last bar, or in the second half of a single one.
fn phrase_source(request: &BeatRequest) -> Option<i64> {
    let BeatFrame { beat, bar_number, meter, .. } = request.frame;
    let form = &request.form;
    let n_bars = match (form.phrase_bars, form.hold) {
        (0, true) => HELD_BARS,
        (n, _) => n,
    };
    let n_bars = i64::from(n_bars);
    let phrase_ticks = meter.bar_ticks().0 * n_bars;
    if n_bars == 0 || phrase_ticks % Ticks::from_beat(1).0 != 0 {
        return None;
    }
    let phrase_beats = Ticks(phrase_ticks).beat();
    if form.hold {
        return Some(beat - phrase_beats);
    }
    let phrase = bar_number.div_euclid(n_bars).rem_euclid(4);
    let bar_in_phrase = bar_number.rem_euclid(n_bars);
    let in_second_half = request.frame.offset_in_bar().0 * 2 >= meter.bar_ticks().0;
    let at_the_end = bar_in_phrase == n_bars - 1 && (n_bars > 1 || in_second_half);
    let varies = phrase % 2 == 1 && at_the_end;
    (phrase > 0 && !varies).then(|| beat - phrase * phrase_beats)
}

/// A number in `[0, 1)` that depends on seed, pass and beat alone.
fn share(request: &BeatRequest, purpose: u64) -> f32 {
    let key = crate::random::key(request.controls.seed, request.pass, request.frame.beat, purpose);
    crate::random::unit(key)
}
