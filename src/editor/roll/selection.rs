//! Whole bars that are chosen on the roll, to be kept.

use super::History;
use composer::HeardBeat;
use score::Ticks;
use std::ops::Range;

/// A stretch of whole bars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Its first beat.
    pub first: HeardBeat,
    /// Its last beat.
    pub last: HeardBeat,
    /// Bars in it.
    pub n_bars: usize,
}

/// The chosen bars, and how they are chosen.
#[derive(Debug, Default)]
pub struct Selection {
    stretch: Option<Stretch>,
    /// Where a drag began, a bar of the line.
    anchor: Option<Range<i64>>,
}

/// The bars of the line, as beats; the last may be under way.
pub fn bars(history: &History) -> Vec<Range<i64>> {
    let mut bars: Vec<Range<i64>> = Vec::new();
    let mut bar_before = None;
    for beat in history.beats() {
        // A start or jump begins a bar of its own on the line.
        let bar = Ticks::from_beat(beat.frame.beat) - beat.frame.offset_in_bar();
        match bars.last_mut() {
            Some(last) if bar_before == Some(bar) => last.end += 1,
            _ => bars.push(beat.line_beat..beat.line_beat + 1),
        }
        bar_before = Some(bar);
    }
    bars
}

/// The bar at a place of the line, in beats; the nearest beyond both ends.
fn bar_at(bars: &[Range<i64>], line_beats: f64) -> Option<&Range<i64>> {
    let after = bars.partition_point(|bar| bar.start as f64 <= line_beats);
    bars.get(after.saturating_sub(1))
}

impl Selection {
    /// What is chosen.
    pub fn stretch(&self) -> Option<&Stretch> {
        self.stretch.as_ref()
    }

    /// Chooses nothing.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Begins to choose at a place of the line, in beats.
    pub fn begin(&mut self, history: &History, line_beats: f64) {
        self.anchor = bar_at(&bars(history), line_beats).cloned();
        self.reach(history, line_beats);
    }

    /// Chooses the bars from where it began to a place of the line.
    pub fn reach(&mut self, history: &History, line_beats: f64) {
        let bars = bars(history);
        let (Some(anchor), Some(here)) = (self.anchor.clone(), bar_at(&bars, line_beats)) else {
            return;
        };
        self.choose(history, anchor.start.min(here.start)..anchor.end.max(here.end));
    }

    /// Moves the chosen bars by one to the left or right, or their beginning alone; without any,
    /// chooses the last whole bar before `position`.
    pub fn step(&mut self, history: &History, right: bool, begin_alone: bool, position: f64) {
        let bars = bars(history);
        let Some(line) = self.on(history) else {
            let last = bars.iter().rev().find(|bar| bar.end as f64 <= position);
            if let Some(bar) = last.cloned() {
                self.choose(history, bar);
            }
            return;
        };
        let bar_of = |beat: i64| bars.iter().position(|bar| bar.contains(&beat));
        let (Some(first), Some(last)) = (bar_of(line.start), bar_of(line.end - 1)) else { return };
        let moved = |bar: usize| {
            let bar = if right { bar + 1 } else { bar.checked_sub(1)? };
            (bar < bars.len()).then_some(bar)
        };
        let (first, last) = match begin_alone {
            true => (moved(first).filter(|first| *first <= last), Some(last)),
            false => (moved(first), moved(last)),
        };
        if let (Some(first), Some(last)) = (first, last) {
            self.choose(history, bars[first].start..bars[last].end);
        }
    }

    fn choose(&mut self, history: &History, line: Range<i64>) {
        let place = |line_beat: i64| {
            let beat = history.at(line_beat as f64)?;
            Some(HeardBeat { epoch: beat.epoch, beat: beat.frame.beat })
        };
        let n_bars = bars(history).iter().filter(|bar| line.contains(&bar.start)).count();
        let ends = place(line.start).zip(place(line.end - 1));
        self.stretch = ends.map(|(first, last)| Stretch { first, last, n_bars });
    }

