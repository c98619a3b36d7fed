//! The beats that the roll shows, more than one snapshot holds.

use composer::PreviewBeat;
use std::collections::VecDeque;

/// The most beats kept; as many as fit a very wide window.
const N_BEATS: usize = 96;

/// Beats on one line without gaps, oldest first: what was heard before a stop or jump stays, and
/// what comes then follows on.
#[derive(Debug, Default)]
pub struct History {
    beats: VecDeque<PreviewBeat>,
    /// How much later a beat lies here than on the line of the snapshots.
    shift: i64,
}

impl History {
    /// The beats, oldest first.
    pub fn beats(&self) -> &VecDeque<PreviewBeat> {
        &self.beats
    }

    /// The beat at a place of the line, in beats.
    pub fn at(&self, line_beats: f64) -> Option<&PreviewBeat> {
        let first = self.beats.front()?.line_beat;
        let index = usize::try_from(line_beats.floor() as i64 - first).ok()?;
        self.beats.get(index)
    }

    /// How much later a place lies here than on the line of the snapshots, in beats.
    pub fn shift(&self) -> i64 {
        self.shift
    }

    /// Takes in a snapshot: its beats replace those of the same place, and those before it stay.
    /// When it does not go on with what is here, what `was_heard` stays before it.
    pub fn take(&mut self, snapshot: &[PreviewBeat], was_heard: impl Fn(&PreviewBeat) -> bool) {
        let Some(first) = snapshot.first() else { return };
        let begin = first.line_beat + self.shift;
        let goes_on = match self.at(begin as f64) {
            Some(known) => known.epoch == first.epoch && known.frame.beat == first.frame.beat,
            None => self.beats.back().is_some_and(|last| last.line_beat + 1 == begin),
        };
        if goes_on {
            while self.beats.back().is_some_and(|last| last.line_beat >= begin) {
                self.beats.pop_back();
            }
        } else {
            self.beats.retain(was_heard);
            // Where some were not, the rest moves up.
            let end = self.beats.back().map_or(0, |last| last.line_beat + 1);
            let n_beats = self.beats.len() as i64;
            for (beat, at) in self.beats.iter_mut().zip(end - n_beats..) {
                beat.line_beat = at;
            }
            self.shift = end - first.line_beat;
        }
        let shift = self.shift;
        self.beats.extend(
            snapshot
                .iter()
                .cloned()
                .map(|beat| PreviewBeat { line_beat: beat.line_beat + shift, ..beat }),
        );
        while self.beats.len() > N_BEATS {
            self.beats.pop_front();
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use player::Epoch;
    use score::grid::BeatFrame;
    use score::{Controls, Meter, Tempo};

    /// A beat without notes.
    pub fn beat(line_beat: i64, song_beat: i64, epoch: u32) -> PreviewBeat {
        PreviewBeat {
            frame: BeatFrame::regular(song_beat, Meter::COMMON, Tempo::DEFAULT),
            line_beat,
            epoch: Epoch(epoch),
            pass: 0,
            parts: Default::default(),
            played: Vec::new(),
            chord: None,
            controls: Controls::default(),
            heard: None,
        }
    }

    fn line(history: &History) -> Vec<i64> {
        history.beats().iter().map(|beat| beat.line_beat).collect()
    }

    fn all(_: &PreviewBeat) -> bool {
        true
    }

    #[test]
    fn snapshots_join_to_a_longer_line() {
        let mut history = History::default();
        for newest in 0..40 {
            let snapshot: Vec<_> =
                ((newest - 15_i64).max(0)..=newest).map(|n| beat(n, n, 1)).collect();
            history.take(&snapshot, all);
        }
        assert_eq!(line(&history), (0..40).collect::<Vec<_>>());
        assert_eq!(history.at(12.7).map(|beat| beat.line_beat), Some(12));
        assert!(history.at(-0.1).is_none() && history.at(40.0).is_none());
    }

    #[test]
    fn a_new_start_follows_what_was_heard() {
        let mut history = History::default();
        history.take(&(0..16).map(|n| beat(n, n, 1)).collect::<Vec<_>>(), all);
        // Stopped after twelve beats; then primed twice, and started.
        history.take(&[beat(0, 100, 2)], |beat| beat.frame.beat < 12);
        assert_eq!((line(&history), history.shift()), ((0..13).collect(), 12));
        history.take(&[beat(0, 50, 3)], |beat| beat.frame.beat < 12);
        assert_eq!(line(&history), (0..13).collect::<Vec<_>>());
        history.take(&[beat(0, 50, 3), beat(1, 51, 3)], |_| false);
        assert_eq!(line(&history), (0..14).collect::<Vec<_>>());
        assert_eq!(history.at(13.5).map(|beat| beat.frame.beat), Some(51));
        // The window was closed for a while: what leads up to the snapshot is not known.
        history.take(&(30..46).map(|n| beat(n, 50 + n, 3)).collect::<Vec<_>>(), all);
        assert_eq!(line(&history), (0..30).collect::<Vec<_>>());
        assert_eq!(history.at(14.0).map(|beat| beat.frame.beat), Some(80));
    }

    #[test]
    fn the_line_is_bounded() {
        let mut history = History::default();
        for newest in 0..500 {
            history.take(&[beat(newest, newest, 1)], all);
        }
        assert_eq!(history.beats().len(), N_BEATS);
        history.take(&[], all);
        assert_eq!(history.beats().len(), N_BEATS);
    }
}
