//! Where the bars of some beats lie, in any meter.
//!
//! Measures of rhythm and of repetition need bars of a length that says something, so bars shorter
//! than three quarter notes are joined: two of 2/4 or of 3/8 count as one.

use score::grid::{CELLS_PER_BEAT, TICKS_PER_CELL};
use score::{BeatFrame, HistoryBeat, Meter};

/// Cells in a beat.
const BEAT: usize = CELLS_PER_BEAT as usize;

/// Bars that are judged together.
pub const N_BARS: usize = 8;

/// Most beats that are judged together: eight bars of six quarter notes.
pub const MAX_BEATS: usize = 48;

/// A bar shorter than this counts together with the next ones.
const LEAST_CELLS: usize = 3 * BEAT;

/// The bars of some beats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// Each beat's bar, and the cell of that bar in which the beat starts.
    places: Vec<(usize, usize)>,
    /// Cells of each whole bar.
    cells: Vec<usize>,
}

impl Bars {
    /// Bars of four beats from the first on.
    pub fn common(n_beats: usize) -> Self {
        let places = (0..n_beats).map(|beat| (beat / 4, beat % 4 * BEAT)).collect();
        Self { places, cells: vec![4 * BEAT; n_beats / 4] }
    }

    /// The bars of beats as they were heard, one behind the other.
    ///
    /// A bar that a jump or a change of meter cuts short ends there.
    pub fn of(beats: &[HistoryBeat]) -> Self {
        let Some(first) = beats.first() else { return Self::default() };
        let (mut at, mut length) = (offset(&first.frame), joined(first.frame.meter));
        let mut bars = Self { places: vec![(0, at)], cells: vec![length] };
        for pair in beats.windows(2) {
            let (before, frame) = (&pair[0].frame, &pair[1].frame);
            let goes_on = follows(before, frame) && before.meter == frame.meter;
            if goes_on && at + BEAT < length {
                at += BEAT;
            } else {
                let bar = bars.cells.len() - 1;
                bars.cells[bar] = length.min(at + BEAT);
                (at, length) = (offset(frame), joined(frame.meter));
                bars.cells.push(length);
            }
            bars.places.push((bars.cells.len() - 1, at));
        }
        if at + BEAT < length {
            bars.cells.pop();
        }
        bars
    }

    /// Number of whole bars.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no whole bar.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Cells of each whole bar.
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }

    /// The bar of a cell, and the cell in it; cells count from the first beat.
    pub fn place(&self, cell: usize) -> (usize, usize) {
        let Some((bar, from)) = self.places.get(cell / BEAT) else { return (self.len(), 0) };
        let at = from + cell % BEAT;
        match self.cells.get(*bar) {
            Some(length) if at >= *length => (bar + 1, at - length),
            _ => (*bar, at),
        }
    }

    /// Whether a bar begins with this beat, or in the one before it.
    pub fn begins_at(&self, beat: usize) -> bool {
        beat == 0 || self.places[beat].0 != self.places[beat - 1].0
    }
}

/// Whether a bar ends with this beat, or in it.
pub fn ends_bar(frame: &BeatFrame) -> bool {
    offset(frame) + BEAT >= bar_cells(frame.meter)
}

/// Whether a beat follows on another in the meter of the first, though not always in the song: the
/// pass of a loop of whole bars follows on the one before.
pub fn follows(before: &BeatFrame, frame: &BeatFrame) -> bool {
    let bar = bar_cells(before.meter);
    offset(frame) % bar == (offset(before) + BEAT) % bar
}

/// The beats at the end that are judged together: [`window_beats`] of the newest beat's meter, or as
/// many as there are.
pub fn last_bars(beats: &[HistoryBeat]) -> &[HistoryBeat] {
    let n_beats = beats.last().map_or(0, |last| window_beats(last.frame.meter, N_BARS));
    &beats[beats.len().saturating_sub(n_beats)..]
}

/// Beats of `n_bars` bars, short ones joined; of no more than fit [`MAX_BEATS`], and that many of a
/// bar that is longer.
pub fn window_beats(meter: Meter, n_bars: usize) -> usize {
    let bar = joined(meter);
    let room = MAX_BEATS * BEAT / bar;
    if room == 0 { MAX_BEATS } else { (room.min(n_bars) * bar).div_ceil(BEAT) }
}

fn bar_cells(meter: Meter) -> usize {
    (meter.bar_ticks().0 / TICKS_PER_CELL).max(1) as usize
}