    /// Where the chosen bars lie on the line, as far as it still shows them.
    pub fn on(&self, history: &History) -> Option<Range<i64>> {
        let stretch = self.stretch?;
        let find = |place: HeardBeat| {
            let is_there = |beat: &&composer::PreviewBeat| {
                beat.epoch == place.epoch && beat.frame.beat == place.beat
            };
            history.beats().iter().find(is_there).map(|beat| beat.line_beat)
        };
        let last = find(stretch.last)?;
        let oldest = history.beats().front()?.line_beat;
        Some(find(stretch.first).unwrap_or(oldest)..last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::roll::history::tests::beat;
    use player::Epoch;

    /// Four bars of 4/4 from beat 8 of the song on.
    fn history() -> History {
        let mut history = History::default();
        history.take(&(0..16).map(|n| beat(n, 8 + n, 3)).collect::<Vec<_>>(), |_| true);
        history
    }

    fn place(beat: i64) -> HeardBeat {
        HeardBeat { epoch: Epoch(3), beat }
    }

    #[test]
    fn a_drag_chooses_whole_bars_in_both_directions() {
        let history = history();
        let mut selection = Selection::default();
        selection.begin(&history, 5.2);
        let one = Stretch { first: place(12), last: place(15), n_bars: 1 };
        assert_eq!(selection.stretch(), Some(&one));
        selection.reach(&history, 13.9);
        let three = Stretch { first: place(12), last: place(23), n_bars: 3 };
        assert_eq!(selection.stretch(), Some(&three));
        assert_eq!(selection.on(&history), Some(4..16));
        selection.reach(&history, -7.0);
        let two = Stretch { first: place(8), last: place(15), n_bars: 2 };
        assert_eq!(selection.stretch(), Some(&two));
        selection.reach(&history, 99.0);
        assert_eq!(selection.stretch(), Some(&three));
        selection.clear();
        assert_eq!(selection.stretch(), None);
    }

    #[test]
    fn keys_move_and_widen() {
        let history = history();
        let mut selection = Selection::default();
        selection.step(&history, false, false, 13.0);
        assert_eq!(selection.on(&history), Some(8..12), "the last whole bar");
        selection.step(&history, false, true, 13.0);
        assert_eq!(selection.on(&history), Some(4..12));
        selection.step(&history, true, false, 13.0);
        assert_eq!(selection.on(&history), Some(8..16));
        selection.step(&history, true, false, 13.0);
        assert_eq!(selection.on(&history), Some(8..16), "there is nothing to the right");
        selection.step(&history, true, true, 13.0);
        selection.step(&history, true, true, 13.0);
        assert_eq!(selection.on(&history), Some(12..16), "one bar stays");
    }

    #[test]
    fn what_scrolls_out_stays_chosen_and_another_line_shows_nothing() {
        let mut history = history();
        let mut selection = Selection::default();
        selection.begin(&history, 0.0);
        selection.reach(&history, 7.0);
        let chosen = *selection.stretch().unwrap();
        for n in 16..100 {
            history.take(&[beat(n, 8 + n, 3)], |_| true);
        }
        assert_eq!(selection.on(&history), Some(4..8), "the first bar is out of sight");
        history = History::default();
        assert_eq!(selection.on(&history), None);
        assert_eq!(selection.stretch(), Some(&chosen));
    }

    #[test]
    fn bars_may_begin_and_end_in_the_middle() {
        let mut history = History::default();
        history.take(&(0..7).map(|n| beat(n, 2 + n, 1)).collect::<Vec<_>>(), |_| true);
        assert_eq!(bars(&history), [0..2, 2..6, 6..7]);
        // A jump into the middle of another bar.
        history.take(&[beat(0, 41, 2), beat(1, 42, 2)], |_| true);
        assert_eq!(bars(&history), [0..2, 2..6, 6..7, 7..9]);
        assert_eq!(bars(&History::default()), []);
    }
}