/// Cells of as many bars as count as one.
fn joined(meter: Meter) -> usize {
    let bar = bar_cells(meter);
    LEAST_CELLS.div_ceil(bar).max(1) * bar
}

/// Cells from the bar's start to the beat's.
fn offset(frame: &BeatFrame) -> usize {
    (frame.offset_in_bar().0.max(0) / TICKS_PER_CELL) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{GridBeat, Tempo};

    fn run(from: i64, to: i64, meter: &str) -> Vec<HistoryBeat> {
        let meter = Meter::parse(meter).unwrap();
        let frame = |beat| BeatFrame::regular(beat, meter, Tempo::DEFAULT);
        (from..to)
            .map(|beat| HistoryBeat { frame: frame(beat), music: GridBeat::default() })
            .collect()
    }

    fn places(beats: &[HistoryBeat]) -> Vec<(usize, usize)> {
        let bars = Bars::of(beats);
        (0..beats.len()).map(|beat| bars.place(beat * BEAT)).collect()
    }

    #[test]
    fn common_time_has_bars_of_four() {
        for (meter, n) in [("4/4", 32), ("2/4", 32), ("2/2", 12), ("4/4", 30)] {
            assert_eq!(Bars::of(&run(4, 4 + n, meter)), Bars::common(n as usize), "{meter}");
        }
    }

    #[test]
    fn bars_of_any_meter_are_found_and_short_ones_joined() {
        for (meter, cells) in [
            ("3/4", 72),
            ("6/8", 72),
            ("3/8", 72),
            ("5/4", 120),
            ("5/8", 120),
            ("7/8", 84),
            ("12/8", 144),
            ("1/4", 72),
            ("1/32", 72),
            ("9/16", 108),
        ] {
            // From a place where bars of all these begin, seven bars and some of the next.
            let bars = Bars::of(&run(0, (7 * cells / BEAT) as i64 + 1, meter));
            assert_eq!(bars.cells(), [cells; 7], "{meter}");
            for cell in 0..7 * cells {
                assert_eq!(bars.place(cell), (cell / cells, cell % cells), "{meter} {cell}");
            }
        }
        let beats = run(0, 7, "7/8");
        let begins: Vec<bool> = (0..7).map(|beat| Bars::of(&beats).begins_at(beat)).collect();
        assert_eq!(begins, [true, false, false, false, true, false, false]);
        let ends: Vec<bool> = beats.iter().map(|beat| ends_bar(&beat.frame)).collect();
        assert_eq!(ends, [false, false, false, true, false, false, true]);
    }

    #[test]
    fn loops_and_new_meters_end_bars() {
        // A loop of two bars goes on where it began; one of three beats cuts its bar short.
        let two = [run(0, 8, "4/4"), run(0, 8, "4/4")].concat();
        assert_eq!(Bars::of(&two), Bars::common(16));
        let three = [run(0, 3, "4/4"), run(0, 3, "4/4"), run(0, 4, "4/4")].concat();
        assert_eq!(Bars::of(&three).cells(), [72, 72, 96]);
        assert!(!follows(&three[2].frame, &three[3].frame));
        assert!(follows(&two[7].frame, &two[8].frame));
        // A loop from the middle of a bar to the middle of the next.
        let shifted = [run(2, 6, "4/4"), run(2, 6, "4/4")].concat();
        let bars = [0, 0, 1, 1, 1, 1, 2, 2];
        assert_eq!(places(&shifted).iter().map(|(bar, _)| *bar).collect::<Vec<_>>(), bars);
        let changed = [run(0, 4, "4/4"), run(12, 18, "3/4")].concat();
        assert_eq!(Bars::of(&changed).cells(), [96, 72, 72]);
    }

    #[test]
    fn eight_bars_are_judged_or_what_there_is_room_for() {
        for (meter, n) in [
            ("4/4", 32),
            ("3/4", 24),
            ("6/8", 24),
            ("2/4", 32),
            ("7/8", 28),
            ("9/8", 36),
            ("6/4", 48),
            ("12/4", 48),
            ("7/4", 42),
            ("32/1", 48),
        ] {
            let beats = run(0, 300, meter);
            assert_eq!(last_bars(&beats).len(), n, "{meter}");
            assert_eq!(last_bars(&beats).last(), beats.last());
            assert_eq!(last_bars(&beats[..3]).len(), 3);
        }
        assert!(last_bars(&[]).is_empty() && Bars::of(&[]).is_empty());
    }
}
